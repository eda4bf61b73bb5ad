"""Monthly statements (scheme rule 16): what the ledger says of a project's month, with the detail behind it.

The figures are sums of the ledger's months; days, users and other charges explain them. Where detail and ledger differ
(usage that came late, days that are not posted yet) the difference is a line of its own. Money is minor units, days and
months are the centre's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, select

from workbench.domain.access import OwnProjects, Scope, WholeCentre
from workbench.domain.ledger import project_of
from workbench.domain.projects import Project
from workbench.domain.rules.statements import CHARGES, PAYMENT, Statement, figures
from workbench.errors import UnknownProject
from workbench.periods import day_of
from workbench.services.ledger.months import movements
from workbench.services.statements.lines import (
    AwardLine,
    DayLine,
    OtherLine,
    UserLine,
    award_lines,
    day_lines,
    other_lines,
    posted_lines,
    user_lines,
)
from workbench.services.statements.months import MonthOf, month_of, months_until
from workbench.store.engine import Store
from workbench.store.tables import charges_daily

Known = Mapping[str, Any]
"""Slug → the project's row: title, organisation, category, made_up."""


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One project's statement in the list of a month."""

    project: str
    title: str
    organisation: str
    category: str
    made_up: bool
    figures: Statement


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the detail does not come to what the ledger says: what, both amounts, and the likely reason."""

    what: str
    ledger_minor: int
    detail_minor: int
    reason: str

    @property
    def minor(self) -> int:
        return self.ledger_minor - self.detail_minor


@dataclass(frozen=True, slots=True)
class StatementPaper:
    """A statement with everything behind it.

    number: names it, "2026-10/vision". awards: that held in the month. days, users: usage, of whole days that are over.
    others: charges beside usage, refunds, adjustments, by day. payments: what users paid (< 0).
    """

    number: str
    row: StatementRow
    of: MonthOf
    awards: tuple[AwardLine, ...]
    days: tuple[DayLine, ...]
    users: tuple[UserLine, ...]
    others: tuple[OtherLine, ...]
    payments: tuple[OtherLine, ...]
    differences: tuple[Difference, ...]

    @property
    def figures(self) -> Statement:
        return self.row.figures


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements of one month, largest list cost first, and their sums; money of nobody's usage beside them."""

    of: MonthOf
    rows: tuple[StatementRow, ...]
    total: Statement
    suspense_minor: int
    months: tuple[str, ...]
    """Months that have begun, the newest first."""


def statement(store: Store, scope: Scope, project: str, month: str, now: int) -> StatementPaper:
    """The statement of a project's month.

    Args:
        store: where the ledger is.
        scope: whoever sees the whole centre, or leads the project.
        project: its slug.
        month: "2026-10".
        now: UTC epoch seconds; of the month that holds it, days that are over are in.

    Raises:
        NoStatement: no month, or one in which nothing can have been charged.
        UnknownProject: not there, or not the asker's to see (the same words).
    """
    with store.read() as conn:
        of = month_of(conn, store, month, now, project)
        facts = _projects(conn, scope, project)
        moved = _by_project(movements(conn, project=project, last=month)).get(project, {})
        until = min(of.after, day_of(now, store.settings.centre.zone))
        days = tuple(day_lines(conn, project, of.first, until))
        users = tuple(user_lines(conn, project, of.first, until))
        others = tuple(other_lines(conn, project, of.first, until, of.window))
        sums = figures(moved, month)
        return StatementPaper(
            number=f"{month}/{project}",
            row=_row(project, facts, sums),
            of=of,
            awards=tuple(award_lines(conn, project, of.first, until)),
            days=days,
            users=users,
            others=others,
            payments=tuple(posted_lines(conn, project, PAYMENT, of.window, of.first)),
            differences=_differences(sums, of, days, users, others),
        )


def statements(store: Store, scope: Scope, month: str, now: int) -> Statements:
    """All statements of a month that the scope may see: of projects that ever moved anything on an account.

    Raises:
        NoStatement: as `statement`.
    """
    with store.read() as conn:
        of = month_of(conn, store, month, now)
        facts = _projects(conn, scope)
        all_moved = movements(conn, last=month)
    by_project = _by_project(all_moved)
    if isinstance(scope, OwnProjects):
        by_project = {project: moved for project, moved in by_project.items() if project in facts}
    rows = [_row(project, facts, figures(moved, month)) for project, moved in by_project.items()]
    rows = [row for row in rows if row.figures != Statement(0, 0, 0) and _of_month(row.figures)]
    rows.sort(key=lambda row: (-row.figures.list_minor, row.project))
    suspense = sum(minor for (_, account, _kind), minor in all_moved.items() if account == "suspense")
    return Statements(
        of,
        tuple(rows),
        total_of([row.figures for row in rows]),
        suspense if isinstance(scope, WholeCentre) else 0,
        months_until(store, now),
    )


