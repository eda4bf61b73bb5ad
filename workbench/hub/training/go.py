"""Go or no-go: some time before a class one of its seats is started, the first cells are run, and all of it measured.

The result is an event of the class, which its instructor reads on its page; the seat is as new after it.
"""

import logging
import time

from workbench.domain.training import COMING, TrainingSeat, TrainingSession, opens_first, phase
from workbench.hub import removing
from workbench.hub.own_domains import origin_of
from workbench.hub.running import here, host
from workbench.hub.training.first_cells import Ran, run
from workbench.hub.training.hub_api import HubApi, HubSaidNo
from workbench.i18n import _
from workbench.services.training import cost, going, seats
from workbench.services.training.watching import Class
from workbench.settings import Settings
from workbench.store.engine import Store

READY_WITHIN_S = 120.0
log = logging.getLogger("workbench.classes")
TOKEN_S = 600
MINUTE_S = 60
AHEAD_S = 15 * MINUTE_S
"""At least so long before the first server is started."""
TAKES_S = 7 * MINUTE_S
"""A server that is slow and cells that do not end."""


def due(store: Store, one: Class, now: int) -> bool:
    """Whether a class is to be tried at `now` (UTC epoch seconds): it comes soon, was not tried yet, and there is time
    for it before its servers are started, in which a try would stand in the way.
    """
    from_, until = between(store.settings, one.session)
    soon = phase(one.session, now) == COMING and from_ <= now <= until
    return soon and bool(one.seats) and not going.tried(store, one.session)


def between(settings: Settings, session: TrainingSession) -> tuple[int, int]:
    """When a class is tried, from and until, UTC epoch seconds: `check_minutes` before it, and before its lead."""
    ahead_s = max(settings.training.check_minutes * MINUTE_S, session.lead_s + AHEAD_S)
    return session.starts_at - ahead_s, session.starts_at - session.lead_s - TAKES_S


def try_one(store: Store, hub: HubApi, one: Class) -> None:
    """Try the last seat of the class, and say how it went."""
    seat = one.seats[-1]
    began = time.monotonic()
    try:
        _ready(hub, seat)
        ready_s = time.monotonic() - began
        url = f"{here(store.settings).rstrip('/')}/user/{seat.name}"
        asked_at = host(origin_of(store.settings, seat.name))
        ran = run(url, hub.token(seat.name, TOKEN_S), opens_first(one.session), asked_at)
    except Exception as problem:  # whatever it was, there is an answer: no
        log.warning("%s was tried: %s", one.session.handle, problem, exc_info=not isinstance(problem, HubSaidNo))
        going.note(store, one.session, str(problem) or type(problem).__name__, int(time.time()), go=False)
    else:
        unpaid = cost.uncovered(store, one.session)
        said = " ".join(filter(None, (_words(ready_s, ran, opens_first(one.session)), unpaid)))
        going.note(store, one.session, said, int(time.time()), go=not ran.problem and not unpaid)
    finally:
        if not _taken(store, seat):  # a try that took long: somebody sits there by now
            hub.stop(seat.name)
            hub.remove(seat.name)
            removing.remove(store.settings.homes / seat.name)


def _taken(store: Store, seat: TrainingSeat) -> bool:
    found = seats.seat_of(store, seat.name)
    return found is not None and found[1].joined_at is not None


def _ready(hub: HubApi, seat: TrainingSeat) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    if hub.start(seat.name):
        return
    while time.monotonic() < deadline:
        seen = hub.servers().get(seat.name)
        if seen is None:
            raise HubSaidNo(_("Its server did not start."))
        if seen.ready:
            return
        time.sleep(1)
    raise HubSaidNo(_("Its server was not ready after {n} s.").format(n=int(READY_WITHIN_S)))


def _words(ready_s: float, ran: Ran, page: str) -> str:
    server = _("A seat was ready after {n} s.").format(n=f"{ready_s:.1f}")
    what = page or "1+1"
    if ran.problem:
        words = _("In {page}, {n} cells ran through, then: {problem}")
        return f"{server} {words.format(page=what, n=ran.cells, problem=ran.problem)}"
    words = _("The first {n} cells of {page} ran in {s} s.")
    return f"{server} {words.format(n=ran.cells, page=what, s=f'{ran.took_s:.1f}')}"
