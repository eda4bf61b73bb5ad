"""Hand in: a copy of a seat's work as it is now, in the folders that nbgrader knows: submitted/STUDENT/ASSIGNMENT/.

The tree belongs to a student: no link is followed, nothing but ordinary files is taken, and not more than fits.
Source: nbgrader, "Directory structure".
"""

import os
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select

from workbench.domain.training import TrainingSeat, TrainingSession
from workbench.errors import TrainingRefused, UnknownTraining
from workbench.services.training import events
from workbench.store.engine import Store

MOST_BYTES = 500_000_000
MOST_FILES = 5_000


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
    home = store.settings.homes / name
    found = list(work_in(home))
    size = sum(home.joinpath(path).lstat().st_size for path in found)
    if len(found) > MOST_FILES or size > MOST_BYTES:
        said = (
            f"{len(found)} files of {size // 1_000_000} MB are more than {MOST_FILES} and {MOST_BYTES // 1_000_000} MB."
        )
        raise TrainingRefused("Hand in", [said], "Remove what can be made again.")
    _copy(home, found, place)
    with store.db(writes=True) as db:
        db.get_one(TrainingSeat, seat.id).handed_in_at = now
        events.note(db, "handed-in", now, session=session.id, seat=seat.id, who=seat.shown_name)
    return {"handed_in_at": now, "files": len(found)}


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


def work_in(home: Path) -> Iterator[str]:
    """The ordinary files of a home, relative to it; hidden ones and what links lead to are left out."""
    for folder, folders, files in os.walk(home):
        folders[:] = sorted(one for one in folders if not one.startswith((".", "__")))
        for one in sorted(files):
            path = Path(folder) / one
            if not one.startswith(".") and stat.S_ISREG(path.lstat().st_mode):
                yield path.relative_to(home).as_posix()


def _copy(home: Path, found: list[str], place: Path) -> None:
    fresh = place.with_name(f".{place.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name in found:
        target = fresh / name
        target.parent.mkdir(parents=True, exist_ok=True)
        # Opened without following a link that came in between.
        with os.fdopen(os.open(home / name, os.O_RDONLY | os.O_NOFOLLOW), "rb") as source, target.open("wb") as out:
            shutil.copyfileobj(source, out)
    shutil.rmtree(place, ignore_errors=True)
    fresh.rename(place)
