"""The course of notebooks in a person's home: delivered, kept up to date, and never written over once they changed it.

A manifest beside the course says the digest of each file as it was last delivered. A file that still has it is ours to
update; one that differs is theirs, and a newer version is put beside it once, as NAME.new.ipynb. What they removed
stays removed. The digest of a notebook is that of its cells: JupyterLab writes its version and the kernel's into the
rest as soon as it is opened, and that is nobody's work.
"""

import hashlib
import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

MANIFEST = ".course.json"

MOST_BYTES = 64 * 1024**2
UNREADABLE = "unreadable"
"""In place of a digest: something is there that is not read, so it is theirs and stays."""


@dataclass
class Delivered:
    """Names of files, by what happened to them."""

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)


def deliver(course: Path, target: Path) -> Delivered:
    """Bring `target` up to date with `course`.

    Args:
        course: folder of notebooks and what they need; hidden files and folders in it are left out.
        target: the folder in a home; made where it is missing. Nothing outside of it is written, also where somebody
            has put a link in the way.
    """
    result = Delivered()
    if target.is_symlink() or not course.is_dir():
        return result
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    manifest = _read(target / MANIFEST)
    for source in sorted(course.rglob("*")):
        name = source.relative_to(course).as_posix()
        if source.is_file() and not any(part.startswith((".", "__")) for part in Path(name).parts):
            _deliver_one(source.read_bytes(), name, target, manifest, result)
    _write(target / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True).encode())
    return result


def _deliver_one(content: bytes, name: str, target: Path, manifest: dict[str, str], result: Delivered) -> None:
    file, new = target / name, _digest(content, name)
    if not _inside(file, target):
        result.kept.append(name)
        return
    known, present = manifest.get(name), _digest_of(file)
    if known is None and present is None:
        _write(file, content)
        result.added.append(name)
        manifest[name] = new
    elif present is not None and present == known and known != new:
        _write(file, content)
        result.updated.append(name)
        manifest[name] = new
    elif present == new:
        manifest[name] = new
    elif present is not None and known != new:
        _put_beside(content, name, target, manifest, result)
    else:
        result.kept.append(name)


def _put_beside(content: bytes, name: str, target: Path, manifest: dict[str, str], result: Delivered) -> None:
    """Once per version, and never over a copy that they have changed as well."""
    beside = Path(name).with_suffix(f".new{Path(name).suffix}").as_posix()
    file, new = target / beside, _digest(content, beside)
    known, present = manifest.get(beside), _digest_of(file)
    if known == new or present not in (None, known) or not _inside(file, target):
        result.kept.append(name)
        return
    _write(file, content)
    manifest[beside] = new
    result.beside.append(beside)


def _inside(file: Path, target: Path) -> bool:
    """Whether writing this file stays in the folder: no link leads out of it."""
    return not file.is_symlink() and file.resolve().is_relative_to(target.resolve())


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = file.with_name(f".{file.name}.{os.getpid()}")
    scratch.unlink(missing_ok=True)
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
    scratch.replace(file)


def _read(manifest: Path) -> dict[str, str]:
    """What was delivered; nothing where it is missing or spoilt, and then every file there counts as theirs."""
    try:
        content = json.loads(_content(manifest))
    except (OSError, ValueError, RecursionError):
        return {}
    return {k: v for k, v in content.items() if isinstance(v, str)} if isinstance(content, dict) else {}


def _content(file: Path) -> bytes:
    """A file of somebody else's folder, which the Hub reads with its own rights: no link, no pipe, nothing endless.

    Raises:
        OSError: it is not there, or is no ordinary file of a size that a notebook has, in ordinary folders.
    """
    if file.resolve().parent != file.parent.resolve() or file.is_symlink():
        raise OSError(f"{file} is a link")
    opened = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(opened, "rb") as source:
        status = os.fstat(opened)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
            raise OSError(f"{file} is no ordinary file of at most {MOST_BYTES} bytes")
        return source.read(MOST_BYTES)


def _digest(content: bytes, name: str) -> str:
    return hashlib.sha256(_cells(content) if name.endswith(".ipynb") else content).hexdigest()


def _cells(content: bytes) -> bytes:
    """What people write and run in a notebook, in one form; the file as it is where it is no notebook."""
    try:
        cells = json.loads(content)["cells"]
        kept = [[cell["cell_type"], "".join(cell["source"]), cell.get("outputs", [])] for cell in cells]
    except (ValueError, KeyError, TypeError, RecursionError):
        return content
    return json.dumps(kept, sort_keys=True).encode()


def _digest_of(file: Path) -> str | None:
    try:
        return _digest(_content(file), file.name)
    except FileNotFoundError:
        return None
    except OSError:
        return UNREADABLE
