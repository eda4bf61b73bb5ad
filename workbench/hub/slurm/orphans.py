"""No worker of Dask survives its owner: what the pulse looks for in Slurm's queue, and ends.

A cluster is closed where its notebook server has ended, its award is used up or its time is over; the jobs of a closed
one are cancelled. A job says of itself whose worker it is, which is no proof: it is taken for one, and cancelled, only
where its user and account are those of the cluster in our own books. Kernels that are killed are seen to beside them
(clusters.supervise); this holds also where that was killed with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import RowMapping, select, update

from workbench.errors import SlurmError
from workbench.services import dask_clusters, dask_jobs
from workbench.services.holds.standing import standings
from workbench.slurm import reasons, squeue
from workbench.slurm.runner import Runner
from workbench.slurm.squeue import QueuedJob
from workbench.slurm.tags import CLUSTER
from workbench.store import dask_tables
from workbench.store.engine import Store
from workbench.store.tables import server_events
from workbench.units import HOUR_S

SERVER_ENDED = "its notebook server has ended"
TIME_OVER = "its time limit"


@dataclass(frozen=True, slots=True)
class Ended:
    """What a look did: cluster id → why it was closed, ids of the jobs that were cancelled, how many were settled."""

    closed: dict[str, str]
    cancelled: tuple[int, ...]
    settled: int


@dataclass(frozen=True, slots=True)
class Worker:
    """A job of the queue that is a worker of a cluster in our books."""

    job: QueuedJob
    dask_id: str


def end_orphans(store: Store, runner: Runner, now: int) -> Ended:
    """Close what has lost its owner, cancel its jobs, settle what is over.

    Args:
        store: of a centre whose settings name a Slurm.
        runner: of that Slurm, as an account that may cancel others' jobs.
        now: UTC epoch seconds.

    Raises:
        SlurmError: it did not answer, or did not let us cancel; what was closed stays closed and comes again.
    """
    slurm = store.settings.slurm
    with store.read() as conn:
        clusters = dask_jobs.unsettled(conn, slurm.cluster)
    if not clusters:
        return Ended({}, (), 0)
    queued = squeue.present(runner)
    workers = _workers(store, clusters, queued)
    closing = {
        row["id"]: why
        for row in clusters
        if row["closed_at"] is None and (why := _why(store, runner, row, queued, now))
    }
    _write(store, workers, closing, now)
    closed = {row["id"] for row in clusters if row["closed_at"] is not None} | set(closing)
    doomed = [worker for worker in workers if worker.dask_id in closed and worker.job.state != "COMPLETING"]
    for user in sorted({worker.job.user for worker in doomed}):
        # The user once more: the number may be another job's by now.
        ids = [str(worker.job.job_id) for worker in doomed if worker.job.user == user]
        runner.run("scancel", "--quiet", f"--user={user}", *ids)
    with store.begin() as conn:
        settled = dask_jobs.settle_ended(conn, slurm.cluster, now)
    return Ended(closing, tuple(worker.job.job_id for worker in doomed), settled)


def _workers(store: Store, clusters: Sequence[RowMapping], queued: Sequence[QueuedJob]) -> list[Worker]:
    """The queue's jobs that are workers of these: that say so, or were seen to be before they said something else."""
    slurm = store.settings.slurm
    owners = {row["id"]: (row["user_name"], slurm.account(row["project"])) for row in clusters}
    with store.read() as conn:
        known = dask_jobs.in_queue(conn, slurm.cluster)
    named = [(known.get((str(job.job_id), job.submit_at or 0)) or job.tags.get(CLUSTER, ""), job) for job in queued]
    return [Worker(job, dask_id) for dask_id, job in named if owners.get(dask_id) == (job.user, job.account)]


def _write(store: Store, workers: Sequence[Worker], closing: dict[str, str], now: int) -> None:
    seen = [dask_jobs.Seen(str(one.job.job_id), one.job.submit_at or 0, one.dask_id) for one in workers]
    run = {one.dask_id for one in workers if not one.job.pending}
    table = dask_tables.dask_clusters
    with store.begin() as conn:
        dask_jobs.note(conn, store.settings.slurm.cluster, seen, now)
        conn.execute(update(table).where(table.c.id.in_(sorted(run)), table.c.began_at.is_(None)).values(began_at=now))
        for cluster_id, why in closing.items():
            dask_clusters.end(conn, cluster_id, why, now)


def _why(store: Store, runner: Runner, row: RowMapping, queued: Sequence[QueuedJob], now: int) -> str:
    """Why a cluster must be closed now, '' where it may go on."""
    if _server_ended(store, runner, row, queued):
        return SERVER_ENDED
    if row["began_at"] is not None and now > row["began_at"] + row["hours"] * HOUR_S:
        return TIME_OVER
    with store.db() as db:
        found = standings(db, store.settings, row["project"], now)
    if not any(one.left_minor > 0 or one.opted_in or one.without_award for one in found):
        return f"the award of {row['project']} is used up"
    return ""


def _server_ended(store: Store, runner: Runner, row: RowMapping, queued: Sequence[QueuedJob]) -> bool:
    with store.read() as conn:
        ask = select(server_events).where(server_events.c.server_id == row["server_id"])
        server = conn.execute(ask).mappings().first()
    if server is None or server["ended_at"] is not None:
        return True
    if server["cluster"] is None or server["slurm_job_id"] is None:
        return False  # of this machine, where the meter knows; or not submitted yet
    number, user = server["slurm_job_id"], server["user_name"]
    if any((str(job.job_id), job.user) == (number, user) for job in queued):
        return False
    # What the queue does not show is asked for by its number before anything ends.
    try:
        job = squeue.of_id(runner, int(number))
    except (SlurmError, ValueError):
        return False
    return job is None or job.user != user or bool(reasons.ended_in_words(job.state))
