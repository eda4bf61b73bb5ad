"""Removing the folder of a stranger, however deep and however locked it is.

Python's own way calls itself for each folder in a folder, and ends in RecursionError where there are a thousand.
"""

import os
import subprocess
from pathlib import Path

WITHIN_S = 300


def remove(folder: Path) -> None:
    """Remove a folder and all in it, also what was made unremovable; nothing where there is none.

    By rm, which needs no memory for depth and follows no link.

    Raises:
        OSError: something is still there.
    """
    if not os.path.lexists(folder):
        return
    done = _told(["rm", "-rf", "--", str(folder)])
    if done.returncode:
        _told(["chmod", "-R", "u+rwx", "--", str(folder)])
        done = _told(["rm", "-rf", "--", str(folder)])
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise OSError(said[-1] if said else f"rm ended with {done.returncode}")


def _told(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=WITHIN_S, check=False,
            env={"PATH": os.defpath, "LC_ALL": "C"},
        )  # fmt: skip
    except subprocess.TimeoutExpired as problem:
        raise OSError(f"{command[0]} took longer than {WITHIN_S} s") from problem
