"""Processes of a stack: known by process id and start time, so that none but ours is ever ended."""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

NOBODY = 65_534


@dataclass(frozen=True)
class Process:
    """One process. started: in clock ticks since the machine's start, as the kernel counts."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> "Process | None":
        """The process that has this id now; None where none has, or only its remains."""
        try:
            # The name in brackets may hold anything; what follows the last bracket is in fixed places.
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else cls(pid, int(fields[19]))

    @property
    def lives(self) -> bool:
        _reap(self.pid)
        return Process.of(self.pid) == self

    def signal(self, number: int) -> None:
        if self.lives:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def write(self, path: Path) -> None:
        path.write_text(f"{self.pid} {self.started}\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Process | None":
        """The process that was written there; None where nothing was."""
        try:
            pid, started = path.read_text(encoding="utf-8").split()
        except (OSError, ValueError):
            return None
        return cls(int(pid), int(started))


def start(command: Sequence[object], log: Path, environ: Mapping[str, str], *, nobody: bool = False) -> Process:
    """Start a daemon that stays in the foreground, in a session of its own; as root, or as nobody."""
    as_user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if nobody else {}
    with log.open("ab") as out:
        child = subprocess.Popen(
            [str(word) for word in command], cwd="/", env=dict(environ), stdin=subprocess.DEVNULL, stdout=out,
            stderr=out, start_new_session=True, **as_user,
        )  # fmt: skip
    process = Process.of(child.pid)
    child.returncode = 0  # ours to wait for, by `lives`: the object must not warn of a process that runs
    if process is None:
        _reap(child.pid)
        raise AssertionError(f"{command[0]} ended at once:\n{tail(log)}")
    return process


def end(processes: Iterable[Process], number: int = signal.SIGKILL, within_s: float = 5.0) -> None:
    """Signal them all; wait until none is left, the stubborn ones killed at last."""
    left = [process for process in processes if process.lives]
    for process in left:
        process.signal(number)
    limit = time.monotonic() + within_s
    while left := [process for process in left if process.lives]:
        if time.monotonic() > limit:
            if number == signal.SIGKILL:
                raise AssertionError(f"these do not end: {left}")
            return end(left)
        time.sleep(0.01)
    return None


def of_jobs(conf: Path) -> list[Process]:
    """What runs in jobs of the Slurm with this slurm.conf: the steps' keepers, and all that has a job's environment."""
    told = f"SLURM_CONF={conf}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        process = Process.of(int(entry.name))
        try:
            environ = (entry / "environ").read_bytes().split(b"\0")
            keeper = (entry / "exe").readlink().name.startswith("slurmstepd")
        except OSError:
            continue
        in_job = keeper or any(line.startswith(b"SLURM_JOB_ID=") for line in environ)
        if process and told in environ and in_job:
            found.append(process)
    return found


def tail(log: Path, lines: int = 15) -> str:
    """The end of a log."""
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return f"(no {log})"


def _reap(pid: int) -> None:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
