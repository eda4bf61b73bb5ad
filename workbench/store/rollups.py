"""The rollups: what jobs used by hour, by day, and by day and user, kept equal to the jobs by adding differences.

They are disposable: `rebuild` makes them from the jobs to the same rows. Amounts are whole numbers, so that adding the
difference of a changed job is exact; a row that comes to nothing is removed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy import Connection, text

from workbench.analytics.schema import JOB_COLUMNS, JOB_KEY, UNKNOWN
from workbench.analytics.sweep import AMOUNTS, COUNTS, Int64s, day_edges, hour_edges, swept
from workbench.periods import day_of
from workbench.store.bulk import add_rows, insert_rows, rows_of

REBUILD_ROWS = 200_000
"""Jobs read at a time by `rebuild`: bounds its memory."""

SUMS = (*AMOUNTS, *COUNTS)

PLACE = ("cluster", "partition", "gpu_model", "project")

USED = [*PLACE, "user_name", "submit_at", "submit_known", "start_at", "seen_until_at", "gpu_parts", "cpu_cores"]
"""What of a job the rollups are made of."""

CHARGED = ("start_at", "project", "user_name", "partition", "gpu_model", "gpu_parts", "cpu_cores", "mem_mib")
"""What else than its end changes what a job is charged, and to whom."""


@dataclass(frozen=True, slots=True)
class Rollup:
    """One rollup table: its period column, its other keys, its sums, how it cuts time."""

    table: str
    period: str
    by: tuple[str, ...]
    edges: Callable[[int, int, ZoneInfo], Int64s]
    label: Callable[[Int64s, ZoneInfo], np.ndarray]

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.period, *self.by)


def _hours(start_s: int, end_s: int, _zone: ZoneInfo) -> Int64s:
    return hour_edges(start_s, end_s)


def _as_they_are(edges: Int64s, _zone: ZoneInfo) -> np.ndarray:
    return edges


def _iso_days(edges: Int64s, zone: ZoneInfo) -> np.ndarray:
    return np.array([day_of(int(edge), zone).isoformat() for edge in edges], dtype=object)


HOURLY = Rollup("rollup_hourly", "hour_at", PLACE, _hours, _as_they_are)
DAILY = Rollup("rollup_daily", "day", PLACE, day_edges, _iso_days)
USER_DAILY = Rollup(
    "rollup_user_daily",
    "day",
    ("cluster", "project", "user_name", "partition", "gpu_model"),
    day_edges,
    _iso_days,
)
ROLLUPS = (HOURLY, DAILY, USER_DAILY)


def apply(conn: Connection, gone: pd.DataFrame, come: pd.DataFrame, zone: ZoneInfo) -> None:
    """Take what jobs were out of the rollups and put what they are in; mark the charges and the lake behind them dirty.

    Args:
        conn: inside a transaction.
        gone: job frame of rows as they were in `jobs`.
        come: job frame of rows as they are now.
        zone: the centre's.
    """
    both = pd.concat((gone[USED], come[USED]), ignore_index=True)
    times = np.repeat(np.array([-1, 1]), (len(gone), len(come)))
    for rollup in ROLLUPS:
        change = contributions(rollup, both, zone, times)
        _add(conn, rollup, change, may_vanish=not gone.empty)
        if rollup is DAILY:
            mark_dirty(conn, "charges", change[["cluster", "project", "day"]])
    # Usage of a day may stay the same in sum and yet be another's, or of other jobs: charges are by job.
    mark_dirty(conn, "charges", _first_changed(gone, come, zone))
    mark_dirty(conn, "lake", months_of(both, zone))


def rebuild(conn: Connection, zone: ZoneInfo) -> int:
    """Empty the rollups and make them again from all jobs; everything behind them is marked dirty.

    Returns:
        Jobs read.
    """
    for rollup in ROLLUPS:
        conn.execute(text(f"DELETE FROM {rollup.table}"))  # noqa: S608
    read = 0
    for jobs in _all_jobs(conn):
        apply(conn, jobs.iloc[:0], jobs, zone)
        read += len(jobs)
    return read


def differences(conn: Connection, zone: ZoneInfo) -> dict[str, int]:
    """Per rollup table the number of its rows that are not what the jobs make them: 0 everywhere, or there is a bug."""
    made: dict[str, list[pd.DataFrame]] = {rollup.table: [] for rollup in ROLLUPS}
    for jobs in _all_jobs(conn):
        for rollup in ROLLUPS:
            made[rollup.table].append(contributions(rollup, jobs, zone))
    return {rollup.table: _differing(conn, rollup, made[rollup.table]) for rollup in ROLLUPS}


def contributions(rollup: Rollup, jobs: pd.DataFrame, zone: ZoneInfo, times: Int64s | None = None) -> pd.DataFrame:
    """What these jobs put into a rollup: one row per key, in the key's order; none that is all zero.

    Args:
        rollup: which.
        jobs: a job frame, or USED of it.
        zone: the centre's.
        times: per job 1 where it is put in, -1 where it is taken out; None: all are put in.
    """
    if jobs.empty:
        return pd.DataFrame(columns=[*rollup.keys, *SUMS])
    edges = rollup.edges(int(jobs["start_at"].min()), int(jobs["seen_until_at"].max()) + 1, zone)
    rows = swept(jobs, rollup.by, edges, times)
    rows[rollup.period] = rollup.label(edges, zone)[rows["bucket"].to_numpy()]
    return rows[[*rollup.keys, *SUMS]]


def _first_changed(gone: pd.DataFrame, come: pd.DataFrame, zone: ZoneInfo) -> pd.DataFrame:
    """Cluster, project and first day of what jobs that were known have changed; one that only went on, from there."""
    if gone.empty:
        return pd.DataFrame(columns=["cluster", "project", "period"])
    told = come[[*JOB_KEY, *CHARGED, "seen_until_at"]]
    now = gone[list(JOB_KEY)].merge(told, how="left", on=list(JOB_KEY), validate="one_to_one")
    later = now.set_axis(gone.index)
    same = pd.Series(data=True, index=gone.index)
    for name in CHARGED:
        was, new = gone[name], later[name]
        if not was.equals(new):
            same &= (was == new).fillna(False).astype(bool) | (was.isna() & new.isna())
    first = np.fmin(gone["start_at"], later["start_at"])
    last = np.fmin(gone["seen_until_at"], later["seen_until_at"].fillna(gone["start_at"]))
    since = last.where(same, first).astype("int64").tolist()
    earliest: dict[tuple[str, str], int] = {}
    for project in (gone["project"], later["project"]):
        for key, second in zip(zip(gone["cluster"], project.fillna(UNKNOWN), strict=True), since, strict=True):
            earliest[key] = min(second, earliest.get(key, second))
    rows = [(*key, day_of(second, zone).isoformat()) for key, second in earliest.items()]
    return pd.DataFrame(rows, columns=["cluster", "project", "period"])


def mark_dirty(conn: Connection, kind: str, keys: pd.DataFrame) -> None:
    """Note what must be made again; `keys`: cluster, project ('' unknown) and period, in this order of columns."""
    rows = [(kind, *row) for row in keys.drop_duplicates().itertuples(index=False, name=None)]
    insert_rows(conn, "dirty", ("kind", "cluster", "project", "period"), rows, then="ON CONFLICT DO NOTHING")


def months_of(jobs: pd.DataFrame, zone: ZoneInfo) -> pd.DataFrame:
    """The distinct (cluster, project, month of the start in the zone): the lake files that hold these jobs."""
    days = jobs["start_at"] // 900  # no zone changes its offset within a quarter of an hour
    month = {q: day_of(q * 900, zone).isoformat()[:7] for q in days.unique().tolist()}
    project = jobs["project"].fillna(UNKNOWN)
    keys = pd.DataFrame({"cluster": jobs["cluster"], "project": project, "period": days.map(month)})
    return keys.drop_duplicates(ignore_index=True)


def _all_jobs(conn: Connection) -> Iterator[pd.DataFrame]:
    names = ", ".join(f'"{name}"' for name in JOB_COLUMNS)
    page = text(f"SELECT id, {names} FROM jobs WHERE id > :last ORDER BY id LIMIT :rows")  # noqa: S608
    last = -1
    while found := conn.execute(page, {"last": last, "rows": REBUILD_ROWS}).all():
        jobs = pd.DataFrame.from_records(found, columns=["id", *JOB_COLUMNS])
        last = int(jobs["id"].iloc[-1])
        yield jobs.drop(columns="id").astype(JOB_COLUMNS)


def _differing(conn: Connection, rollup: Rollup, made: list[pd.DataFrame]) -> int:
    columns = [*rollup.keys, *SUMS]
    names = ", ".join(f'"{name}"' for name in columns)
    stored = pd.DataFrame.from_records(
        conn.execute(text(f"SELECT {names} FROM {rollup.table}")).all(),  # noqa: S608
        columns=columns,
    )
    stored[list(SUMS)] *= -1
    both = pd.concat((*made, stored), ignore_index=True).groupby(list(rollup.keys))[list(SUMS)].sum()
    return int((both != 0).any(axis=1).sum())


def _add(conn: Connection, rollup: Rollup, change: pd.DataFrame, *, may_vanish: bool) -> None:
    add_rows(conn, rollup.table, rollup.keys, SUMS, rows_of(change, (*rollup.keys, *SUMS)))
    if may_vanish and not change.empty:
        nothing = " AND ".join(f"{name} = 0" for name in SUMS)
        window = {"first": change[rollup.period].min(), "last": change[rollup.period].max()}
        if rollup.period == "hour_at":
            window = {name: int(value) for name, value in window.items()}
        conn.execute(
            text(f"DELETE FROM {rollup.table} WHERE {rollup.period} BETWEEN :first AND :last AND {nothing}"),  # noqa: S608
            window,
        )
