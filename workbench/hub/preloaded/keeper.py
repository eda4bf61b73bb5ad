"""The supervisor of one forked server: reads the request, starts what is inside the walls, keeps the meter's record.

It stays the Hub's user and sees everything; what it starts does not. It outlives parent and Hub.
"""

import ctypes
import json
import os
import resource
import signal
import socket
import time

from workbench.hub import runner, walls
from workbench.hub.preloaded import mother
from workbench.hub.preloaded.client import LIMIT_S, Request


def keep(connection: socket.socket) -> int:
    """Answer the request with our process id, run the server to its end; its status."""
    os.setsid()
    os.umask(0o077)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    connection.settimeout(LIMIT_S)
    request, log = received(connection)
    for number in (0, 1, 2):
        os.dup2(log if number else os.open(os.devnull, os.O_RDONLY), number)
    name_ourselves("wb-keeper")
    try:
        if request.walls is not None:
            walls.separate_processes()
        child: list[int] = []
        kept = runner.Kept(
            request.record, request.server_id, request.heartbeat_s, request.grace_s, request.time_limit_s
        )
        told = [connection]

        def begin() -> int:
            pid = inside(request)
            child.append(pid)
            _tell(told.pop(), {"pid": os.getpid()})
            return pid

        return runner.keep(kept, request.cores, begin)
    except OSError as problem:
        if not child:
            _tell(connection, {"problem": str(problem)})
        raise


def received(connection: socket.socket) -> tuple[Request, int]:
    """The request and the file that comes with it."""
    first, files, _flags, _address = socket.recv_fds(connection, 1, 1)
    text = first + b""
    while not text.endswith(b"\n"):
        more = connection.recv(1 << 16)
        if not more:
            raise OSError("a request that was cut off")
        text += more
    return Request.from_json(text.decode()), files[0]


def _tell(connection: socket.socket, answer: dict[str, object]) -> None:
    with connection:
        connection.sendall(json.dumps(answer).encode() + b"\n")


def inside(request: Request) -> int:
    """The process id of what runs inside, as it is seen from here."""
    ready, go = os.pipe()
    pid = os.fork()
    if pid:
        os.close(go)
        with os.fdopen(ready, "rb") as told:
            problem = told.read()
        if problem:
            os.waitpid(pid, 0)
            raise OSError(problem.decode())
        return pid
    status = 1
    try:
        os.close(ready)
        os.setpgid(0, 0)
        mother.close_all_but({go})
        try:
            _settle(request)
        except BaseException as problem:
            os.write(go, (str(problem) or type(problem).__name__).encode()[:4000])
            raise
        os.close(go)
        status = mother.run(request.arguments)
    finally:
        os._exit(status)


def _settle(request: Request) -> None:
    """Become what the server is: limits, walls, user, environment."""
    os.umask(0o077)
    if request.data_limit_bytes:
        resource.setrlimit(resource.RLIMIT_DATA, (request.data_limit_bytes, request.data_limit_bytes))
    if request.walls is not None:
        walls.show_own_processes()
        walls.enter(request.walls)
    # After the change of user, which takes it.
    runner.prctl(runner.PR_SET_PDEATHSIG, signal.SIGTERM)
    runner.prctl(runner.PR_SET_CHILD_SUBREAPER, 1)
    os.environ.clear()
    os.environ.update(request.environ)
    time.tzset()
    os.chdir(request.folder)
    name_ourselves("wb-mother")


def name_ourselves(name: str) -> None:
    """The name that ps shows, at most 15 signs."""
    ctypes.CDLL(None).prctl(15, name.encode()[:15], 0, 0, 0)
