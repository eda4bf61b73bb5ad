"""What every scenario of one pool starts from: its jobs as they go on, its capacity, the fund."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from sqlalchemy import Connection

from workbench.analytics.ahead import WEEK_S, Demand, both, demand, repeated
from workbench.analytics.capacity import capacity_in, steps
from workbench.analytics.sweep_arrays import Int64s
from workbench.domain.rules.terms import months_after
from workbench.periods import Window, day_start, month_window
from workbench.services.preview.calibrate import Calibrated, calibrated
from workbench.services.preview.demand import Pool, Seen, coming, seen
from workbench.services.preview.fund import Fund, fund_ahead
from workbench.settings import Settings

MONTHS = 12
OVERRUN_S = 4 * WEEK_S
"""A replay goes on past the last month, so that who is submitted at its end gets a start."""


@dataclass(frozen=True)
class Year:
    """The twelve months that are answered for, from the first of next month, and the whole weeks that begin in them."""

    today: date
    months: tuple[str, ...]
    month_edges: Int64s
    week_edges: Int64s

    @property
    def window(self) -> Window:
        return Window(int(self.month_edges[0]), int(self.month_edges[-1]))

    @property
    def first(self) -> date:
        return date.fromisoformat(f"{self.months[0]}-01")

    @property
    def last(self) -> date:
        return months_after(self.first, MONTHS) - timedelta(days=1)


@dataclass(frozen=True)
class World:
    """pool: None where no capacity is stated; then no job is known. calibrated: the policy nearest to what was,
    where there are jobs. coming: projects with an award and no jobs yet.
    """

    year: Year
    pool: Pool | None
    seen: Seen | None
    calibrated: Calibrated | None
    jobs: Demand
    coming: int
    fund: Fund

    @property
    def until(self) -> int:
        return self.year.window.end_s + OVERRUN_S

    def there(self, edges: Int64s) -> Int64s | None:
        """Part-seconds in service less outages, in each bucket; None: unknown."""
        if self.pool is None:
            return None
        _, grid = capacity_in(steps(*self.pool.rows), edges)
        found: Int64s = grid[4].sum(axis=0)
        return found


def year_from(today: date, settings: Settings) -> Year:
    """The year that a question of this day is answered for."""
    zone, first = settings.centre.zone, months_after(today.replace(day=1), 1)
    months = tuple(f"{months_after(first, k):%Y-%m}" for k in range(MONTHS))
    edges = [month_window(months[0], zone).start_s, *(month_window(month, zone).end_s for month in months)]
    monday = first + timedelta(days=-first.weekday() % 7)
    weeks = [monday + timedelta(weeks=k) for k in range(54)]
    inside = [at for at in (day_start(day, zone) for day in weeks) if at <= edges[-1]]
    return Year(today, months, np.array(edges, dtype=np.int64), np.array(inside, dtype=np.int64))


def world(
    conn: Connection, settings: Settings, pool: Pool | None, year: Year, now: int, fund: Callable[[], Fund]
) -> World:
    """The centre as it goes on.

    Args:
        conn: any connection.
        settings: the centre's calendar and scheme.
        pool: whose jobs are replayed.
        year: answered for.
        now: UTC epoch seconds.
        fund: over the year, were nothing more awarded.
    """
    nothing = np.zeros(0, dtype=np.int64)
    made = fund()
    if pool is None:
        return World(year, None, None, None, demand(nothing, nothing, nothing), 0, made)
    found = seen(conn, pool, settings.centre, now)
    until, count, rule = year.window.end_s + OVERRUN_S, 0, None
    jobs = repeated(found.jobs, found.weeks, until)
    if len(jobs):
        others, count = coming(conn, settings, pool, found, made, Window(now, until))
        jobs, rule = both(jobs, others), calibrated(settings, pool, found)
    return World(year, pool, found, rule, jobs, count, made)


def fund_of(conn: Connection, settings: Settings, today: date, months: Sequence[str]) -> Fund:
    return fund_ahead(conn, settings, today, months)
