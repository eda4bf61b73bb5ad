"""Hand in: a copy of a seat's work as it is now, in the folders that nbgrader knows: submitted/STUDENT/ASSIGNMENT/.

The tree belongs to a student: no link is followed, nothing but ordinary files is taken, and not more than fits.
Source: nbgrader, "Directory structure".
"""

import os
import shutil
import stat
import tempfile
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from workbench.domain.training import MATERIALS, OPEN, WARMING, TrainingSeat, TrainingSession, phase
from workbench.errors import TrainingRefused
from workbench.services.training import archive, events, trees
from workbench.services.training.messages import seat_in
from workbench.store.engine import Store

MOST_BYTES = 500_000_000
MOST_FILES = 5_000
LONGEST_NAME = 120
"""Bytes of a folder's name, of 255 that file systems take."""
BEFORE = ".before"
REST = "home"
"""Of the copy: what a student keeps beside the class's folder."""
STAMP = "timestamp.txt"
"""In which nbgrader reads when it was handed in."""
_turn, _busy = threading.Lock(), set[str]()


def hand_in(store: Store, name: str, now: int) -> dict[str, int]:
    """Copy the work of a seat; a later copy replaces the one before.

    Args:
        store: the centre's; homes lie beside it.
        name: of the seat at the Hub.
        now: UTC epoch seconds, when it was asked for: until the class ends.

    Raises:
        UnknownTraining: no such seat. TrainingRefused: more than can be taken, its class is over, or it is being
        handed in this moment.
    """
    with store.db() as db:
        session, seat = seat_in(db, name)
        _check_on(session, seat, now)
    with _alone(name):
        place = archive.submitted(store.settings, session.handle) / student_of(seat) / assignment_of(session)
        copied = _collected(store.settings.homes / name, place, now, own=bool(session.materials))
        with copied as (fresh, files), store.db(writes=True) as db:
            session, seat = seat_in(db, name)
            _check_on(session, seat, now)  # it may have ended meanwhile, and its folder be packed
            seat.handed_in_at = now
            events.note_few(db, "handed-in", now, session=session.id, seat=seat.id, who=name, says=seat.shown_name)
            if place.exists():
                place.rename(_before(fresh))
            fresh.rename(place)
    return {"handed_in_at": now, "files": files}


def _check_on(session: TrainingSession, seat: TrainingSeat, now: int) -> None:
    if seat.ended_at is not None or phase(session, now) not in (WARMING, OPEN):
        raise TrainingRefused("Hand in", ["This class is over."], "Your instructor has what you handed in before.")


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """One copy of a seat at a time: each may be half a gigabyte."""
    with _turn:
        if name in _busy:
            raise TrainingRefused("Hand in", ["Your work is being handed in this moment."], "Wait until that is done.")
        _busy.add(name)
    try:
        yield
    finally:
        with _turn:
            _busy.discard(name)


def student_of(seat: TrainingSeat) -> str:
    """A folder's name for who sits there, unlike that of any other seat."""
    plain = _plain(seat.shown_name)
    return f"{seat.number:03d}-{plain}" if plain else f"{seat.number:03d}"


def assignment_of(session: TrainingSession) -> str:
    """A folder's name for the class's work."""
    return _plain(session.title) or session.handle


def _plain(text: str) -> str:
    """Its letters and digits, of any script, small and with hyphens between words; nbgrader takes them as they are."""
    kept = unicodedata.normalize("NFC", text).lower()
    words = "".join(c if c.isalnum() or unicodedata.category(c).startswith("M") else " " for c in kept).split()
    return "-".join(words).encode()[:LONGEST_NAME].decode(errors="ignore").strip("-")


@contextmanager
def _collected(home: Path, place: Path, now: int, *, own: bool) -> Iterator[tuple[Path, int]]:
    """A copy of what is in a home now, beside its place, and how many files; `own`: the class's folder has the work."""
    place.parent.mkdir(parents=True, exist_ok=True)
    _after_a_crash(place)
    fresh = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    try:
        try:
            files = _copy(home, fresh, own=own)
            at = datetime.fromtimestamp(now, UTC)
            (fresh / STAMP).write_text(f"{at:%Y-%m-%d %H:%M:%S.%f} UTC", encoding="utf-8")
        except OSError as problem:  # names too long, a folder where a file is to be, a full disk
            said = f"It cannot be copied: {problem.strerror or problem}."
            raise TrainingRefused("Hand in", [said], "Shorten names, or tell your instructor.") from problem
        yield fresh, files
    finally:
        for left in (fresh, _before(fresh)):
            shutil.rmtree(left, ignore_errors=True)


def _after_a_crash(place: Path) -> None:
    """Put back an earlier copy that nothing took the place of, and remove halves of others."""
    for left in place.parent.glob(f".{place.name}.*"):
        if left.name.endswith(BEFORE) and not place.exists():
            left.rename(place)
        else:
            shutil.rmtree(left, ignore_errors=True)


def _before(fresh: Path) -> Path:
    """Where the earlier copy is put until the new one is in its place."""
    return fresh.with_name(f"{fresh.name}{BEFORE}")


def _copy(home: Path, fresh: Path, *, own: bool) -> int:
    """From folder to folder by what is open, not by name: no link that comes in between leads out of the home."""
    left_bytes, files = MOST_BYTES, 0
    rest = REST
    while own and os.path.lexists(home / MATERIALS / rest):  # the class has a folder or a notebook of that name
        rest = f"{rest}-of-seat"
    for folder, folders, names, here in trees.walk(home, deeper=_too_deep):
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
                target = fresh / _name(Path(folder).relative_to(home) / name, rest if own else "")
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as out:
                    _within(source, out, known.st_size)
    return files


def _too_deep(path: str) -> None:
    said = f"{os.path.basename(path)} lies more than {trees.DEEPEST} folders deep."  # noqa: PTH119
    raise TrainingRefused("Hand in", [said], "Move it up, or remove it.")


def _name(path: Path, rest: str) -> Path:
    """Where a file of the home goes: notebooks of the class are where nbgrader looks for them, the rest beside; ""
    where the class has none, and all of it is the work.
    """
    if not rest:
        return path
    return Path(*path.parts[1:]) if path.parts[0] == MATERIALS and len(path.parts) > 1 else Path(rest) / path


def _within(source: IO[bytes], out: IO[bytes], size: int) -> None:
    """Copy no more than was counted, also of a file that grows."""
    while size > 0 and (piece := source.read(min(size, 1 << 20))):
        out.write(piece)
        size -= len(piece)
