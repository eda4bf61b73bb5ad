"""The service of classes: servers started ahead, looked after, warned, and ended with their work saved.

    python -m workbench.hub.training.rounds

Everything is in the database and at the Hub: a service that begins anew, after a crash too, goes on where it was, and
nothing is started twice. Few servers start at the same time, so that the Hub answers whoever presses meanwhile.
"""

import logging
import os
import signal
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

import httpx

from workbench.domain.training import APPROVED, CANCELLED, COMING, OVER, phase
from workbench.hub.training import go
from workbench.hub.training.class_end import GIVE_UP_AFTER_S, end_class, late
from workbench.hub.training.hub_api import HubApi, HubSaidNo
from workbench.hub.training.sharing import Sharing
from workbench.services.training import archive, ending, seats, watching
from workbench.services.training.watching import Class, Seen
from workbench.settings import load
from workbench.store.engine import Store, open_store
from workbench.units import HOUR_S

IDLE_S, BUSY_S = 2.0, 0.25
LOOK_EVERY_S = 5.0
END_AGAIN_AFTER_S = 5
CALLED_OFF_S = 2 * GIVE_UP_AFTER_S
"""Whose users and homes could not be removed when they were cancelled are tried again for so long."""
KEEPING = "keeping"
"""No handle of a class: they have six signs."""
log = logging.getLogger("workbench.classes")


