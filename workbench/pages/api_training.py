"""What a seat of a class asks and tells, with the token of its own server; nobody else may.

GET  /api/training/seat     its class: time left, number, messages (services.training.messages.for_seat)
POST /api/training/report   {"rows": [{"notebook", "cell", "error", "at"}], "denied": ["…"]}: cells that it ran,
                            and what it tried to reach that is not its own
POST /api/training/handin   {}: its work is collected now
POST /api/training/share    {"on": true}: the instructor may look
"""

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from workbench.analytics.wire import dumps
from workbench.domain.training import is_seat
from workbench.errors import BadQuestion
from workbench.pages.api import Api, Refused
from workbench.services.training import consent, handin, messages, progress

MOST_BYTES = 256 * 1024
HANDING = ThreadPoolExecutor(2, "hand-in")
"""A class that hands in at its bell copies for minutes: the pages have threads of their own meanwhile."""


class Seat(Api):
    """See the module."""

    async def get(self, what: str) -> None:
        name, now = await self.seat(), int(time.time())
        if what != "seat":
            raise Refused(405, "That is told with POST.", "Send POST.")
        self.finish(dumps(await asyncio.to_thread(messages.for_seat, self.store, name, now)))

    async def post(self, what: str) -> None:
        name, now, given = await self.seat(), int(time.time()), self.body()
        told = {"report": self.report, "handin": self.hand_in, "share": self.share}.get(what)
        if told is None:
            raise Refused(405, "That is asked with GET.", "Send GET.")
        pool = HANDING if what == "handin" else None
        self.finish(dumps(await asyncio.get_running_loop().run_in_executor(pool, told, name, given, now)))

    async def seat(self) -> str:
        """The seat whose token was sent."""
        viewer = (await self.scope()).viewer
        if not is_seat(viewer):
            raise Refused(403, "This is for the seats of a class.", "Join a class with its code.")
        return viewer

    def body(self) -> dict[str, Any]:
        """The posted JSON object; BadQuestion for anything else."""
        if len(self.request.body) > MOST_BYTES:
            raise BadQuestion("that is too long", f"send at most {MOST_BYTES} bytes")
        try:
            given = json.loads(self.request.body or b"{}")
        except (ValueError, RecursionError) as problem:
            raise BadQuestion("the body is not JSON", "send one JSON object") from problem
        if not isinstance(given, dict):
            raise BadQuestion("the body is no JSON object", "send one JSON object")
        return given

    def report(self, name: str, given: dict[str, Any], now: int) -> dict[str, Any]:
        """Cells that were run, tries that were not the seat's to make."""
        kept = progress.report(self.store, name, given.get("rows", []), now)
        denied = given.get("denied", [])
        return {"rows": kept, "denied": progress.note_denied(self.store, name, denied, now) if denied else 0}

    def hand_in(self, name: str, _given: dict[str, Any], now: int) -> dict[str, Any]:
        """The work as it is now."""
        return handin.hand_in(self.store, name, now)

    def share(self, name: str, given: dict[str, Any], now: int) -> dict[str, Any]:
        """Whether the instructor may look."""
        if not isinstance(given.get("on"), bool):
            raise BadQuestion("on is neither true nor false", "send one of these")
        return consent.share(self.store, name, now, on=given["on"])
