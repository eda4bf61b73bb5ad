"""The work of a class, for whoever runs it: what was handed in, what its end has saved, all of it or of one seat."""

import asyncio
from collections.abc import Generator, Iterator

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from dashboards.training.handler import TrainingHandler
from workbench.domain.training import COPY, TrainingSession
from workbench.pages import words
from workbench.services.training import archive, listing
from workbench.services.training.collected import collected, handed_in, saved

CHUNK = 1 << 20
BUNDLES = {"handed-in": handed_in, "saved": saved}


async def work_given(handler: TrainingHandler, session: TrainingSession) -> dict[str, str | int] | None:
    """What the templates are given of the work that may be fetched; None: there is none, or not for this asker."""
    if not listing.may_teach(session, handler.who.name, handler.who.groups):
        return None
    found = await handler.desk.run(collected, handler.store, session, handler.now)
    if found is None:
        return None
    n = found.saved if session.hand_in == COPY else 0
    given: dict[str, str | int] = {"handed_in": found.handed_in, "saved": n, "size": words.size(found.saved_bytes)}
    return given | {"until": handler.clock(found.until)} if n or found.handed_in else None


class Work(TrainingHandler):
    """The saved work of one seat."""

    async def look(self, *given: str) -> None:
        session, number = await self.found(given[0]), int(given[1])
        if session.hand_in != COPY or not listing.may_teach(session, self.who.name, self.who.groups):
            raise HTTPError(404)
        file = await self.desk.run(archive.kept, self.store, session.handle, number)
        if file is None:
            raise HTTPError(404)
        with file.open("rb") as opened:
            await send(self, f"{session.handle}-{number:03d}.zip", iter(lambda: opened.read(CHUNK), b""))


class Bundle(TrainingHandler):
    """The work of all seats, made while it is sent."""

    async def look(self, *given: str) -> None:
        session, what = await self.found(given[0]), given[1]
        work = await work_given(self, session)
        if work is None or not work[what.replace("-", "_")]:
            raise HTTPError(404)
        await send(self, f"{session.handle}-{what}.zip", BUNDLES[what](self.store, session))


async def send(handler: TrainingHandler, name: str, pieces: Iterator[bytes]) -> None:
    """Answer with a zip file; its pieces are made in threads, and no more once nobody listens."""
    handler.set_header("Content-Type", "application/zip")
    handler.set_header("Content-Disposition", f'attachment; filename="{name}"')
    try:
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            handler.write(piece)
            await handler.flush()
    except StreamClosedError:
        return
    finally:
        if isinstance(pieces, Generator):
            await asyncio.to_thread(pieces.close)
    handler.finish()
