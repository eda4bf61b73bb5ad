"""The dashboards as a service of the Hub: `python -m dashboards.serve`, started by the Hub with its address and token.

Each page is a Panel application; its document is complete when it arrives (figures, tables, pictures as data), and what
its websocket adds is the live line: new figures are in, or the right to see them has ended. Pages are made once for a
scope, a choice of filters and a version of the data, by one worker, so that the server stays responsive meanwhile.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import panel as pn
from bokeh.server.urls import per_app_patterns
from panel.io.server import WSHandler

from dashboards import applications, training, whatif
from dashboards._centre import BUILD, Centre
from dashboards._handlers import Download, Health, Home, NotThere, PageHandler
from dashboards.statements import files
from workbench import i18n, settings
from workbench.i18n import _
from workbench.pages import api, identity
from workbench.pages.shell import SERVICE
from workbench.store.engine import Store, open_store

LOOK_EVERY_MS = 30_000


def live(centre: Centre, page: str) -> Any:
    """The Panel application of a page: one line, which speaks up when there is something to say."""
    line = pn.pane.HTML("", margin=0, css_classes=["live-line"])
    document = pn.state.curdoc
    assert document is not None
    session_id = document.session_context.id

    async def look() -> None:
        shown = centre.open.get(session_id)
        model = await centre.auth.user_for_token(shown.token, sync=False) if shown else None
        who = identity.viewer_of(model) if model else None
        if shown is None or who != shown.who:
            pn.state.location.reload = True  # the page itself then says what has changed
            return
        with i18n.speaking(shown.language):
            newer = await centre.newer(who, page, shown)
            if newer:
                says = _("New figures are in: show them")
                line.object = f'<a href="" style="color:var(--accent);font:600 12px var(--family)">{says}</a>'

    pn.state.add_periodic_callback(look, LOOK_EVERY_MS)
    pn.state.on_session_destroyed(lambda context: centre.open.pop(context.id, None))
    return line


def _application(centre: Centre, page: str) -> Any:
    def application() -> Any:  # a function and no partial: Panel shows anything else as it is
        return live(centre, page)

    return application


@contextmanager
def _own_handlers() -> Iterator[None]:
    """Bokeh gives our handlers to the server that is made meanwhile, and to no other: Dask's dashboard is one too.

    Panel puts its own handlers into the same list. Documents to be embedded elsewhere are not offered.
    """
    before = list(per_app_patterns)
    per_app_patterns[:] = [(r"/ws", WSHandler), (r"/?", PageHandler)]
    try:
        yield
    finally:
        per_app_patterns[:] = before


def server(
    store: Store, auth: Any, address: str, port: int, origins: list[str], cookie_secret: str | None = None
) -> Any:
    """The server, not yet started."""
    centre = Centre(store, identity.prepared(auth))
    PageHandler.centre = centre
    given = {"centre": centre}
    pages = "|".join(BUILD)
    with _own_handlers():
        return pn.serve(
            {page: _application(centre, page) for page in BUILD},
            address=address,
            port=port,
            prefix=SERVICE,
            show=False,
            start=False,
            verbose=False,
            websocket_origin=origins,
            auth_provider=identity.HubProvider(auth),
            cookie_secret=cookie_secret or identity.secret(),
            sign_sessions=True,
            secret_key=identity.secret().encode(),
            include_headers=[],
            include_cookies=[],
            compress_response=True,
            default_handler_class=NotThere,
            default_handler_args=given,
            xsrf_cookie_kwargs={"samesite": "Lax", "httponly": True},
            use_index=False,
            keep_alive_milliseconds=20_000,
            unused_session_lifetime_milliseconds=30_000,
            extra_patterns=[
                *identity.patterns(auth),
                *api.handlers(store, auth),
                *applications.handlers(centre),
                *training.handlers(centre),
                *whatif.handlers(centre),
                *files.handlers(centre),
                (r"/health", Health),
                (r"/?", Home, given),
                (rf"/({pages})/download/([a-z0-9-]+)\.csv", Download, given),
            ],
        )


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
    running = server(
        open_store(chosen),
        identity.hub_auth(),
        address.hostname or "127.0.0.1",
        address.port or hub.dashboards_port,
        origins,
    )
    running.start()
    running.io_loop.start()


if __name__ == "__main__":
    main()
