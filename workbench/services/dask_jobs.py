"""The workers of Dask clusters as jobs of Slurm: which were seen, and when nothing of a cluster is left.

A job says of itself whose worker it is; it is believed only where its user and account are the cluster's own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, select, update
from sqlalchemy.orm import Session

from workbench.domain.jobs import Job
from workbench.services.holds.holds import Ended
from workbench.services.holds.holds import settle_ended as settle_holds
from workbench.store.bulk import insert_rows
from workbench.store.dask_tables import dask_clusters, dask_jobs
from workbench.store.tables import freshness

SETTLE_AFTER_S = 60
"""How long after a cluster has closed a job of it may still turn up in Slurm's accounting."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A worker's job in Slurm's queue."""

    job_id: str
    submit_at: int
    dask_id: str


def unsettled(conn: Connection, cluster: str) -> Sequence[RowMapping]:
    """The Dask clusters on a cluster of Slurm of which something may still run, oldest first."""
    ask = select(dask_clusters).where(dask_clusters.c.settled_at.is_(None), dask_clusters.c.cluster == cluster)
    return conn.execute(ask.order_by(dask_clusters.c.opened_at, dask_clusters.c.id)).mappings().all()


def in_queue(conn: Connection, cluster: str) -> dict[tuple[str, int], str]:
    """(job id, submit time) → id of its Dask cluster, of the workers that Slurm's queue showed last."""
    ask = select(dask_jobs).where(dask_jobs.c.cluster == cluster, dask_jobs.c.gone_at.is_(None))
    return {(row.job_id, row.submit_at): row.dask_id for row in conn.execute(ask)}


def note(conn: Connection, cluster: str, seen: Iterable[Seen], now: int) -> None:
    """Write down which workers the queue shows now; those that it does not show any more are gone."""
    there = {(job.job_id, job.submit_at): job for job in seen}
    known = conn.execute(select(dask_jobs).where(dask_jobs.c.cluster == cluster, dask_jobs.c.gone_at.is_(None)))
    for row in known.mappings().all():
        if there.pop((row["job_id"], row["submit_at"]), None) is None:
            mine = (dask_jobs.c.cluster == cluster) & (dask_jobs.c.job_id == row["job_id"])
            conn.execute(
                update(dask_jobs).where(mine & (dask_jobs.c.submit_at == row["submit_at"])).values(gone_at=now)
            )
    columns = ("cluster", "job_id", "submit_at", "dask_id")
    rows = [(cluster, job.job_id, job.submit_at, job.dask_id) for job in there.values()]
    # One that was missing in between, while it was put back into the queue, is there again.
    again = "ON CONFLICT (cluster, job_id, submit_at) DO UPDATE SET gone_at = NULL"
    insert_rows(conn, "dask_jobs", columns, rows, then=again)


def settle_ended(conn: Connection, cluster: str, now: int) -> int:
    """Settle the holds of the closed clusters of which nothing runs or can come any more.

    Args:
        conn: of a transaction that writes; the jobs' ends are in the books already.
        cluster: of Slurm.
        now: UTC epoch seconds.

    Returns: how many were settled.
    """
    known_until = conn.execute(select(freshness.c.data_until_at).where(freshness.c.cluster == cluster)).scalar()
    ended: dict[str, Ended] = {}
    for row in unsettled(conn, cluster):
        if row["closed_at"] is None or known_until is None:
            continue
        gone = conn.execute(select(dask_jobs.c.gone_at).where(dask_jobs.c.dask_id == row["id"])).scalars().all()
        jobs = jobs_of(conn, row)
        if any(at is None for at in gone) or any(job.end_at is None for job in jobs):
            continue
        if known_until < max([row["closed_at"], *gone]) + SETTLE_AFTER_S:
            continue
        used_s = sum(_seconds(job) for job in jobs)
        last = max([row["closed_at"], *(int(job.end_at.timestamp()) for job in jobs if job.end_at)])
        ended[row["id"]] = Ended(used_s, min(last, now))
    if ended:
        settle_holds(conn, cluster, ended)
        conn.execute(update(dask_clusters).where(dask_clusters.c.id.in_(list(ended))).values(settled_at=now))
    return len(ended)


def jobs_of(conn: Connection, of: RowMapping) -> list[Job]:
    """The jobs in the books that say that they are this cluster's workers, and may: its person's, in its project."""
    mine = (Job.cluster == of["cluster"]) & (Job.dask_id == of["id"])
    with Session(conn, expire_on_commit=False) as db:
        found = select(Job).where(mine, Job.user_name == of["user_name"], Job.project == of["project"])
        return list(db.scalars(found))


def _seconds(job: Job) -> int:
    return 0 if job.end_at is None else max(0, int((job.end_at - job.start_at).total_seconds()))
