"""The dashboards as a service of the Hub: `python -m dashboards.serve`, started by the Hub with its address and token.

Each page is a Panel application; its document is complete when it arrives (figures, tables, pictures as data), and what
its websocket adds is the live line: new figures are in, or the right to see them has ended. Pages are made once for a
scope, a choice of filters and a version of the data, by one worker, so that the server stays responsive meanwhile.
"""

import asyncio
import logging
import os
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import panel as pn
from bokeh.server.urls import per_app_patterns
from bokeh.util.token import generate_jwt_token, generate_session_id
from jinja2 import Template
from panel.io.resources import Resources
from panel.io.server import DocHandler, WSHandler, server_html_page_for_session
from panel.io.state import set_curdoc
from tornado.web import HTTPError, RequestHandler, authenticated

from dashboards import about, occupancy, projects, spend
from dashboards._asked import Asked
from dashboards._filters import Filters, filters_of
from dashboards._page import Page, script_json
from workbench import i18n, settings
from workbench.domain.access import Scope
from workbench.errors import UnknownProject
from workbench.i18n import _
from workbench.pages import api, identity, words
from workbench.pages.cache import ScopedCache
from workbench.pages.shell import SERVICE, Viewer, css, environment, page_titles, script, tabs
from workbench.pages.tokens import tokens
from workbench.services import reports
from workbench.services.meter import CLUSTER as NOTEBOOKS
from workbench.store.engine import Store, open_store

log = logging.getLogger(__name__)

BUILD = {"occupancy": occupancy.build, "spend": spend.build, "projects": projects.build, "about-data": about.build}
OPEN_TO_ALL = ("about-data",)
"""Pages for everybody who may reach the service at all."""
VERSION_S = 300
"""A page is made anew when its data are so much newer; the stamp says what it was made of."""
KEPT_S, PATIENCE_S = 900, 0.2
"""A page not older than KEPT_S is shown where making the newer one takes longer than PATIENCE_S."""
LOOK_EVERY_MS = 30_000


@dataclass(frozen=True)
class Built:
    """A page as it was made: of data until when."""

    page: Page
    until_s: int | None
    note: str
    version: int
    made_s: int


class Centre:
    """What the handlers share: the store, the Hub's word on who is looking, and the pages made so far."""

    def __init__(self, store: Store, auth: Any) -> None:
        self.store, self.auth = store, auth
        self.made: ScopedCache[Built] = ScopedCache()
        self.worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pages")
        self.tokens: dict[str, str] = {}
        """Hub token of each open Bokeh session, so that its live line can ask again; never sent to the browser."""

    def fresh(self, scope: Scope, now_s: int) -> reports.Fresh | None:
        """Until when the centre's data reach; notebook servers of this machine are always there and say nothing of it."""
        found = reports.freshness(self.store, scope, now_s)
        return next((f for f in found if f.cluster != NOTEBOOKS), next(iter(found), None))

    def build(self, who: Viewer, page: str, filters: Filters, now_s: int) -> Built:
        """The page for this viewer: as it was made for the same scope of data as new, else made now."""
        fresh = self.fresh(who.scope, now_s)
        version = fresh.data_until_s // VERSION_S if fresh else -1
        asked = (page, who.pages, filters, i18n.language())
        kept = self.made.get(who.scope, asked)
        if kept and kept.version == version:
            return kept
        until_s = fresh.data_until_s if fresh else now_s
        pages = (*who.pages, *OPEN_TO_ALL)
        page_made = BUILD[page](Asked(self.store, who.scope, pages, page, filters, now_s, until_s))
        made = Built(page_made, fresh.data_until_s if fresh else None, fresh.note if fresh else "", version, now_s)
        self.made.put(who.scope, asked, made)
        return made

    async def built(self, who: Viewer, page: str, filters: Filters) -> Built:
        """`build` in the worker, in the language of the visitor.

        Where the page was made a short while ago, a newer one is waited for only so long: else the one of before is
        shown, whose stamp says of when it is, and the new one is ready for the next look.
        """
        language, now_s = i18n.language(), int(time.time())

        def work() -> Built:
            with i18n.speaking(language):
                return self.build(who, page, filters, now_s)

        making = asyncio.get_running_loop().run_in_executor(self.worker, work)
        kept = self.made.get(who.scope, (page, who.pages, filters, language))
        if kept is None or now_s - kept.made_s > KEPT_S:
            return await making
        done, _pending = await asyncio.wait([making], timeout=PATIENCE_S)
        return making.result() if done else kept

    def frame(self, who: Viewer | None, page: str = "", built: Built | None = None) -> dict[str, Any]:
        """What stands around a page."""
        centre = self.store.settings.centre
        now_s = int(time.time())
        local = pd.Timestamp(now_s, unit="s", tz="UTC").tz_convert(centre.zone).to_pydatetime()
        return {
            "centre": centre.name,
            "home": f"{SERVICE}/{who.pages[0]}" if who and who.pages else "/hub/home",
            "tabs": tabs(who, page) if who else [],
            "who": who,
            "logout_url": f"{SERVICE}/logout",
            "css": css(),
            "theme_js": script("theme.js"),
            "page_js": script("page.js"),
            "dark_of": script_json(tokens().dark_of()),
            "fresh": words.freshness(built.until_s if built else None, now_s, centre.zone, built.note if built else ""),
            "sample": about.label(self.store),
            "about": f"{SERVICE}/about-data",
            "scheme": self.store.settings.scheme.name,
            "zone_words": _("Times are the centre's own: {zone} ({name}).").format(zone=centre.time_zone, name=words.zone_name(local)),
        }


