"""Awards with their versions, out of the database. Minor units, the centre's calendar days."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from workbench.domain.applications import PlannedMonth
from workbench.domain.award_versions import Version, as_of, first_version
from workbench.domain.awards import Award

FEW = 200
"""So many awards are asked for by their numbers, more all at once."""


def stored_awards(conn: Connection, projects: frozenset[str] | None) -> list[Award]:
    """Awards as they were decided (version 1), in the order in which they begin; None: of all projects."""
    table = Award.__table__.c
    ask = select(Award).order_by(table.starts_on, table.id)
    if projects is not None:
        ask = ask.where(table.project.in_(sorted(projects)))
    with Session(conn, expire_on_commit=False) as db:
        return list(db.scalars(ask))


def versions_of(conn: Connection, awards: Iterable[int]) -> dict[int, list[Version]]:
    """Award → its versions 1, 2, 3 …, for each of these awards that is there."""
    wanted = set(awards)
    decided, later = select(Award), select(Version).order_by(Version.award, Version.version)
    if len(wanted) <= FEW:
        decided, later = decided.where(Award.id.in_(wanted)), later.where(Version.award.in_(wanted))
    with Session(conn, expire_on_commit=False) as db:
        found = {award.id: [first_version(award)] for award in db.scalars(decided) if award.id in wanted}
        for version in db.scalars(later):
            if version.award in found:
                found[version.award].append(version)
    return found


def awards_on(conn: Connection, projects: frozenset[str] | None, day: date) -> list[Award]:
    """Awards decided by a day with the rate, ceiling and term of that day, in the order in which they began."""
    awards = [award for award in stored_awards(conn, projects) if award.decided_on <= day]
    versions = versions_of(conn, (award.id for award in awards))
    return [as_of(award, versions[award.id], day) for award in awards]


def first_plans(conn: Connection, awards: Iterable[int]) -> dict[int, dict[str, int]]:
    """Award id → the planned schedule of its version 1, month → minor units, in order; empty without a plan."""
    found: dict[int, dict[str, int]] = {award: {} for award in awards}
    ask = select(PlannedMonth.award, PlannedMonth.month, PlannedMonth.subsidy_minor)
    for award, month, amount in conn.execute(ask.order_by(PlannedMonth.award, PlannedMonth.month)):
        if award in found:
            found[award][month] = amount
    return found
