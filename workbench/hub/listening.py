"""Whether a server that was started has come up, and what it said last where it has not."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from workbench.i18n import _


def _hexadecimal(address: str) -> str:
    """An IPv4 address as the kernel's tables have it."""
    return f"{int.from_bytes(socket.inet_aton(address), sys.byteorder):08X}"


LOOPBACK = _hexadecimal("127.0.0.1")
HERE = {LOOPBACK, "0" * 8, "0" * 32, f"{'0' * 16}FFFF0000{LOOPBACK}", f"{'0' * 16}0000FFFF{LOOPBACK}"}
"""Addresses, as the kernel writes them, at which 127.0.0.1 is heard; as IPv6 in either order of bytes."""
TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))


def answers(port: int) -> bool:
    """Whether somebody takes connections on this port of the machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def listeners(port: int) -> frozenset[int]:
    """The user ids of those to whom a connection to this port of loopback may come; none where the kernel is silent.

    Source: proc_pid_net(5): local address, state (0A: it listens) and uid of each socket.
    """
    return frozenset(
        int(words[7])
        for words in _sockets()
        if words[3] == "0A" and words[1].endswith(f":{port:04X}") and words[1].partition(":")[0] in HERE
    )


def owner(address: str, port: int, to: int) -> int | None:
    """The user id of whose socket of this machine has connected from there to that port; None: none is known.

    Args:
        address, port: of the one who connected, IPv4.
        to: the port that was connected to.
    """
    mine = f"{_hexadecimal(address)}:{port:04X}"
    for words in _sockets():
        if words[1] == mine and words[2].endswith(f":{to:04X}"):
            return int(words[7])
    return None


def _sockets() -> Iterator[list[str]]:
    for table in TABLES:
        try:
            lines = table.read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        yield from map(str.split, lines)


def log_end(file: Path) -> str:
    """The last lines of a server's log, in one."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    return " | ".join(line.strip() for line in lines[-3:] if line.strip()) or _("(empty)")
