"""What every page with forms does: who asks, may they, forms that only our own pages can send, errors in words."""

import time
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar
from urllib.parse import urlsplit

from tornado.httputil import url_concat
from tornado.web import HTTPError

from dashboards._handlers import Plain
from workbench.errors import Refused
from workbench.i18n import _
from workbench.pages import identity
from workbench.pages.shell import SERVICE, Viewer, environment, page_titles, script
from workbench.units import money

LONGEST_FORM = 64 * 1024


class FormHandler(Plain):
    """A page or a form. Subclasses write `look` (GET) or `take` (POST).

    page_id: which its address and its folder of templates have too; help_js: the script that helps on it.
    """

    page_id: ClassVar[str]
    help_js: ClassVar[str]

    def initialize(self, centre: Any, desk: Any) -> None:  # type: ignore[override]  # Tornado calls it by name
        super().initialize(centre)
        self.desk, self.store = desk, desk.store

    async def prepare(self) -> None:
        await super().prepare()
        self.set_header("Cache-Control", "no-store")
        self.now = int(time.time())

    @property
    def root(self) -> str:
        return f"{SERVICE}/{self.page_id}"

    @property
    def who(self) -> Viewer:
        return identity.viewer_of(self.current_user)

    async def look(self, *_given: str) -> None:
        raise HTTPError(404)

    async def take(self, *_given: str) -> None:
        raise HTTPError(404)

    async def get(self, *given: str) -> None:
        if self.current_user is None:
            self.redirect(url_concat(self.get_login_url(), {"next": self.request.uri or self.root}))
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
        if self.page_id not in self.who.pages:
            self.refuse(self.who, page_titles()[self.page_id])
            return
        try:
            await self.told(work, *given)
        except Refused as refused:
            self.notice(409, _("That is not possible now"), str(refused), _("Nothing was changed."))
        except HTTPError:
            raise
        except Exception as problem:  # noqa: BLE001 (a face: recorded with its number)
            self.failed(problem)

    async def told(self, work: Callable[..., Awaitable[None]], *given: str) -> None:
        """Do the work; what the things of this page can raise is said here."""
        raise NotImplementedError

    def _sent_by_us(self) -> bool:
        """Whether the browser says that one of our own pages sent this; one that says nothing has the token still."""
        site = self.request.headers.get("Sec-Fetch-Site")
        if site is not None:
            return site == "same-origin"
        origin = self.request.headers.get("Origin")
        return origin is None or urlsplit(origin).netloc == self.request.host

    def show(self, template: str, status: int = 200, **given: Any) -> None:
        """A page in the frame of the centre's pages."""
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        page = environment().get_template(f"{self.page_id}/{template}")
        frame, help_js = self.centre.frame(self.who, self.page_id), script(self.help_js)
        self.finish(page.render(frame=frame, root=self.root, xsrf=self.token(), help_js=help_js, **given))

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
        """Go on to the thing, or the list, which then says what was done."""
        self.redirect(f"{self.root}{f'/{reference}' if reference else ''}?done={what}", status=303)
