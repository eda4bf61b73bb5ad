"""Joining a class by its code: one page, one button, and one sits in a notebook. No account, no password.

The browser keeps a secret of its own (a cookie below /hub/join), by which it finds its seat again: the log-in of a seat
ends with the class, the way to the saved work does not. Codes that are wrong are counted by address (tries).
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from datetime import date
from typing import Any

from jupyterhub.handlers.base import BaseHandler
from jupyterhub.handlers.pages import TokenPageHandler
from jupyterhub.utils import url_path_join
from tornado import web

from workbench.domain.training import CANCELLED, OVER, TrainingSeat, TrainingSession, is_seat, phase
from workbench.errors import JoinRefused
from workbench.hub.centre_store import store_of
from workbench.hub.training.entering import SEATING, enter
from workbench.hub.training.tries import Tries, tries
from workbench.i18n import _
from workbench.pages.words import clock
from workbench.services.training import archive, events, seats
from workbench.store.engine import Store

CLAIM, CLAIM_DAYS = "workbench-seat", 400
PART_BYTES = 1 << 20
STATUS = {"unknown": 404, "guessing": 429}


def handlers() -> list[tuple[str, type[BaseHandler]]]:
    """For the authenticator, whose addresses come before the Hub's own."""
    return [(r"/join", Join), (r"/join/([^/]+)", Join), (r"/join/([^/]+)/work", Work), (r"/token", Tokens)]


class Join(BaseHandler):
    """The page of a class for who has its code, and its button."""

    async def get(self, code: str = "") -> None:
        code = code or self.get_argument("code", "")
        if not code:
            return await self._page()
        try:
            session, seat = await self._found(code)
        except JoinRefused as refused:
            return await self._refuse(refused, code)
        return await self._page(code=code, session=session, seat=seat)

    async def post(self, code: str = "") -> None:
        code, name = code or self.get_argument("code", ""), self.get_argument("name", "").strip()
        claim = self._claim() or secrets.token_urlsafe(32)
        try:
            session, seat = await self._found(code)
            if seat is None and not name:
                return await self._page(code=code, session=session, problem=_("Write the name that you go by."))
            joined = await self._off(seats.join, code, name, self._now, claim=claim, address=self._address)
        except JoinRefused as refused:
            return await self._refuse(refused, code)
        self._keep(claim)
        self._tries.right(self._address, self._now)
        return await enter(self, joined)

    async def _found(self, code: str) -> tuple[TrainingSession, TrainingSeat | None]:
        """The class of a code, and the seat that this browser has there.

        Raises:
            JoinRefused: it opens nothing for them, or too many were tried.
        """
        limited = self._tries.limited(self._address, self._now)
        try:
            session, seat = await self._off(_looked_up, code, self._claim(), self._now)
        except JoinRefused:
            if limited:
                raise _too_often() from None
            raise
        if limited and seat is None:
            raise _too_often()
        return session, seat

    async def _refuse(self, refused: JoinRefused, code: str) -> None:
        if refused.kind == "guessing":
            if self._tries.newly_limited(self._address, self._now):
                await self._off(_note_guessing, self._address, self._now)
        else:
            if refused.kind in ("unknown", "revoked"):
                self._tries.wrong(self._address, self._now)
            if self.request.method == "GET":  # seats.join has noted it otherwise
                await self._off(seats.note_refused, refused, code, self._now, self._address)
        self.set_status(STATUS.get(refused.kind, 403))
        await self._page(code=code, problem=str(refused))

    async def _page(
        self,
        *,
        code: str = "",
        session: TrainingSession | None = None,
        seat: TrainingSeat | None = None,
        problem: str = "",
    ) -> None:
        other = self.current_user.name if self.current_user and not is_seat(self.current_user.name) else ""
        over = session is not None and (session.state == CANCELLED or phase(session, self._now) == OVER)
        another = bool(self.get_query_argument("other", ""))
        if seat is None and not another and not self._claim():
            self._keep(secrets.token_urlsafe(32))  # with the page, not with the button: pressed twice, it is one seat
        work = await self._off(archive.kept, session.handle, seat.number) if session and seat and over else None
        given = {"code": code, "training": session, "seat": seat, "problem": problem, "over": over, "logged_in": other}
        given |= {"another": another, "typed": self.get_argument("name", "")}
        if work is not None and session is not None:
            given["until"] = clock(archive.kept_until(session), self.authenticator.centre.centre.zone, date.min)
        self.finish(await self.render_template("join.html", **given))

    def prepare(self) -> Any:
        self._now = int(time.time())
        return super().prepare()

    def _claim(self) -> str:
        """What this browser keeps; "" where it keeps nothing, or somebody else sits there now."""
        if self.get_query_argument("other", ""):
            return ""
        return (self.get_secure_cookie(CLAIM, max_age_days=CLAIM_DAYS) or b"").decode("ascii", "replace")

    def _keep(self, claim: str) -> None:
        self._set_cookie(CLAIM, claim, expires_days=CLAIM_DAYS, path=url_path_join(self.hub.base_url, "join"))

    @property
    def _address(self) -> str:
        return self.request.remote_ip or ""

    @property
    def _tries(self) -> Tries:
        return tries(self.authenticator.centre.training.tries_per_minute)

    async def _off(self, ask: Callable[..., Any], *given: Any, **named: Any) -> Any:
        store = store_of(self.authenticator.centre)
        return await asyncio.get_running_loop().run_in_executor(SEATING, lambda: ask(store, *given, **named))


class Work(Join):
    """The saved work of a seat, for the browser that sat there, after the class."""

    async def get(self, code: str = "") -> None:
        try:
            session, seat = await self._found(code)
        except JoinRefused as refused:
            return await self._refuse(refused, code)
        file = await self._off(archive.kept, session.handle, seat.number) if seat is not None else None
        if seat is None or file is None:
            raise web.HTTPError(404, _("There is no saved work of yours."))
        self.set_header("Content-Type", "application/zip")
        self.set_header("Content-Length", str(file.stat().st_size))
        self.set_header("Content-Disposition", f'attachment; filename="{session.handle}-{seat.number:03d}.zip"')
        self.set_header("Cache-Control", "private, no-store")
        with file.open("rb") as opened:
            while part := await asyncio.to_thread(opened.read, PART_BYTES):
                self.write(part)
                await self.flush()
        return None

    async def post(self, code: str = "") -> None:
        """Nothing: it is only read."""
        raise web.HTTPError(405)


class Tokens(TokenPageHandler):
    """The Hub's page of tokens, which is not for seats: what they have ends with the class."""

    async def prepare(self) -> None:
        await super().prepare()
        if self.current_user is not None and is_seat(self.current_user.name):
            raise web.HTTPError(403, _("A seat of a class has no tokens."))


def _looked_up(store: Store, code: str, claim: str, now: int) -> tuple[TrainingSession, TrainingSeat | None]:
    """The class of a code and the seat of this browser there; who has none needs a code that counts now."""
    if claim:
        session = seats.class_behind(store, code, now)
        if (seat := seats.of_claim(store, session.handle, claim)) is not None:
            return session, seat
    return seats.class_of_code(store, code, now), None


def _note_guessing(store: Store, address: str, now: int) -> None:
    with store.db(writes=True) as db:
        events.note(db, "guessing", now, who=address, says=_("Too many codes that open nothing"), incident=True)


def _too_often() -> JoinRefused:
    words = _("Too many codes that open nothing were tried from here. Wait a minute, and read yours once more.")
    return JoinRefused("guessing", words)
