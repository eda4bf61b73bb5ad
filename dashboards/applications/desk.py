"""What the application handlers share: the store, a worker for steps, another for previews, those made so far."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from workbench import i18n
from workbench.services.applications.awarding import Decided
from workbench.services.preview.preview import Preview, preview
from workbench.store.engine import Store

KEPT = 32
"""Previews kept; each is a few kilobytes."""
FRESH_S = 900
"""A preview is made anew after so long: awards and jobs of others may have come in."""

T = TypeVar("T")


@dataclass
class Making:
    """A preview, made or in the making. step: what `preview` last told of itself ('': it has not begun)."""

    made: Future[Preview] = field(default_factory=Future)
    step: str = ""

    def tell(self, what: str, _done: int, _total: int) -> None:
        self.step = what


class Desk:
    """One for all handlers. Steps go through one worker, one after the other: what a step finds is what it changes."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.steps = ThreadPoolExecutor(max_workers=1, thread_name_prefix="applications")
        self.slow = ThreadPoolExecutor(max_workers=1, thread_name_prefix="previews")
        self.previews: OrderedDict[Any, Making] = OrderedDict()

    async def run(self, work: Callable[..., T], *given: Any) -> T:
        """The work in the worker, in the language of the visitor."""
        return await self._run_in(self.steps, work, *given)

    async def run_slowly(self, work: Callable[..., T], *given: Any) -> T:
        """Work that may take long, beside the steps of others."""
        return await self._run_in(self.slow, work, *given)

    async def _run_in(self, pool: ThreadPoolExecutor, work: Callable[..., T], *given: Any) -> T:
        language = i18n.language()

        def spoken() -> T:
            with i18n.speaking(language):
                return work(*given)

        return await asyncio.get_running_loop().run_in_executor(pool, spoken)

    def preview(self, reference: str, stage: str, decided: Decided) -> Making:
        """The preview of an award today, made or in the making; one that failed is tried again when asked again."""
        now = int(time.time())
        asked = (reference, stage, decided, now // FRESH_S)
        kept = self.previews.get(asked)
        if kept is None or (kept.made.done() and kept.made.exception() is not None):
            kept = self.previews[asked] = Making()
            kept.made = self.slow.submit(preview, self.store, reference, decided, now, kept.tell)
        self.previews.move_to_end(asked)
        while len(self.previews) > KEPT:
            self.previews.popitem(last=False)[1].made.cancel()
        return kept
