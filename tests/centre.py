"""A whole workbench for tests: `workbench up` as a person starts it, on a state folder of its own."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from workbench.sample import logins
from workbench.settings import ROOT, load

STARTS_WITHIN_S = 150
COMMAND = [str(Path(sys.executable).with_name("workbench")), "up"]


@dataclass
class Centre:
    """One `workbench up` on a pseudo-terminal; `text` is what it has said so far."""

    home: Path
    port: int
    process: subprocess.Popen
    terminal: int
    text: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def settings(self):
        return load(home=self.home, port=self.port)

    def login(self, role):
        """The first sample log-in of this role: executive, analyst, lead, student, operator."""
        return next(login for login in logins.read(self.settings) if login.role == role)

    def read(self) -> str:
        """Take in what was said since; its end is when the terminal's other side is closed."""
        try:
            while chunk := os.read(self.terminal, 65_536):
                self.text += chunk.decode(errors="replace")
        except (BlockingIOError, OSError):
            pass
        return self.text

    def until(self, said: str, within_s: float = STARTS_WITHIN_S) -> str:
        """Wait until this was said; an `up` that ended, or stays silent, fails with all it said."""
        deadline = time.monotonic() + within_s
        while said not in self.read():
            ended = self.process.poll()
            assert ended is None, f"ended with status {ended}:\n{self.read()}"
            assert time.monotonic() < deadline, f"{said!r} was not said in {within_s} s:\n{self.text}"
            time.sleep(0.1)
        return self.text

    def wait(self, within_s: float = 60) -> int:
        """Exit status; what is said is taken in, so that it never waits for us."""
        deadline = time.monotonic() + within_s
        while self.process.poll() is None and time.monotonic() < deadline:
            self.read()
            time.sleep(0.05)
        self.read()
        return self.process.wait(1)

    def processes(self) -> list[psutil.Process]:
        """Everything that runs on this state folder, however it was started."""
        return processes_of(self.home)

    def nothing_left(self, within_s: float = 30) -> list[str]:
        """Command lines of what still runs after that time; empty when all has ended."""
        deadline = time.monotonic() + within_s
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return [" ".join(process.cmdline()) for process in left if process.is_running()]

    def close_terminal(self) -> None:
        os.close(self.terminal)
        self.terminal = -1

    def stop(self) -> None:
        """End whatever is left: the last step of every test, whatever it has done."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.wait()
        for process in self.processes():
            process.kill()
        if self.terminal >= 0:
            self.close_terminal()


def start(home: Path, *, command: list[str] | None = None) -> Centre:
    """Start it; `command` in place of `workbench up` gets the port appended as make's or as an option."""
    port = four_free_ports()
    words = [*(command or COMMAND), *([f"PORT={port}"] if command else ["--port", str(port)])]
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    env = {name: value for name, value in os.environ.items() if not name.startswith("WORKBENCH_")}
    env |= {"WORKBENCH_HOME": str(home), "TERM": "dumb", "COLUMNS": "120", "LINES": "50"}
    process = subprocess.Popen(
        [sys.executable, "-c", IN_TERMINAL, *words], cwd=ROOT, env=env, stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    return Centre(home, port, process, ours)


# As a shell would: the terminal becomes the controlling one of a session of its own, then the command is run in it.
IN_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""


def copy_of(loaded: Path, home: Path) -> Path:
    """A state folder like the loaded one, so that each start need not load again."""
    shutil.copytree(loaded, home)
    return home


def four_free_ports() -> int:
    """The first of four ports in a row that nobody listens on, below the kernel's own choice of ports."""
    for port in range(21_100 + os.getpid() % 400 * 4, 30_000, 4):
        try:
            for offset in range(4):
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", port + offset))
        except OSError:
            continue
        return port
    raise AssertionError("no four free ports in a row")


@contextmanager
def logged_in(centre: Centre, role: str) -> Iterator[httpx.Client]:
    """A browser without a screen, logged in through the Hub's own form."""
    login = centre.login(role)
    with httpx.Client(base_url=centre.url, trust_env=False, timeout=60, follow_redirects=True) as client:
        client.get("hub/login")
        form = {"username": login.name, "password": login.password, "_xsrf": client.cookies["_xsrf"]}
        assert client.post("hub/login", data=form, follow_redirects=False).status_code == 302
        yield client


def processes_of(home: Path) -> list[psutil.Process]:
    """Everything that runs on this state folder, but for the one that asks."""
    return [process for process in psutil.process_iter() if process.pid != os.getpid() and _is_of(process, home)]


def _is_of(process: psutil.Process, home: Path) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return process.environ().get("WORKBENCH_HOME") == str(home) or Path(process.cwd()).is_relative_to(home)
    except (psutil.Error, OSError):
        return False
