"""Whether a server that was started has come up, and what it said last where it has not."""

import socket
from pathlib import Path

from workbench.i18n import _


def answers(port: int) -> bool:
    """Whether somebody takes connections on this port of the machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def log_end(file: Path) -> str:
    """The last lines of a server's log, in one."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    return " | ".join(line.strip() for line in lines[-3:] if line.strip()) or _("(empty)")