def by_month(store: Store, scope: Scope, now: int) -> pd.DataFrame:
    """What the projects of a scope were charged, month by month, from the centre's opening to now.

    Returns:
        One row per month, in order: month ("2026-10"), list_minor, subsidy_minor, user_minor, refunds_minor,
        adjustments_minor, closing_minor (int64), as in `Statement`.
    """
    with store.read() as conn:
        facts = _projects(conn, scope)
        by_project = _by_project(movements(conn))
    moved: dict[tuple[str, str, str], int] = {}
    for project, own in by_project.items():
        if isinstance(scope, WholeCentre) or project in facts:
            for key, minor in own.items():
                moved[key] = moved.get(key, 0) + minor
    names = ("list_minor", "subsidy_minor", "user_minor", "refunds_minor", "adjustments_minor", "closing_minor")
    rows = [
        {"month": month} | {name: getattr(sums, name) for name in names}
        for month in reversed(months_until(store, now))
        for sums in [figures(moved, month)]
    ]
    return pd.DataFrame(rows, columns=["month", *names]).astype({"month": "str", **dict.fromkeys(names, "int64")})


def total_of(found: list[Statement]) -> Statement:
    """The sum of statements, line by line; the ceiling is that of all which have one."""
    ceilings = [one.ceiling_minor for one in found if one.ceiling_minor is not None]
    names = (
        "opening_minor", "list_minor", "subsidy_minor", "refunds_minor", "adjustments_minor", "write_offs_minor",
        "payments_minor", "returned_minor",
    )  # fmt: skip
    drawn = sum(one.drawn_before_minor for one in found)
    sums = {name: sum(getattr(one, name) for one in found) for name in names}
    return Statement(**sums, drawn_before_minor=drawn, ceiling_minor=sum(ceilings) if ceilings else None)


def _of_month(found: Statement) -> bool:
    """Whether there is anything to say: money owed, moved, or an award to draw on."""
    moving = (found.opening_minor, found.list_minor, found.closing_minor, found.returned_minor, found.payments_minor)
    return any(moving) or bool(found.ceiling_left_minor)


def _projects(conn: Connection, scope: Scope, project: str | None = None) -> Known:
    """Slug → what is known of the projects whose money the scope may see."""
    table = Project.__table__
    ask = select(table)
    if isinstance(scope, OwnProjects):
        ask = ask.where(table.c.slug.in_(sorted(scope.leads)))
    found = {row.slug: row for row in conn.execute(ask)}
    if project is not None and project not in found:
        there = select(charges_daily.c.day).where(charges_daily.c.project == project).limit(1)
        if not project or isinstance(scope, OwnProjects) or conn.execute(there).first() is None:
            raise UnknownProject(project, found)
    return found


def _by_project(moved: Mapping[tuple[str, str, str], int]) -> dict[str, dict[tuple[str, str, str], int]]:
    found: dict[str, dict[tuple[str, str, str], int]] = {}
    for (month, account, kind), minor in moved.items():
        project = project_of(account)
        if project is not None:
            found.setdefault(project, {})[month, account.rsplit(":", 1)[1], kind] = minor
    return found


def _row(project: str, facts: Known, sums: Statement) -> StatementRow:
    known = facts.get(project)
    if known is None:
        return StatementRow(project, project, "", "", False, sums)
    return StatementRow(project, known.title, known.organisation, known.category, known.made_up, sums)


def _differences(
    sums: Statement,
    of: MonthOf,
    days: tuple[DayLine, ...],
    users: tuple[UserLine, ...],
    others: tuple[OtherLine, ...],
) -> tuple[Difference, ...]:
    """Where the detail does not sum to the statement; nothing where all is well."""
    if of.closed:
        why = "usage that came in after the month was closed; it is adjusted in an open month"
    elif of.until < of.after:
        why = "days that are not in the ledger yet"
    else:
        why = "charges that are not in the ledger yet; they are posted within a minute while the Hub runs"
    used = sum(line.list_minor or 0 for line in days)
    beside = [other for other in others if other.kind in CHARGES]
    paid = sum(line.subsidy_minor or 0 for line in days) + sum(other.subsidy_minor for other in beside)
    changed = sums.adjustments_minor - sums.refunds_minor - sums.write_offs_minor
    found = [
        Difference("list cost", sums.list_minor, used + sum(other.list_minor for other in beside), why),
        Difference("subsidy", sums.subsidy_minor, paid, why),
        Difference("adjustments", changed, sum(o.user_minor for o in others if o.kind not in CHARGES), why),
        Difference("users", used, sum(line.list_minor or 0 for line in users), "usage of which no user is recorded"),
    ]
    return tuple(one for one in found if one.minor)
