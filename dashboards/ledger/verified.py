"""Whether the chain of the ledger is whole, found out beside the pages and kept: a page never waits for it."""

import logging
import threading
import time
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from workbench.services.ledger.verify import Verified, verify
from workbench.store.engine import Store
from workbench.units import HOUR_S

log = logging.getLogger(__name__)

AGAIN_S = HOUR_S
"""A result so old, or of a head that has moved since, is found out anew, at most one at a time."""
AFTER_FAILURE_S = 60
"""A check that could not be made is tried again after so long."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The result and when it was found, UTC epoch seconds; None: it could not be found out, the log says why."""

    at_s: int
    result: Verified | None


class Verifier:
    """The last result for each store of this process."""

    def __init__(self) -> None:
        self._found: dict[str, Checked] = {}
        self._running: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    def last(self, store: Store, head: tuple[int, str] | None, now_s: int) -> Checked | None:
        """What was found last; None while nothing was yet. Starts finding out anew where that is due."""
        name = store.settings.database_url
        with self._lock:
            found, running = self._found.get(name), self._running.get(name)
            due = found is None or _is_due(found, head, now_s)
            if due and (running is None or not running.is_alive()):
                thread = threading.Thread(target=self._find, args=(name, store), name="verify-ledger", daemon=True)
                self._running[name] = thread
                thread.start()
            return found

    def found_at(self, store: Store) -> int:
        """When the last result was found, UTC epoch seconds; 0 while there is none."""
        found = self._found.get(store.settings.database_url)
        return found.at_s if found else 0

    def wait(self, store: Store) -> None:
        """Until what is being found out is found."""
        running = self._running.get(store.settings.database_url)
        if running is not None:
            running.join()

    def _find(self, name: str, store: Store) -> None:
        result = None
        try:
            result = verify(store)
        except SQLAlchemyError:
            log.exception("the ledger could not be verified")
        with self._lock:
            self._found[name] = Checked(int(time.time()), result)


def _is_due(found: Checked, head: tuple[int, str] | None, now_s: int) -> bool:
    if found.result is None:
        return now_s - found.at_s > AFTER_FAILURE_S
    return now_s - found.at_s > AGAIN_S or (found.result.seq, found.result.hash) != head


VERIFIER = Verifier()
