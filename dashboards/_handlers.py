"""The pages over HTTP: who asks, may they, and the document; downloads; what to say when it is no."""

import logging
import secrets
from typing import Any

import pandas as pd
from bokeh.util.token import generate_jwt_token, generate_session_id
from jinja2 import Template
from panel.io.resources import Resources
from panel.io.server import DocHandler, server_html_page_for_session
from panel.io.state import set_curdoc
from tornado.web import HTTPError, RequestHandler, authenticated

from dashboards._centre import OPEN_TO_ALL, Built, Centre, Open
from dashboards._filters import Filters, filters_of
from workbench import i18n
from workbench.errors import UnknownProject
from workbench.i18n import _
from workbench.pages import identity
from workbench.pages.shell import SERVICE, Viewer, environment, page_titles
from workbench.services.spreadsheet import SPREADSHEETS, inert

log = logging.getLogger(__name__)

LONGEST_QUERY = 4000
"""Panel reads numbers in an address as such, and Python none of more than 4,300 digits."""


class Speaks:
    """Sets the language of a request from its cookie or the browser's wish, and knows the centre."""

    centre: Centre

    def initialize_language(self: Any) -> None:
        chosen = i18n.best(self.request.headers.get("Accept-Language", ""), self.get_cookie("workbench-language"))
        i18n._language.set(chosen)

    def notice(self: Any, status: int, heading: str, *lines: str, reference: str = "", locked: bool = False) -> None:
        """One thing said, in the frame of the pages."""
        who = identity.viewer_of(self.current_user) if self.current_user else None
        go_on = (
            (f"{SERVICE}/{who.pages[0]}", _("Open {page}").format(page=page_titles()[who.pages[0]]))
            if who and who.pages
            else (f"{SERVICE}/logout", _("Log in as somebody else"))
        )
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(
            environment()
            .get_template("notice.html")
            .render(
                frame=self.centre.frame(who),
                heading=heading,
                lines=lines,
                reference=reference,
                locked=locked,
                go_on=go_on[0],
                go_on_label=go_on[1],
            )
        )

    def refuse(self: Any, who: Viewer, what: str) -> None:
        self.notice(
            403,
            _("{page} is not open to you").format(page=what),
            _("You are here as {role}.").format(role=_role(who)),
            _(
                "The whole centre is for executives, the secretariat, the Committee and operators; leads and members "
                "of a project see their own project under Project usage."
            ),
            _("Ask the centre's operator for the role, or your project's lead to add you."),
            locked=True,
        )

    def failed(self: Any, problem: Exception) -> None:
        """An error nobody expected: its number goes to the page and to the log, its text only to the log."""
        reference = secrets.token_hex(4)
        log.error("reference %s: %s %s", reference, self.request.method, self.request.uri, exc_info=problem)
        self.notice(
            500,
            _("This page could not be made"),
            _("The fault is ours. Try again in a minute; if it stays, give the operator this reference and the time."),
            reference=reference,
        )

    def write_error(self: Any, status_code: int, **kwargs: Any) -> None:
        """What Tornado refuses is the sender's (4xx) and said as it is; anything else is ours."""
        if status_code == 404:
            self.notice(
                404,
                _("There is nothing at this address"),
                _("The address may be old or mistyped. What you may open is in the tabs above."),
            )
        elif status_code == 405:
            self.notice(
                405, _("That cannot be done at this address"), _("Open it in the browser; nothing was changed.")
            )
        elif 400 <= status_code < 500:
            self.notice(
                status_code,
                _("This request was not taken"),
                _("Its address or its form could not be read, or did not come from our pages. Nothing was changed."),
                _("Go back with the browser and try again."),
            )
        else:
            self.failed(kwargs["exc_info"][1])

    def harden(self: Any) -> None:
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header(
            "Content-Security-Policy", "frame-ancestors 'none'; base-uri 'self'; object-src 'none'; form-action 'self'"
        )


def _role(who: Viewer) -> str:
    from workbench.pages.shell import role_words

    return f"{who.name} ({role_words(who)})"