class Speaks:
    """Sets the language of a request from its cookie or the browser's wish, and knows the centre."""

    centre: Centre

    def initialize_language(self: Any) -> None:
        chosen = i18n.best(self.request.headers.get("Accept-Language", ""), self.get_cookie("workbench-language"))
        i18n._language.set(chosen)

    def notice(self: Any, status: int, heading: str, *lines: str, reference: str = "", locked: bool = False) -> None:
        """One thing said, in the frame of the pages."""
        who = identity.viewer_of(self.current_user) if self.current_user else None
        go_on = (f"{SERVICE}/{who.pages[0]}", _("Open {page}").format(page=page_titles()[who.pages[0]])) if who and who.pages else (f"{SERVICE}/logout", _("Log in as somebody else"))
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(
            environment().get_template("notice.html").render(
                frame=self.centre.frame(who), heading=heading, lines=lines, reference=reference, locked=locked, go_on=go_on[0], go_on_label=go_on[1]
            )
        )

    def refuse(self: Any, who: Viewer, what: str) -> None:
        self.notice(
            403, _("{page} is not open to you").format(page=what),
            _("You are here as {role}.").format(role=_role(who)),
            _("The whole centre is for executives, the secretariat and operators; leads and members of a project see their own project under Project usage."),
            _("Ask the centre's operator for the role, or your project's lead to add you."), locked=True,
        )  # fmt: skip

    def failed(self: Any, problem: Exception) -> None:
        """An error nobody expected: its number goes to the page and to the log, its text only to the log."""
        reference = secrets.token_hex(4)
        log.error("reference %s: %s %s", reference, self.request.method, self.request.uri, exc_info=problem)
        self.notice(500, _("This page could not be made"), _("The fault is ours. Try again in a minute; if it stays, give the operator this reference and the time."), reference=reference)

    def harden(self: Any) -> None:
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Content-Security-Policy", "frame-ancestors 'none'; base-uri 'self'; object-src 'none'; form-action 'self'")


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
        try:
            built = await self.centre.built(who, page, filters_of(arguments))
            self.finish(await self.document(who, page, built))
        except UnknownProject:
            # Not there and not yours are the same words: what is hidden is not confirmed.
            self.refuse(who, _("This project"))
        except Exception as problem:  # noqa: BLE001 (a face: recorded with its number)
            self.failed(problem)

    async def document(self, who: Viewer, page: str, built: Built) -> str:
        """The whole document, with the token of a new Bokeh session for its live line."""
        session = await self.get_session()
        self.centre.tokens[session.id] = self.get_signed_cookie(self.centre.auth.cookie_name).decode("ascii")
        with set_curdoc(session.document):
            return server_html_page_for_session(
                session, resources=Resources.from_bokeh(self.application.resources()), title=built.page.title,
                template=_document(), template_variables={"page": built.page, "frame": self.centre.frame(who, page, built)},
            )  # fmt: skip


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

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        if status_code == 404:
            self.notice(404, _("There is nothing at this address"), _("The address may be old or mistyped. What you may open is in the tabs above."))
        else:
            self.failed(kwargs["exc_info"][1])


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


