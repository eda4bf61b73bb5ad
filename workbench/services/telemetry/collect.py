"""Rounds of samples: of all exporters, and of this machine where it is asked to; then the lake is kept tidy."""

import logging
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread

from workbench.services.telemetry.exporters import Heard, addresses, ask
from workbench.services.telemetry.keep import Kept, keep
from workbench.store.engine import Store
from workbench.telemetry import lake, nvml
from workbench.telemetry.parsed import joined
from workbench.units import DAY_S

GPM_S = 0.2
"""So long GPM measures a slice; NVML asks for a tenth of a second at least."""
log = logging.getLogger("workbench.telemetry")


@dataclass(frozen=True)
class Round:
    """One round: who answered and who did not, and what was kept."""

    heard: tuple[Heard, ...]
    kept: Kept

    @property
    def troubles(self) -> dict[str, str]:
        """By address what is wrong with it: no answer, or lines that cannot be used."""
        found = {}
        for one in self.heard:
            if one.error:
                found[one.address] = one.error
            elif one.parsed and one.parsed.rejects:
                first = one.parsed.rejects[0]
                count = len(one.parsed.rejects)
                found[one.address] = f"lines that cannot be used: {count}, the first: line {first.line}: {first.reason}"
        return found

    @property
    def silent(self) -> tuple[Heard, ...]:
        return tuple(one for one in self.heard if one.error)


def once(store: Store, now: int, *, own: bool = False) -> Round:
    """One round.

    Args:
        store: its settings name the exporters and the lake.
        now: UTC epoch seconds.
        own: this machine's GPUs too, by NVML.
    """
    telemetry = store.settings.telemetry
    heard = ask(addresses(telemetry.exporters), now, telemetry.timeout_s)
    if own:
        heard.append(_own(now))
    kept = keep(store, joined(one.parsed for one in heard if one.parsed), now)
    lake.compact(store.settings.telemetry_folder, now)
    lake.forget(store.settings.telemetry_folder, now - telemetry.keep_days * DAY_S)
    return Round(tuple(heard), kept)


def loop(
    store: Store, stop: Event, clock: Callable[[], float] = time.time, *, own: bool = False,
    tell: Callable[[Round], object] = lambda _round: None,
) -> None:  # fmt: skip
    """Rounds until `stop` is set, each interval_s after the one before has begun.

    Args:
        store: as in `once`.
        stop: ends it.
        clock: UTC epoch seconds.
        own: as in `once`.
        tell: told each round.
    """
    while not stop.is_set():
        begun = clock()
        tell(once(store, int(begun), own=own))
        stop.wait(max(0.0, begun + store.settings.telemetry.interval_s - clock()))


def in_background(store: Store, stop: Event) -> Thread | None:
    """Rounds beside what the caller does, where the settings name exporters: a slow one holds nobody up."""
    if not store.settings.telemetry.exporters:
        return None
    thread = Thread(target=_for_ever, args=(store, stop), name="telemetry", daemon=True)
    thread.start()
    return thread


def _for_ever(store: Store, stop: Event) -> None:
    known: dict[str, str] = {}

    def tell(found: Round) -> None:
        now = found.troubles
        for address in now.keys() - known.keys():
            log.warning("telemetry: %s: %s", address, now[address])
        for address in known.keys() - now.keys():
            log.info("telemetry: %s answers again", address)
        known.clear()
        known.update(now)

    while not stop.is_set():
        try:
            loop(store, stop, tell=tell)
        except Exception:
            log.exception("a round of samples failed; the next one comes in %s s", store.settings.telemetry.interval_s)
            stop.wait(store.settings.telemetry.interval_s)


def _own(now: int) -> Heard:
    import pynvml

    node = socket.gethostname().split(".")[0]
    parsed = nvml.sample(pynvml, node, now, lambda: time.sleep(GPM_S))
    if parsed.samples.empty:
        return Heard("NVML", error=parsed.rejects[0].reason if parsed.rejects else "the driver knows no GPU here")
    return Heard("NVML", parsed)
