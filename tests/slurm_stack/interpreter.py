"""A Python for job users: that of the checkout, or where they cannot reach it, a copy of it in the stack's folder."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from workbench.settings import ROOT

# What the product needs of the checkout; shares of it are read by ROOT.
PARTS = ("workbench", "dashboards", "hub_config", "pyproject.toml")
TRIAL = f"import ssl, sys, jupyterhub, workbench.settings; sys.exit(sys.version != {sys.version!r})"
BESIDE = b"$ORIGIN/../lib"
"""For the loader: the folder `lib` beside that of the program."""


def for_user(folder: Path, user: str) -> Path:
    """The interpreter with which job users run our servers and workers (`-m`: scripts name the other one)."""
    ours = Path(sys.executable)
    if runs(ours, user):
        return ours
    copy = mirror(folder)
    assert runs(copy, user), f"{user} can run neither {ours} nor its copy {copy}"
    return copy


def runs(python: Path, user: str) -> bool:
    """Whether this user can work with this interpreter."""
    command = ["runuser", "--user", user, "--", str(python), "-c", TRIAL]
    return subprocess.run(command, cwd="/", capture_output=True, check=False).returncode == 0


def mirror(folder: Path) -> Path:
    """The environment and the checkout once more, below `folder`: hard links where possible, else copies."""
    ours, base = Path(sys.prefix), Path(sys.base_prefix)
    checkout, environment = folder / "checkout", folder / "checkout" / "environment"
    for part in PARTS:
        _mirror(ROOT / part, checkout / part)
    _mirror(ours, environment)
    python = Path(sys.executable).resolve()
    if not _open_to_all(python):
        _mirror(base, folder / "python")
        python = folder / "python" / python.relative_to(base)
        _look_beside(python, base)
    link = environment / "bin" / "python"
    for name in ("python", "python3", python.name):
        (environment / "bin" / name).unlink(missing_ok=True)
    link.symlink_to(python)
    settings = environment / "pyvenv.cfg"
    lines = settings.read_text(encoding="utf-8").splitlines()
    settings.unlink()
    kept = [line for line in lines if not line.startswith(("home", "executable", "command"))]
    settings.write_text("\n".join([f"home = {python.parent}", *kept]) + "\n", encoding="utf-8")
    # Where the editable install points to.
    packages = environment / Path(sysconfig.get_path("purelib")).relative_to(ours)
    pointer = packages / "workbench.pth"
    pointer.unlink(missing_ok=True)
    pointer.write_text(f"{checkout}\n", encoding="utf-8")
    return link


def _mirror(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, copy_function=_link, ignore=_unwanted)
        for place, _, _ in os.walk(target):
            Path(place).chmod(0o755)
    else:
        _link(str(source), str(target))


def _look_beside(python: Path, base: Path) -> None:
    """Have a copied program load the library beside it: job users cannot reach the one whose path is built in.

    The loader would then take the system's Python of another version, silently.
    """
    built_in, program = os.fsencode(base / "lib") + b"\0", python.read_bytes()
    if built_in not in program:
        return  # it needs no library, or finds it in another way
    assert len(built_in) > len(BESIDE), f"{base} is too short a path to write {BESIDE!r} over it"
    python.unlink()  # it may be another name of the very file that is run here
    python.write_bytes(program.replace(built_in, BESIDE.ljust(len(built_in), b"\0")))
    python.chmod(0o755)


def _link(source: str, target: str) -> None:
    mode = Path(source).stat().st_mode
    if mode & 0o004:
        try:
            os.link(source, target)
        except OSError:  # another file system
            pass
        else:
            return
    shutil.copyfile(source, target)
    Path(target).chmod(0o755 if mode & 0o100 else 0o644)


def _unwanted(_folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name == "__pycache__"}


def _open_to_all(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o005) and all(parent.stat().st_mode & 0o001 for parent in path.parents)
