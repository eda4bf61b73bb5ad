"""What was made for one scope, kept for a while: the scope is part of every key, so nobody is shown another's page."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
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
    """The latest `size` results. A key is the scope, the language, the data's version and what was asked."""

    def __init__(self, size: int = 256) -> None:
        self._kept: OrderedDict[Hashable, T] = OrderedDict()
        self._size = size
        self._lock = Lock()

    def get(self, scope: Scope, asked: Hashable, make: Callable[[], T]) -> T:
        """The result of `make` for this scope and question, made only once; an error is not kept."""
        key = (scope_key(scope), asked)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return made

    def has(self, scope: Scope, asked: Hashable) -> bool:
        with self._lock:
            return (scope_key(scope), asked) in self._kept
