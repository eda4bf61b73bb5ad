"""A job: one attempt of one allocation, keyed by (cluster, job id, submit time).

Slurm reuses ids and a requeue resets the submit time, so each attempt is a row. Unknown is None, never "" or 0.
"""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from workbench.domain.base import Stored, UtcMoment

ROW_ID = BigInteger().with_variant(Integer, "sqlite")
RUNNING = text("end_at IS NULL")
FAILED = text("state IN ('NODE_FAIL', 'BOOT_FAIL')")
OF_SERVER = text("server_id IS NOT NULL")
OF_DASK = text("dask_id IS NOT NULL")
SERVER, DASK, BATCH = KINDS = ("server", "dask", "batch")
"""A notebook server, a worker of a Dask cluster, any other job."""
SOURCES = ("joblog", "sacct", "hub", "sample")


class Job(Stored):
    """See the module. `end_at` is None while it runs; `seen_until_at` is its end, or until when its source knew it.

    `gpu_parts`: 1/420,000 GPU (workbench.units). `submit_known`: False where the log has no submit time of its own and
    `submit_at` repeats the start, so that no wait is made of it. `cpu_cores` None: the log does not say.

    `kind`: one of KINDS, None where the source does not tell. `server_id`, `dask_id`: the notebook server that it is or
    belongs to, the Dask cluster whose worker it is, as the job says of itself; no proof. `suspended_s`: for so long it
    was suspended. Its cards stayed held and are usage, its cores were free: `end_at` and `seen_until_at` of a job
    without GPUs are earlier by it than in Slurm.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("cluster", "job_id", "submit_at"),
        Index("ix_jobs_cluster_seen", "cluster", "seen_until_at", "start_at"),
        Index("ix_jobs_project", "project", "start_at"),
        Index("ix_jobs_project_seen", "project", "seen_until_at"),
        Index("ix_jobs_running", "cluster", "start_at", sqlite_where=RUNNING, postgresql_where=RUNNING),
        Index("ix_jobs_failed", "project", sqlite_where=FAILED, postgresql_where=FAILED),
        Index("ix_jobs_server", "server_id", sqlite_where=OF_SERVER, postgresql_where=OF_SERVER),
        Index("ix_jobs_dask", "dask_id", sqlite_where=OF_DASK, postgresql_where=OF_DASK),
    )

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True, init=False)
    cluster: Mapped[str] = mapped_column(String(80))
    job_id: Mapped[str]
    submit_at: Mapped[datetime] = mapped_column(UtcMoment)
    start_at: Mapped[datetime] = mapped_column(UtcMoment)
    end_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    seen_until_at: Mapped[datetime] = mapped_column(UtcMoment)
    project: Mapped[str | None]
    user_name: Mapped[str | None]
    partition: Mapped[str | None]
    gpu_model: Mapped[str | None]
    gpu_parts: Mapped[int] = mapped_column(BigInteger)
    cpu_cores: Mapped[int | None]
    state: Mapped[str | None]
    name: Mapped[str | None]
    source: Mapped[str] = mapped_column(String(20))
    submit_known: Mapped[bool]
    kind: Mapped[str | None] = mapped_column(String(10), default=None)
    server_id: Mapped[str | None] = mapped_column(String(80), default=None)
    dask_id: Mapped[str | None] = mapped_column(String(80), default=None)
    mem_mib: Mapped[int | None] = mapped_column(BigInteger, default=None)
    qos: Mapped[str | None] = mapped_column(default=None)
    reservation: Mapped[str | None] = mapped_column(default=None)
    suspended_s: Mapped[int | None] = mapped_column(default=None)
    capture_id: Mapped[int | None] = mapped_column(ForeignKey("captures.id"), default=None)
