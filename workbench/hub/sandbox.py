"""Isolation of a notebook server that is executed, with bubblewrap, where it is installed and allowed.

Other homes, secrets, Hub and books are not there for it; its own home is writable; of the lake its projects' files are
readable; the rest is read-only. A server that is forked has the same walls without it (workbench.hub.walls).

A server that is executed without bubblewrap runs as the Hub's own user and could read the others' files: fit for trying
it out on one's own machine, not for people who do not trust each other. The Hub says so in its log, and a class's seat
is not started at all.

Source: bwrap(1), setpriv(1), prlimit(1).
"""

import os
import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from workbench.hub import walls
from workbench.settings import Settings


@cache
def bwrap() -> str | None:
    """The program, if this machine lets us use it."""
    program = shutil.which("bwrap")
    if program is None:
        return None
    probe = [program, "--ro-bind", "/", "/", "--proc", "/proc", "--unshare-pid", "--dev", "/dev", "true"]
    try:
        tried = subprocess.run(probe, capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return program if tried.returncode == 0 else None


def prefix(
    settings: Settings,
    home: Path,
    projects: Iterable[str],
    program: str,
    shown: Iterable[Path] = (),
    uid: int | None = None,
    limits: walls.Limits = walls.NO_LIMITS,
) -> list[str]:
    """The command that goes before the server's own.

    Args:
        settings: names the state folder, which is hidden.
        home: the person's, the only place that stays.
        projects: slugs whose files of the lake are readable.
        program: bwrap.
        shown: further folders that are readable.
        uid: of the person's servers; None: that of the Hub, which keeps none of its privileges inside.
        limits: of what it may take.
    """
    size = ["--size", str(limits.scratch_bytes)] if limits.scratch_bytes and _knows_sizes(program) else []
    command = [program, "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--ro-bind", "/", "/"]
    command += ["--dev-bind" if _has_gpu() else "--dev", *(("/dev", "/dev") if _has_gpu() else ("/dev",))]
    command += ["--proc", "/proc"]
    for kind, path in walls.plan(settings, home, projects, shown=shown).steps:
        if kind != walls.TMPFS:  # else the way to a private folder would be as private as that, and root's
            command += ["--dir", str(Path(path).parent)]
        command += {
            walls.TMPFS: [*(("--perms", "1777", *size) if path in walls.OPEN_TO_ALL else ()), "--tmpfs", path],
            walls.READ: ["--ro-bind", path, path],
            walls.WRITE: ["--bind", path, path],
        }[kind]
    if uid is None:
        return [*command, "--cap-drop", "ALL", "--chdir", str(home), "--"]
    return [*command, "--chdir", str(home), "--", *_as_user(uid, limits)]


@cache
def _knows_sizes(program: str) -> bool:
    """Whether it limits what is written into memory: since 0.7."""
    said = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=10, check=False)
    return "--size " in said.stdout + said.stderr


def _as_user(uid: int, limits: walls.Limits) -> list[str]:
    """What becomes another user inside, with so many processes: setpriv and prlimit, of util-linux."""
    ids = [f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
    tasks = ["prlimit", f"--nproc={limits.tasks}", "--"] if limits.tasks else []
    return [*tasks, "setpriv", *ids, "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]


def _has_gpu() -> bool:
    return any(name.startswith("nvidia") for name in os.listdir("/dev")) if os.path.isdir("/dev") else False  # noqa: PTH112, PTH208
