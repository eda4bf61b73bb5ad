"""The work of a seat, kept as one zip file after the end of its class, for as long as its plan says.

A student's home is a stranger's folder: links in it are never followed, what is no plain file is left out.
"""

import errno
import os
import shutil
import stat
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from workbench.domain.training import TrainingSeat, TrainingSession
from workbench.i18n import _
from workbench.services.training import events, trees
from workbench.settings import Settings
from workbench.store.engine import Store
from workbench.units import DAY_S

LEFT_OUT = frozenset(
    (".cache", ".config", ".git", ".ipynb_checkpoints", ".ipython", ".jupyter", ".local", ".npm", "__pycache__")
)
"""Folders that programs fill by themselves."""
MOST_BYTES = 1024**3
MOST_FILES = 50_000
MOST_NAMED = 1_000
"""Of what did not fit."""
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


def kept(store: Store, handle: str, number: int) -> Path | None:
    """The saved work of a seat; None where there is none, or no more."""
    ask = select(TrainingSeat).join(TrainingSession, TrainingSession.id == TrainingSeat.session)
    with store.db() as db:
        seat = db.scalars(ask.where(TrainingSession.handle == handle, TrainingSeat.number == number)).first()
    if seat is None or not seat.archive or seat.removed_at is not None:
        return None
    file = store.settings.home / seat.archive
    return file if file.is_file() else None


def submitted(settings: Settings, handle: str) -> Path:
    """Where a class's handed-in work is."""
    return settings.training_folder / handle / "submitted"


def kept_until(session: TrainingSession) -> int:
    """Until when saved work can be fetched, UTC epoch seconds."""
    return (session.ended_at or session.ends_at) + session.keep_days * DAY_S


def forget(store: Store, now: int) -> int:
    """Remove the saved and the handed-in work whose time is over; how many seats' it was."""
    ask = select(TrainingSession, TrainingSeat).join(TrainingSeat, TrainingSeat.session == TrainingSession.id)
    ask = ask.where(
        TrainingSession.ended_at.is_not(None),
        (TrainingSeat.archive != "") | TrainingSeat.handed_in_at.is_not(None),
        TrainingSeat.removed_at.is_(None),
    )
    with store.db() as db:
        due = [(session, seat) for session, seat in db.execute(ask) if kept_until(session) <= now]
    for _session, seat in due:
        if seat.archive:
            (store.settings.home / seat.archive).unlink(missing_ok=True)
    for handle in {session.handle for session, _seat in due}:
        shutil.rmtree(submitted(store.settings, handle), ignore_errors=True)
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
    room, files = MOST_BYTES, 0
    left_out: list[str] = []
    with zipfile.ZipFile(opened, "w", zipfile.ZIP_DEFLATED, compresslevel=1, strict_timestamps=False) as packed:
        for name, fd in _files(home, left_out):
            with os.fdopen(fd, "rb") as source:
                status = os.fstat(fd)
                if not stat.S_ISREG(status.st_mode):
                    continue
                if status.st_size > room or files >= MOST_FILES:
                    left_out.append(name)
                    continue
                room, files = room - status.st_size, files + 1
                with packed.open(_entry(name, status.st_mtime), "w", force_zip64=status.st_size > 2**31) as target:
                    shutil.copyfileobj(source, target)
        if left_out:
            packed.writestr(SAYS, "\n".join([_("Too large, too deep, too many, or not to be read:"), *_few(left_out)]))
    return len(left_out)


def _few(names: list[str]) -> list[str]:
    more = [_("and {n} more").format(n=len(names) - MOST_NAMED)] if len(names) > MOST_NAMED else []
    return [*names[:MOST_NAMED], *more, ""]


def _entry(name: str, changed_at: float) -> zipfile.ZipInfo:
    date = min(LAST_DATE, max(FIRST_DATE, time.gmtime(max(0.0, min(changed_at, 2.0**32)))[:6]))
    entry = zipfile.ZipInfo(name, date)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
    return entry


def _files(home: Path, unread: list[str]) -> Iterator[tuple[str, int]]:
    """Names of the files of a home, below it, and each one open; what cannot be read goes into `unread`."""

    def name_of(path: str) -> str:
        return os.path.relpath(path, home).encode("utf-8", "replace").decode()

    def not_read(path: str) -> None:
        unread.append(name_of(path))

    for folder, inside, files, here in trees.walk(home, onerror=lambda p: not_read(str(p.filename)), deeper=not_read):
        inside[:] = sorted(name for name in inside if name not in LEFT_OUT)
        for name in sorted(files):
            path = os.path.join(folder, name)  # noqa: PTH118 - names that are no text stay what they are
            try:
                fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=here)
            except OSError as problem:
                if problem.errno not in (errno.ELOOP, errno.ENXIO):  # a link, a socket
                    not_read(path)
                continue
            yield name_of(path), fd
