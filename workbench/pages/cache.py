"""What was made for one scope, kept for a while: the scope is part of every key, so nobody is shown another's page."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

from workbench.domain.access import OwnProjects, Scope, WholeCentre

T = TypeVar("T")


def scope_key(scope: Scope) -> Hashable:
    """What two viewers must share to be shown the same: all of the centre, or exactly the same projects."""
    match scope:
        case WholeCentre():
            return ("centre",)
        case OwnProjects(projects=projects, leads=leads):
            return ("projects", projects, leads)


class ScopedCache(Generic[T]):
    """The latest `size` results, by scope and by what was asked."""

    def __init__(self, size: int = 256) -> None:
        self._kept: OrderedDict[Hashable, T] = OrderedDict()
        self._size = size
        self._lock = Lock()

    def get(self, scope: Scope, asked: Hashable) -> T | None:
        """What was kept for this scope and question."""
        key = (scope_key(scope), asked)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, scope: Scope, asked: Hashable, made: T) -> None:
        """Keep it; what was not asked for the longest gives way."""
        key = (scope_key(scope), asked)
        with self._lock:
            self._kept[key] = made
            self._kept.move_to_end(key)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
