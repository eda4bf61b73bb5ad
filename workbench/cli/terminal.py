"""What a long command shows while it works, and whether anybody's terminal is still there to show it."""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

LOG_WIDTH = 110


def a_screen() -> Console:
    """The console to speak to; into a log file lines are as long as they are."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = LOG_WIDTH
    return console


def say(console: Console, what: object) -> None:
    """Show it, if there is still somebody to show it to."""
    with suppress(OSError):
        console.print(what)


@contextmanager
def step(console: Console, what: str) -> Iterator[None]:
    """Say what is being done, and when it is done how long it took."""
    began = time.monotonic()
    console.print(f"{what} …")
    yield
    console.print(f"  done in {time.monotonic() - began:.0f} s")


@contextmanager
def progress(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """What a long step tells (what, done, total): as bars on a terminal, as one line a stage elsewhere."""
    look = (TextColumn("  {task.description}"), BarColumn(), TaskProgressColumn())
    bars = Progress(*look, console=console, disable=not console.is_terminal)
    stages: dict[str, TaskID] = {}

    def told(what: str, done: int, total: int) -> None:
        if what not in stages:
            stages[what] = bars.add_task(what)
            if not console.is_terminal:
                console.print(f"  {what}")
        bars.update(stages[what], completed=done, total=total)

    with bars:
        yield told


class Terminal:
    """The terminal that a foreground command was typed on.

    When a terminal goes away the kernel tells only the first process of its session, which may be one that waits for
    us without passing it on (`ssh -t host make up`). A command that was put in the background is meant to stay.
    """

    def __init__(self) -> None:
        self._in_front = False
        self.gone()

    def gone(self) -> bool:
        """Whether it went away while we were in its foreground."""
        try:
            watched = select.poll()
            watched.register(sys.stdin.fileno(), 0)
            if any(events & select.POLLHUP for _, events in watched.poll(0)):
                return self._in_front
            self._in_front = os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
        except (OSError, ValueError, AttributeError):  # no terminal of ours, or no standard input at all
            return False
        return False
