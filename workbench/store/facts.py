"""Small facts out of the store: what is present, since when and until when, what runs, what was stated."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import cast
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import BigInteger, ColumnElement, Connection, Table, and_, func, select, type_coerce

from workbench.analytics.schema import JOB_COLUMNS, UNKNOWN
from workbench.domain.capacity import CapacityChange, Outage
from workbench.domain.projects import Project
from workbench.periods import Window, day_of, epoch
from workbench.store.frames import JOBS, MOMENTS
from workbench.store.tables import freshness, rollup_daily, rollup_hourly, rollup_user_daily
from workbench.store.wanted import Wanted, allowed
from workbench.units import DAY_S, HOUR_S


def extent(conn: Connection, wanted: Wanted) -> Window | None:
    """From the first to the last hour in which there is anything; None where there is nothing."""
    days = select(func.min(rollup_daily.c.day), func.max(rollup_daily.c.day)).where(*allowed(rollup_daily, wanted))
    first, last = conn.execute(days).one()
    if first is None:
        return None
    # The days say where to look, so that not every hour between is read.
    hour = rollup_hourly.c.hour_at
    near = (_near(hour, day) for day in (first, last))
    ends = [
        conn.execute(select(func.min(hour), func.max(hour)).where(n, *allowed(rollup_hourly, wanted))).one()
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
    found = conn.execute(select(*columns).where(*allowed(rollup_daily, wanted)).distinct()).all()
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
        query = select(*place, func.sum(JOBS.c.gpu_parts), func.count()).where(case, *allowed(JOBS, wanted))
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
        query = select(*(table.c[name] for name in names)).where(*allowed(table, places))
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
    where = [table.c.day.between(low, high), table.c.user_name != UNKNOWN, *allowed(table, wanted)]
    query = select(table.c.project, func.count(table.c.user_name.distinct())).where(*where).group_by(table.c.project)
    return {str(project): int(count) for project, count in conn.execute(query)}


def waits(conn: Connection, window: Window, wanted: Wanted) -> pd.DataFrame:
    """project, submit_at, start_at and submit_known of the jobs started in the window whose submit time is known."""
    names = ("project", "submit_at", "start_at", "submit_known")
    inside = (JOBS.c.start_at >= window.start_s, JOBS.c.start_at < window.end_s, JOBS.c.submit_known)
    columns = (type_coerce(JOBS.c[name], BigInteger) if name in MOMENTS else JOBS.c[name] for name in names)
    found = conn.execute(select(*columns).where(*inside, *allowed(JOBS, wanted))).all()
    return pd.DataFrame.from_records(found, columns=list(names)).astype({name: JOB_COLUMNS[name] for name in names})


def project_rows(conn: Connection) -> pd.DataFrame:
    """Slug, title, category, organisation and made_up of every project."""
    table = cast(Table, Project.__table__)
    names = ("slug", "title", "category", "organisation", "made_up")
    return pd.DataFrame.from_records(list(conn.execute(select(*(table.c[n] for n in names)))), columns=list(names))
