"""Go or no-go: some time before a class one of its seats is started, the first cells are run, and all of it measured.

The result is an event of the class, which its instructor reads on its page; the seat is as new after it.
"""

import time

import httpx

from workbench.domain.training import COMING, TrainingSeat, opens_first, phase
from workbench.hub.running import url_of
from workbench.hub.training.first_cells import Ran, run
from workbench.hub.training.hub_api import HubApi, HubSaidNo
from workbench.i18n import _
from workbench.services.training import archive, going
from workbench.services.training.watching import Class
from workbench.store.engine import Store

READY_WITHIN_S = 120.0
TOKEN_S = 600


def due(store: Store, one: Class, now: int) -> bool:
    """Whether a class is to be tried at `now` (UTC epoch seconds): it comes soon, and was not tried yet."""
    early_s = store.settings.training.check_minutes * 60
    soon = phase(one.session, now) == COMING and now >= one.session.starts_at - early_s
    return soon and bool(one.seats) and not going.tried(store, one.session)


def try_one(store: Store, hub: HubApi, one: Class) -> None:
    """Try the last seat of the class, and say how it went."""
    seat = one.seats[-1]
    began = time.monotonic()
    try:
        _ready(hub, seat)
        ready_s = time.monotonic() - began
        url = f"{url_of(store.settings).rstrip('/')}/user/{seat.name}"
        ran = run(url, hub.token(seat.name, TOKEN_S), opens_first(one.session))
    except (HubSaidNo, httpx.HTTPError) as problem:
        going.note(store, one.session, str(problem), int(time.time()), go=False)
    else:
        going.note(
            store, one.session, _words(ready_s, ran, opens_first(one.session)), int(time.time()), go=not ran.problem
        )
    finally:
        hub.stop(seat.name)
        hub.remove(seat.name)
        archive.clear(store.settings.homes / seat.name)


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
