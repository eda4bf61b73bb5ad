"""Run one notebook server, watch it, and write down when it ran: the meter's witness, also while no Hub is there.

    python -I -S runner.py RECORD SERVER_ID HEARTBEAT_S GRACE_S TIME_LIMIT_S DATA_LIMIT_BYTES CORES -- COMMAND…

Standard library only and nothing of ours, so that it stays small beside every server. The record is one JSON object,
replaced as a whole: `pid` and `created_at` name this process (workbench.hub.processes), `started_at`, `seen_at` and
`ended_at` are UTC epoch seconds, `reason` says why it ended. The command is told to stop after the time limit; 0 is
none. All processes of the server become our children when
their own parent ends (subreaper), so none outlives us: no kernel, no Dask worker.

Source: prctl(2), PR_SET_CHILD_SUBREAPER and PR_SET_PDEATHSIG; proc(5), /proc/pid/stat.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # the module typing itself would be half of what is loaded here
    from typing import Any

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
GIVE_UP_S = 5.0
"""A process in uninterruptible sleep cannot be ended by anybody."""
FOREVER_S = 1e12
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Kept:
    """How a server is kept: `path` of its record, seconds from one beat to the next, seconds to end in order, seconds
    that it may run (0: without an end).
    """

    def __init__(self, path: str, server_id: str, heartbeat_s: float, grace_s: float, time_limit_s: float) -> None:
        self.path, self.server_id = path, server_id
        self.heartbeat_s, self.grace_s, self.limit_s = heartbeat_s, grace_s, time_limit_s or FOREVER_S


def main(arguments: list[str]) -> int:
    """Run until the command ends or we are told to stop; the command's status, 128 + signal where one ended it."""
    at = arguments.index("--")
    path, server_id, heartbeat_s, grace_s, time_limit_s, data_limit_bytes, cores = arguments[:at]
    kept = Kept(path, server_id, float(heartbeat_s), float(grace_s), float(time_limit_s))
    numbers = [int(core) for core in cores.split(",")] if cores else []
    return keep(kept, numbers, lambda: start(arguments[at + 1 :], int(data_limit_bytes)))


def keep(kept: Kept, cores: Any, begin: Any) -> int:
    """Run a server to its end; its status.

    Args:
        kept: how.
        cores: numbers of those that it may use; none: all.
        begin: starts it, in a process group of its own; gives its process id.
    """
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
    signals = listen()
    child = begin()
    now = int(time.time())
    record: dict[str, Any] = {
        "server_id": kept.server_id,
        "pid": os.getpid(),
        "created_at": created_at(),
        "name": "server",
        "child": child,
    }
    record |= {"started_at": now, "seen_at": now, "ended_at": None, "reason": None, "status": None}
    write(kept.path, record)
    times_s = (kept.grace_s, kept.limit_s)
    status, stopped = watch(child, signals, kept.heartbeat_s, times_s, lambda: beat(kept.path, record))
    end_family(2.0)
    ended_at = max(int(time.time()), record["seen_at"])
    record |= {"seen_at": ended_at, "ended_at": ended_at, "status": status, "reason": stopped or reason(status)}
    write(kept.path, record, attempts=20)
    return status


def start(command: list[str], data_limit_bytes: int) -> int:
    """The process id of the command, in a group of its own; it is told to stop if we are killed."""
    child = os.fork()
    if child:
        return child
    os.setpgid(0, 0)
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if data_limit_bytes:
        resource.setrlimit(resource.RLIMIT_DATA, (data_limit_bytes, data_limit_bytes))
    try:
        os.execvp(command[0], command)  # noqa: S606 - no shell is meant
    except OSError as problem:
        print(f"{command[0]}: {problem.strerror}", file=sys.stderr, flush=True)  # noqa: T201 - the server's own log
        os._exit(127)


