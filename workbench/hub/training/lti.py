"""Joining a class by a launch of LTI 1.3: a click in a course of a learning platform, and one sits in a warm notebook.

The protocol is that of jupyterhub-ltiauthenticator: its handlers begin the log-in at the platform and check what comes
back (state, nonce, signature by the platform's keys, issuer, audience, times, claims). It knows one platform, as the
Hub's authenticator; here each registration of the settings gets one of its authenticators for the time of a request,
and the Hub's own stays what it is. What a launch then is worth is a seat, as a code is: see lti_seats.

Without a platform in the settings this module is not loaded, and its addresses are nobody's.
"""

import asyncio
import secrets
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import jwt
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.utils import get_browser_protocol
from ltiauthenticator.lti13.auth import LTI13Authenticator
from ltiauthenticator.lti13.error import ValidationError
from ltiauthenticator.lti13.handlers import LTI13CallbackHandler, LTI13LoginInitHandler
from tornado import web

from workbench.errors import JoinRefused
from workbench.hub.centre_store import store_of
from workbench.hub.training.came_from import address_of
from workbench.hub.training.entering import SEATING, enter
from workbench.hub.training.joining import WORK_KEY
from workbench.hub.training.lti_claims import Launched, launched
from workbench.hub.training.lti_once import once_since
from workbench.hub.training.tries import tries
from workbench.i18n import _
from workbench.pages.words import clock
from workbench.services.training import archive, lti_seats, seats
from workbench.services.training.taking import Joined
from workbench.settings import Settings
from workbench.settings.lti import LtiPlatform

CHECKING = ThreadPoolExecutor(4, "lti")
"""Threads that ask platforms for their keys: one that does not answer keeps nobody else waiting in the Hub."""


def handlers(settings: Settings, now: int) -> list[tuple[str, type[BaseHandler], dict[str, object]]]:
    """For the Hub's configuration: where a platform begins a log-in, and where it sends the signed launch."""
    given = {"centre": settings, "began_at": now}
    paths = LTI13Authenticator()
    return [(paths.login_url("/"), Begin, given), (paths.callback_url("/"), Launch, given)]


class OfPlatform(BaseHandler):
    """A handler of the library whose `authenticator` is that of one registration, once that is known."""

    def initialize(self, centre: Settings, began_at: int) -> None:
        self.centre, self.once = centre, once_since(began_at)
        self.registration: LTI13Authenticator | None = None

    @property
    def authenticator(self) -> Any:
        return self.registration or super().authenticator

    def know(self, platform: LtiPlatform, client_id: str) -> None:
        """From here on the library asks and checks for this registration only."""
        self.registration = LTI13Authenticator(
            parent=self.app,
            issuer=platform.issuer,
            client_id={client_id},
            authorize_url=platform.authorize,
            jwks_endpoint=platform.jwks,
        )

    async def refuse(self, refused: JoinRefused, handle: str = "") -> None:
        """A page that says why, and an event of the class that was named."""
        self.registration = None  # the page is drawn with the Hub's own
        now, address = (
            int(time.time()),
            address_of(self.request, self.app.trusted_downstream_ips, self.centre.hub.hub_port),
        )
        if tries(self.centre.training.tries_per_minute).to_be_written(address, now):
            says = f"{refused} ({refused.__cause__})" if refused.__cause__ else str(refused)
            await asyncio.to_thread(lti_seats.note_refused, store_of(self.centre), says, now, handle, address)
        self.set_status(403)
        code_helps = refused.kind in ("stale", "platform")
        self.finish(await self.render_template("lti_refused.html", says=str(refused), code_helps=code_helps))


