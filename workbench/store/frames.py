"""Usage frames out of the store: exact for any window, from the rollups where they hold it whole.

A window is cut into whole days of the centre (daily rollups), whole hours at its edges (hourly rollup), and the seconds
that are left, for which alone the jobs that touch them are read and swept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, cast
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy import BigInteger, ColumnElement, Connection, Table, and_, func, or_, select, type_coerce

from workbench.analytics.buckets import Grain, edges_of
from workbench.analytics.schema import JOB_COLUMNS
from workbench.analytics.sweep import AMOUNTS, COUNTS, Int64s, sweep
from workbench.domain.jobs import Job
from workbench.periods import Window, day_of, day_start, hour_ceil, hour_floor
from workbench.store.tables import rollup_daily, rollup_hourly, rollup_user_daily
from workbench.store.wanted import Wanted, allowed

SUMS = (*AMOUNTS, *COUNTS)
MOMENTS = frozenset({"submit_at", "start_at", "end_at", "seen_until_at"})
JOBS = cast(Table, Job.__table__)
TABLES = {
    "user_day": (rollup_user_daily, "day"),
    "day": (rollup_daily, "day"),
    "hour": (rollup_hourly, "hour_at"),
}


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
    where = [or_(begins, runs), table.c.seen_until_at >= window.start_s, *allowed(table, wanted)]
    # Naming the clusters lets the index (cluster, seen_until_at, start_at) find the few that touch a short window.
    clusters = [row[0] for row in conn.execute(select(rollup_daily.c.cluster).distinct())]
    return job_rows(conn, [table.c.cluster.in_(clusters), *where])


def job_rows(conn: Connection, where: Sequence[ColumnElement[bool]]) -> pd.DataFrame:
    """The job frame of the jobs under these conditions, in order of their id; seconds as they are stored."""
    columns = (type_coerce(JOBS.c[name], BigInteger) if name in MOMENTS else JOBS.c[name] for name in JOB_COLUMNS)
    found = conn.execute(select(*columns).where(*where).order_by(JOBS.c.id)).all()
    return pd.DataFrame.from_records(found, columns=list(JOB_COLUMNS)).astype(JOB_COLUMNS)


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
        .where(table.c[period] >= low, table.c[period] < high, *allowed(table, wanted))
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


def _empty(by: Sequence[str]) -> pd.DataFrame:
    texts = {name: pd.Series(dtype="str") for name in by}
    return pd.DataFrame({**texts, **{name: pd.Series(dtype="int64") for name in ("bucket", *SUMS)}})