class Rounds:
    """See the module. `hub` is asked in threads; what is under way is remembered by the seat's or the class's name.

    clock: gives UTC epoch seconds, for what threads note when it is done.
    """

    def __init__(self, store: Store, hub: HubApi, clock: Callable[[], float] = time.time) -> None:
        self.store, self.hub, self.clock = store, hub, clock
        self.sharing = Sharing(hub)
        self.at_once = store.settings.training.at_once
        self.starting: dict[str, Future[object]] = {}
        self.slow: dict[str, Future[object]] = {}
        self.start_pool = ThreadPoolExecutor(self.at_once, "start")
        self.slow_pool = ThreadPoolExecutor(4, "slow")
        self.end_again_at: dict[str, int] = {}
        self.end_tried_at: dict[str, int] = {}
        self.cleared: set[str] = set()  # cancelled, and nothing of them is left; the books say so of the others
        self.seen: Mapping[str, Seen] = {}
        self.looked_at, self.forgot_at, self.kept_at = -LOOK_EVERY_S, -float(HOUR_S), time.monotonic()

    def turn(self, now: int) -> bool:
        """Do what is due at `now` (UTC epoch seconds); whether the next turn is wanted soon."""
        self._forget(now)
        self._finished()
        ahead_s = max(self.store.settings.training.check_minutes * go.MINUTE_S, go.AHEAD_S)
        found = watching.approved(self.store, now, ahead_s, CALLED_OFF_S)
        classes = [one for one in found if one.session.handle not in self.cleared]
        if not classes:
            return False
        fresh = self._look()
        due = False
        for one in classes:
            if one.session.handle in self.slow:
                continue
            if one.session.state != APPROVED or phase(one.session, now) == OVER:
                self._end(one, now)
                continue
            if phase(one.session, now) == COMING:
                self._try(one, now)
                continue
            if fresh:
                watching.follow(self.store, one, self.seen, self.starting, now)
                self._share(one)
            ending.warn(self.store, one.session, now)
            due |= self._start(one, now)
        self._keep()
        return due or bool(self.starting)

    def _look(self) -> bool:
        if time.monotonic() - self.looked_at < LOOK_EVERY_S:
            return False
        self.seen, self.looked_at = self.hub.servers(), time.monotonic()
        return True

    def _share(self, one: Class) -> None:
        try:
            self.sharing.follow(one, self.seen)
        except (HubSaidNo, httpx.HTTPError) as problem:  # the class goes on without it
            log.warning("%s: a seat is not open as its student wants: %s", one.session.handle, problem)

    def _keep(self) -> None:
        """Keep what runs from being stopped as idle before its class ends."""
        every_s = self.store.settings.hub.idle_timeout_s / 3
        if self.seen and KEEPING not in self.slow and time.monotonic() - self.kept_at >= every_s:
            self.kept_at = time.monotonic()
            self.slow[KEEPING] = self.slow_pool.submit(self.hub.keep, [*self.seen])

    def _start(self, one: Class, now: int) -> bool:
        """Start what there is room for: servers anew that were asked for so, then those that are missing."""
        waiting = [seat for seat in one.seats if seat.asked_at and not seat.ready_at and seat.name not in self.starting]
        room = self.at_once - len(self.starting) - len(waiting)
        anew = [seat for seat in one.seats if seat.restart_at is not None and seat.ended_at is None]
        for seat in anew:
            if seat.name not in self.starting:
                self.starting[seat.name] = self.start_pool.submit(self._stop_for_restart, seat.name)
        wanted = [seat.name for seat in watching.to_start(one, now, self.at_once) if seat not in anew]
        names = [name for name in wanted if name not in self.starting][: max(0, room)]
        if names:
            watching.note_asked(self.store, names, now)
        for name in names:
            self.starting[name] = self.start_pool.submit(self._start_one, name)
        return len(wanted) > len(names)

    def _start_one(self, name: str) -> None:
        try:
            ready = self.hub.start(name)
        except HubSaidNo as problem:
            if seats.allowed(self.store, name, int(self.clock())):  # else its class ended meanwhile
                watching.note_failed(self.store, name, str(problem), int(self.clock()))
        else:
            if ready:
                watching.note_ready(self.store, name, int(self.clock()))

    def _stop_for_restart(self, name: str) -> None:
        if self.hub.stop(name):
            watching.note_restarted(self.store, name, int(self.clock()))

    def _finished(self) -> None:
        """Forget what is done; what went wrong is said, and comes again."""
        for under_way in (self.starting, self.slow):
            for name, future in [(name, future) for name, future in under_way.items() if future.done()]:
                del under_way[name]
                if (problem := future.exception()) is not None:
                    log.warning("%s: %s; it is tried again", name, problem, exc_info=problem)

    def _end(self, one: Class, now: int) -> None:
        if any(seat.name in self.starting for seat in one.seats):
            return
        handle = one.session.handle
        if now >= self.end_again_at.get(handle, 0):
            self.end_again_at[handle] = now + END_AGAIN_AFTER_S
            # Where nobody was there at the end, the first try is not the last.
            first = self.end_tried_at.setdefault(handle, now)
            give_up = late(one, now) and now - first >= GIVE_UP_AFTER_S
            self.slow[handle] = self.slow_pool.submit(self._end_now, one, give_up=give_up)

    def _end_now(self, one: Class, *, give_up: bool) -> None:
        if end_class(self.store, self.hub, one, give_up=give_up) and one.session.state == CANCELLED:
            self.cleared.add(one.session.handle)

    def _try(self, one: Class, now: int) -> None:
        if go.due(self.store, one, now):
            self.slow[one.session.handle] = self.slow_pool.submit(go.try_one, self.store, self.hub, one)

    def _forget(self, now: int) -> None:
        if time.monotonic() - self.forgot_at >= HOUR_S:
            archive.forget(self.store, now)
            self.forgot_at = time.monotonic()


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="[%(levelname)s %(asctime)s classes] %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    rounds = Rounds(open_store(load()), HubApi(os.environ))
    while not stop.is_set():
        soon = False
        try:
            soon = rounds.turn(int(time.time()))
        except httpx.HTTPError as problem:
            log.warning("The Hub does not answer: %s", problem)
        except Exception:
            log.exception("a round failed; the next one tries again")
        stop.wait(BUSY_S if soon else IDLE_S)
    os._exit(0)  # threads that wait for the Hub wait no longer: what they did is found by the next service


if __name__ == "__main__":
    main()
