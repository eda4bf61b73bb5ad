"""What a server's job may tell the Hub, once: the port on which it listens, or why it cannot.

In place of batchspawner's own handler, which lets whoever has the server's token, and that is the user, set every
attribute of the spawner: what it runs, as whom, under which account.
"""

import hashlib
import hmac
import json
from typing import Any

from batchspawner.api import BatchSpawnerAPIHandler
from jupyterhub.apihandlers import APIHandler, default_handlers
from tornado import web

PATH = r"/api/listening"
MOST_WORDS = 300

default_handlers[:] = [one for one in default_handlers if one[1] is not BatchSpawnerAPIHandler]


def digest(token: str) -> str:
    """What is kept of a server's token, so that a Hub that was down knows it again."""
    return hashlib.sha256(token.encode()).hexdigest()


def told(body: bytes) -> tuple[int, str] | None:
    """The port and '', or 0 and the problem; None for anything else."""
    try:
        said = json.loads(body)
    except ValueError:
        return None
    if not isinstance(said, dict) or len(said) != 1:
        return None
    port, problem = said.get("port"), said.get("problem")
    if isinstance(port, int) and not isinstance(port, bool) and 1024 <= port <= 65_535:
        return port, ""
    return (0, problem[:MOST_WORDS]) if isinstance(problem, str) and problem else None


class Listening(APIHandler):
    """Takes it from the server's own token and hands it to its spawner."""

    @web.authenticated
    def post(self) -> None:
        token, user = self.get_auth_token(), self.current_user
        mine = digest(token) if token else ""
        spawner: Any = next((one for one in _spawners(user) if hmac.compare_digest(one.token_digest, mine)), None)
        if not mine or spawner is None:
            raise web.HTTPError(404)
        said = told(self.request.body)
        if said is None:
            raise web.HTTPError(400, "Say one port from 1024 on, or one problem.")
        if not spawner.heard(*said):
            raise web.HTTPError(409, "It was said before.")
        self.set_status(204)


def _spawners(user: Any) -> list[Any]:
    found = user.spawners.values() if hasattr(user, "spawners") else ()
    return [one for one in found if getattr(one, "token_digest", "")]
