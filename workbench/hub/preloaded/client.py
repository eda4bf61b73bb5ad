"""The Hub's side of the preloaded parent: ask it for a server.

Requests and answers are one JSON object on a line; with a request comes the file that the server's words go to.
"""

import json
import os
import socket
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workbench.hub.walls import Walls
from workbench.settings import ROOT, Settings

SOCKET = "preloaded.sock"
PATIENCE_S = 15.0
"""A parent that was just started has loaded everything after some seconds."""
LIMIT_S = 30.0
MODULE = "workbench.hub.preloaded.parent"


def wanted(settings: Settings) -> bool:
    """Whether servers of this machine are to be forked: only Linux has all that it takes."""
    return settings.hub.preload and sys.platform == "linux" and not settings.slurm.spawns


class NotForked(Exception):
    """No parent is there, or it said that it could not: nothing was started."""


@dataclass(frozen=True)
class Request:
    """A server to start: `arguments` of jupyterhub-singleuser, its whole environment, how it is kept (hub.runner)."""

    arguments: tuple[str, ...]
    environ: dict[str, str]
    folder: str
    record: str
    server_id: str
    heartbeat_s: float
    grace_s: float
    time_limit_s: float
    data_limit_bytes: int
    cores: tuple[int, ...]
    walls: Walls | None

    def as_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Request":
        given: dict[str, Any] = json.loads(text)
        walls = Walls.from_json(given["walls"]) if given["walls"] else None
        given |= {"walls": walls, "arguments": tuple(given["arguments"]), "cores": tuple(given["cores"])}
        return cls(**given)


def start(path: Path, request: Request, log: int, patience_s: float = PATIENCE_S) -> int:
    """The process id of the server's keeper. It waits for an answer: call it in a thread.

    Args:
        path: of the parent's socket.
        request: what to start.
        log: open file that the server writes to.
        patience_s: how long to wait for a parent that is not there.

    Raises:
        NotForked: it can be started in another way. OSError: nobody knows whether it runs.
    """
    with _connected(path, patience_s) as connection:
        connection.settimeout(LIMIT_S)
        try:
            socket.send_fds(connection, [b"{"], [log])  # with the first byte, which must be one
            connection.sendall(request.as_json().removeprefix("{").encode() + b"\n")
            said = connection.makefile("r", encoding="utf-8").readline()
        except ConnectionError as problem:  # a keeper would hold it: the parent ended before there was one
            raise NotForked(f"{path.name}: {problem.strerror or problem}") from problem
    answer = json.loads(said) if said.strip() else {"problem": "the parent of servers gave no answer"}
    if "pid" not in answer:
        raise NotForked(answer["problem"])
    return int(answer["pid"])


def _connected(path: Path, patience_s: float) -> socket.socket:
    deadline = time.monotonic() + patience_s
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
            try:
                connection.connect(f"/proc/self/fd/{folder}/{path.name}")
            finally:
                os.close(folder)
        except OSError as problem:
            connection.close()
            if time.monotonic() >= deadline:
                raise NotForked(f"{path.name}: {problem.strerror or problem}") from problem
            time.sleep(0.1)
        else:
            return connection


def fingerprint() -> tuple[float, ...]:
    """What changes when something is installed, or our own code does: times of folders and of our files."""
    library = Path(os.__file__).parent
    places = [library / "site-packages", *(Path(place) for place in sys.path if place.endswith("site-packages"))]
    times = [place.stat().st_mtime for place in dict.fromkeys(places) if place.is_dir()]
    ours = [file.stat().st_mtime for file in (ROOT / "workbench").rglob("*.py")]
    return (*times, max(ours, default=0.0), float(len(ours)))
