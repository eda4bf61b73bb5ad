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
from workbench.hub.training.came_from import address_of
from workbench.hub.training.entering import SEATING, enter
from workbench.hub.training.tries import Tries, tries
from workbench.i18n import _
from workbench.pages.words import clock
from workbench.services.training import archive, events, seats
from workbench.store.engine import Store

CLAIM, CLAIM_DAYS = "workbench-seat", 400
OTHER = "workbench-other"
"""Signs the claim of somebody else at the same computer, which their form carries until it is pressed."""
WORK_KEY, WORK_KEY_DAYS = "workbench-work", 1 / 24
"""Signs the name of a seat whose saved work may be fetched without a claim: after a launch from a course."""
PART_BYTES = 1 << 20
STATUS = {"unknown": 404, "guessing": 429}


def handlers() -> list[tuple[str, type[BaseHandler]]]:
    """For the authenticator, whose addresses come before the Hub's own."""
    pages = [(r"/join", Join), (r"/join/work", WorkByKey), (r"/join/([^/]+)", Join), (r"/join/([^/]+)/work", Work)]
    return [*pages, (r"/token", Tokens)]


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
            joined = await self._off(seats.join, code, name, self._now, claim=claim)
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
        claim = self._claim()
        if (
            limited
            and not await self._off(_sits, code, claim, self._now)
            and not await self._tries.slowed(self._address)
        ):
            raise _too_often()
        try:
            return await self._off(_looked_up, code, claim, self._now)
        except JoinRefused:
            if limited:
                raise _too_often() from None
            raise

    async def _refuse(self, refused: JoinRefused, code: str) -> None:
        address, now = self._address, self._now
        if refused.kind == "guessing":
            if self._tries.newly_limited(address, now):
                await self._off(_note_guessing, address, now)
        else:
            if refused.kind in ("unknown", "revoked"):
                self._tries.wrong(address, now)
            if self._tries.to_be_written(address, now):
                await self._off(seats.note_refused, refused, code, now, address)
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
        if another and seat is None:  # of the page, not of the press: pressed twice, it is one seat
            fresh = self._claim() or secrets.token_urlsafe(32)
            given["claim"] = self.create_signed_value(OTHER, fresh).decode("ascii")
        if work is not None and session is not None:
            given["until"] = clock(archive.kept_until(session), self.authenticator.centre.centre.zone, date.min)
        self.finish(await self.render_template("join.html", **given))

    def prepare(self) -> Any:
        self._now = int(time.time())
        return super().prepare()

    def _claim(self) -> str:
        """What this browser keeps, or for somebody else at it what their form does; "" where there is nothing."""
        if self.get_query_argument("other", ""):
            given = self.get_body_argument("claim", "")
            return (self.get_secure_cookie(OTHER, value=given, max_age_days=1) or b"").decode("ascii", "replace")
        return (self.get_secure_cookie(CLAIM, max_age_days=CLAIM_DAYS) or b"").decode("ascii", "replace")

    def _keep(self, claim: str) -> None:
        self._set_cookie(CLAIM, claim, expires_days=CLAIM_DAYS, path=url_path_join(self.hub.base_url, "join"))

    @property
    def _address(self) -> str:
        return address_of(self.request, self.app.trusted_downstream_ips, self.authenticator.centre.hub.hub_port)

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
        return await self._send(session.handle, seat.number if seat is not None else 0)

    async def _send(self, handle: str, number: int) -> None:
        """The file of a seat. HTTPError where there is none, or no more."""
        file = await self._off(archive.kept, handle, number)
        if file is None:
            raise web.HTTPError(404, _("There is no saved work of yours."))
        self.set_header("Content-Type", "application/zip")
        self.set_header("Content-Length", str(file.stat().st_size))
        self.set_header("Content-Disposition", f'attachment; filename="{handle}-{number:03d}.zip"')
        self.set_header("Cache-Control", "private, no-store")
        with file.open("rb") as opened:
            while part := await asyncio.to_thread(opened.read, PART_BYTES):
                self.write(part)
                await self.flush()

    async def post(self, code: str = "") -> None:
        """Nothing: it is only read."""
        raise web.HTTPError(405)


class WorkByKey(Work):
    """The saved work of the seat that a signed key names: see lti."""

    async def get(self, code: str = "") -> None:
        given = self.get_query_argument("key", "")
        name = (self.get_secure_cookie(WORK_KEY, value=given, max_age_days=WORK_KEY_DAYS) or b"").decode()
        found = await self._off(seats.seat_of, name) if name else None
        if found is None:
            raise web.HTTPError(403, _("This link counts no more. Open the class in your course once more."))
        await self._send(found[0].handle, found[1].number)


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


def _sits(store: Store, code: str, claim: str, now: int) -> bool:
    """Whether this browser has a seat behind this code: it guesses nothing."""
    try:
        return bool(claim) and seats.of_claim(store, seats.class_behind(store, code, now).handle, claim) is not None
    except JoinRefused:
        return False


def _note_guessing(store: Store, address: str, now: int) -> None:
    with store.db(writes=True) as db:
        events.note(db, "guessing", now, who=address, says=_("Too many codes that open nothing"), incident=True)


def _too_often() -> JoinRefused:
    words = _("Too many codes that open nothing were tried from here. Wait a minute, and read yours once more.")
    return JoinRefused("guessing", words)
