"""Tables that are not things of the domain: captures, rejected rows, rollups, charges by day, freshness.

Rollups are disposable: they rebuild from `jobs` to the same numbers. In rollup keys '' stands for unknown (a key cannot
be NULL); faces show it as "unknown". Times are UTC epoch seconds, days are ISO dates of the centre's zone.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from workbench.domain import (  # noqa: F401  (their tables join the metadata)
    applications,
    asked,
    award_actions,
    award_versions,
    awards,
    brakes,
    capacity,
    community,
    holds,
    jobs,
    meetings,
    projects,
    training,
)
from workbench.domain.base import Stored
from workbench.store import (  # noqa: F401  (their tables join the metadata)
    comparisons,
    dask_tables,
    efficiency,
    ledger_tables,
    other_charges,
    placed,
)

metadata = Stored.metadata

captures = Table(
    "captures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", String(20), nullable=False),
    Column("cluster", String(80), nullable=False),
    Column("name", Text, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("bytes", BigInteger, nullable=False),
    Column("mapping_sha256", String(64), nullable=True),
    Column("window_start_at", BigInteger, nullable=True),
    Column("window_end_at", BigInteger, nullable=True),
    Column("taken_at", BigInteger, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
)

rejected_rows = Table(
    "rejected_rows",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("capture_id", ForeignKey("captures.id"), nullable=False, index=True),
    Column("line", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("text", Text, nullable=False),
)

rollup_hourly = Table(
    "rollup_hourly",
    metadata,
    Column("hour_at", BigInteger, primary_key=True),
    Column("cluster", String(80), primary_key=True),
    Column("partition", String, primary_key=True),
    Column("gpu_model", String, primary_key=True),
    Column("project", String, primary_key=True),
    Column("gpu_part_seconds", BigInteger, nullable=False),
    Column("core_seconds", BigInteger, nullable=False),
    Column("jobs_started", Integer, nullable=False),
    Column("wait_known_jobs", Integer, nullable=False),
    Column("wait_s", BigInteger, nullable=False),
    Index("ix_rollup_hourly_project", "project", "hour_at"),
    sqlite_with_rowid=False,  # kept in the order of its key, which is how it is read
)

rollup_daily = Table(
    "rollup_daily",
    metadata,
    # Whole days of the centre's zone, exact also where a day does not begin on a whole UTC hour.
    Column("day", String(10), primary_key=True),
    Column("cluster", String(80), primary_key=True),
    Column("partition", String, primary_key=True),
    Column("gpu_model", String, primary_key=True),
    Column("project", String, primary_key=True),
    Column("gpu_part_seconds", BigInteger, nullable=False),
    Column("core_seconds", BigInteger, nullable=False),
    Column("jobs_started", Integer, nullable=False),
    Column("wait_known_jobs", Integer, nullable=False),
    Column("wait_s", BigInteger, nullable=False),
    Index("ix_rollup_daily_project", "project", "day"),
    sqlite_with_rowid=False,  # kept in the order of its key, which is how it is read
)

rollup_user_daily = Table(
    "rollup_user_daily",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("cluster", String(80), primary_key=True),
    Column("project", String, primary_key=True),
    Column("user_name", String, primary_key=True),
    Column("partition", String, primary_key=True),
    Column("gpu_model", String, primary_key=True),
    Column("gpu_part_seconds", BigInteger, nullable=False),
    Column("core_seconds", BigInteger, nullable=False),
    Column("jobs_started", Integer, nullable=False),
    Column("wait_known_jobs", Integer, nullable=False),
    Column("wait_s", BigInteger, nullable=False),
    Index("ix_rollup_user_daily_project", "project", "day"),
    sqlite_with_rowid=False,  # kept in the order of its key, which is how it is read
)

price_versions = Table(
    "price_versions",
    metadata,
    # The price list. One row for each version: `content` is what stood in its file, as JSON. Never changed (triggers).
    Column("name", String(80), primary_key=True),
    Column("from_at", BigInteger, nullable=False, unique=True),
    Column("currency", String(3), nullable=False),
    Column("content", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("source", Text, nullable=False),
    Column("loaded_at", BigInteger, nullable=False),
)

charges_daily = Table(
    "charges_daily",
    metadata,
    Column("cluster", String(80), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("project", String, primary_key=True),
    Column("partition", String, primary_key=True),
    Column("gpu_model", String, primary_key=True),
    Column("price_version", String(80), primary_key=True),  # '': there is no price; the amounts are NULL, never 0
    Column("award_version", String(160), primary_key=True),  # '': no award pays
    Column("gpu_part_seconds", BigInteger, nullable=False),
    Column("core_seconds", BigInteger, nullable=False),
    Column("list_minor", BigInteger, nullable=True),
    Column("subsidy_minor", BigInteger, nullable=True),
    Column("user_minor", BigInteger, nullable=True),
    Column("award_id", ForeignKey("awards.id"), nullable=True),
    Index("ix_charges_daily_project", "project", "day"),
)

charges_user_daily = Table(
    "charges_user_daily",
    metadata,
    # The same charges by user. Amounts are of what has a price, NULL where nothing has.
    Column("day", String(10), primary_key=True),
    Column("cluster", String(80), primary_key=True),
    Column("project", String, primary_key=True),
    Column("user_name", String, primary_key=True),
    Column("partition", String, primary_key=True),
    Column("gpu_model", String, primary_key=True),
    Column("gpu_part_seconds", BigInteger, nullable=False),
    Column("core_seconds", BigInteger, nullable=False),
    Column("unpriced_gpu_part_seconds", BigInteger, nullable=False),
    Column("list_minor", BigInteger, nullable=True),
    Column("subsidy_minor", BigInteger, nullable=True),
    Column("user_minor", BigInteger, nullable=True),
    Index("ix_charges_user_daily_project", "project", "day"),
)

freshness = Table(
    "freshness",
    metadata,
    Column("cluster", String(80), primary_key=True),
    Column("data_until_at", BigInteger, nullable=False),
    Column("noted_at", BigInteger, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
)

dirty = Table(
    "dirty",
    metadata,
    # What follows and is behind: kind 'lake' (cluster, project, month), 'charges' (cluster, project, day), 'posting'
    # (project, day: its charges have changed since they were posted to the ledger).
    Column("kind", String(10), primary_key=True),
    Column("cluster", String(80), primary_key=True),
    Column("project", String, primary_key=True),
    Column("period", String(10), primary_key=True),
)

server_events = Table(
    "server_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("server_id", String(64), nullable=False, unique=True),
    Column("user_name", String(80), nullable=False),
    Column("project", String(80), nullable=False),
    Column("profile", String(40), nullable=False),
    Column("gpu_model", String(80), nullable=True),
    Column("gpu_parts", BigInteger, nullable=False),
    Column("cpu_cores", Integer, nullable=False),
    Column("requested_at", BigInteger, nullable=False),
    Column("started_at", BigInteger, nullable=True),
    Column("ended_at", BigInteger, nullable=True),
    Column("seen_at", BigInteger, nullable=True),
    Column("end_reason", Text, nullable=True),
    Column("metered", Boolean, nullable=False, server_default="0"),
    Column("limit_s", BigInteger, nullable=True),  # for how long it was asked; unknown for servers of before
    Column("cluster", String(80), nullable=True),  # of Slurm; NULL: a process of this machine, metered as `hub`
    Column("slurm_job_id", String(40), nullable=True),
    Index("ix_server_events_user", "user_name"),
)
