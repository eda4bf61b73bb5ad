"""Run the first cells of a notebook on the server of a seat, as a student would: by the server's own interface."""

import asyncio
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

CELLS = 5
LIMIT_S = 180.0
"""For all of them together."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of it: cells that ran through, seconds for all of them, and what the next one said ('': nothing)."""

    cells: int
    took_s: float
    problem: str


def run(url: str, token: str, notebook: str, host: Mapping[str, str]) -> Ran:
    """Run them in a new kernel, the one that the Lab would take, which is ended after it.

    Args:
        url: of the server, with its base: http://127.0.0.1:8000/user/NAME.
        token: that opens it.
        notebook: below the home; "": `1+1` instead.
        host: the header by which the proxy finds it, where it goes by the host.
    """
    headers = {"Authorization": f"token {token}", **host}
    with httpx.Client(headers=headers, trust_env=False, timeout=60) as client:
        try:
            sources, wanted = _sources(client, url, notebook)
            name = _kernel(client.get(f"{url}/api/kernelspecs").raise_for_status().json(), wanted)
            if not name:
                return Ran(0, 0.0, f"it asks for the kernel {wanted.get('name')}, which is not here")
            began = time.monotonic()
            kernel = client.post(f"{url}/api/kernels", json={"name": name}).raise_for_status().json()["id"]
            try:
                done, problem = asyncio.run(_execute(url, headers, kernel, sources))
            finally:
                client.delete(f"{url}/api/kernels/{kernel}")
        except (httpx.HTTPError, OSError, ValueError, KeyError, TypeError) as problem_:
            return Ran(0, 0.0, str(problem_) or type(problem_).__name__)
    return Ran(done, time.monotonic() - began, problem)


def _sources(client: httpx.Client, url: str, notebook: str) -> tuple[list[str], dict[str, Any]]:
    """The first cells, and the kernel that the notebook names."""
    if not notebook:
        return ["1+1"], {}
    answer = client.get(f"{url}/api/contents/{quote(notebook)}?type=notebook").raise_for_status().json()
    cells = [cell for cell in answer["content"]["cells"] if cell["cell_type"] == "code"]
    sources = ["".join(cell["source"]) for cell in cells]
    said = answer["content"].get("metadata", {})
    wanted = {"name": said.get("kernelspec", {}).get("name"), "language": said.get("language_info", {}).get("name")}
    return [source for source in sources if source.strip()][:CELLS], wanted


def _kernel(offered: dict[str, Any], wanted: dict[str, Any]) -> str:
    """As the Lab chooses: by name, else the only one of the language; '': it would ask whoever opens the notebook.

    Source: JupyterLab, SessionContext.getDefaultKernel.
    """
    specs = offered["kernelspecs"]
    if not wanted.get("name"):
        return str(offered["default"])
    if wanted["name"] in specs:
        return str(wanted["name"])
    same = [name for name, one in specs.items() if one["spec"]["language"] == wanted.get("language")]
    return same[0] if len(same) == 1 else ""


async def _execute(url: str, headers: dict[str, str], kernel: str, sources: list[str]) -> tuple[int, str]:
    address = f"{url.replace('http', 'ws', 1)}/api/kernels/{kernel}/channels"
    socket = await websocket_connect(HTTPRequest(address, headers=headers))
    deadline = time.monotonic() + LIMIT_S
    try:
        for number, source in enumerate(sources):
            if problem := await _one(socket, source, deadline):
                return number, problem
    except TimeoutError:
        return number, f"no answer within {LIMIT_S:.0f} s"
    finally:
        socket.close()
    return len(sources), ""


async def _one(socket: Any, source: str, deadline: float) -> str:
    """What went wrong in one cell, '' where it ran through."""
    mine, problem = uuid.uuid4().hex, ""
    header = {"msg_id": mine, "msg_type": "execute_request", "username": "", "session": mine, "version": "5.3"}
    content = {"code": source, "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False}
    message = {"header": header | {"date": ""}, "parent_header": {}, "metadata": {}, "content": content}
    await socket.write_message(json.dumps(message | {"channel": "shell"}))
    while True:
        heard = await asyncio.wait_for(socket.read_message(), max(0.0, deadline - time.monotonic()))
        if heard is None:
            return "the server closed the connection"
        said = json.loads(heard)
        if said["parent_header"].get("msg_id") != mine:
            continue
        if said["msg_type"] == "error":
            problem = f"{said['content']['ename']}: {said['content']['evalue']}"[:300]
        elif said["msg_type"] == "status" and said["content"]["execution_state"] == "idle":
            return problem
