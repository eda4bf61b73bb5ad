"""A port for a server that is about to start: of no other start, and none that the kernel hands out by itself.

The ports above are given to outgoing connections and to kernels at any moment: of a hundred servers that start in a
minute one would find its port taken.
"""

import random
import socket
from pathlib import Path

from jupyterhub.utils import random_port

FIRST = 10_000
RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
TRIES = 200


def free_port(taken: set[int]) -> int:
    """A port of loopback that nobody listens on; `taken`: those of servers that start or run."""
    last = _first_of_the_kernel() - 1
    for _try in range(TRIES if last > FIRST else 0):
        port = random.randint(FIRST, last)  # noqa: S311 - nothing depends on its being hard to guess
        if port not in taken and _can_be_had(port):
            return port
    return int(random_port())


def _first_of_the_kernel() -> int:
    try:
        return int(RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0


def _can_be_had(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
