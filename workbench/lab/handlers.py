"""The seat's server between its Lab and the centre: it has the token that the browser must not have."""

import asyncio
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.ioloop import IOLoop
from tornado.web import HTTPError, authenticated

from workbench.lab import SEAT
from workbench.lab.sockets import close_others

KEPT_S = 3.0
LIMIT_S, COPYING_S = 20.0, 600.0
"""For answers; for a copy of the work, behind those of the whole class."""
FORGET_AFTER_S = (3.0, 8.0, 15.0)
"""After a change of who may open the seat: the Hub follows within seconds."""
BUSY = "The centre does not answer just now. Your work goes on; what you asked for was maybe not done: ask again."
UNFETCHED = "The new materials cannot be fetched. Your files are as they were; tell your instructor."
_kept: dict[str, tuple[float, dict[str, Any]]] = {}


def handlers(base_url: str) -> list[tuple[str, type[APIHandler]]]:
    """Addresses below the server's own."""
    paths = {"seat": Seat, "handin": HandIn, "share": Share, "materials": Materials}
    return [(url_path_join(base_url, "workbench", name), handler) for name, handler in paths.items()]


async def centre(method: str, question: str, body: object = None, limit_s: float = LIMIT_S) -> dict[str, Any]:
    """What the centre answers to this seat.

    Raises:
        HTTPError: it refuses, with its own words, or is silent.
    """
    api, token = os.environ.get("WORKBENCH_API", ""), os.environ.get("JUPYTERHUB_API_TOKEN", "")
    request = HTTPRequest(
        f"{api}/training/{question}", method, headers={"Authorization": f"token {token}"}, request_timeout=limit_s,
        body=None if method == "GET" else json.dumps(body or {}),
    )  # fmt: skip
    try:
        answer = await AsyncHTTPClient().fetch(request)
    except HTTPClientError as problem:
        said = problem.response.body if problem.response is not None else b""
        try:
            words = str(json.loads(said)["error"])
        except (ValueError, KeyError, TypeError):
            words = BUSY
        raise HTTPError(problem.code if problem.code < 500 else 503, reason=words) from problem
    except OSError as problem:
        raise HTTPError(503, reason=BUSY) from problem
    found = json.loads(answer.body)
    assert isinstance(found, dict)
    return found


class Asking(APIHandler):
    """Errors as one sentence."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        problem = kwargs.get("exc_info", (None, None, None))[1]
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"error": getattr(problem, "reason", None) or BUSY}))


class Seat(Asking):
    """GET: {"seat": null} on a server that is none, else what the centre says of it, at most some seconds old."""

    @authenticated
    async def get(self) -> None:
        if SEAT not in os.environ:
            self.finish({"seat": None})
            return
        at, known = _kept.get("seat", (0.0, {}))
        if time.monotonic() - at > KEPT_S or not known:
            known = await centre("GET", "seat")
            _kept["seat"] = (time.monotonic(), known)
        self.finish(json.dumps({"seat": os.environ[SEAT]} | known | {"server_now": int(time.time())}))


class HandIn(Asking):
    """POST: have the seat's work copied as it is now."""

    @authenticated
    async def post(self) -> None:
        _kept.clear()
        self.finish(json.dumps(await centre("POST", "handin", limit_s=COPYING_S)))


class Share(Asking):
    """POST {"on": true | false}: whether the instructor may open this seat."""

    @authenticated
    async def post(self) -> None:
        _kept.clear()
        wanted = (self.get_json_body() or {}).get("on") is True
        self.finish(json.dumps(await centre("POST", "share", {"on": wanted})))
        loop, then = IOLoop.current(), self._ask_again if wanted else self._shut
        for after_s in FORGET_AFTER_S:
            loop.call_later(after_s, then)

    def _ask_again(self) -> None:
        """Whom the Hub let in is remembered here for minutes; from now on it is asked again."""
        hub_auth = getattr(self.identity_provider, "hub_auth", None)
        if hub_auth is not None:
            hub_auth.cache.clear()

    def _shut(self) -> None:
        """And what somebody has opened ends: nobody is asked about a websocket again."""
        self._ask_again()
        close_others()


class Materials(Asking):
    """POST: fetch what the instructor has changed; what is new, and what was changed here and there."""

    @authenticated
    async def post(self) -> None:
        from workbench.lab.pulling import pull

        try:
            done = await asyncio.to_thread(pull, Path.home())
        except (OSError, subprocess.SubprocessError) as problem:
            self.log.warning("Materials could not be fetched: %s", getattr(problem, "stderr", "") or problem)
            raise HTTPError(500, reason=UNFETCHED) from problem
        self.finish(json.dumps(done))
