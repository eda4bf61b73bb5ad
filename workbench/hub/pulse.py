"""The centre's pulse, a service of the Hub: what servers did becomes usage, usage charges; ledger and lake follow.

    python -m workbench.hub.pulse

Once a minute, and within seconds after a server has ended. Each step stands alone: one that fails is written down and
tried again with the next beat, the others go on. What is done with Slurm has its own pace (hub.slurm_rounds).
"""

import logging
import os
import signal
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from threading import Event

import psutil

from workbench import sample
from workbench.hub import records
from workbench.hub.slurm_rounds import Rounds
from workbench.hub.strays import end_strays, known_servers
from workbench.periods import day_of
from workbench.services import meter
from workbench.services.awards import review as award_review
from workbench.services.beside_usage import refunds, reservation_use
from workbench.services.charging import rating
from workbench.services.efficiency import built as efficiency
from workbench.services.ledger import posting
from workbench.services.telemetry import collect
from workbench.settings import Settings, load
from workbench.store import lake
from workbench.store.engine import Store, open_store

EVERY_S = 60
LOOK_EVERY_S = 2
log = logging.getLogger("workbench.pulse")


def beat(store: Store, settings: Settings, now: int, *, new_day: bool = False) -> list[str]:
    """One round; the names of the steps that failed. `new_day`: with what is done once a day."""
    steps: dict[str, Callable[[], object]] = {
        "meter": lambda: read_meter(store, settings, now),
        "sample": lambda: sample.top_up(store, settings, now),
        "rating": lambda: rating.rate(store, now),
        "refunds": lambda: refunds.run(store, now),
        "reservations": lambda: reservation_use.credit(store, now),
        "ledger": lambda: posting.bring_up(store, now),
        "lake": lambda: lake.refresh(store),
        "efficiency": lambda: efficiency.build(store, now),
    }
    if new_day:
        steps["awards"] = lambda: award_review.daily(store, now)
    return [name for name, step in steps.items() if not _done(name, step)]


def read_meter(store: Store, settings: Settings, now: int) -> meter.Metered:
    """Bring the servers' records into the books and remove those that are done with."""
    metered = meter.reconcile(store, records.read(settings), now)
    records.forget(settings, list(metered.ended))
    return metered


def ended_since(folder: Path, known: dict[str, int]) -> bool:
    """Whether a record that says an end has changed; `known` remembers what was looked at, by its time (ns)."""
    found = False
    for file in folder.glob("*.json"):
        try:
            changed = file.stat().st_mtime_ns
            if known.get(file.name) == changed:
                continue
            known[file.name] = changed
            found |= '"ended_at": null' not in file.read_text(encoding="utf-8")
        except OSError:
            continue  # removed or being replaced: the next look sees it
    return found


def _done(name: str, step: Callable[[], object]) -> bool:
    try:
        step()
    except Exception:
        log.exception("step %s failed; it is tried again in %s s", name, EVERY_S)
        return False
    return True


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="[%(levelname)s %(asctime)s pulse] %(message)s")
    settings = load()
    store = open_store(settings)
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    collect.in_background(store, stop)
    known: dict[str, int] = {}
    reviewed_on: date | None = None
    next_beat, looked, slurm = 0.0, False, Rounds(store)
    hub_began_at = psutil.Process(os.getppid()).create_time()
    while not stop.is_set():
        # Before the beat, whose ledger and lake follow what this brings in.
        slurm.turn(int(time.time()))
        if time.monotonic() >= next_beat:
            looked = looked or _done("strays", lambda: end_strays(settings, known_servers(os.environ), hub_began_at))
            now = int(time.time())
            today = day_of(now, settings.centre.zone)
            if "awards" not in beat(store, settings, now, new_day=today != reviewed_on):
                reviewed_on = today
            next_beat = time.monotonic() + EVERY_S
        elif ended_since(records.folder(settings), known):
            # What has ended is charged at once: until then it is held, and nobody else can have it.
            _done("meter", lambda: read_meter(store, settings, int(time.time())))
            _done("rating", lambda: rating.rate(store, int(time.time())))
        stop.wait(min(LOOK_EVERY_S, settings.slurm.poll_s))


if __name__ == "__main__":
    main()
