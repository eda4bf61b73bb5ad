"""Usage frames out of the store: exact for any window, from the rollups where they hold it whole.

A window is cut into whole days of the centre (daily rollups), whole hours at its edges (hourly rollup), and the seconds
that are left, for which alone the jobs that touch them are read and swept.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, cast
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy import BigInteger, ColumnElement, Connection, FromClause, Table, and_, func, or_, select, type_coerce

from workbench.analytics.buckets import Grain, edges_of
from workbench.analytics.schema import JOB_COLUMNS, UNKNOWN
from workbench.analytics.sweep import AMOUNTS, COUNTS, Int64s, sweep
from workbench.domain.capacity import CapacityChange, Outage
from workbench.domain.jobs import Job
from workbench.domain.projects import Project
from workbench.periods import Window, day_of, day_start, epoch, hour_ceil, hour_floor
from workbench.store.tables import freshness, rollup_daily, rollup_hourly, rollup_user_daily
from workbench.units import DAY_S, HOUR_S

SUMS = (*AMOUNTS, *COUNTS)
MOMENTS = frozenset({"submit_at", "start_at", "end_at", "seen_until_at"})
JOBS = cast(Table, Job.__table__)
TABLES = {
    "user_day": (rollup_user_daily, "day"),
    "day": (rollup_daily, "day"),
    "hour": (rollup_hourly, "hour_at"),
}
KEYS = ("cluster", "partition", "gpu_model", "project", "user_name")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What rows count: None means all, () none at all; UNKNOWN ('') as a value means the rows that do not know it."""

    clusters: tuple[str, ...] | None = None
    partitions: tuple[str, ...] | None = None
    gpu_models: tuple[str, ...] | None = None
    projects: tuple[str, ...] | None = None
    users: tuple[str, ...] | None = None

    def sets(self) -> dict[str, tuple[str, ...]]:
        """Column name → its allowed values, of those that are limited."""
        values = zip(KEYS, (self.clusters, self.partitions, self.gpu_models, self.projects, self.users), strict=True)
        return {name: allowed for name, allowed in values if allowed is not None}


def used(
    conn: Connection,
    window: Window,
    grain: Grain | None,
    by: Sequence[str],
    wanted: Wanted,
    zone: ZoneInfo,
    sums: Sequence[str] = SUMS,
) -> pd.DataFrame:
    """What was used in a window.

    Args:
        window: any half-open window; counted exactly to the second.
        grain: bucket of time, or None for the window as one bucket.
        by: columns of KEYS to group by.
        wanted: which rows count.
        zone: the centre's.
        sums: out of SUMS.

    Returns:
        One row per group and bucket, in order of both: `by`, int64 `bucket` (index into `edges_of`, 0 for no grain),
        and the int64 columns of `sums`.
    """
    if not window.seconds or () in wanted.sets().values():
        return _empty(by)
    edges = edges_of(window, grain, zone) if grain else np.array([window.start_s, window.end_s], dtype=np.int64)
    by_user = "user_name" in by or wanted.users is not None
    parts = [
        _read(conn, piece, by, wanted, edges, zone, sums) for piece in _pieces(window, grain, zone, by_user=by_user)
    ]
    parts = [part for part in parts if not part.empty]
    if not parts:
        return _empty(by)
    keys = [*by, "bucket"]
    return pd.concat(parts, ignore_index=True).groupby(keys, as_index=False)[list(sums)].sum()


def jobs_in(conn: Connection, window: Window, wanted: Wanted) -> pd.DataFrame:
    """Job frame of the jobs that run or begin inside the window, in order of their id."""
    table = JOBS
    begins = and_(table.c.start_at >= window.start_s, table.c.start_at < window.end_s)
    runs = and_(table.c.start_at < window.end_s, table.c.seen_until_at > window.start_s)
    where = [or_(begins, runs), table.c.seen_until_at >= window.start_s, *_allowed(table, wanted)]
    # Naming the clusters lets the index (cluster, seen_until_at, start_at) find the few that touch a short window.
    clusters = [row[0] for row in conn.execute(select(rollup_daily.c.cluster).distinct())]
    return job_rows(conn, [table.c.cluster.in_(clusters), *where])


