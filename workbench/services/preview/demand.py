"""What the preview replays: the pool of GPUs that an application would use, and what was asked of it lately."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from zlib import crc32

import numpy as np
import pandas as pd
from sqlalchemy import BigInteger, Connection, select, type_coerce

from workbench.analytics.ahead import WEEK_S, Demand, both, demand, drawn
from workbench.analytics.capacity import FOREVER_S, capacity_in, steps
from workbench.analytics.sweep import Int64s
from workbench.domain.awards import Application, Award
from workbench.domain.pricelist import NANO_PER_MINOR
from workbench.domain.projects import Project
from workbench.periods import Window, day_of, day_start, month_window
from workbench.services.preview.fund import Fund
from workbench.services.prices.stored import stored_prices
from workbench.settings import Centre, Settings
from workbench.store.facts import capacity_rows, data_until
from workbench.store.frames import JOBS
from workbench.store.wanted import Wanted
from workbench.units import BASIS_POINTS, DAY_S, GPU_PARTS, HOUR_S

MOST_WEEKS = 26
SETTLED_DAYS = 7
"""A job submitted this long ago has mostly started and ended; younger ones are not laid into the future."""
ENOUGH_DONORS = 200
OTHERS = 8
"""Newcomers are numbered from 0, projects with an award and no jobs yet from here on."""
SAMPLE = "sample"
"""Source of the jobs of the sample centre (domain.jobs.SOURCES)."""
APPLICANTS = {
    "university": "universities",
    "r-and-d institute": "R&D institutes",
    "government": "government departments",
    "start-up": "start-ups",
    "strategic enterprise": "strategic enterprises",
}


@dataclass(frozen=True)
class Pool:
    """One partition's GPUs of one model. capacity: (from, allocatable parts); outages: (start, end, parts)."""

    cluster: str
    partition: str
    gpu_model: str
    capacity: tuple[tuple[int, int], ...]
    outages: tuple[tuple[int, int, int], ...]
    rows: tuple[pd.DataFrame, pd.DataFrame] = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        return f"{self.partition}, {self.gpu_model}"

    def in_service(self, window: Window) -> int:
        """GPU part-seconds in service less outages: the denominator of occupancy."""
        _, grid = capacity_in(steps(*self.rows), np.array([window.start_s, window.end_s], dtype=np.int64))
        return int(grid[4].sum())

    def smallest(self, window: Window) -> int:
        """The fewest parts that it has within a window, outages apart: a larger job would wait for ever."""
        before = [parts for at, parts in self.capacity if at <= window.start_s][-1:]
        return min([*before, *(parts for at, parts in self.capacity if window.start_s < at < window.end_s)], default=0)


@dataclass(frozen=True)
class Seen:
    """The last whole weeks of jobs of a pool.

    start: of each job, as it was. category: of each job's project, '' unknown. running: how many had not ended.
    replayed: the jobs are the sample centre's, which the greedy queue has started. projects: by number of owner in the
    jobs, '' unknown; from len(projects) on numbers are free for others.
    """

    jobs: Demand
    start: Int64s
    category: np.ndarray
    weeks: int
    since: int
    moved_weeks: int
    running: int
    too_large: int
    no_submit: int
    replayed: bool
    projects: tuple[str, ...] = ()

    @property
    def until(self) -> int:
        return self.since + self.weeks * WEEK_S


def pools(conn: Connection, at: int) -> list[Pool]:
    """Every pool with GPUs in service at a moment, the largest first."""
    changes, outages = capacity_rows(conn, Wanted())
    found: list[tuple[int, Pool]] = []
    keys = ["cluster", "partition", "gpu_model"]
    for key, mine in changes.groupby(keys):
        cluster, partition, model = (str(part) for part in key)
        mine = mine.sort_values("from_at")
        now = mine[mine["from_at"] <= at]
        if now.empty or not now["in_service"].iloc[-1]:
            continue
        out = outages[(outages[keys] == list(key)).all(axis=1)]
        steps_of = zip(mine["from_at"], mine["allocatable"], strict=True)
        outs = zip(out["start_at"], out["end_at"].fillna(FOREVER_S), out["gpus"], strict=True)
        pool = Pool(
            cluster,
            partition,
            model,
            capacity=tuple((int(at), int(gpus) * GPU_PARTS) for at, gpus in steps_of),
            outages=tuple((int(start), int(end), int(gpus) * GPU_PARTS) for start, end, gpus in outs),
            rows=(mine, out),
        )
        found.append((int(now["in_service"].iloc[-1]), pool))
    return [pool for _, pool in sorted(found, key=lambda one: (-one[0], one[1].name))]


def seen(conn: Connection, pool: Pool, centre: Centre, now: int) -> Seen:
    """Its jobs of the last whole weeks, from a Monday to a Monday; moved to before now where the data end long ago."""
    until = min(now, data_until(conn, [pool.cluster]).get(pool.cluster, now))
    monday = _monday(until - SETTLED_DAYS * 86_400, centre)
    table = JOBS.c
    names = ("submit_at", "start_at", "end_at", "seen_until_at", "gpu_parts")
    moments = [type_coerce(table[name], BigInteger) for name in names]
    since = monday - MOST_WEEKS * WEEK_S
    ask = (
        select(*moments, table.submit_known, table.source, Project.category, table.project)
        .outerjoin(Project.__table__, Project.slug == table.project)
        .where(
            table.cluster == pool.cluster,
            table.seen_until_at >= since,
            table.submit_at >= since,
            table.submit_at < monday,
            table.partition == pool.partition,
            table.gpu_model == pool.gpu_model,
        )
        .order_by(table.submit_at, table.id)
    )
    rows = pd.DataFrame.from_records(
        conn.execute(ask).all(), columns=[*names, "submit_known", "source", "category", "project"]
    )
    return _seen(rows, pool, since, monday, now)