class Begin(OfPlatform, LTI13LoginInitHandler):
    """A platform sends somebody: they are sent back to be signed for, with a state and a nonce that only we know."""

    async def post(self) -> None:
        issuer, client_id = self.get_argument("iss", ""), self.get_argument("client_id", "")
        found = [
            (platform, client)
            for platform in self.centre.training.lti
            for client in platform.client_ids
            if platform.issuer == issuer and client_id in ("", client)
        ]
        try:
            if len(found) != 1:
                raise _not_accepted() from ValueError(f"no registration {client_id!r} of {issuer!r}")
            platform, self.client_id = found[0]
            self.know(platform, self.client_id)
            self._state = f"{secrets.token_urlsafe(32)}.{platform.key(self.client_id)}"
            try:
                super().post()
            except web.HTTPError as problem:
                raise _not_accepted() from problem
        except JoinRefused as refused:
            await self.refuse(refused)

    get = post

    def get_state(self) -> str:
        """Which registration it is for is part of it: on the way back nothing unsigned has to be believed."""
        return self._state

    def authorize_redirect(self, **given: Any) -> None:
        super().authorize_redirect(**given | {"client_id": self.client_id})

    def _set_oauth_cookie(self, key: str, value: str) -> None:
        # They come back with a form of another site, with which browsers send what is marked None, and that over TLS.
        crossing = {"samesite": "None", "secure": True} if get_browser_protocol(self.request) == "https" else {}
        self._set_cookie(key, value, encrypted=True, expires_days=1, **crossing)


class Launch(OfPlatform, LTI13CallbackHandler):
    """What a platform signed: checked, then worth a seat."""

    async def post(self) -> None:
        handle = ""
        try:
            platform = self._platform_of_the_state()
            running = asyncio.get_running_loop().run_in_executor
            claims = await running(CHECKING, self._signed)
            self.registration = None  # what follows is the Hub's own log-in
            here = launched(claims, platform)
            handle, now = here.handle, int(time.time())
            if not self.once.first_time(claims["nonce"], claims["iat"], now):
                raise _stale()
            try:
                joined = await running(SEATING, self._seat, here, platform, now)
            except JoinRefused as refused:
                if refused.kind == "over" and await self._work(here):
                    return
                raise
            await enter(self, joined)
        except JoinRefused as refused:
            await self.refuse(refused, handle)

    async def _work(self, here: Launched) -> bool:
        """Who sat there and comes back after the end is shown the way to the saved work; whether it is so."""
        store = store_of(self.centre)
        seat = await asyncio.to_thread(seats.of_lti, store, here.handle, here.seat_key)
        if seat is None or await asyncio.to_thread(archive.kept, store, here.handle, seat.number) is None:
            return False
        session, _seat = await asyncio.to_thread(seats.seat_of, store, seat.name) or (None, None)
        assert session is not None
        key = self.create_signed_value(WORK_KEY, seat.name).decode("ascii")
        until = clock(archive.kept_until(session), self.centre.centre.zone, date.min)
        self.finish(await self.render_template("lti_over.html", training=session, until=until, key=key))
        return True

    def _seat(self, here: Launched, platform: LtiPlatform, now: int) -> Joined:
        store = store_of(self.centre)
        return lti_seats.join(store, handle=here.handle, seat_key=here.seat_key, shown_name=here.shown_name, now=now,
                              projects=platform.projects)  # fmt: skip

    def _platform_of_the_state(self) -> LtiPlatform:
        if said := self.get_argument("error", ""):
            raise _not_accepted() from ValueError(said[:80])
        try:
            self.check_state()
        except web.HTTPError as problem:
            raise _stale() from problem
        key = self._get_state_from_url().rpartition(".")[2]
        for platform in self.centre.training.lti:
            for client_id in platform.client_ids:
                if platform.key(client_id) == key:
                    self.know(platform, client_id)
                    return platform
        raise _stale()

    def _signed(self) -> Mapping[str, Any]:
        try:
            return self.decode_and_validate_launch_request()
        except web.HTTPError as problem:  # of state and nonce
            raise _stale() from problem
        except ValidationError as problem:
            raise (_stale() if _is_old(problem) else _not_accepted()) from problem
        except ValueError as problem:  # keys that are no JSON
            raise _not_accepted() from problem


def _is_old(problem: ValidationError) -> bool:
    return isinstance(problem.__context__, jwt.ExpiredSignatureError) or "too long ago" in str(problem)


def _stale() -> JoinRefused:
    words = _("This click counts no more, or the browser did not keep its cookie. Open it in your course once more.")
    return JoinRefused("stale", words)


def _not_accepted() -> JoinRefused:
    words = _("What your course's platform sent cannot be accepted here. Tell your instructor: it is nothing you did.")
    return JoinRefused("platform", words)