def job_rows(conn: Connection, where: Sequence[ColumnElement[bool]]) -> pd.DataFrame:
    """The job frame of the jobs under these conditions, in order of their id; seconds as they are stored."""
    columns = (type_coerce(JOBS.c[name], BigInteger) if name in MOMENTS else JOBS.c[name] for name in JOB_COLUMNS)
    found = conn.execute(select(*columns).where(*where).order_by(JOBS.c.id)).all()
    return pd.DataFrame.from_records(found, columns=list(JOB_COLUMNS)).astype(JOB_COLUMNS)


def extent(conn: Connection, wanted: Wanted) -> Window | None:
    """From the first to the last hour in which there is anything; None where there is nothing."""
    days = select(func.min(rollup_daily.c.day), func.max(rollup_daily.c.day)).where(*_allowed(rollup_daily, wanted))
    first, last = conn.execute(days).one()
    if first is None:
        return None
    # The days say where to look, so that not every hour between is read.
    hour = rollup_hourly.c.hour_at
    near = (_near(hour, day) for day in (first, last))
    ends = [
        conn.execute(select(func.min(hour), func.max(hour)).where(n, *_allowed(rollup_hourly, wanted))).one()
        for n in near
    ]
    return Window(int(ends[0][0]), int(ends[1][1]) + HOUR_S)


def _near(hour: ColumnElement[int], day: str) -> ColumnElement[bool]:
    """The hours that a day of any zone can hold."""
    noon = epoch(datetime.combine(date.fromisoformat(day), time(12), UTC))
    return hour.between(noon - 2 * DAY_S, noon + 2 * DAY_S)


def present(conn: Connection, wanted: Wanted) -> pd.DataFrame:
    """The distinct cluster, partition, gpu_model and project of wanted rows; '' is unknown."""
    names = ("cluster", "partition", "gpu_model", "project")
    columns = [rollup_daily.c[name] for name in names]
    found = conn.execute(select(*columns).where(*_allowed(rollup_daily, wanted)).distinct()).all()
    return pd.DataFrame.from_records(found, columns=list(names))


def seen_until(conn: Connection, cluster: str) -> int:
    """The last moment at which any job of the cluster was seen, UTC epoch seconds; 0 where it has none."""
    last = type_coerce(func.max(JOBS.c.seen_until_at), BigInteger)
    return int(conn.execute(select(last).where(JOBS.c.cluster == cluster)).scalar_one() or 0)


def data_until(conn: Connection, clusters: Iterable[str]) -> dict[str, int]:
    """Until when the data of each cluster reach: as noted, or the last moment a job was seen; no entry without data."""
    noted = {str(row.cluster): int(row.data_until_at) for row in conn.execute(select(freshness))}
    until = {cluster: max(noted.get(cluster, 0), seen_until(conn, cluster)) for cluster in clusters}
    return {cluster: end for cluster, end in until.items() if end}


def at_moment(conn: Connection, wanted: Wanted, at_s: int) -> pd.DataFrame:
    """GPU parts and jobs at a moment, by cluster, partition and gpu_model ('' unknown): int64 gpu_parts and jobs.

    A job without end counts as running where its cluster's data reach no further than the moment.
    """
    ended_later = and_(JOBS.c.end_at.is_not(None), JOBS.c.start_at <= at_s, JOBS.c.seen_until_at > at_s)
    still_runs = and_(JOBS.c.end_at.is_(None), JOBS.c.start_at <= at_s)
    place = [func.coalesce(JOBS.c[name], UNKNOWN).label(name) for name in ("cluster", "partition", "gpu_model")]
    found: list[tuple[object, ...]] = []
    for case in (ended_later, still_runs):
        query = select(*place, func.sum(JOBS.c.gpu_parts), func.count()).where(case, *_allowed(JOBS, wanted))
        found += [tuple(row) for row in conn.execute(query.group_by(*place))]
    names = ["cluster", "partition", "gpu_model"]
    rows = pd.DataFrame.from_records(found, columns=[*names, "gpu_parts", "jobs"])
    return (
        rows.groupby(names, as_index=False)[["gpu_parts", "jobs"]].sum().astype({"gpu_parts": "int64", "jobs": "int64"})
    )


