"""Dask clusters beyond their notebook server, and the jobs of Slurm that were seen to be their workers.

Times are UTC epoch seconds. A row of `dask_jobs` was written only where the job's user and account are the cluster's.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from workbench.domain.base import Stored

dask_clusters = Table(
    "dask_clusters",
    Stored.metadata,
    Column("id", String(20), primary_key=True),
    Column("server_id", String(64), nullable=False),
    Column("user_name", String(80), nullable=False),
    Column("project", String(80), nullable=False),
    Column("profile", String(40), nullable=False),
    Column("cluster", String(80), nullable=False),  # of Slurm
    Column("workers", Integer, nullable=False),  # at most so many at a time
    Column("gpus_per_worker", Integer, nullable=False),
    Column("hours", Integer, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("began_at", BigInteger, nullable=True),  # its first worker ran
    Column("closed_at", BigInteger, nullable=True),
    Column("reason", Text, nullable=True),  # why it was closed
    Column("settled_at", BigInteger, nullable=True),  # its hold is settled: nothing of it runs or can come any more
    Index("ix_dask_clusters_settled", "settled_at", "project"),
)

dask_jobs = Table(
    "dask_jobs",
    Stored.metadata,
    Column("cluster", String(80), primary_key=True),
    Column("job_id", String(40), primary_key=True),
    Column("submit_at", BigInteger, primary_key=True),  # job ids may begin again
    Column("dask_id", ForeignKey("dask_clusters.id"), nullable=False, index=True),
    Column("gone_at", BigInteger, nullable=True),  # Slurm's queue does not show it any more
)
