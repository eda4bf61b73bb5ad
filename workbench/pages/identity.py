"""Who is looking: asked of the Hub on every page and on every websocket, never of the browser.

The dashboards are a service of the Hub and log in by its OAuth (state cookie, PKCE); the cookie they set holds a token
of the Hub, signed, HttpOnly, SameSite=Lax, and Secure where the browser came by https. What the Hub says of a token is
believed for CACHE_S seconds: so long a role that was taken away still counts.

A Bokeh session is bound to its viewer: the signed session token names them, and a websocket that brings somebody else's
token is refused (`right_viewer`). No cookie and no header of the request is put into that token: it stands in the page.

Source: JupyterHub 6.1, jupyterhub.services.auth; Bokeh 3.9, server/auth_provider.py.
"""

import secrets
from typing import Any
from urllib.parse import urlsplit

from bokeh.server.auth_provider import AuthProvider
from bokeh.util.token import get_token_payload
from jupyterhub.services.auth import HubOAuth, HubOAuthCallbackHandler
from tornado.httputil import url_concat
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

from workbench.pages.shell import Viewer, viewer

CACHE_S = 30
VIEWER_KEY = "viewer"


def hub_auth() -> HubOAuth:
    """The Hub's OAuth for this service, from the environment that the Hub gave it."""
    return HubOAuth.instance()


def prepared(auth: HubOAuth) -> HubOAuth:
    """The Hub's OAuth, told how long to believe an answer and how far its cookies may travel."""
    auth.cache_max_age = CACHE_S
    auth.cookie_options = {"samesite": "Lax"}
    return auth


def viewer_of(model: dict[str, Any]) -> Viewer:
    """The viewer of the Hub's user model; a service of the Hub is nobody who looks."""
    return viewer(model["name"], model.get("groups") or ())


class Login(RequestHandler):
    """Sends the browser to the Hub. Bokeh takes a login address relative to its prefix, so this one stands between."""

    def initialize(self, auth: HubOAuth) -> None:
        self.auth = auth

    def get(self) -> None:
        verifier, challenge, method = self.auth.generate_pkce_code_challenge()
        next_url = own_address(self.get_argument("next", ""), self.auth.base_url)
        state = self.auth.set_state_cookie(self, next_url=next_url, code_verifier=verifier)
        wanted = {"state": state, "code_challenge": challenge, "code_challenge_method": method}
        self.redirect(url_concat(self.auth.login_url, wanted))


class Callback(HubOAuthCallbackHandler):
    """Where the Hub sends the browser back to; it takes the state and the code, and sets the cookie."""

    def initialize(self, auth: HubOAuth) -> None:
        self.hub_auth = auth


class Logout(RequestHandler):
    """Forgets the token here, then logs out at the Hub, which ends every other login too."""

    def initialize(self, auth: HubOAuth) -> None:
        self.auth = auth

    def get(self) -> None:
        self.auth.clear_cookie(self)
        self.redirect(f"{self.auth.hub_host}{self.auth.hub_prefix}logout")


class HubProvider(AuthProvider):
    """Bokeh's question "who is this?", put to the Hub."""

    def __init__(self, auth: HubOAuth) -> None:
        self.auth = auth
        super().__init__()

    @property
    def login_url(self) -> str:
        return "/login"

    # Login and logout are mounted by ourselves (`patterns`): Bokeh would make them without the arguments they need.
    login_handler = logout_handler = None
    get_user = get_login_url = None
    logout_url = None

    @property
    def get_user_async(self) -> Any:
        async def ask(handler: RequestHandler) -> dict[str, Any] | None:
            handler.hub_auth = self.auth  # type: ignore[attr-defined]  # where HubOAuth looks for itself
            model = await self.auth.get_user(handler, sync=False)
            if model is None or (isinstance(handler, WebSocketHandler) and not right_viewer(handler, model["name"])):
                return None
            return model

        return ask


def right_viewer(handler: WebSocketHandler, name: str) -> bool:
    """Whether the session token that a websocket brings was made for this viewer."""
    offered = [part.strip() for part in handler.request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
    if len(offered) != 2:
        return False
    try:
        return get_token_payload(offered[1]).get(VIEWER_KEY) == name
    except (ValueError, KeyError):  # not a token at all; its signature is checked by Bokeh after this
        return False


def patterns(auth: HubOAuth) -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:
    """The addresses of logging in and out, below the service's prefix."""
    given = {"auth": auth}
    return [("/login", Login, given), ("/logout", Logout, given), ("/oauth_callback", Callback, given)]


def own_address(wanted: str, prefix: str) -> str:
    """The address to go on to after logging in: the wanted one where it is a page of ours, else our first page."""
    parts = urlsplit(wanted)
    ours = not parts.scheme and not parts.netloc and parts.path.startswith(prefix) and "\\" not in wanted
    return wanted if ours else prefix


def secret() -> str:
    """A new secret for signing; nobody stays logged in here beyond the process that made it."""
    return secrets.token_hex(32)
