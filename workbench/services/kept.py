"""Results kept by what they were made from, and what moves when the records do."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from threading import RLock
from typing import Any

import numpy as np
from sqlalchemy import Connection, func, select

from workbench.domain.award_versions import Version
from workbench.domain.awards import Award
from workbench.domain.capacity import CapacityChange, Outage
from workbench.store.tables import captures, price_versions


class Kept:
    """The latest `size` results. A key may hold arrays: what is made of the same numbers is the same result."""

    def __init__(self, size: int) -> None:
        self._made: OrderedDict[Hashable, Any] = OrderedDict()
        self._size, self._lock = size, RLock()

    def get(self, key: Sequence[Any], make: Callable[[], Any]) -> Any:
        """The result of this key, made where it is not there."""
        whole = tuple(part.tobytes() if isinstance(part, np.ndarray) else part for part in key)
        with self._lock:  # two who ask the same at once wait for one
            if whole not in self._made:
                self._made[whole] = make()
            self._made.move_to_end(whole)
            while len(self._made) > self._size:
                self._made.popitem(last=False)
            return self._made[whole]


def newest_capture(conn: Connection) -> int:
    """Number of the last captured answer of a source; 0 where there is none. Jobs change with it."""
    return conn.scalar(select(func.max(captures.c.id))) or 0


def standing(conn: Connection) -> tuple[Any, ...]:
    """What moves when awards, capacity, outages or prices do."""
    award, capacity, outage = Award.__table__.c, CapacityChange.__table__.c, Outage.__table__.c
    changes = Version.__table__.c
    asks = (
        select(func.count(), func.max(award.id), func.sum(award.ceiling_minor), func.sum(award.rate_bp)),
        select(func.count(), func.sum(capacity.allocatable), func.sum(capacity.in_service)),
        select(func.count(), func.sum(outage.gpus)),
        select(func.max(price_versions.c.from_at)),
        select(func.count(), func.max(changes.from_on)),
    )
    return tuple(tuple(conn.execute(ask).one()) for ask in asks)