def safe_csv(frame: pd.DataFrame) -> str:
    """CSV of which a spreadsheet runs nothing: a text that would begin a formula gets an apostrophe before it."""
    texts = frame.select_dtypes(["object", "str"]).columns
    guarded = frame.assign(**{name: frame[name].map(_guarded) for name in texts})
    return guarded.to_csv(index=False, lineterminator="\r\n")


def _guarded(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value[:1] else value


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
    async def get(self) -> None:
        raise HTTPError(404)


def live(centre: Centre, page: str) -> Any:
    """The Panel application of a page: one line, which speaks up when there is something to say."""
    line = pn.pane.HTML("", margin=0, sizing_mode="fixed", width_policy="min", css_classes=["live-line"])
    document = pn.state.curdoc
    assert document is not None
    session_id = document.session_context.id
    first = None

    async def look() -> None:
        nonlocal first
        token = centre.tokens.get(session_id)
        model = await centre.auth.user_for_token(token, sync=False) if token else None
        who = identity.viewer_of(model) if model else None
        if who is None or (page not in who.pages and page not in OPEN_TO_ALL):
            pn.state.location.reload = True  # the page itself then says what is the matter
            return
        fresh = await asyncio.get_running_loop().run_in_executor(centre.worker, centre.fresh, who.scope, int(time.time()))
        version = fresh.data_until_s // VERSION_S if fresh else -1
        first = version if first is None else first
        if version != first:
            line.object = f'<a href="" style="color:var(--accent);font:600 12px var(--family)">{_("New figures are in: show them")}</a>'

    pn.state.add_periodic_callback(look, LOOK_EVERY_MS)
    pn.state.on_session_destroyed(lambda context: centre.tokens.pop(context.id, None))
    return line


def _application(centre: Centre, page: str) -> Any:
    def application() -> Any:  # a function and no partial: Panel shows anything else as it is
        return live(centre, page)

    return application


def server(store: Store, auth: Any, address: str, port: int, origins: list[str]) -> Any:
    """The server, not yet started."""
    centre = Centre(store, auth)
    PageHandler.centre = centre
    # Panel puts its own handlers into this list in the same way; documents to be embedded elsewhere are not offered.
    per_app_patterns[:] = [(r"/ws", WSHandler), (r"/?", PageHandler)]
    given = {"centre": centre}
    pages = "|".join(BUILD)
    return pn.serve(
        {page: _application(centre, page) for page in BUILD},
        address=address, port=port, prefix=SERVICE, show=False, start=False, websocket_origin=origins,
        auth_provider=identity.HubProvider(auth), cookie_secret=identity.secret(), sign_sessions=True,
        secret_key=identity.secret().encode(), include_headers=[], include_cookies=[], compress_response=True,
        use_index=False, keep_alive_milliseconds=20_000, unused_session_lifetime_milliseconds=30_000,
        extra_patterns=[
            *identity.patterns(auth), *api.handlers(store, auth), (r"/health", Health), (r"/?", Home, given),
            (rf"/({pages})/download/([a-z0-9-]+)\.csv", Download, given),
        ],
    )  # fmt: skip


def main() -> None:
    """Serve until the Hub ends us."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    chosen = settings.load()
    address = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    hub = chosen.hub
    names = {hub.ip, "127.0.0.1", "localhost"}
    origins = [f"{name}:{hub.port}" for name in sorted(names)]
    public = os.environ.get("JUPYTERHUB_PUBLIC_URL")
    if public:
        origins.append(urlsplit(public).netloc)
    running = server(open_store(chosen), identity.hub_auth(), address.hostname or "127.0.0.1", address.port or hub.dashboards_port, origins)
    running.start()
    running.io_loop.start()


if __name__ == "__main__":
    main()
