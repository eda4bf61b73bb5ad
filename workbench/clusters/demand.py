"""How many workers a Dask cluster of jobs should have: as many as its work wants, none that has been idle for long."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from distributed import Adaptive


class Demand(Adaptive):
    """The most that was wanted within the last `idle_s` seconds; so a worker ends when it was idle for as long.

    fixed: so many while there is any work, for a cluster of a fixed size; None: as many as Dask thinks the work needs.
    ending: told which workers are ended for being idle, before they are.
    """

    cluster: Any

    def __init__(
        self,
        cluster: Any,
        *,
        idle_s: float,
        fixed: int | None,
        ending: Callable[[Iterable[Any]], None],
        clock: Callable[[], float] = time.monotonic,
        **kwargs: Any,
    ) -> None:
        self.idle_s, self.fixed, self.ending, self.clock = idle_s, fixed, ending, clock
        self.wanted = deque([(clock(), fixed or 0)])
        super().__init__(cluster, **kwargs)

    async def target(self) -> int:
        now = self.clock()
        self.wanted.append((now, await self.wanted_now()))
        while self.wanted[0][0] < now - self.idle_s:
            self.wanted.popleft()
        return max(n for _at, n in self.wanted)

    async def wanted_now(self) -> int:
        """Workers that the work of this moment wants; results that lie on a worker are no work.

        Nobody is idle while the first of a fixed size still waits for its turn.
        """
        if self.fixed is None:
            return max(1, int(await super().target())) if busy(self.cluster.scheduler) else 0
        waiting = bool(self.plan) and not self.observed
        return self.fixed if waiting or busy(self.cluster.scheduler) else 0

    async def scale_down(self, workers: Any) -> None:
        """End these; they are idle."""
        self.ending(workers)
        await super().scale_down(workers)


def busy(scheduler: Any) -> bool:
    """Whether a scheduler has tasks that run, or wait for a worker."""
    at_work = any(worker.processing for worker in scheduler.workers.values())
    return at_work or bool(scheduler.queued) or bool(scheduler.unrunnable)
