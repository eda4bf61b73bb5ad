"""Become the Hub, bound to the process that started us: when that is killed, the Hub is told to stop in order.

python -m workbench.hub.launch PARENT_PID CONFIG_FILE
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h; kept over exec


def end_with_parent(parent_pid: int) -> None:
    """Have the kernel send us SIGTERM when our parent ends; elsewhere than on Linux nothing happens.

    Raises:
        SystemExit: the parent has ended already.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent_pid:  # it ended before we had asked
        raise SystemExit(0)


def main() -> None:
    parent, config = sys.argv[1:]
    end_with_parent(int(parent))
    os.execv(sys.executable, [sys.executable, "-m", "jupyterhub", "-f", config])  # noqa: S606 - no shell is meant


if __name__ == "__main__":
    main()