def watch(
    child: int, signals: int, heartbeat_s: float, times_s: tuple[float, float], beat: Any
) -> tuple[int, str | None]:
    """Wait for the child, with a beat now and then; it is told to stop when we are, and after its time.

    Args:
        child: process id.
        signals: see `listen`.
        heartbeat_s: seconds from one beat to the next.
        times_s: how long it has to end in order once told to, and how long it may run.
        beat: called with nothing.

    Returns: its status, and why it was told to stop; None where it was not.
    """
    grace_s, limit_s = times_s
    began = time.monotonic()
    next_beat, kill_at, told = began + heartbeat_s, FOREVER_S, None
    while True:
        status = collect(child)
        if status is not None:
            return status, told
        now = time.monotonic()
        if now >= next_beat:
            beat()
            next_beat = now + heartbeat_s
        if now >= kill_at:
            signal_group(child, signal.SIGKILL)
        if told is None and now >= began + limit_s:
            told = f"reached its {hours(limit_s)}"
            signal_group(child, signal.SIGTERM)
            kill_at = now + grace_s
        ahead = [at for at in (next_beat, kill_at, began + limit_s if told is None else FOREVER_S) if at > now]
        readable, _, _ = select.select([signals], [], [], max(0.05, min(ahead) - now))
        received = os.read(signals, 64) if readable else b""
        if told is None and any(number in received for number in STOPPING):
            told = "stopped"
            signal_group(child, signal.SIGTERM)
            kill_at = time.monotonic() + grace_s


def hours(seconds: float) -> str:
    """A time limit for people: "4 h", "90 s"."""
    return f"{seconds / 3600:g} h" if seconds >= 3600 else f"{seconds:g} s"


def listen() -> int:
    """Where the numbers of the signals that we get can be read, one byte each; exec gives the command its own back."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    for number in (*STOPPING, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    return reader


def collect(child: int) -> int | None:
    """Bury whoever has ended; the child's status when it is among them."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            found = code if code >= 0 else 128 - code


def end_family(grace_s: float) -> None:
    """End every process that descends from us: asked first, then made to; given up where even that does nothing."""
    signal_all(signal.SIGTERM)
    started = time.monotonic()
    while descendants(os.getpid()) and time.monotonic() < started + grace_s + GIVE_UP_S:
        if time.monotonic() >= started + grace_s:
            signal_all(signal.SIGKILL)
        collect(0)
        time.sleep(0.02)


def signal_all(number: int) -> None:
    for pid in descendants(os.getpid()):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def signal_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


def descendants(root: int) -> list[int]:
    """All living processes below this one; none where there is no /proc."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():  # noqa: PTH112, PTH208 - no pathlib here
        fields = stat(int(name)) if name.isdigit() else None
        if fields and fields[0] != "Z":
            children.setdefault(int(fields[1]), []).append(int(name))
    found, ahead = [], [root]
    while ahead:
        below = children.get(ahead.pop(), [])
        found += below
        ahead += below
    return found


def stat(pid: int) -> list[str] | None:
    """The fields of /proc/pid/stat after the name: state, parent, …; None where there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


def created_at() -> float:
    """When the kernel says that we began, in seconds since the epoch; the present where it cannot be asked."""
    fields = stat(os.getpid())
    if fields is None:
        return time.time()
    with open("/proc/stat", encoding="utf-8") as file:  # noqa: PTH123
        boot = next(int(line.split()[1]) for line in file if line.startswith("btime "))
    return boot + int(fields[19]) / os.sysconf("SC_CLK_TCK")


def beat(path: str, record: dict[str, Any]) -> None:
    # The clock may be set back; what was seen stays seen.
    record["seen_at"] = max(int(time.time()), record["seen_at"])
    write(path, record)


def write(path: str, record: dict[str, Any], attempts: int = 1) -> None:
    """Replace the record as a whole. A full disk must not end the server: the next beat tries again."""
    for left in reversed(range(attempts)):
        try:
            with open(path + ".new", "w", encoding="utf-8") as file:  # noqa: PTH123
                json.dump(record, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(path + ".new", path)  # noqa: PTH105
        except OSError as problem:
            print(f"{path}: {problem.strerror}", file=sys.stderr, flush=True)  # noqa: T201
            if left:
                time.sleep(0.5)
        else:
            return


def reason(status: int) -> str:
    """Why a server ended that nobody had told to."""
    return "ended by itself" if status == 0 else f"failed with status {status}"


def prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
