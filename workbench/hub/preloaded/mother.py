"""First process inside the walls: forks the notebook server, and kernels when the server asks for one.

It has one thread and runs nothing of the student's. A request is one JSON object in one packet on a socket that only
the server has: argv, env, cwd; the answer is the kernel's process id. It buries whoever has ended, and when the server
ends everything else inside does.
"""

import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence

from workbench.hub import runner
from workbench.hub.preloaded import serve

KERNELS_FD = "WORKBENCH_KERNELS_FD"
"""Names the server's end of the socket in its environment."""
MOST_BYTES = 1 << 20
FIRST_OF_FILES = 3
END_GRACE_S = 2.0
KILL_AFTER_S = 8.0
"""Where the keeper is there it is quicker. Where it was killed nobody else would end a server that does not obey."""


def run(arguments: Sequence[str]) -> int:
    """Run the server to its end; its status."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MOST_BYTES)
    signals = runner.listen()
    server = forked(lambda: serve.serve(arguments), {theirs.fileno()}, {KERNELS_FD: str(theirs.fileno())})
    theirs.close()
    status = _watch(server, ours, signals)
    ours.close()
    runner.end_family(END_GRACE_S)
    return status


def _watch(server: int, ours: socket.socket, signals: int) -> int:
    waiting, kill_at = [signals, ours.fileno()], runner.FOREVER_S
    while True:
        status = runner.collect(server)
        if status is not None:
            return status
        now = time.monotonic()
        if now >= kill_at:
            _pass_on(server, signal.SIGKILL)
        readable, _, _ = select.select(waiting, [], [], 0.5 if now >= kill_at else min(60.0, kill_at - now))
        received = os.read(signals, 64) if signals in readable else b""
        if any(number in received for number in runner.STOPPING):
            _pass_on(server, signal.SIGTERM)
            kill_at = min(kill_at, time.monotonic() + KILL_AFTER_S)
        if ours.fileno() in readable:
            asked = ours.recv(MOST_BYTES)
            if not asked:
                waiting.remove(ours.fileno())  # the server has closed it: no more kernels
                continue
            ours.send(json.dumps(_kernel(asked)).encode())


def _pass_on(server: int, number: int) -> None:
    try:
        os.kill(server, number)
    except ProcessLookupError:
        return


def _kernel(asked: bytes) -> dict[str, object]:
    try:
        given = json.loads(asked)
        return {"pid": forked(lambda: serve.kernel(given["argv"], given["cwd"]), set(), given["env"], whole=True)}
    except (OSError, ValueError, KeyError) as problem:
        return {"problem": str(problem)}


def forked(run: Callable[[], int], files: set[int], environ: dict[str, str], *, whole: bool = False) -> int:
    """The process id of a child that runs this, in a session of its own, and never comes back here.

    Args:
        run: gives its status.
        files: that it keeps open beyond standard input and output.
        environ: what is added to its environment; `whole`: all that it has.
    """
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (*runner.STOPPING, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        close_all_but(files)
        if whole:
            os.environ.clear()
        os.environ.update(environ)
        time.tzset()
        status = run()
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 - it is the top of a process: said, and its end
        import traceback

        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                continue
        os._exit(status & 0xFF)


def close_all_but(kept: set[int]) -> None:
    """Close every open file beyond standard input and output."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - as in runner
        if int(name) >= FIRST_OF_FILES and int(name) not in kept:
            try:
                os.close(int(name))
            except OSError:
                continue  # the list's own
