"""The work of a class in one zip file: what was handed in, as nbgrader has it, and what the end has saved."""

import io
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from workbench.domain.training import TrainingSeat, TrainingSession
from workbench.services.training import archive, trees
from workbench.services.training.handin import student_of
from workbench.store.engine import Store

CHUNK = 1 << 20
TRIES = 5
"""To link a copy that its student replaces at the same moment."""


@dataclass(frozen=True, slots=True)
class Collected:
    """How many seats handed in, how many have their work saved, its size in bytes, until when (UTC epoch seconds)."""

    handed_in: int
    saved: int
    saved_bytes: int
    until: int


def collected(store: Store, session: TrainingSession, now: int) -> Collected | None:
    """What there is to fetch at `now` (UTC epoch seconds); None: nothing, or no more."""
    seats = _seats(store, session)
    handed = sum(seat.handed_in_at is not None for seat in seats)
    sizes = [seat.archived_bytes or 0 for seat in seats if seat.archive]
    until = archive.kept_until(session)
    return Collected(handed, len(sizes), sum(sizes), until) if (handed or sizes) and now < until else None


def handed_in(store: Store, session: TrainingSession) -> Iterator[bytes]:
    """The zip file of what was handed in until now, piece by piece: submitted/STUDENT/ASSIGNMENT/."""
    with _snapshot(archive.submitted(store.settings, session.handle)) as top:
        yield from _zipped(_below(top), zipfile.ZIP_DEFLATED)


def saved(store: Store, session: TrainingSession) -> Iterator[bytes]:
    """The zip file of the saved work, piece by piece: a zip file of each seat, HANDLE/NNN-NAME.zip."""
    kept = ((seat, store.settings.home / seat.archive) for seat in _seats(store, session) if seat.archive)
    files = ((f"{session.handle}/{student_of(seat)}.zip", file) for seat, file in kept if file.is_file())
    yield from _zipped(files, zipfile.ZIP_STORED)


def _seats(store: Store, session: TrainingSession) -> list[TrainingSeat]:
    mine = (TrainingSeat.session == session.id) & TrainingSeat.removed_at.is_(None)
    with store.db() as db:
        return list(db.scalars(select(TrainingSeat).where(mine).order_by(TrainingSeat.number)))


@contextmanager
def _snapshot(folder: Path) -> Iterator[Path]:
    """Each student's last whole copy as it is now, by other names of the same files: none changes while it is read."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetched.", dir=folder.parent) as made:
        top = Path(made) / folder.name
        top.mkdir()
        for student in sorted(one for one in folder.iterdir() if one.is_dir()):
            _linked(student, top / student.name)
        yield top


def _linked(student: Path, target: Path) -> None:
    for last in range(1 - TRIES, 1):
        try:
            target.mkdir()
            for place in sorted(one for one in student.iterdir() if one.is_dir() and not one.name.startswith(".")):
                _link(place, target / place.name)
        except OSError:
            if not last:
                raise
        else:
            if not last or any(target.iterdir()):
                return  # else its copy is between two names this moment
        shutil.rmtree(target, ignore_errors=True)
        time.sleep(0.05)


def _link(place: Path, target: Path) -> None:
    """All of the one folder that has this name now, also where another takes its name before its last file is linked.

    Raises:
        OSError: it is being removed already.
    """
    for folder, _folders, names, here in trees.walk(place, onerror=_raised):
        into = target / Path(folder).relative_to(place)
        into.mkdir()
        for name in names:
            os.link(name, into / name, src_dir_fd=here)


def _raised(problem: OSError) -> None:
    raise problem


def _below(top: Path) -> Iterator[tuple[str, Path]]:
    """Names within the zip file, and the files; not gone into by recursion, and no link is among them."""
    for folder, folders, names in os.walk(top):
        folders.sort()
        for name in sorted(names):
            file = Path(folder) / name
            yield os.fsencode(file.relative_to(top.parent)).decode("utf-8", "replace"), file


def _zipped(files: Iterable[tuple[str, Path]], method: int) -> Iterator[bytes]:
    out = _Pieces()
    with zipfile.ZipFile(out, "w", method, compresslevel=1, strict_timestamps=False) as packed:
        for name, file in files:
            entry = zipfile.ZipInfo.from_file(file, name, strict_timestamps=False)
            entry.compress_type, entry.external_attr = method, 0o600 << 16
            with file.open("rb") as source, packed.open(entry, "w", force_zip64=True) as target:
                while piece := source.read(CHUNK):
                    target.write(piece)
                    yield out.taken()
            yield out.taken()
    yield out.taken()


class _Pieces(io.RawIOBase):
    """A file that is only written, and emptied as it grows."""

    def __init__(self) -> None:
        self.held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, piece: "bytes | bytearray | memoryview", /) -> int:  # type: ignore[override]
        self.held += piece
        return len(piece)

    def taken(self) -> bytes:
        held, self.held = bytes(self.held), bytearray()
        return held
