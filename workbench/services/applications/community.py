"""From the community around the centre to its users: members, applicants, approved, active, using.

An organisation is one wherever it is written the same. Members come in as CSV; the published sum of the model community
(over 400, more than 120 of them new in a year) is in the sample centre, with invented names.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from workbench.domain.awards import Application
from workbench.domain.community import Organisation
from workbench.domain.projects import CATEGORIES, Project
from workbench.errors import FileUnreadable
from workbench.services.spend_days import ONE_DAY, days_before, today_of
from workbench.store.charges import charge_sums, decided_awards
from workbench.store.engine import Store

COLUMNS = ("organisation", "category", "joined_on")
USING_DAYS = 90
NEW_DAYS = 365


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the funnel: organisations in it by today, members of the community among them, and those new in a year.

    on: since when the last one is in it; None: nobody, or it has no day. mark: 'made up' where any of it is.
    """

    name: str
    organisations: int
    members: int
    new_members: int
    on: date | None
    made_up: bool


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """Members new to the records, and those that were there and changed or stayed."""

    new: int
    known: int


def funnel(store: Store, now: int) -> list[Step]:
    """Members → applied → approved → active (an award in force) → using (charged in the last 90 days).

    Args:
        store: any.
        now: UTC epoch seconds.
    """
    today = today_of(store, now)
    with store.read() as conn:
        members = _members(conn, today)
        steps = [("members", {name: row.joined_on for name, row in members.items()}), *_beyond(conn, store, today)]
        made_up = any(row.made_up for row in members.values()) or bool(
            conn.execute(select(Application.id).where(Application.made_up).limit(1)).first()
        )
    fresh = {name for name, row in members.items() if (today - row.joined_on).days < NEW_DAYS}
    return [
        Step(
            name=name,
            organisations=len(found),
            members=len(found.keys() & members.keys()),
            new_members=len(found.keys() & fresh),
            on=max(found.values(), default=None),
            made_up=made_up,
        )
        for name, found in steps
    ]


def _members(conn: Connection, today: date) -> dict[str, Organisation]:
    with Session(conn, expire_on_commit=False) as db:
        found = db.scalars(select(Organisation).where(Organisation.joined_on <= today))
        return {row.name: row for row in found}


def _beyond(conn: Connection, store: Store, today: date) -> Iterator[tuple[str, dict[str, date]]]:
    """The steps after membership: name, and organisation → the day on which it came to it."""
    with Session(conn) as db:
        asked = [a for a in db.scalars(select(Application)) if a.stage != "draft" and a.received_on <= today]
        yield "applied", _first((a.organisation, a.received_on) for a in asked)
        approved = [(a.organisation, a.decided_on) for a in asked if a.decision == "approved" and a.decided_on]
        yield "approved", _first((name, day) for name, day in approved if day <= today)
        whose = {row.slug: row.organisation for row in db.scalars(select(Project))}
    live = [a for a in decided_awards(conn, None, today) if a.application and a.starts_on <= today < a.ends_on]
    active = _first((whose[award.project], award.starts_on) for award in live)
    yield "active", active
    sums = charge_sums(conn, ("project",), None, (days_before(store, today, USING_DAYS)[0], today + ONE_DAY))
    names = {whose[slug] for slug in sums["project"] if slug in whose}
    yield "using", {name: day for name, day in active.items() if name in names}


def _first(pairs: Iterable[tuple[str, date]]) -> dict[str, date]:
    found: dict[str, date] = {}
    for name, day in pairs:
        found[name] = min(day, found.get(name, day))
    return found


def bring_in(store: Store, file: Path) -> BroughtIn:
    """Members of the community from a CSV with the columns of COLUMNS; the file is taken whole or not at all.

    Args:
        store: any.
        file: joined_on like 2025-03-01; a member that is there gets what the file says.

    Raises:
        FileUnreadable: with every line that cannot be taken, and why.
    """
    rows = _read(file)
    with store.db(writes=True) as db:
        known = set(db.scalars(select(Organisation.name)))
        for name, category, joined_on in rows:
            db.merge(Organisation(name=name, category=category, joined_on=joined_on))
    return BroughtIn(sum(name not in known for name, _, _ in rows), sum(name in known for name, _, _ in rows))


def _read(file: Path) -> list[tuple[str, str, date]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            found = list(csv.DictReader(text))
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise FileUnreadable(file, str(problem)) from problem
    rows: list[tuple[str, str, date]] = []
    wrong = [] if found and set(COLUMNS) <= set(found[0]) else [f"line 1: the columns are {', '.join(COLUMNS)}"]
    for number, row in enumerate(found if not wrong else [], start=2):
        name, category, day = (str(row[column] or "").strip() for column in COLUMNS)
        try:
            joined_on = date.fromisoformat(day)
        except ValueError:
            wrong.append(f"line {number}: {day!r} is no day like 2025-03-01")
            continue
        if not name or category not in CATEGORIES:
            known = ", ".join(CATEGORIES)
            wrong.append(f"line {number}: {name or 'no organisation'}, {category!r}; categories: {known}")
            continue
        rows.append((name, category, joined_on))
    if len({name for name, _, _ in rows}) < len(rows):
        wrong.append("an organisation is there twice")
    if wrong:
        raise FileUnreadable(file, "; ".join(wrong[:20]))
    return rows
