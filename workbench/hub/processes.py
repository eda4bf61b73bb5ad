"""Processes that outlive the one that started them: named by id *and* start time, so that none but ours is ever ended.

A process id alone is used again by the kernel; with the time of its start it names one process. Records are JSON
objects with at least `pid` and `created_at` (seconds since the epoch, as the kernel says) in a folder of the state.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

# The kernel counts in hundredths of a second since boot; the boot time itself may be corrected while we run.
TOLERANCE_S = 2.0


@dataclass(frozen=True)
class Process:
    """One process: `created_at` in seconds since the epoch."""

    pid: int
    created_at: float
    name: str

    @property
    def alive(self) -> bool:
        """Whether it still runs; a zombie that only waits to be collected has ended."""
        return self._handle() is not None

    @property
    def words(self) -> list[str]:
        """Its command line; empty when it has ended or is another person's."""
        handle = self._handle()
        try:
            return handle.cmdline() if handle else []
        except psutil.Error:
            return []

    @property
    def began_at(self) -> float | None:
        """When it began, as the kernel says now; None when it has ended. Only to be compared with another such answer:
        the kernel's clock and the one on the wall differ by up to seconds.
        """
        handle = self._handle()
        return handle.create_time() if handle else None

    def _handle(self) -> psutil.Process | None:
        try:
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.created_at) <= TOLERANCE_S
            return found if same and found.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def process_of(pid: int, name: str) -> Process | None:
    """The process that has this id now; None when there is none."""
    try:
        return Process(pid, psutil.Process(pid).create_time(), name)
    except psutil.NoSuchProcess:
        return None


def children_of(process: Process) -> list[Process]:
    """What this process itself has started and still runs, named by the program."""
    handle = process._handle()
    if handle is None:
        return []
    found = []
    for child in handle.children():
        try:
            found.append(Process(child.pid, child.create_time(), child.name()))
        except psutil.NoSuchProcess:
            continue  # ended while we looked
    return found


def end(processes: Iterable[Process], *, grace_s: float = 10) -> list[Process]:
    """End these: asked first (SIGTERM), after `grace_s` seconds made to (SIGKILL).

    What they have started is theirs to end: a Hub's notebook servers may be meant to outlive it.

    Returns: those that were alive, in the order given.
    """
    ended = [(process, handle) for process in processes if (handle := process._handle()) is not None]
    for _, handle in ended:
        with suppress(psutil.NoSuchProcess):
            handle.terminate()
    _, left = psutil.wait_procs([handle for _, handle in ended], timeout=grace_s)
    for handle in left:
        with suppress(psutil.NoSuchProcess):
            handle.kill()
    psutil.wait_procs(left, timeout=5)
    return [process for process, _ in ended]


def write_record(file: Path, processes: Iterable[Process]) -> None:
    """Keep these for a later run; the file is whole or the one before, never half."""
    scratch = file.with_suffix(".new")
    scratch.write_text(json.dumps([asdict(process) for process in processes]), encoding="utf-8")
    scratch.replace(file)


def read_record(file: Path) -> list[Process]:
    """The processes of a record; none where it is missing or not one of ours."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    rows = content if isinstance(content, list) else [content]
    return [
        Process(row["pid"], row["created_at"], str(row.get("name", file.stem)))
        for row in rows
        if isinstance(row, dict) and isinstance(row.get("pid"), int) and isinstance(row.get("created_at"), int | float)
    ]
