"""Bring in what projects stored by day: a CSV of date, project, bytes. Bad rows are kept with their line and reason.

The same file twice changes nothing; a later measure of the same day and project takes the place of the earlier one.
"""

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, insert, select, update

from workbench.analytics.parsed import Reject
from workbench.domain.projects import Project
from workbench.errors import FileUnreadable
from workbench.periods import day_of
from workbench.store.engine import Store
from workbench.store.other_charges import storage_daily
from workbench.store.raw import Capture, Outcome, add_capture, keep_bytes, known_capture, note_outcome

COLUMNS = ("date", "project", "bytes")
MOST_BYTES = 10**18
"""An exabyte in one project is a slip of the pen."""
TEXT_MOST = 200


@dataclass(frozen=True, slots=True)
class StorageReport:
    """Rows of a file: new measures, changed ones, known ones, and those that could not be used."""

    added: int
    changed: int
    unchanged: int
    rejects: list[Reject]
    capture_id: int | None


def ingest(store: Store, path: Path, now: int, *, dry_run: bool = False) -> StorageReport:
    """Bring in a file of measures, in one transaction; its bytes are kept.

    Args:
        store: the centre's records.
        path: CSV with the columns date (2026-01-31), project, bytes; others are left out.
        now: UTC epoch seconds.
        dry_run: read it and keep nothing.

    Raises:
        FileUnreadable: it cannot be opened, is no UTF-8 or names other columns.
    """
    today = day_of(now, store.settings.centre.zone)
    with store.read() as conn:
        projects = frozenset(conn.scalars(select(Project.slug)))
    measures, rejects = _read(path, projects, today)
    if dry_run:
        with store.read() as conn:
            known = _known(conn, measures)
        return StorageReport(*_counts(measures, known), rejects, None)
    digest, size = keep_bytes(store.settings.raw, path)
    capture = Capture("storage", "", path.name, digest, size, None)
    with store.begin() as conn:
        known = _known(conn, measures)
        added, changed, unchanged = _counts(measures, known)
        _write(conn, measures, known, now)
        there = known_capture(conn, capture)
        capture_id = add_capture(conn, capture, now) if there is None else there
        note_outcome(conn, capture_id, Outcome(added + changed, unchanged, rejects, None), is_new=there is None)
    return StorageReport(added, changed, unchanged, rejects, capture_id)


Measures = dict[tuple[str, str], int]
"""(day, project) → bytes."""


def _read(path: Path, projects: frozenset[str], today: date) -> tuple[Measures, list[Reject]]:
    measures: Measures = {}
    rejects: list[Reject] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if missing := sorted(set(COLUMNS) - set(rows.fieldnames or ())):
                raise FileUnreadable(path, f"its first line does not name the column(s) {', '.join(missing)}")
            for row in rows:
                cells = {name: (row[name] or "").strip() for name in COLUMNS}
                try:
                    key, stored = _measure(cells, projects, today)
                    if measures.setdefault(key, stored) != stored:
                        raise ValueError(f"two measures of {key[1]} on {key[0]} in one file")
                except ValueError as problem:
                    text = ",".join(cells.values())[:TEXT_MOST]
                    rejects.append(Reject(rows.line_num, "not usable", str(problem), text))
    except OSError as problem:
        raise FileUnreadable(path, problem.strerror or str(problem)) from problem
    except (UnicodeDecodeError, csv.Error) as problem:
        raise FileUnreadable(path, f"it is no CSV in UTF-8 ({problem})") from problem
    return measures, rejects


def _measure(cells: dict[str, str], projects: frozenset[str], today: date) -> tuple[tuple[str, str], int]:
    """One row. Raises ValueError with what is wrong with it."""
    try:
        day = date.fromisoformat(cells["date"])
    except ValueError as problem:
        raise ValueError(f"{cells['date']!r} is no date like 2026-01-31") from problem
    if day > today:
        raise ValueError(f"{day} is yet to come")
    if cells["project"] not in projects:
        raise ValueError(f"there is no project {cells['project']!r}")
    number = cells["bytes"]
    if not (number.isascii() and number.isdigit()):
        raise ValueError(f"{number!r} is no whole number of bytes")
    if int(number) > MOST_BYTES:
        raise ValueError(f"{number} bytes are more than can be real")
    return (day.isoformat(), cells["project"]), int(number)


def _known(conn: Connection, measures: Measures) -> Measures:
    if not measures:
        return {}
    days = [day for day, _ in measures]
    mine = storage_daily.c
    ask = select(mine.day, mine.project, mine.bytes).where(mine.day.between(min(days), max(days)))
    return {(day, project): int(stored) for day, project, stored in conn.execute(ask)}


def _counts(measures: Measures, known: Measures) -> tuple[int, int, int]:
    added = sum(key not in known for key in measures)
    unchanged = sum(known.get(key) == stored for key, stored in measures.items())
    return added, len(measures) - added - unchanged, unchanged


def _write(conn: Connection, measures: Measures, known: Measures, now: int) -> None:
    new = [
        {"day": key[0], "project": key[1], "bytes": stored, "noted_at": now}
        for key, stored in measures.items()
        if key not in known
    ]
    if new:
        conn.execute(insert(storage_daily), new)
    for (day, project), stored in measures.items():
        if known.get((day, project), stored) != stored:
            here = (storage_daily.c.day == day) & (storage_daily.c.project == project)
            conn.execute(update(storage_daily).where(here).values(bytes=stored, noted_at=now))
