"""The end of a class at the Hub: servers stopped, work saved, users and homes removed; each step bears repeating.

A seat is closed in the books once its work is saved, or could not be for half an hour; what a crash leaves is found
again by what is still there.
"""

import logging
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from workbench.domain.training import APPROVED, TrainingSeat
from workbench.hub import removing
from workbench.hub.training.hub_api import HubApi, HubSaidNo
from workbench.i18n import _
from workbench.services.training import archive, ending, seats
from workbench.services.training.watching import Class
from workbench.settings import Settings
from workbench.store.engine import Store

AT_ONCE = 16
"""Seats: their servers take a second to end, and the Hub is to answer others meanwhile."""
GIVE_UP_AFTER_S = 1800
"""After the end of a class: what could not be saved by then stays where it is, and the class closes."""
log = logging.getLogger("workbench.classes")


def late(one: Class, now: int) -> bool:
    """Whether a class should have closed long ago; `now`: UTC epoch seconds."""
    return now - (one.session.ended_at or one.session.ends_at) >= GIVE_UP_AFTER_S


def end_class(store: Store, hub: HubApi, one: Class, *, give_up: bool = False) -> bool:
    """End the class: all seats, then the class; whether all of it is done. What is not is tried again.

    Args:
        store: the centre's.
        hub: where the seats' servers and users are.
        one: the class.
        give_up: close a seat also where its server does not end, its work cannot be saved or its home removed; what
            is left stays, and it is said.
    """
    with ThreadPoolExecutor(AT_ONCE, "seat-end") as at_once:
        done = list(at_once.map(lambda seat: _end_seat(store, hub, one, seat, give_up=give_up), one.seats))
    if all(done) and one.session.state != "cancelled":
        return ending.close(store, one.session.handle, int(time.time()))
    return all(done)


def _end_seat(store: Store, hub: HubApi, one: Class, seat: TrainingSeat, *, give_up: bool) -> bool:
    if not _over(store, seat):
        return False  # made longer at the last moment
    try:
        stopped = _stopped(store, hub, seat, give_up=give_up)
        if not stopped and not give_up:
            return False
        kept = _closed(store, one, seat, give_up=give_up) or not stopped
        if not _over(store, seat):
            return False
        removed = _removed(store, hub, seat, give_up=give_up)
        _log_file(store.settings, seat.name)
    except Exception as problem:  # whatever a student has made of a home: the other seats end all the same
        log.warning("%s: %s", seat.name, problem, exc_info=not isinstance(problem, OSError))
        _said(store, seat, problem)
        return False
    return removed and (kept or _cleared(store, seat, give_up=give_up))


def _over(store: Store, seat: TrainingSeat) -> bool:
    found = seats.seat_of(store, seat.name)
    return found is None or found[0].state != APPROVED or int(time.time()) >= found[0].ends_at


def _stopped(store: Store, hub: HubApi, seat: TrainingSeat, *, give_up: bool) -> bool:
    why = _("its server does not end")
    try:
        if hub.stop(seat.name):
            return True
    except (httpx.HTTPError, HubSaidNo) as problem:
        why = str(problem)
    log.warning("%s: %s", seat.name, why)
    if give_up:
        _said(store, seat, why)
    return False


def _removed(store: Store, hub: HubApi, seat: TrainingSeat, *, give_up: bool) -> bool:
    try:
        hub.remove(seat.name)
    except (httpx.HTTPError, HubSaidNo) as problem:
        log.warning("%s: %s", seat.name, problem)
        if give_up:
            _said(store, seat, problem)
        return give_up
    return True


def _closed(store: Store, one: Class, seat: TrainingSeat, *, give_up: bool) -> bool:
    """Save the work and close the seat in the books; whether its home is to stay, because it could not be saved.

    Raises:
        OSError: it cannot be saved now.
    """
    home, saved, kept = store.settings.homes / seat.name, None, False
    found = seats.seat_of(store, seat.name)
    seat = found[1] if found is not None else seat  # as it is now: somebody may have joined at the last moment
    if seat.ended_at is not None:
        return seat.joined_at is not None and not seat.archive
    if seat.joined_at is not None and home.is_dir():
        try:
            saved = archive.save(store.settings, one.session.handle, seat.number, home)
        except Exception as problem:
            if not give_up:
                raise
            log.exception("%s: its work is not saved, its home stays", seat.name)
            _said(store, seat, problem)
            kept = True
    ending.close_seat(store, seat.id, saved, int(time.time()))
    return kept


def _cleared(store: Store, seat: TrainingSeat, *, give_up: bool) -> bool:
    try:
        removing.remove(store.settings.homes / seat.name)
    except OSError as problem:
        log.warning("%s: %s", seat.name, problem)
        _said(store, seat, problem)
        return give_up
    return True


def _said(store: Store, seat: TrainingSeat, problem: Exception | str) -> None:
    words = _("Its work could not be saved or its home removed: {why}").format(why=problem or type(problem).__name__)
    ending.note_unsaved(store, seat, words, int(time.time()))


def _log_file(settings: Settings, name: str) -> None:
    (settings.log / "servers" / f"{name}.log").unlink(missing_ok=True)
