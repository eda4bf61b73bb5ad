"""Sums of charges_daily as frames: the one place that asks the table. Minor units, GPU part-seconds."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, and_, case, func, literal_column, select, true

from workbench.domain.awards import Award
from workbench.domain.projects import Project
from workbench.store.award_versions import awards_on
from workbench.store.other_charges import drawn_elsewhere
from workbench.store.tables import charges_daily

UNKNOWN_CATEGORY = "unknown"
SUMS = ("gpu_part_seconds", "core_seconds", "list_minor", "subsidy_minor", "user_minor", "unpriced_gpu_part_seconds")

_charge = charges_daily.c
_COLUMNS: dict[str, ColumnElement[Any]] = {
    "day": _charge.day,
    "cluster": _charge.cluster,
    "project": _charge.project,
    "partition": _charge.partition,
    "gpu_model": _charge.gpu_model,
    "award_id": _charge.award_id,
    "category": func.coalesce(Project.category, literal_column(f"'{UNKNOWN_CATEGORY}'")),
}


def charge_sums(
    conn: Connection,
    by: Sequence[str],
    projects: frozenset[str] | None,
    days: tuple[date | None, date | None] = (None, None),
    only: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Charges added up.

    Args:
        conn: any connection.
        by: columns to group by, out of day, cluster, project, partition, gpu_model, award_id, category.
        projects: these alone; None: all, also usage without a project ('').
        days: [first, last), either None for no bound.
        only: column → the one value wanted, columns as in `by`.

    Returns:
        One row per group, in order of `by`: `by`, then SUMS (int64). Unpriced lines are in no amount; their GPU time is
        the last column.
    """
    keys = [_COLUMNS[name].label(name) for name in by]
    unpriced = case((_charge.list_minor.is_(None), _charge.gpu_part_seconds), else_=0)
    totals = [func.coalesce(func.sum(_charge[name]), 0).label(name) for name in SUMS[:-1]]
    ask = select(*keys, *totals, func.coalesce(func.sum(unpriced), 0).label(SUMS[-1])).select_from(charges_daily)
    if "category" in by or "category" in (only or {}):
        ask = ask.outerjoin(Project.__table__, Project.slug == _charge.project)
    ask = ask.where(and_(true(), *_bounds(projects, days)))
    ask = ask.where(and_(true(), *(_COLUMNS[name] == value for name, value in (only or {}).items())))
    rows = conn.execute(ask.group_by(*keys).order_by(*keys) if keys else ask).all()
    frame = pd.DataFrame.from_records([tuple(row) for row in rows], columns=[*by, *SUMS])
    return frame.astype(dict.fromkeys(SUMS, "int64"))


def charge_lines(conn: Connection, project: str, days: tuple[date | None, date | None]) -> list[dict[str, Any]]:
    """The lines of one project, newest day first."""
    columns = [_charge[name] for name in [column.name for column in charges_daily.columns] if name != "project"]
    ask = select(*columns).where(and_(*_bounds(frozenset({project}), days)))
    order = (
        _charge.day.desc(), _charge.cluster, _charge.partition, _charge.gpu_model,
        _charge.price_version, _charge.award_version,
    )  # fmt: skip
    return [dict(row) for row in conn.execute(ask.order_by(*order)).mappings()]


def drawn_by_award(conn: Connection, projects: frozenset[str] | None, until: date | None = None) -> dict[int, int]:
    """Award id → subsidy drawn before a day, by usage and by charges beside it; minor units. None: all, also ahead."""
    sums = charge_sums(conn, ("award_id",), projects, (None, until))
    sums = sums[sums["award_id"].notna()]
    found = dict(zip(sums["award_id"].astype("int64").tolist(), sums["subsidy_minor"].tolist(), strict=True))
    for award, minor in drawn_elsewhere(conn, projects, until).items():
        found[award] = found.get(award, 0) + minor
    return found


def decided_awards(conn: Connection, projects: frozenset[str] | None, today: date) -> list[Award]:
    """Awards decided by a day, as their versions have them on that day, in the order in which they begin."""
    return awards_on(conn, projects, today)


def _bounds(projects: frozenset[str] | None, days: tuple[date | None, date | None]) -> list[ColumnElement[bool]]:
    first, last = days
    found: list[ColumnElement[bool]] = []
    if projects is not None:
        found.append(_charge.project.in_(sorted(projects)))
    if first is not None:
        found.append(_charge.day >= first.isoformat())
    if last is not None:
        found.append(_charge.day < last.isoformat())
    return found
