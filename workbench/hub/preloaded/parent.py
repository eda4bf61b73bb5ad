"""The parent of all notebook servers: loads JupyterLab and the kernel once, then forks.

    python -m workbench.hub.preloaded.parent SOCKET [PORTS [NUMBER]]

It never sees a request: the child that is forked for a connection reads it. So no token and no name of anybody is in
the memory that the next one inherits. It has one thread, or it refuses to fork. The Hub starts it as a service and
starts it again when it ends; when what is installed has changed it begins anew by itself, with the open socket of that
number, so that who asks meanwhile only waits. On the named ports nothing that it forks may listen (hub.kept_ports).
"""

import gc
import importlib
import json
import logging
import os
import signal
import socket
import struct
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from workbench.hub import kept_ports
from workbench.hub.preloaded import keeper
from workbench.hub.preloaded.client import fingerprint

MODULES = (
    "jupyterhub.singleuser.extension", "jupyter_server.serverapp", "jupyterlab.labapp", "jupyter_server_terminals",
    "notebook_shim", "jupyter_server_proxy", "jupyter_resource_usage", "jupyter_resource_usage.server_extension",
    "jupyter_server.services.contents.handlers", "jupyter_server.services.kernels.handlers",
    "jupyter_server.services.kernels.websocket", "jupyter_server.services.kernels.connection.channels",
    "jupyter_server.services.sessions.handlers", "jupyter_server.services.api.handlers",
    "jupyter_server.services.nbconvert.handlers", "jupyter_server.services.config.handlers",
    "jupyter_server.services.kernelspecs.handlers", "jupyter_server.services.events.handlers",
    "jupyter_server.services.security.handlers", "jupyter_server.services.shutdown", "jupyter_server.files.handlers",
    "jupyter_server.gateway.managers", "jupyter_server.nbconvert.handlers", "jupyter_server.view.handlers",
    "jupyterlab_server.handlers", "jupyterlab_server.settings_handler", "jupyterlab.handlers.announcements",
    "jupyterlab.handlers.extension_manager_handler", "jupyterlab.extensions", "nbconvert", "nbconvert.exporters",
    "jupyter_client.asynchronous", "jupyter_client.manager", "jupyter_client.provisioning", "nbformat.v4",
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "IPython.core.magics", "jedi",
    "IPython.extensions.storemagic", "IPython.core.completer", "sqlite3", "tornado.platform.asyncio", "babel.dates",
    "ipykernel.debugger", "ipykernel.kernelspec", "faulthandler", "IPython.core.completerlib", "IPython.core.debugger",
    "IPython.core.oinspect", "IPython.core.logger", "anyio._backends._asyncio", "anyio.streams.tls",
    "anyio.streams.stapled", "jinja2.ext", "jupyter_server.kernelspecs.handlers", "jupyter_core.migrate",
    "notebook_shim.nbserver", "pynvml", "encodings.ascii", "encodings.latin_1",
    "workbench.hub.kernels", "workbench.hub.provisioner", "workbench.lab.handlers", "workbench.lab.progress",
)  # fmt: skip
"""What a server or a kernel imports before it answers; one that is not installed is left to whoever needs it."""
CHANGED_EVERY_S = 10.0
log = logging.getLogger("workbench.preloaded")


def main() -> None:
    path, ports, number = (*sys.argv[1:], "", "")[:3]
    if "JUPYTERHUB_API_TOKEN" in os.environ:  # a service is given one: forget it, in this memory and in /proc
        anew(path, ports)
    speak()
    known = fingerprint()
    load()
    if ports:
        keep(ports)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries our children
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with socket.socket(fileno=int(number)) if number else listening(Path(path)) as door:
        os.set_inheritable(door.fileno(), False)
        log.info("ready, process %s", os.getpid())
        door.settimeout(CHANGED_EVERY_S)
        looked = time.monotonic()
        while True:
            with suppress(TimeoutError):
                connection, _address = door.accept()
                with connection:
                    answer(connection, door)
            # Also in a rush, when the wait above never comes to its end.
            if time.monotonic() < looked + CHANGED_EVERY_S:
                continue
            looked = time.monotonic()
            if fingerprint() != known:
                log.info("what is installed has changed: loading it")
                os.set_inheritable(door.fileno(), True)
                anew(path, "", str(door.fileno()))  # what is kept stays so


def keep(ports: str) -> None:
    """Let nothing that is forked here listen on these; where that cannot be it is said, and servers come anyway."""
    why = "this kernel has no rules for it"
    try:
        if kept_ports.keep({int(port) for port in ports.split(",")}):
            return
    except OSError as problem:
        why = str(problem)
    log.warning("the centre's ports are kept from servers by their numbers alone, or not at all: %s", why)


def anew(*arguments: str) -> NoReturn:
    """Become a new parent, in this process: the Hub would look after us only every half minute."""
    os.execve(sys.executable, [sys.executable, "-P", "-m", __spec__.name, *arguments], plain(dict(os.environ)))  # noqa: S606


def speak() -> None:
    """Say what happens, by a handler of our own: those of the root logger would be every kernel's too."""
    said = logging.StreamHandler()
    said.setFormatter(logging.Formatter("[%(levelname)s %(asctime)s preloaded] %(message)s"))
    log.addHandler(said)
    log.setLevel(logging.INFO)
    log.propagate = False


def plain(environ: dict[str, str]) -> dict[str, str]:
    """Of an environment what programs need to start, and nothing that is anybody's."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "PYTHONPATH")
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
    return {name: environ[name] for name in kept if name in environ} | threads


def load() -> None:
    """Import all of it and keep the collector's hands off it: what is not touched stays shared."""
    for name in MODULES:
        try:
            importlib.import_module(name)
        except ImportError as problem:
            log.info("%s is not loaded ahead: %s", name, problem)
    gc.collect()
    gc.freeze()
    if threading.active_count() > 1 or len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208 - as in runner
        raise SystemExit("more than one thread after loading: a fork would not be safe")


def listening(path: Path) -> socket.socket:
    """The socket, for this user alone. Bound through its folder: an address may have 107 signs only."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    path.unlink(missing_ok=True)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        door.bind(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.umask(before)
        os.close(folder)
    door.listen(256)
    return door


def answer(connection: socket.socket, door: socket.socket) -> None:
    """Fork a keeper that reads the request; nobody but our own user may ask."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _pid, uid, _gid = struct.unpack("3i", credentials)
    if uid != os.geteuid():
        log.warning("refused a request of user id %s", uid)
        return
    try:
        if os.fork():
            return
    except OSError as problem:  # too many processes, no memory: the next may succeed
        log.warning("could not fork: %s", problem)
        connection.sendall(json.dumps({"problem": str(problem)}).encode() + b"\n")
        return
    try:
        door.close()
        status = keeper.keep(connection)
    except BaseException:  # a child never goes back into the parent's loop
        log.exception("a server could not be started")
        status = 1
    os._exit(status)


if __name__ == "__main__":
    main()