def _seen(rows: pd.DataFrame, pool: Pool, since: int, monday: int, now: int) -> Seen:
    weeks = MOST_WEEKS
    if len(rows):
        young, into = divmod(int(rows["submit_at"].iloc[0]) - since, WEEK_S)
        # A week in which the log only begins would count as a quiet one.
        young += into > DAY_S and young + 1 < MOST_WEEKS
        weeks, since = MOST_WEEKS - young, since + young * WEEK_S
        rows = rows[rows["submit_at"] >= since]
    moved = max(0, (now - monday) // WEEK_S - 2)
    limit = pool.smallest(Window(now, now + 60 * WEEK_S))
    fits = (rows["gpu_parts"] <= limit) & (rows["gpu_parts"] > 0) & (rows["seen_until_at"] > rows["start_at"])
    kept = rows[fits]
    column = {name: kept[name].to_numpy(np.int64) for name in ("submit_at", "start_at", "seen_until_at", "gpu_parts")}
    duration = column["seen_until_at"] - column["start_at"]
    owner, projects = pd.factorize(kept["project"].fillna("").astype(object), sort=True)
    return Seen(
        jobs=demand(column["submit_at"] + moved * WEEK_S, duration, column["gpu_parts"], owner=owner.astype(np.int64)),
        start=column["start_at"] + moved * WEEK_S,
        category=kept["category"].fillna("").to_numpy(object),
        weeks=int(weeks),
        since=int(since + moved * WEEK_S),
        moved_weeks=int(moved),
        running=int(kept["end_at"].isna().sum()),
        too_large=int((rows["gpu_parts"] > limit).sum()),
        no_submit=int((~kept["submit_known"].astype(bool)).sum()),
        replayed=bool((kept["source"] == SAMPLE).any()),
        projects=tuple(projects),
    )


def _monday(at: int, centre: Centre) -> int:
    day = day_of(at, centre.zone)
    return day_start(day - timedelta(days=day.weekday()), centre.zone)


def donors(found: Seen, category: str, most_parts: int | None) -> tuple[Demand, str]:
    """Jobs to draw from for somebody new, and in words whose they are: of the same category where there are enough."""
    jobs = found.jobs
    fits = np.ones(len(jobs), dtype=bool) if most_parts is None else jobs.parts <= most_parts
    alike = fits & (found.category == category)
    like = f"the jobs of {APPLICANTS.get(category, category)}"
    for chosen, whose in ((alike, like), (fits, "the jobs of all projects")):
        if chosen.sum() >= min(ENOUGH_DONORS, len(jobs)):
            return jobs.take(chosen), whose
    parts = jobs.parts if most_parts is None else np.minimum(jobs.parts, most_parts)
    return replace(jobs, parts=parts), "the jobs of all projects, larger ones cut to the GPUs applied for"


def newcomer(
    found: Seen,
    key: str,
    category: str,
    most_parts: int | None,
    hours: Sequence[tuple[Window, float]],
    *,
    new: bool,
    nth: int = 0,
) -> tuple[Demand, str]:
    """Jobs of somebody without any yet, as many as they planned; the lot is drawn by their name.

    nth: which of several newcomers, so that fair share tells them apart.
    """
    pick, whose = donors(found, category, most_parts)
    amounts = [(window, round(amount * GPU_PARTS * HOUR_S)) for window, amount in hours]
    return drawn(pick, amounts, crc32(key.encode()), new=new, owner=len(found.projects) + nth), whose


def coming(
    conn: Connection, settings: Settings, pool: Pool, found: Seen, fund: Fund, window: Window
) -> tuple[Demand, int]:
    """Jobs of the projects that have an award and no jobs yet, as many as they planned, and how many projects.

    Only of those whose application names the pool's GPU model.
    """
    award, asked = Award.__table__.c, Application.__table__.c
    ask = (
        select(award.project, award.rate_bp, asked.category, asked.gpus)
        .join(Application.__table__, asked.id == award.application)
        .where(asked.gpu_model == pool.gpu_model)
        .order_by(award.project, award.id)
    )
    zone = settings.centre.zone
    prices = stored_prices(conn, zone).at(window.start_s)
    nano = prices.gpu_hour.get(pool.gpu_model) if prices else None
    demands: dict[str, Demand] = {}
    for row in conn.execute(ask):
        pace = fund.paces.get(row.project)
        if not nano or pace is None or pace.list_minor or row.project in demands:
            continue
        each = nano / NANO_PER_MINOR * row.rate_bp / BASIS_POINTS
        inside = [
            (Window(max(of.start_s, window.start_s), min(of.end_s, window.end_s)), amount * of.seconds / DAY_S / each)
            for month, amount in pace.planned.items()
            if (of := month_window(month, zone)).end_s > window.start_s and of.start_s < window.end_s
        ]
        most = row.gpus * GPU_PARTS if row.gpus else None
        nth = OTHERS + len(demands)
        demands[row.project], _ = newcomer(found, row.project, row.category, most, inside, new=False, nth=nth)
    nothing = np.zeros(0, dtype=np.int64)
    total = demand(nothing, nothing, nothing)
    for one in demands.values():
        total = both(total, one)
    return total, len(demands)
