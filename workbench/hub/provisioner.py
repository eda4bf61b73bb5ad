"""Kernels forked by the server's mother (workbench.hub.preloaded.mother) in place of executed: half a second less.

A kernel that is none of ipykernel's, or a server that was not forked itself, goes the ordinary way. Named by its entry
point in pyproject.toml and chosen by JUPYTER_DEFAULT_PROVISIONER_NAME in the server's environment.
Source: Jupyter Client, "Customizing the kernel's runtime environment".
"""

import asyncio
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, cast

from jupyter_client.provisioning import LocalProvisioner

from workbench.hub.preloaded.mother import KERNELS_FD, MOST_BYTES

NAME = "workbench-forked"
LAUNCHED = ("-m", "ipykernel_launcher")
LIMIT_S = 30.0
_turn = threading.Lock()


class ForkedKernel:
    """As much of a Popen as a provisioner asks for; the kernel is its mother's child, so its status is not told us."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._watched = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """None while it runs, 0 after that."""
        if self.returncode is None and select.select([self._watched], [], [], 0)[0]:
            self._ended()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        if self.returncode is None and select.select([self._watched], [], [], timeout)[0]:
            self._ended()
        return self.returncode or 0

    def _ended(self) -> None:
        self.returncode = 0
        os.close(self._watched)

    def send_signal(self, number: int) -> None:
        """To it alone, and never to another that has its number now."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._watched, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class Forked(LocalProvisioner):
    """See the module."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Have a kernel forked, else executed."""
        number = os.environ.get(KERNELS_FD)
        if not number or len(cmd) < 4 or not _is_ours(cmd[0]) or tuple(cmd[1:3]) != LAUNCHED:
            return await super().launch_kernel(cmd, **kwargs)
        environ = {str(k): str(v) for k, v in (kwargs.get("env") or os.environ).items() if k != KERNELS_FD}
        asked: dict[str, object] = {"argv": cmd[3:], "env": environ, "cwd": str(kwargs.get("cwd") or Path.cwd())}
        try:
            pid = await asyncio.to_thread(_ask, int(number), asked)
        except OSError as problem:
            self.log.warning("A kernel could not be forked, it is executed: %s", problem)
            return await super().launch_kernel(cmd, **kwargs)
        self.process = cast("subprocess.Popen[Any]", ForkedKernel(pid))  # as much of one as is asked for
        self.pid = self.pgid = pid  # of a session of its own
        self.cwd = str(asked["cwd"])
        return self.connection_info


def _is_ours(python: str) -> bool:
    """Whether it is this environment's interpreter; those of two environments may be links to the same file."""
    one, ours = Path(python), Path(sys.executable)
    return one.parent == ours.parent and one.resolve() == ours.resolve()


def _ask(number: int, asked: dict[str, object]) -> int:
    packet = json.dumps(asked).encode()
    if len(packet) > MOST_BYTES // 2:
        raise OSError("its environment is too large")
    with _turn, socket.socket(fileno=os.dup(number)) as mother:
        mother.settimeout(LIMIT_S)
        mother.send(packet)
        answer = json.loads(mother.recv(MOST_BYTES))
    if "pid" not in answer:
        raise OSError(answer.get("problem", "no answer"))
    return int(answer["pid"])
