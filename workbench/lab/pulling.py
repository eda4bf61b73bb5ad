"""New materials into a seat's home, without a change of the student's being lost.

nbgitpuller merges, by its rules: what was removed comes back, what is new comes. A file that was changed here and there
is put back as the student has it, byte by byte, for it may be open in their Lab; the instructor's new version lies
beside it, NAME.new.ipynb. Runs in the seat, as the seat's user. Source: nbgitpuller, "Automatic merging".
"""

import os
import subprocess
import threading
from contextlib import suppress
from pathlib import Path, PurePosixPath

FOLDER, BRANCH = "class", "main"
LIMIT_S = 60
_turn = threading.Lock()


def pull(home: Path) -> dict[str, object]:
    """Bring the materials in a home up to what is published.

    Returns: updated: names of files that are new or newer; conflicts: those that were changed on both sides, `file`
    the student's and `beside` the instructor's

    Raises:
        OSError, subprocess.SubprocessError: it cannot be done; the student's files are as they were.
    """
    folder = home / FOLDER
    if not (folder / ".git").is_dir():
        return {"updated": [], "conflicts": []}
    with _turn:
        return _pull(folder)


def _pull(folder: Path) -> dict[str, object]:
    before = _git(folder, "rev-parse", f"origin/{BRANCH}").strip()
    _git(folder, "fetch", "--quiet", "origin")
    after = _git(folder, "rev-parse", f"origin/{BRANCH}").strip()
    removed = {name: _bytes(folder, "HEAD", name) for name in _names(folder, "ls-files", "--deleted")}
    if before == after and not removed:
        return {"updated": [], "conflicts": []}
    theirs = set(_names(folder, "diff", "--name-only", before, after))
    # Against what was published before: earlier pulls have committed what the student had changed.
    mine = set(_names(folder, "diff", "--name-only", before)) | set(_names(folder, "ls-files", "--others"))
    kept = {name: content for name in theirs & mine if (content := _here(folder / name)) is not None}
    try:
        renamed = _merge(folder)
    finally:
        for name, content in kept.items():
            _write(folder / name, content)
    for name, other in renamed.items():
        if _here(folder / name) == _here(folder / other):
            (folder / other).unlink()  # the student's, which is where it was again
    conflicts = []
    for name, content in sorted(kept.items()):
        new = _bytes(folder, after, name)
        if new is not None and new != content:
            beside = _beside(folder, name, new)
            conflicts.append({"file": f"{FOLDER}/{name}", "beside": f"{FOLDER}/{beside}"})
    changed = (theirs - set(kept)) | set(removed)
    return {"updated": [f"{FOLDER}/{name}" for name in sorted(changed)], "conflicts": conflicts}


def _merge(folder: Path) -> dict[str, str]:
    """Have nbgitpuller merge; files that were in the way of new ones, by their names now."""
    from nbgitpuller.pull import GitPuller

    address = _git(folder, "config", "remote.origin.url").strip()
    renamed = {}
    for line in GitPuller(address, str(folder), branch=BRANCH, depth=0).pull():
        if line.startswith("Renamed ") and line.endswith(" to avoid conflict with upstream"):
            old, _, new = (
                line.removeprefix("Renamed ").removesuffix(" to avoid conflict with upstream").partition(" to ")
            )
            renamed[os.path.relpath(old, folder)] = os.path.relpath(new, folder)
    return renamed


def _beside(folder: Path, name: str, content: bytes) -> str:
    """Write the new version beside the student's; never over one that they have changed as well."""
    path = PurePosixPath(name)
    for number in range(1, 100):
        beside = str(path.with_suffix(f".new{number if number > 1 else ''}{path.suffix}"))
        if (there := _here(folder / beside)) is None or there == content:
            _write(folder / beside, content)
            return beside
    raise OSError(f"{name}: too many versions of it lie beside it")


def _here(file: Path) -> bytes | None:
    with suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return file.read_bytes()
    return None


def _write(file: Path, content: bytes) -> None:
    if _here(file) == content:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    scratch = file.with_name(f".{file.name}.{os.getpid()}")
    scratch.write_bytes(content)
    scratch.replace(file)


def _bytes(folder: Path, commit: str, name: str) -> bytes | None:
    done = subprocess.run(
        ["git", "cat-file", "blob", f"{commit}:{name}"],
        cwd=folder, capture_output=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    return done.stdout if done.returncode == 0 else None


def _names(folder: Path, *words: str) -> list[str]:
    return [name for name in _git(folder, *words, "-z").split("\0") if name]


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, timeout=LIMIT_S, check=True)
    return done.stdout
