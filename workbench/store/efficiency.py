"""How busy the GPUs of jobs were, by job and day and by device: kept by day, disposable, made again from the samples.

Days are the centre's. GPU time is in part-seconds (workbench.units), activity of a device in hundredths of a percent ×
seconds, money in minor units; NULL is unknown: a charge without a price, memory that no sample says.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    String,
    Table,
    and_,
    delete,
    func,
    select,
    type_coerce,
)

from workbench.domain.base import Stored
from workbench.domain.jobs import Job
from workbench.store.bulk import insert_rows, rows_of
from workbench.store.wanted import Wanted, allowed

efficiency_daily = Table(
    "efficiency_daily",
    Stored.metadata,
    Column("day", String(10), primary_key=True),
    Column("cluster", String(80), primary_key=True),
    Column("job_id", String, primary_key=True),
    Column("submit_at", BigInteger, primary_key=True),
    Column("project", String, nullable=False),  # '' unknown, and so are the next three
    Column("user_name", String, nullable=False),
    Column("partition", String, nullable=False),
    Column("gpu_model", String, nullable=False),
    Column("gpu_parts", BigInteger, nullable=False),
    Column("held_part_seconds", BigInteger, nullable=False),
    Column("known_part_seconds", BigInteger, nullable=False),
    Column("active_part_seconds", BigInteger, nullable=False),
    Column("idle_subsidy_minor", BigInteger, nullable=True),
    Column("idle_user_minor", BigInteger, nullable=True),
    Index("ix_efficiency_daily_project", "project", "day"),
)

efficiency_devices = Table(
    "efficiency_devices",
    Stored.metadata,
    Column("day", String(10), primary_key=True),
    Column("cluster", String(80), primary_key=True),
    Column("job_id", String, primary_key=True),
    Column("submit_at", BigInteger, primary_key=True),
    Column("device", String, primary_key=True),
    Column("gpu_parts", BigInteger, nullable=False),
    Column("held_s", Integer, nullable=False),
    Column("known_s", Integer, nullable=False),
    Column("active_bp_s", BigInteger, nullable=False),
    Column("used_s", Integer, nullable=False),
    Column("last_used_at", BigInteger, nullable=True),
    Column("mem_peak_mib", BigInteger, nullable=True),
    Column("mem_total_mib", BigInteger, nullable=True),
)

efficiency_days = Table(
    "efficiency_days",
    Stored.metadata,
    Column("day", String(10), primary_key=True),
    Column("made_of", String(64), nullable=False),  # what of samples, jobs and charges the day was made of
    Column("made_at", BigInteger, nullable=False),
    Column("gap_s", Integer, nullable=False),
    Column("made_up", Boolean, nullable=False),
)

KEY = ("day", "cluster", "job_id", "submit_at")
SUMS = (
    "held_part_seconds", "known_part_seconds", "active_part_seconds", "idle_subsidy_minor", "idle_user_minor",
)  # fmt: skip
_TABLES = (efficiency_daily, efficiency_devices, efficiency_days)


def keep(conn: Connection, day: str, jobs: pd.DataFrame, devices: pd.DataFrame, noted: dict[str, Any]) -> None:
    """Put a day in place of what was kept of it.

    Args:
        conn: inside a transaction.
        day: ISO date.
        jobs: columns of `efficiency_daily` but the day.
        devices: columns of `efficiency_devices` but the day.
        noted: made_of, made_at, gap_s, made_up of the day.
    """
    forget(conn, [day])
    for table, rows in ((efficiency_daily, jobs), (efficiency_devices, devices)):
        columns = [column.name for column in table.columns]
        insert_rows(conn, table.name, columns, rows_of(rows.assign(day=day), columns))
    conn.execute(efficiency_days.insert().values(day=day, **noted))


def forget(conn: Connection, days: Sequence[str]) -> None:
    """Take days away."""
    for table in _TABLES:
        conn.execute(delete(table).where(table.c.day.in_(list(days))))


def days(conn: Connection) -> pd.DataFrame:
    """The days that are kept, in order: the columns of `efficiency_days`."""
    rows = conn.execute(select(efficiency_days).order_by(efficiency_days.c.day)).all()
    return pd.DataFrame.from_records(rows, columns=[column.name for column in efficiency_days.columns])


def known_days(conn: Connection) -> list[str]:
    """The days of which at least one sample covers a job, in order; ISO dates."""
    mine = efficiency_devices.c
    return list(conn.execute(select(mine.day).where(mine.known_s > 0).distinct().order_by(mine.day)).scalars())


def sums(conn: Connection, by: Sequence[str], wanted: Wanted, first: date, last: date) -> pd.DataFrame:
    """Sums by columns of `efficiency_daily` over the days [first, last]: `by`, then int64 SUMS, unpriced as 0."""
    mine = efficiency_daily.c
    keys = [mine[name] for name in by]
    ask = select(*keys, *(func.coalesce(func.sum(mine[name]), 0) for name in SUMS))
    ask = ask.where(and_(*_bounds(efficiency_daily, wanted, first, last)))
    rows = conn.execute(ask.group_by(*keys).order_by(*keys) if keys else ask).all()
    return pd.DataFrame.from_records([tuple(row) for row in rows], columns=[*by, *SUMS]).astype(
        dict.fromkeys(SUMS, "int64")
    )


def devices(conn: Connection, wanted: Wanted, first: date, last: date) -> pd.DataFrame:
    """The devices of the wanted jobs, by job and device, their days added up: key without day, then the columns."""
    mine, job = efficiency_devices.c, efficiency_daily.c
    keys = [mine[name] for name in (*KEY[1:], "device")]
    added = [func.sum(mine[name]).label(name) for name in ("held_s", "known_s", "active_bp_s", "used_s")]
    highest = [func.max(mine[n]).label(n) for n in ("gpu_parts", "last_used_at", "mem_peak_mib", "mem_total_mib")]
    ask = select(*keys, *added, *highest)
    ask = ask.join_from(efficiency_devices, efficiency_daily, and_(*(mine[name] == job[name] for name in KEY)))
    ask = ask.where(and_(*_bounds(efficiency_daily, wanted, first, last))).group_by(*keys).order_by(*keys)
    columns = [*KEY[1:], "device", "held_s", "known_s", "active_bp_s", "used_s"]
    columns += ["gpu_parts", "last_used_at", "mem_peak_mib", "mem_total_mib"]
    rows = conn.execute(ask).all()
    frame = pd.DataFrame.from_records([tuple(row) for row in rows], columns=columns)
    whole = {n: "Int64" if n.startswith(("last", "mem")) else "int64" for n in ("submit_at", *columns[4:])}
    # A sum of PostgreSQL is a Decimal.
    return frame.assign(**{n: [None if pd.isna(v) else int(v) for v in frame[n]] for n in whole}).astype(whole)


def times(conn: Connection, wanted: Wanted, first: date, last: date) -> pd.DataFrame:
    """When the wanted jobs began, until when they were seen, and when they ended: int64, Int64 (NA: they run)."""
    jobs, mine = Job.__table__, efficiency_daily.c
    job = jobs.c
    moments = [type_coerce(job[name], BigInteger) for name in ("start_at", "seen_until_at", "end_at")]
    same = and_(
        mine.cluster == job.cluster, mine.job_id == job.job_id, mine.submit_at == type_coerce(job.submit_at, BigInteger)
    )
    ask = select(*(mine[name] for name in KEY[1:]), *moments).join_from(efficiency_daily, jobs, same)
    rows = conn.execute(ask.where(and_(*_bounds(efficiency_daily, wanted, first, last))).distinct()).all()
    columns = [*KEY[1:], "start_at", "seen_until_at", "end_at"]
    frame = pd.DataFrame.from_records([tuple(row) for row in rows], columns=columns)
    return frame.astype({"submit_at": "int64", "start_at": "int64", "seen_until_at": "int64", "end_at": "Int64"})


def _bounds(table: Table, wanted: Wanted, first: date, last: date) -> list[ColumnElement[bool]]:
    return [table.c.day.between(first.isoformat(), last.isoformat()), *allowed(table, wanted)]
