"""Hand in: a copy of a seat's work as it is now, in the folders that nbgrader knows: submitted/STUDENT/ASSIGNMENT/.

The tree belongs to a student: no link is followed, nothing but ordinary files is taken, and not more than fits.
Source: nbgrader, "Directory structure".
"""

import os
import re
import shutil
import stat
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from sqlalchemy import select

from workbench.domain.training import MATERIALS, TrainingSeat, TrainingSession
from workbench.errors import TrainingRefused, UnknownTraining
from workbench.services.training import events
from workbench.store.engine import Store

MOST_BYTES = 500_000_000
MOST_FILES = 5_000
REST = "home"
"""Of the copy: what a student keeps beside the class's folder."""
STAMP = "timestamp.txt"
"""In which nbgrader reads when it was handed in."""


def hand_in(store: Store, name: str, now: int) -> dict[str, int]:
    """Copy the work of a seat; a later copy replaces the one before.

    Args:
        store: the centre's; homes lie beside it.
        name: of the seat at the Hub.
        now: UTC epoch seconds.

    Raises:
        UnknownTraining: no such seat. TrainingRefused: more than can be taken.
    """
    with store.db() as db:
        seat = db.scalars(select(TrainingSeat).where(TrainingSeat.name == name)).first()
        if seat is None:
            raise UnknownTraining(name)
        session = db.get_one(TrainingSession, seat.session)
    place = folder_of(store, session) / student_of(seat) / assignment_of(session)
    files = _collect(store.settings.homes / name, place, now, own=bool(session.materials))
    with store.db(writes=True) as db:
        db.get_one(TrainingSeat, seat.id).handed_in_at = now
        events.note(db, "handed-in", now, session=session.id, seat=seat.id, who=seat.shown_name)
    return {"handed_in_at": now, "files": files}


def folder_of(store: Store, session: TrainingSession) -> Path:
    """Where a class's handed-in work is."""
    return store.settings.training_folder / session.handle / "submitted"


def student_of(seat: TrainingSeat) -> str:
    """A folder's name for who sits there, unlike that of any other seat."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", seat.shown_name).strip("-").lower()[:60]
    return f"{seat.number:03d}-{plain}" if plain else f"{seat.number:03d}"


def assignment_of(session: TrainingSession) -> str:
    """A folder's name for the class's work."""
    return re.sub(r"[^A-Za-z0-9]+", "-", session.title).strip("-").lower()[:60] or session.handle


def _collect(home: Path, place: Path, now: int, *, own: bool) -> int:
    """Copy what is in a home now to its place; how many files. `own`: the class's folder holds the work."""
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    try:
        files = _copy(home, fresh, own=own)
        at = datetime.fromtimestamp(now, UTC)
        (fresh / STAMP).write_text(f"{at:%Y-%m-%d %H:%M:%S.%f} UTC", encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        fresh.rename(place)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return files


def _copy(home: Path, fresh: Path, *, own: bool) -> int:
    """From folder to folder by what is open, not by name: no link that comes in between leads out of the home."""
    left_bytes, files = MOST_BYTES, 0
    for folder, folders, names, here in os.fwalk(home, follow_symlinks=False):
        folders[:] = sorted(one for one in folders if not one.startswith((".", "__")))
        for name in sorted(one for one in names if not one.startswith(".")):
            try:
                opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=here)
            except OSError:
                continue  # a link, or gone meanwhile
            with os.fdopen(opened, "rb") as source:
                known = os.fstat(opened)
                if not stat.S_ISREG(known.st_mode):
                    continue
                left_bytes, files = left_bytes - known.st_size, files + 1
                if left_bytes < 0 or files > MOST_FILES:
                    said = f"It is more than {MOST_FILES} files or {MOST_BYTES // 1_000_000} MB."
                    raise TrainingRefused("Hand in", [said], "Remove what can be made again.")
                target = fresh / _name(Path(folder).relative_to(home) / name, own=own)
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as out:
                    _within(source, out, known.st_size)
    return files


def _name(path: Path, *, own: bool) -> Path:
    """Where a file of the home goes: notebooks of the class are where nbgrader looks for them, the rest beside."""
    if not own:
        return path
    return Path(*path.parts[1:]) if path.parts[0] == MATERIALS and len(path.parts) > 1 else Path(REST) / path


def _within(source: IO[bytes], out: IO[bytes], size: int) -> None:
    """Copy no more than was counted, also of a file that grows."""
    while size > 0 and (piece := source.read(min(size, 1 << 20))):
        out.write(piece)
        size -= len(piece)
