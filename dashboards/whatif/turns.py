"""Whose turn it is: of each viewer one question at a time; of those that wait the newest alone is answered."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from workbench import i18n
from workbench.analytics.simulate import warm

T = TypeVar("T")


class Turns:
    """One for all handlers. Two viewers are answered side by side."""

    def __init__(self) -> None:
        self.workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="what-if")
        self.newest: dict[str, int] = {}
        self.busy: dict[str, asyncio.Lock] = {}

    def prepare(self) -> None:
        """Load every policy's compiled loop, so that the first who asks need not wait for it."""
        self.workers.submit(warm)

    async def run(self, work: Callable[[], T]) -> T:
        """The work in a worker, in the language of the visitor."""
        language = i18n.language()

        def spoken() -> T:
            with i18n.speaking(language):
                return work()

        return await asyncio.get_running_loop().run_in_executor(self.workers, spoken)

    async def take(self, viewer: str, work: Callable[[], T]) -> T | None:
        """The same when it is this question's turn; None where the viewer has asked anew meanwhile."""
        mine = self.newest[viewer] = self.newest.get(viewer, 0) + 1
        async with self.busy.setdefault(viewer, asyncio.Lock()):
            if self.newest[viewer] != mine:
                return None
            return await self.run(work)
