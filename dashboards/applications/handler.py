"""What every application handler does: who asks, may they, forms that only our own pages can send, errors in words."""

import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from tornado.httputil import url_concat
from tornado.web import HTTPError

from dashboards._handlers import Plain
from dashboards.applications.desk import Desk
from workbench.errors import ClosedByConflict, Refused, UnknownApplication, UnknownPerson
from workbench.i18n import _
from workbench.pages import identity, words
from workbench.pages.shell import SERVICE, Viewer, environment, page_titles, script
from workbench.services.applications.files import conflict_of
from workbench.units import money

ROOT = f"{SERVICE}/applications"
LONGEST_FORM = 64 * 1024


class ApplicationHandler(Plain):
    """A page or a form of an application. Subclasses write `look` (GET) or `take` (POST)."""

    def initialize(self, centre: Any, desk: Desk) -> None:  # type: ignore[override]  # Tornado calls it by name
        super().initialize(centre)
        self.desk, self.store = desk, desk.store

    async def prepare(self) -> None:
        await super().prepare()
        self.set_header("Cache-Control", "no-store")
        self.now = int(time.time())

    @property
    def who(self) -> Viewer:
        return identity.viewer_of(self.current_user)

    async def look(self, *_given: str) -> None:
        raise HTTPError(404)

    async def take(self, *_given: str) -> None:
        raise HTTPError(404)

    async def get(self, *given: str) -> None:
        if self.current_user is None:
            self.redirect(url_concat(self.get_login_url(), {"next": self.request.uri or ROOT}))
            return
        await self._faced(self.look, *given)

    async def post(self, *given: str) -> None:
        # The Hub's OAuth takes no cookie for a form that lacks its token: then nobody is logged in here.
        if self.current_user is None or not self._sent_by_us() or len(self.request.body) > LONGEST_FORM:
            self.notice(
                403,
                _("This form was not taken"),
                _("It was sent too long ago, after a new log-in, or from another page. Nothing was changed."),
                _("Go back with the browser: what you typed is still there. Copy it, reload the page, send it again."),
            )
            return
        self.check_xsrf_cookie()
        await self._faced(self.take, *given)

    async def _faced(self, work: Callable[..., Awaitable[None]], *given: str) -> None:
        if "applications" not in self.who.pages:
            self.refuse(self.who, page_titles()["applications"])
            return
        try:
            await work(*given)
        except ClosedByConflict:
            await self.closed(given[0])
        except (UnknownApplication, UnknownPerson):
            # Not there and not yours are the same words: what is hidden is not confirmed.
            self.notice(
                404,
                _("There is no application here that you may see"),
                _("The address may be mistyped, or it belongs to somebody else."),
                _("If you believe that you should see it, ask the secretariat."),
            )
        except Refused as refused:
            self.notice(409, _("That is not possible now"), str(refused), _("Nothing was changed."))
        except HTTPError:
            raise
        except Exception as problem:  # noqa: BLE001 (a face: recorded with its number)
            self.failed(problem)

    def _sent_by_us(self) -> bool:
        """Whether the browser says that one of our own pages sent this; one that says nothing has the token still."""
        site = self.request.headers.get("Sec-Fetch-Site")
        if site is not None:
            return site == "same-origin"
        origin = self.request.headers.get("Origin")
        return origin is None or urlsplit(origin).netloc == self.request.host

    async def closed(self, reference: str) -> None:
        """The refusal of somebody with a declared conflict; of the application it says nothing."""
        declared = await self.desk.run(conflict_of, self.store, reference, self.who.name)
        on = words.day(declared.declared_at.astimezone(self.store.settings.centre.zone).date()) if declared else ""
        self.notice(
            403,
            _("This application is closed to you"),
            _("You declared a conflict of interest on {day}; this application is closed to you.").format(day=on),
            _("Ask the secretariat if you believe that this is a mistake; only they can answer questions about it."),
            locked=True,
        )

    def show(self, template: str, status: int = 200, **given: Any) -> None:
        """A page in the frame of the centre's pages."""
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        page = environment().get_template(f"applications/{template}")
        frame = self.centre.frame(self.who, "applications")
        help_js = script("applications.js")
        self.finish(page.render(frame=frame, root=ROOT, xsrf=self.token(), help_js=help_js, **given))

    def money(self, amount_minor: int | None) -> str:
        """The exact amount; an unknown one says so."""
        return _("unknown") if amount_minor is None else money(amount_minor, self.store.settings.centre.symbol)

    def token(self) -> str:
        """The form's own token, as text."""
        found = self.xsrf_token
        return found.decode() if isinstance(found, bytes) else str(found)

    def typed(self) -> dict[str, str]:
        """The fields of the form as they were sent, the last of each name."""
        return {name: self.get_body_argument(name) for name in self.request.body_arguments}

    def done(self, what: str, reference: str = "") -> None:
        """Go on to the application, or the list, which then says what was done."""
        self.redirect(f"{ROOT}{f'/{reference}' if reference else ''}?done={what}", status=303)
