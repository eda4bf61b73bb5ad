"""The dashboards on a port of their own, beside a stand-in for the Hub's answer to "whose token is this?"."""

import asyncio
import threading
from contextlib import contextmanager

import httpx
from bokeh.util.token import generate_jwt_token, generate_session_id
from jupyterhub.services.auth import HubOAuth
from tornado.web import create_signed_value

from dashboards.serve import server

ACCESS = "access:services!service=centre"
COOKIE_SECRET = "for tests only"
ORIGIN = "127.0.0.1:9999"
PEOPLE = {
    "eve-token": {"name": "eve", "groups": ["executives"]},
    "ana-token": {"name": "ana", "groups": ["member:vision"]},
    "lee-token": {"name": "lee", "groups": ["lead:speech"]},
    "stu-token": {"name": "stu", "groups": ["students"]},
}


class HubThatKnows(HubOAuth):
    """The Hub's OAuth, which looks a token up in a table in place of asking the Hub."""

    async def user_for_token(self, token, *, use_cache=True, sync=True, session_id=None):
        assert not sync
        return self.people.get(token)

    async def _check_scopes(self, *_args):
        return True


def hub_that_knows(people=None):
    auth = HubThatKnows(
        api_token="x", oauth_client_id="service-centre", base_url="/services/centre/", access_scopes={ACCESS}
    )
    auth.people = {token: {"kind": "user", "scopes": [ACCESS], **who} for token, who in (people or PEOPLE).items()}
    return auth


class Pages:
    """A running server: `client(token)` looks at it as somebody, `auth.people` says who they are."""

    def __init__(self, started, auth):
        self.server, self.auth = started, auth
        self.address = f"http://127.0.0.1:{started.port}/services/centre"

    def cookie(self, token):
        signed = create_signed_value(COOKIE_SECRET, self.auth.cookie_name, token).decode()
        return {"Cookie": f"{self.auth.cookie_name}={signed}"}

    def client(self, token=None):
        return httpx.Client(base_url=self.address, headers=self.cookie(token) if token else {}, timeout=60)

    def get(self, token, path):
        with self.client(token) as client:
            return client.get(path)

    def session_token(self, viewer):
        """A Bokeh session token as the page of this viewer holds it, signed by the server's own key."""
        app = self.server._tornado
        signing = {"secret_key": app.secret_key, "signed": app.sign_sessions}
        whose = {"viewer": viewer, "headers": {}, "cookies": {}, "arguments": {}}
        return generate_jwt_token(generate_session_id(**signing), **signing, expiration=300, extra_payload=whose)

    def knock(self, token, session_token, origin=f"http://{ORIGIN}"):
        """Ask for the websocket of the page of projects; the status of the answer (101: it is open)."""
        headers = {
            "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Origin": origin,
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": f"bokeh, {session_token}",
        } | (self.cookie(token) if token else {})  # fmt: skip
        with (
            httpx.Client(timeout=10) as client,
            client.stream("GET", f"{self.address}/projects/ws", headers=headers) as answer,
        ):
            return answer.status_code


@contextmanager
def serving(store, port=0, people=None):
    """The pages over this store, while the block lasts; a browser needs the port said before. people: see PEOPLE."""
    ready, stop, found = threading.Event(), asyncio.Event(), []
    loop = asyncio.new_event_loop()

    async def serve():
        auth = hub_that_knows(people)
        started = server(store, auth, "127.0.0.1", port, [ORIGIN, f"127.0.0.1:{port}"], COOKIE_SECRET)
        started.start()
        found.append(Pages(started, auth))
        ready.set()
        await stop.wait()
        started.stop()

    def run():
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve())

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(30)
    yield found[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()
