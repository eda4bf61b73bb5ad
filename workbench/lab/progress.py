"""IPython extension of the kernels of seats: tells the centre which cells ran, and what was tried that is not theirs.

A cell never waits for it: what there is to tell goes to a thread, which sends it at most once a second and drops it
where the centre does not answer. Told are the notebook's path, the cell's id, and the name and first line of an error;
never what is in a cell. The standard library alone: every seat has it loaded, in whatever environment its kernel is.

Tries are opens and lists of files of other homes and of the centre, and connections to a port of this machine that is
neither one's own nor the centre's. What keeps others out are the walls (workbench.hub.walls); this only writes down
that somebody tried, and who means to can go round it. Source: PEP 578; sys.addaudithook.
"""

import http.client
import json
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

EVERY_S, WITHIN_S = 1.0, 5.0
MOST = 200
"""Cells and tries that wait to be told; of more the oldest are dropped."""
FILES = frozenset({"open", "os.listdir", "os.scandir"})
LOOPBACK = ("127.", "localhost", "::1")
LISTENING = "0A"
"""As /proc/net/tcp says it."""


def load_ipython_extension(shell: Any) -> None:
    """Begin to tell; called by IPython."""
    teller = Teller(dict(os.environ))
    shell.events.register("post_run_cell", teller.ran)
    sys.addaudithook(teller.heard)
    threading.Thread(target=teller.tell, name="workbench-progress", daemon=True).start()


class Teller:
    """Collects in the kernel's threads, tells in its own."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """`environ`: HOME, WORKBENCH_API, JUPYTERHUB_API_TOKEN, JPY_SESSION_NAME as Jupyter sets them."""
        self.home = environ.get("HOME", "").rstrip("/")
        self.api, self.token = environ.get("WORKBENCH_API", ""), environ.get("JUPYTERHUB_API_TOKEN", "")
        self.notebook = _below(environ.get("JPY_SESSION_NAME", ""), self.home)
        # Homes lie in a folder of the centre's; all of it is somebody else's but this home.
        self.centre = os.path.dirname(os.path.dirname(self.home)) + "/"  # noqa: PTH120 - as the hook has them: texts
        self.ports = _ports(environ)
        self.rows: deque[dict[str, Any]] = deque(maxlen=MOST)
        self.tried: deque[tuple[str, str]] = deque(maxlen=MOST)
        self.told: set[tuple[str, str]] = set()
        self.waiting = threading.Event()

    def ran(self, result: Any) -> None:
        """A cell has ended."""
        cell = getattr(result.info, "cell_id", None)
        if not cell or not self.notebook:
            return
        error = result.error_before_exec or result.error_in_exec
        said = f"{type(error).__name__}: {error}".splitlines()[0] if error is not None else ""
        row = {"notebook": self.notebook, "cell": str(cell), "error": said[:500], "at": int(time.time())}
        self.rows.append(row)
        self.waiting.set()

    def heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Something is about to be opened or asked for; called by Python for every audited event, so quick."""
        if event in FILES:
            path = arguments[0] if arguments else None
            try:
                path = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
            except Exception:  # noqa: BLE001 - somebody's own path; what is raised here would stop the program
                return
            if path.startswith(self.centre) and not self._own(path):
                self._note("file", path)
        elif event == "socket.connect" and len(arguments) > 1:
            where = arguments[1]
            if isinstance(where, tuple) and len(where) > 1 and str(where[0]).startswith(LOOPBACK):
                self._note("port", str(where[1]))

    def _own(self, path: str) -> bool:
        """Their home, and the lake, of which they are shown their projects' files."""
        return f"{path}/".startswith((f"{self.home}/", f"{self.centre}lake/"))

    def _note(self, kind: str, what: str) -> None:
        if threading.current_thread().name != "workbench-progress" and (kind, what) not in self.told:
            self.tried.append((kind, what))
            self.waiting.set()

    def tell(self) -> None:
        """Send what there is, for as long as the kernel lives."""
        while self.waiting.wait():
            time.sleep(EVERY_S)  # what comes meanwhile goes with it
            self.waiting.clear()
            rows, denied = _taken(self.rows), self.denied(_taken(self.tried))
            if rows or denied:
                self.send({"rows": rows, "denied": denied})

    def denied(self, tried: list[tuple[str, str]]) -> list[str]:
        """Of what was tried, in words, what is not theirs; each once."""
        found = []
        for kind, what in dict.fromkeys(tried):
            if (kind, what) in self.told or len(self.told) >= MOST:
                continue
            if kind == "port" and (what in self.ports or _is_ours(int(what))):
                continue
            self.told.add((kind, what))
            found.append(f"opened {what}" if kind == "file" else f"connected to 127.0.0.1:{what}")
        return found

    def send(self, body: dict[str, Any]) -> None:
        """Post it; nobody hears of it where that fails."""
        address = urlsplit(self.api)
        try:
            sent = http.client.HTTPConnection(address.hostname or "", address.port, timeout=WITHIN_S)
            headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
            sent.request("POST", f"{address.path}/training/report", json.dumps(body), headers)
            sent.getresponse().read()
            sent.close()
        except (OSError, http.client.HTTPException):
            return


def _taken(waiting: deque[Any]) -> list[Any]:
    found = []
    while waiting:
        found.append(waiting.popleft())
    return found


def _below(path: str, home: str) -> str:
    """A notebook's path below the home; '' for what is no notebook."""
    if not path.endswith(".ipynb"):
        return ""
    return path.removeprefix(f"{home}/").lstrip("/")


def _ports(environ: Mapping[str, str]) -> frozenset[str]:
    """Ports of the centre's own that every server is told of."""
    found = set()
    for value in environ.values():
        if value.startswith(("http://", "https://")):
            try:
                found.add(str(urlsplit(value).port))
            except ValueError:
                continue
    return frozenset(found)


def _is_ours(port: int) -> bool:
    """Whether nobody listens there, or a process that we can see does."""
    sockets = _listening(port)
    return not sockets or bool(sockets & _sockets_seen())


def _listening(port: int) -> set[str]:
    """Numbers of the sockets that listen on a port of this machine."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for fields in (line.split() for line in lines):
            if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(fields[9])
    return found


def _sockets_seen() -> set[str]:
    found = set()
    for file in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            link = str(file.readlink())
        except OSError:
            continue  # it is closed, or somebody else's
        if link.startswith("socket:["):
            found.add(link[8:-1])
    return found
