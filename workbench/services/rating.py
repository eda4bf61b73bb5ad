"""Charges by day from the daily rollup: priced, split, and kept equal to them.

`charges_daily` is disposable: `rate(store, now, everything=True)` makes the same rows from nothing. Each change of a
rollup marks (cluster, project, day) in `dirty`; because an award is drawn in day order, a project is rated again from
its first dirty day on. What was rated again is then marked for the ledger (services.posting).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.orm import Session

from workbench.domain.awards import Award
from workbench.domain.charges import Charge, UsageLine, charges
from workbench.domain.pricing import ListPrice
from workbench.periods import day_of
from workbench.store.engine import Store
from workbench.store.tables import charges_daily, dirty, rollup_daily

CHARGES = "charges"
POSTING = "posting"
ALWAYS = date.min


@dataclass(frozen=True, slots=True)
class Rated:
    """What a rating did: projects rated again, charge lines written, and how many of them have no price."""

    projects: int
    lines: int
    unpriced: int


def rate(store: Store, now: int, *, everything: bool = False) -> Rated:
    """Bring the charges up to the rollups, in one transaction.

    Args:
        store: where rollups, prices and awards are.
        now: UTC epoch seconds; usage of days after this one's is left for later.
        everything: every project from its first day on, not only what changed.
    """
    today = day_of(now, store.settings.centre.zone)
    with store.begin() as conn:
        # Taking the marks first takes the write lock first: no mark made meanwhile is lost.
        since = _take_marks(conn, today)
        if everything:
            since = dict.fromkeys(_projects(conn), ALWAYS)
        with Session(conn) as db:
            prices = list(db.scalars(select(ListPrice)))
            awards = list(db.scalars(select(Award)))
        rated = [
            _rate_project(conn, project, first, [a for a in awards if a.project == project], prices, today)
            for project, first in sorted(since.items())
        ]
        for project, first in since.items():
            mark(conn, [project], first, POSTING)
    made = [charge for part in rated for charge in part]
    return Rated(len(rated), len(made), sum(charge.list_minor is None for charge in made))


def mark(conn: Connection, projects: Iterable[str], first: date, kind: str = CHARGES) -> None:
    """Have these projects rated again from a day on (after a change of a price or an award), or posted again."""
    for project in projects:
        key = {"kind": kind, "cluster": "", "project": project, "period": first.isoformat()}
        conn.execute(delete(dirty).filter_by(**key))
        conn.execute(insert(dirty).values(**key))


def _take_marks(conn: Connection, today: date) -> dict[str, date]:
    """Project → its first dirty day; these marks are gone when the transaction is, those of days ahead stay."""
    due = (dirty.c.kind == CHARGES) & (dirty.c.period <= today.isoformat())
    marks = conn.execute(delete(dirty).where(due).returning(dirty.c.project, dirty.c.period))
    since: dict[str, date] = {}
    for project, period in marks:
        day = date.fromisoformat(period)
        since[project] = min(day, since.get(project, day))
    return since


def _projects(conn: Connection) -> set[str]:
    asks = (select(table.c.project).distinct() for table in (rollup_daily, charges_daily))
    return {row.project for ask in asks for row in conn.execute(ask)}


def _rate_project(
    conn: Connection,
    project: str,
    first: date,
    awards: list[Award],
    prices: list[ListPrice],
    today: date,
) -> list[Charge]:
    mine = charges_daily.c
    later = (mine.project == project) & (mine.day >= first.isoformat())
    conn.execute(delete(charges_daily).where(later))
    asked = (
        select(mine.award_id, func.sum(mine.subsidy_minor))
        .where(mine.project == project, mine.award_id.is_not(None))
        .group_by(mine.award_id)
    )
    drawn = {int(award): int(minor) for award, minor in conn.execute(asked)}
    made = charges(_usage(conn, project, first, today), prices, awards, drawn)
    if made:
        conn.execute(insert(charges_daily), [_row(project, charge) for charge in made])
    return made


def _usage(conn: Connection, project: str, first: date, today: date) -> list[UsageLine]:
    """Usage of one project from a day to today; what came to nothing (a job of no length) makes no line."""
    mine = rollup_daily.c
    ask = select(
        mine.day, mine.cluster, mine.partition, mine.gpu_model, mine.gpu_part_seconds, mine.core_seconds
    ).where(
        mine.project == project,
        mine.day.between(first.isoformat(), today.isoformat()),
        (mine.gpu_part_seconds > 0) | (mine.core_seconds > 0),
    )
    return [UsageLine(date.fromisoformat(row.day), *row[1:]) for row in conn.execute(ask)]


def _row(project: str, charge: Charge) -> dict[str, object]:
    line = charge.line
    return {
        "cluster": line.cluster,
        "day": line.day.isoformat(),
        "project": project,
        "partition": line.partition,
        "gpu_model": line.gpu_model,
        "gpu_part_seconds": line.gpu_part_seconds,
        "core_seconds": line.core_seconds,
        "list_minor": charge.list_minor,
        "subsidy_minor": charge.subsidy_minor,
        "user_minor": charge.user_minor,
        "price_id": charge.price_id,
        "award_id": charge.award_id,
    }
