"""Charges by job and day, kept equal to the jobs, the price list and what awards say.

`charges_daily` is disposable: `rate(store, now, everything=True)` makes the same rows from nothing. Each change of a
job marks (cluster, project, day) in `dirty`; because an award is drawn in day order, a project is rated again from its
first dirty day on. What was rated again is then marked for the ledger (services.ledger.posting).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy import Connection, delete, select

from workbench.analytics.sweep import day_edges
from workbench.domain.award_room import with_room
from workbench.domain.charging import AwardVersion
from workbench.domain.pricelist import PriceList
from workbench.periods import day_of, day_start, day_window
from workbench.services.awards.versions import award_versions
from workbench.services.charging.marks import CHARGES, POSTING, mark
from workbench.services.charging.slice_prices import Int64s, Slices, slices_of
from workbench.services.charging.slices import Lines, charge_slices
from workbench.services.prices.stored import stored_prices
from workbench.store.charge_rows import beside_usage, drawn_before, forget, keep
from workbench.store.charged_jobs import ProjectJobs, projects_with_jobs, read_jobs
from workbench.store.engine import Store
from workbench.store.tables import charges_daily, dirty

ALWAYS = date.min

__all__ = ["ALWAYS", "POSTING", "Rated", "mark", "rate"]


@dataclass(frozen=True, slots=True)
class Rated:
    """What a rating did: projects rated again, rows of `charges_daily` written, how many of them have no price, and
    the usage lines (one job in one day) that they come from.
    """

    projects: int
    lines: int
    unpriced: int
    usage_lines: int


@dataclass(frozen=True, slots=True)
class ProjectDays:
    """A project's slices in some days with their charge lines, in drawing order.

    days: as ISO dates. awards: as usage may draw on them. drawn: award → what usage drew before the days, minor units.
    """

    jobs: ProjectJobs
    slices: Slices
    lines: Lines
    days: Sequence[str]
    prices: PriceList
    awards: Sequence[AwardVersion]
    drawn: dict[int, int]


def rate(store: Store, now: int, *, everything: bool = False) -> Rated:
    """Bring the charges up to the jobs, in one transaction.

    Args:
        store: where jobs, prices and awards are.
        now: UTC epoch seconds; usage of days after this one's is left for later.
        everything: every project from its first day on, not only what changed.
    """
    zone = store.settings.centre.zone
    today = day_of(now, zone)
    ends = day_window(today, zone).end_s
    with store.begin() as conn:
        # Taking the marks first takes the write lock first: no mark made meanwhile is lost.
        since = _take_marks(conn, today)
        if everything:
            since = dict.fromkeys(_projects(conn), ALWAYS)
        prices = stored_prices(conn, zone)
        awards = award_versions(conn, frozenset(since), zone) if since else {}
        made = []
        for project, first in sorted(since.items()):
            forget(conn, project, first)
            rated = project_days(conn, project, first, today, prices, awards.get(project, []), zone)
            made.append(_keep(conn, project, rated))
            mark(conn, [project], first, POSTING)
            if (rated.jobs.end > ends).any():
                # A job that goes on: not every day of it need have a rollup that marks it.
                mark(conn, [project], today + timedelta(days=1))
    rows, unpriced, usage = (sum(part[place] for part in made) for place in range(3))
    return Rated(len(made), rows, unpriced, usage)


def project_days(
    conn: Connection,
    project: str,
    first: date,
    last: date,
    prices: PriceList,
    awards: Sequence[AwardVersion],
    zone: ZoneInfo,
) -> ProjectDays:
    """The charges of a project in the days [first, last], from what its awards had paid before; nothing is stored."""
    from_s = day_start(first, zone) if first > ALWAYS else 0
    until_s = day_window(last, zone).end_s
    jobs = read_jobs(conn, project, from_s, until_s)
    start = max(from_s, int(jobs.start.min(initial=until_s)))
    edges = day_edges(min(start, until_s - 1), until_s, zone)
    days = [day_of(int(edge), zone).isoformat() for edge in edges[:-1]]
    drawn = drawn_before(conn, project, first)
    slices = slices_of(jobs, edges)
    free = with_room(awards, beside_usage(conn, project, zone))
    lines = charge_slices(jobs, slices, edges, prices, free, drawn)
    return ProjectDays(jobs, slices, lines, days, prices, free, drawn)


def _keep(conn: Connection, project: str, rated: ProjectDays) -> tuple[int, int, int]:
    lines, slices, jobs = rated.lines, rated.slices, rated.jobs
    if not len(lines.slice):
        return 0, 0, 0
    job = slices.job[lines.slice]
    parts, cores = jobs.parts[job], np.maximum(jobs.cores[job], 0)
    # What came to nothing (no GPU and no core) makes no row; cores that are not known are not nothing.
    some = (parts > 0) | (jobs.cores[job] != 0)
    names = {
        "cluster": jobs.cluster, "user_name": jobs.user, "partition": jobs.partition, "gpu_model": jobs.model,
    }  # fmt: skip
    keys = {name: _codes(column, job[some]) for name, column in names.items()}
    keys["day"] = slices.day[lines.slice][some], rated.days
    keys["price_version"] = _named(lines.version[some], [version.name for version in rated.prices.versions])
    # Of a line too small to draw a cent no award pays.
    paying = np.where(lines.subsidy[some] != 0, lines.award[some], -1)
    keys["award_version"] = _named(paying, [award.version for award in rated.awards])
    amounts = {
        "gpu_part_seconds": parts * lines.seconds,
        "core_seconds": cores * lines.seconds,
        "list_minor": lines.listed,
        "subsidy_minor": lines.subsidy,
    }
    if not some.any():
        return 0, 0, 0
    awards = {award.version: award.award for award in rated.awards}
    rows, unpriced = keep(conn, project, keys, {name: values[some] for name, values in amounts.items()}, awards)
    return rows, unpriced, len(np.unique(lines.slice[some]))


def _codes(column: Any, places: Int64s) -> tuple[Int64s, Sequence[str]]:
    codes, values = pd.factorize(column)
    return codes.astype(np.int64)[places], values.tolist()


def _named(places: Int64s, names: Sequence[str]) -> tuple[Int64s, Sequence[str]]:
    """Of each place its name, '' of place -1; several places may have one name."""
    distinct = ["", *dict.fromkeys(names)]
    codes = np.array([distinct.index(name) for name in (*names, "")], dtype=np.int64)
    return codes[places], distinct


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
    return projects_with_jobs(conn) | set(conn.scalars(select(charges_daily.c.project).distinct()))
