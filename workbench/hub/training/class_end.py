"""The end of a class at the Hub: servers stopped, work saved, users and homes removed; each step bears repeating.

A seat is closed in the books once its work is saved; what a crash leaves is found again by what is still there.
"""

import logging
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from workbench.domain.training import TrainingSeat
from workbench.hub.training.hub_api import HubApi, HubSaidNo
from workbench.i18n import _
from workbench.services.training import archive, ending
from workbench.services.training.watching import Class
from workbench.settings import Settings
from workbench.store.engine import Store

AT_ONCE = 16
"""Seats: their servers take a second to end, and the Hub is to answer others meanwhile."""
log = logging.getLogger("workbench.classes")


def end_class(store: Store, hub: HubApi, one: Class) -> bool:
    """End the class: all seats, then the class; whether all of it is done. What is not is tried again."""
    with ThreadPoolExecutor(AT_ONCE, "seat-end") as at_once:
        done = list(at_once.map(lambda seat: _end_seat(store, hub, one, seat), one.seats))
    if all(done) and one.session.state != "cancelled":
        return ending.close(store, one.session.handle, int(time.time()))
    return all(done)


def _end_seat(store: Store, hub: HubApi, one: Class, seat: TrainingSeat) -> bool:
    settings, home = store.settings, store.settings.homes / seat.name
    try:
        if not hub.stop(seat.name):
            log.warning("the server of %s does not end", seat.name)
            return False
        if seat.ended_at is None:
            saved = None
            if seat.joined_at is not None and home.is_dir():
                saved = archive.save(settings, one.session.handle, seat.number, home)
            ending.close_seat(store, seat.id, saved, int(time.time()))
        hub.remove(seat.name)
        archive.clear(home)
        _log_file(settings, seat.name)
    except (httpx.HTTPError, HubSaidNo) as problem:
        log.warning("%s: %s", seat.name, problem)
        return False
    except (OSError, RecursionError) as problem:  # folders below folders without end
        log.warning("%s: %s", seat.name, problem)
        words = _("Its work could not be saved or its home removed: {why}").format(why=problem)
        ending.note_unsaved(store, seat, words, int(time.time()))
        return False
    return True


def _log_file(settings: Settings, name: str) -> None:
    (settings.log / "servers" / f"{name}.log").unlink(missing_ok=True)
