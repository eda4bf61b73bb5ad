"""The API of the centre on a port of its own, beside a stand-in for the Hub's answer to "whose token is this?"."""

import asyncio
import threading
from contextlib import contextmanager

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from workbench.pages.api import handlers

ACCESS = "access:services!service=centre"
PEOPLE = {
    "ana-token": {"name": "ana", "groups": ["member:vision"], "scopes": [ACCESS]},
    "lee-token": {"name": "lee", "groups": ["lead:speech"], "scopes": [ACCESS]},
    "kim-token": {"name": "kim", "groups": ["executives"], "scopes": [ACCESS]},
    "stu-token": {"name": "stu", "groups": ["students"], "scopes": []},
    "new-token": {"name": "new", "groups": [], "scopes": [ACCESS]},
    "svc-token": {"kind": "service", "name": "culler", "groups": ["executives"], "scopes": [ACCESS]},
}


class HubThatKnows:
    """The part of jupyterhub's HubAuth that the API uses."""

    access_scopes = (ACCESS,)

    async def user_for_token(self, token, *, sync):
        assert not sync
        return PEOPLE.get(token)

    def check_scopes(self, required, user):
        return set(required) & set(user["scopes"])


@contextmanager
def serving(store):
    """The address of the API over this store, while the block lasts."""
    started, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()
    sockets = bind_sockets(0, "127.0.0.1")

    async def serve():
        server = HTTPServer(Application(handlers(store, HubThatKnows())))
        server.add_sockets(sockets)
        loop.call_soon(started.set)
        await stop.wait()
        server.stop()
        await server.close_all_connections()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert started.wait(10)
    yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}/api"
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()
