"""The work of a seat, kept as one zip file after the end of its class, for as long as its plan says.

A student's home is a stranger's folder: links in it are never followed, what is no plain file is left out.
"""

import os
import shutil
import stat
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from workbench.domain.training import TrainingSeat, TrainingSession
from workbench.i18n import _
from workbench.services.training import events
from workbench.settings import Settings
from workbench.store.engine import Store
from workbench.units import DAY_S

LEFT_OUT = frozenset(
    (".cache", ".config", ".git", ".ipynb_checkpoints", ".ipython", ".jupyter", ".local", ".npm", "__pycache__")
)
"""Folders that programs fill by themselves."""
MOST_BYTES = 1024**3
SAYS = "LEFT_OUT.txt"
FIRST_DATE, LAST_DATE = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)
"""That a zip file can name."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A file below the state folder, its size in bytes, and how many files did not fit into it."""

    path: str
    size_bytes: int
    left_out: int


def save(settings: Settings, handle: str, number: int, home: Path) -> Saved:
    """Write the work of a seat into its zip file; a second time replaces it.

    Args:
        settings: of the centre.
        handle: of the class. number: of the seat.
        home: of the seat; nothing writes there any more.

    Raises:
        OSError: it cannot be read or written; nothing half-written is left.
    """
    file = settings.training_folder / handle / "work" / f"{number:03d}.zip"
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = file.with_suffix(".part")
    try:
        with open(unfinished, "wb", opener=_private) as opened:
            left_out = _pack(opened, home)
            opened.flush()
            os.fsync(opened.fileno())
        unfinished.replace(file)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return Saved(str(file.relative_to(settings.home)), file.stat().st_size, left_out)


def clear(home: Path) -> None:
    """Remove the home of a seat, also what its student made unremovable.

    Raises:
        OSError: something is still there.
    """

    def opened(remove: Callable[[str], Any], path: str, _problem: object) -> None:
        os.chmod(os.path.dirname(path), 0o700)  # noqa: PTH101, PTH120 - what rmtree gives
        if not os.path.islink(path):  # noqa: PTH114
            os.chmod(path, 0o700)  # noqa: PTH101
        if remove in (os.unlink, os.rmdir):
            remove(path)
        else:
            shutil.rmtree(path)

    if home.exists():
        shutil.rmtree(home, onerror=opened)


def kept(store: Store, handle: str, number: int) -> Path | None:
    """The saved work of a seat; None where there is none, or no more."""
    ask = select(TrainingSeat).join(TrainingSession, TrainingSession.id == TrainingSeat.session)
    with store.db() as db:
        seat = db.scalars(ask.where(TrainingSession.handle == handle, TrainingSeat.number == number)).first()
    if seat is None or not seat.archive or seat.removed_at is not None:
        return None
    file = store.settings.home / seat.archive
    return file if file.is_file() else None


def kept_until(session: TrainingSession) -> int:
    """Until when saved work can be fetched, UTC epoch seconds."""
    return (session.ended_at or session.ends_at) + session.keep_days * DAY_S


def forget(store: Store, now: int) -> int:
    """Remove the saved work whose time is over; how many seats' it was."""
    ask = select(TrainingSession, TrainingSeat).join(TrainingSeat, TrainingSeat.session == TrainingSession.id)
    ask = ask.where(
        TrainingSession.ended_at.is_not(None), TrainingSeat.archive != "", TrainingSeat.removed_at.is_(None)
    )
    with store.db() as db:
        due = [(session, seat) for session, seat in db.execute(ask) if kept_until(session) <= now]
    for _session, seat in due:
        (store.settings.home / seat.archive).unlink(missing_ok=True)
    if due:
        with store.db(writes=True) as db:
            ids = [seat.id for _session, seat in due]
            for seat in db.scalars(select(TrainingSeat).where(TrainingSeat.id.in_(ids))):
                seat.removed_at = now
            for session in {one.id: one for one, _seat in due}.values():
                events.note(db, "removed", now, session=session.id, says=_("Saved work, after its time"))
    return len(due)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _pack(opened: Any, home: Path) -> int:
    room = MOST_BYTES
    left_out: list[str] = []
    with zipfile.ZipFile(opened, "w", zipfile.ZIP_DEFLATED, compresslevel=1, strict_timestamps=False) as packed:
        for path, name in _files(home, left_out):
            try:
                fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            except OSError:
                left_out.append(name)
                continue
            with os.fdopen(fd, "rb") as source:
                status = os.fstat(fd)
                if not stat.S_ISREG(status.st_mode):
                    continue
                if status.st_size > room:
                    left_out.append(name)
                    continue
                room -= status.st_size
                with packed.open(_entry(name, status.st_mtime), "w", force_zip64=status.st_size > 2**31) as target:
                    shutil.copyfileobj(source, target)
        if left_out:
            packed.writestr(SAYS, "\n".join([_("Too large, or not to be read:"), *left_out]) + "\n")
    return len(left_out)


def _entry(name: str, changed_at: float) -> zipfile.ZipInfo:
    date = min(LAST_DATE, max(FIRST_DATE, time.gmtime(max(0.0, min(changed_at, 2.0**32)))[:6]))
    entry = zipfile.ZipInfo(name, date)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
    return entry


def _files(home: Path, unread: list[str]) -> Iterator[tuple[str, str]]:
    """Paths of the files of a home, and their names below it; folders that cannot be read go into `unread`."""
    for folder, inside, files in os.walk(home, onerror=lambda problem: unread.append(str(problem.filename))):
        inside[:] = sorted(name for name in inside if name not in LEFT_OUT)
        for name in sorted(files):
            path = os.path.join(folder, name)  # noqa: PTH118 - names that are no text stay what they are
            if not os.path.islink(path):  # noqa: PTH114
                yield path, os.path.relpath(path, home).encode("utf-8", "replace").decode()