class PageHandler(Speaks, DocHandler):
    """A dashboard page: who asks, may they, the document, and a Bokeh session for its live line."""

    async def prepare(self) -> None:
        await super().prepare()
        self.initialize_language()
        self.harden()

    async def get_session(self) -> Any:
        """A new Bokeh session of this viewer's; one that the request names is not taken up."""
        app = self.application
        signing = {"secret_key": app.secret_key, "signed": app.sign_sessions}
        session_id = generate_session_id(**signing)
        # The token stands readable in the page: nothing of the request goes into it, only whose it is.
        whose = {identity.VIEWER_KEY: self.current_user["name"], "headers": {}, "cookies": {}, "arguments": {}}
        token = generate_jwt_token(session_id, **signing, expiration=app.session_token_expiration, extra_payload=whose)
        return await self.application_context.create_session_if_needed(session_id, self.request, token)

    @authenticated
    async def get(self, *_args: Any, **_kwargs: Any) -> None:
        self.set_header("Cache-Control", "no-store")
        who = identity.viewer_of(self.current_user)
        page = self.request.path.rstrip("/").rsplit("/", 1)[-1]
        if page not in who.pages and page not in OPEN_TO_ALL:
            self.refuse(who, page_titles()[page])
            return
        arguments = {name: self.get_query_argument(name) for name in self.request.query_arguments}
        if len(self.request.query) > LONGEST_QUERY:
            raise HTTPError(414)
        try:
            filters = filters_of(arguments)
            built = await self.centre.built(who, page, filters)
            self.finish(await self.document(who, page, filters, built))
        except UnknownProject:
            # Not there and not yours are the same words: what is hidden is not confirmed.
            self.refuse(who, _("This project"))
        except Exception as problem:  # noqa: BLE001 (a face: recorded with its number)
            self.failed(problem)

    async def document(self, who: Viewer, page: str, filters: Filters, built: Built) -> str:
        """The whole document, with the token of a new Bokeh session for its live line."""
        session = await self.get_session()
        token = self.get_signed_cookie(self.centre.auth.cookie_name).decode("ascii")
        self.centre.open[session.id] = Open(token, who, filters, i18n.language(), built.version)
        resources = Resources.from_bokeh(self.application.resources())
        resources.components = SCRIPTS
        with set_curdoc(session.document):
            return server_html_page_for_session(
                session,
                resources=resources,
                title=built.page.title,
                template=_document(),
                template_variables={"page": built.page, "frame": self.centre.frame(who, page, built)},
            )


SCRIPTS = ["bokeh", "bokeh-widgets", "bokeh-tables"]
"""What of BokehJS a page loads: for its pictures and for Panel's own script. No WebGL, no mathematics."""


def _document() -> Template:
    return environment().get_template("document.html")


class Plain(Speaks, RequestHandler):
    """What is neither a page nor the API: it knows who asks in the same way."""

    def initialize(self, centre: Centre) -> None:
        self.centre = centre

    async def prepare(self) -> None:
        self.initialize_language()
        self.harden()
        self.hub_auth = self.centre.auth
        self.current_user = await self.centre.auth.get_user(self, sync=False)

    def get_login_url(self) -> str:
        return f"{SERVICE}/login"


class Download(Plain):
    """The rows of a table or picture as CSV, within the asker's scope."""

    @authenticated
    async def get(self, page: str, name: str) -> None:
        who = identity.viewer_of(self.current_user)
        if page not in who.pages and page not in OPEN_TO_ALL:
            self.refuse(who, page_titles()[page])
            return
        arguments = {key: self.get_query_argument(key) for key in self.request.query_arguments}
        try:
            built = await self.centre.built(who, page, filters_of(arguments))
        except UnknownProject:
            self.refuse(who, _("This project"))
            return
        if name not in built.page.frames:
            raise HTTPError(404)
        self.set_header("Content-Type", "text/csv; charset=utf-8")
        self.set_header("Content-Disposition", f'attachment; filename="{page}-{name}.csv"')
        self.set_header("Cache-Control", "no-store")
        self.finish(safe_csv(built.page.frames[name]))


def safe_csv(frame: pd.DataFrame) -> bytes:
    """CSV of which a spreadsheet runs nothing (see `inert`), and reads every script."""
    texts = frame.select_dtypes(["object", "str"]).columns
    guarded = frame.assign(**{name: frame[name].map(inert) for name in texts})
    return guarded.to_csv(index=False, lineterminator="\r\n").encode(SPREADSHEETS)


class Home(Plain):
    """The service's own address: the first page this viewer may open."""

    @authenticated
    async def get(self) -> None:
        who = identity.viewer_of(self.current_user)
        if who.pages:
            self.redirect(f"{SERVICE}/{who.pages[0]}")
        else:
            self.refuse(who, _("The dashboards"))


class Health(RequestHandler):
    """Whether this process answers; says nothing else."""

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.finish({"status": "ok"})


class NotThere(Plain):
    """Every address that is none of ours."""

    async def prepare(self) -> None:
        await super().prepare()
        raise HTTPError(404)
