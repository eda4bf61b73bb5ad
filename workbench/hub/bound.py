"""Become a service of the Hub that ends when the Hub is killed: a second Hub then finds its port free.

python -m workbench.hub.bound HUB_PID MODULE ARGUMENT…
"""

import os
import signal
import sys

from workbench.hub.launch import end_with_parent


def command(hub_pid: int, module: str, *arguments: str) -> list[str]:
    """The command of a service that runs this module."""
    return [sys.executable, "-m", "workbench.hub.bound", str(hub_pid), module, *arguments]


def main() -> None:
    parent, module, *arguments = sys.argv[1:]
    end_with_parent(int(parent))
    # A shell that starts the Hub in the background has this signal ignored, and the Hub ends its services with it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606 - no shell is meant


if __name__ == "__main__":
    main()