def capacity_rows(conn: Connection, wanted: Wanted) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The stated capacity and the outages of the wanted places, as `analytics.capacity.steps` takes them."""
    frames = []
    for table, columns in (
        (cast(Table, CapacityChange.__table__), ("from_at", "installed", "in_service", "allocatable")),
        (cast(Table, Outage.__table__), ("start_at", "end_at", "gpus", "planned", "reason")),
    ):
        names = ("cluster", "partition", "gpu_model", *columns)
        places = Wanted(wanted.clusters, wanted.partitions, wanted.gpu_models)
        query = select(*(table.c[name] for name in names)).where(*_allowed(table, places))
        frame = pd.DataFrame.from_records(list(conn.execute(query)), columns=list(names))
        for name in ("from_at", "start_at", "end_at"):
            if name in names:
                frame[name] = pd.array([None if pd.isna(t) else int(t.timestamp()) for t in frame[name]], dtype="Int64")
        frames.append(frame)
    return frames[0], frames[1]


def user_counts(conn: Connection, window: Window, wanted: Wanted, zone: ZoneInfo) -> dict[str, int]:
    """Per project the distinct known user names on the days that the window touches."""
    table = rollup_user_daily
    low, high = (day_of(t, zone).isoformat() for t in (window.start_s, max(window.start_s, window.end_s - 1)))
    where = [table.c.day.between(low, high), table.c.user_name != UNKNOWN, *_allowed(table, wanted)]
    query = select(table.c.project, func.count(table.c.user_name.distinct())).where(*where).group_by(table.c.project)
    return {str(project): int(count) for project, count in conn.execute(query)}


def waits(conn: Connection, window: Window, wanted: Wanted) -> pd.DataFrame:
    """project, submit_at, start_at and submit_known of the jobs started in the window whose submit time is known."""
    names = ("project", "submit_at", "start_at", "submit_known")
    inside = (JOBS.c.start_at >= window.start_s, JOBS.c.start_at < window.end_s, JOBS.c.submit_known)
    columns = (type_coerce(JOBS.c[name], BigInteger) if name in MOMENTS else JOBS.c[name] for name in names)
    found = conn.execute(select(*columns).where(*inside, *_allowed(JOBS, wanted))).all()
    return pd.DataFrame.from_records(found, columns=list(names)).astype({name: JOB_COLUMNS[name] for name in names})


def project_rows(conn: Connection) -> pd.DataFrame:
    """Slug, title, category, organisation and made_up of every project."""
    table = cast(Table, Project.__table__)
    names = ("slug", "title", "category", "organisation", "made_up")
    return pd.DataFrame.from_records(list(conn.execute(select(*(table.c[n] for n in names)))), columns=list(names))


@dataclass(frozen=True, slots=True)
class _Piece:
    """A window and where it is read."""

    window: Window
    source: Literal["user_day", "day", "hour", "jobs"]


def _pieces(window: Window, grain: Grain | None, zone: ZoneInfo, *, by_user: bool) -> list[_Piece]:
    """The window in pieces, none empty, each read at the coarsest place that holds it exactly."""
    finer = _jobs_piece if by_user else _hour_pieces
    first, last = _day_ceil(window.start_s, zone), day_start(day_of(window.end_s, zone), zone)
    if grain == "hour" or first > last:
        return finer(window)
    whole = [_Piece(Window(first, last), "user_day" if by_user else "day")] if first < last else []
    return [*finer(Window(window.start_s, first)), *whole, *finer(Window(last, window.end_s))]


def _day_ceil(epoch_s: int, zone: ZoneInfo) -> int:
    day = day_of(epoch_s, zone)
    start = day_start(day, zone)
    return start if start == epoch_s else day_start(day + timedelta(days=1), zone)


def _hour_pieces(window: Window) -> list[_Piece]:
    first, last = hour_ceil(window.start_s), hour_floor(window.end_s)
    if first >= last:
        return _jobs_piece(window)
    whole = _Piece(Window(first, last), "hour")
    return [*_jobs_piece(Window(window.start_s, first)), whole, *_jobs_piece(Window(last, window.end_s))]


def _jobs_piece(window: Window) -> list[_Piece]:
    return [_Piece(window, "jobs")] if window.seconds else []


def _read(
    conn: Connection,
    piece: _Piece,
    by: Sequence[str],
    wanted: Wanted,
    edges: Int64s,
    zone: ZoneInfo,
    sums: Sequence[str],
) -> pd.DataFrame:
    if piece.source == "jobs":
        inner = edges[(edges > piece.window.start_s) & (edges < piece.window.end_s)]
        cut = np.concatenate(([piece.window.start_s], inner, [piece.window.end_s])).astype(np.int64)
        frame = sweep(jobs_in(conn, piece.window, wanted), by, cut)
        begins = cut[frame["bucket"].to_numpy(np.int64)]
    else:
        frame, begins = _rolled_up(conn, piece, by, wanted, zone, sums, one_bucket=len(edges) == 2)
    frame["bucket"] = np.searchsorted(edges, begins, side="right") - 1
    return frame[[*by, "bucket", *sums]]


def _rolled_up(
    conn: Connection,
    piece: _Piece,
    by: Sequence[str],
    wanted: Wanted,
    zone: ZoneInfo,
    sums: Sequence[str],
    *,
    one_bucket: bool,
) -> tuple[pd.DataFrame, Int64s]:
    """Sums of a rollup by key and period, and when each row's period begins."""
    window = piece.window
    table, period = TABLES[piece.source]
    low: int | str = window.start_s
    high: int | str = window.end_s
    if period == "day":
        low, high = (day_of(t, zone).isoformat() for t in (window.start_s, window.end_s))
    keys = [*by] if one_bucket else [period, *by]
    # In the order of the table's own key, where that can be: then it is read in order and nothing is sorted.
    ordered = [column for column in table.primary_key.columns if column.name in keys]
    query = (
        select(*(table.c[name] for name in keys), *(func.sum(table.c[name]) for name in sums))
        .where(table.c[period] >= low, table.c[period] < high, *_allowed(table, wanted))
        .group_by(*ordered)
    )
    found = [row for row in conn.execute(query).all() if row[-1] is not None]
    frame = pd.DataFrame.from_records(found, columns=[*keys, *sums]).astype(dict.fromkeys(sums, "int64"))
    if one_bucket:
        return frame, np.full(len(frame), window.start_s, dtype=np.int64)
    if period == "hour_at":
        return frame, frame[period].to_numpy(np.int64)
    begins = {day: day_start(date.fromisoformat(day), zone) for day in frame["day"].unique()}
    return frame, frame["day"].map(begins).to_numpy(np.int64)


def _allowed(table: FromClause, wanted: Wanted) -> list[ColumnElement[bool]]:
    """The conditions; in `jobs` an unknown name is NULL, in rollups and capacity it is ''."""
    clauses: list[ColumnElement[bool]] = []
    for name, values in wanted.sets().items():
        if name not in table.c:
            continue
        column = table.c[name]
        clause = column.in_(values)
        clauses.append(or_(clause, column.is_(None)) if UNKNOWN in values and column.nullable else clause)
    return clauses


def _empty(by: Sequence[str]) -> pd.DataFrame:
    texts = {name: pd.Series(dtype="str") for name in by}
    return pd.DataFrame({**texts, **{name: pd.Series(dtype="int64") for name in ("bucket", *SUMS)}})
