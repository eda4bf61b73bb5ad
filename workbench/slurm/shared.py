"""One look at the queue for all who ask at the same time: many starts wait and many servers run, and each asks often.

While few jobs are asked for, each is asked for by itself, which is quick and costs Slurm little. Beyond that one
question for the whole queue answers them all. A refusal is shared as well: while Slurm is silent one thread waits for
it, and whoever else asks is told so.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from workbench.errors import SlurmError, SlurmSilent
from workbench.slurm import squeue
from workbench.slurm.reasons import waits_for_others
from workbench.slurm.runner import Runner
from workbench.slurm.squeue import QueuedJob

KEPT_S, TIMES = 1.0, 2
"""For how long an answer for all holds, or a refusal: at least, and so many times as long as Slurm was waited for."""
PATIENCE_S = 2.0
"""So long is waited for another who asks."""
ALONE = 4
"""So many jobs may be asked for, each by itself, within ALONE_WITHIN_S."""
ALONE_WITHIN_S = 5.0


@dataclass
class _Cluster:
    """What was asked and answered last. until: monotonic second up to which `queue` or `refused` holds."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    asked: dict[int, float] = field(default_factory=dict)
    until: float = float("-inf")
    queue: Sequence[QueuedJob] = ()
    refused: SlurmError | None = None


_clusters: dict[tuple[str, str], _Cluster] = {}


def of_id(runner: Runner, job_id: int) -> QueuedJob | None:
    """A job as it was some seconds ago at most, without its place; None for one that Slurm does not know (any more).

    Raises:
        SlurmError: Slurm does not say, or did not just now.
    """
    return _found(runner, job_id)[0] or squeue.of_id(runner, job_id)


def look(runner: Runner, job_id: int) -> QueuedJob | None:
    """The same with its place in the queue."""
    job, queue = _found(runner, job_id)
    if job is None:
        return squeue.look(runner, job_id)
    if not job.pending or not waits_for_others(job.reason):
        return job
    return squeue.with_place(job, [other for other in queue if other.pending])


def _found(runner: Runner, job_id: int) -> tuple[QueuedJob | None, Sequence[QueuedJob]]:
    """The job as the answer for all has it; None: ask for it by itself, it may have come after that answer."""
    cluster = _clusters.setdefault((runner.bin, runner.environ.get("SLURM_CONF", "")), _Cluster())
    if cluster.turn.acquire(timeout=PATIENCE_S):
        try:
            now = time.monotonic()
            cluster.asked = {one: at for one, at in cluster.asked.items() if now - at < ALONE_WITHIN_S} | {job_id: now}
            if len(cluster.asked) <= ALONE and cluster.refused is None:
                return None, ()
            if now >= cluster.until:
                _ask(cluster, runner, now)
        finally:
            cluster.turn.release()
    # Else another has been asking for long: what was known before that is told.
    if cluster.refused is not None or not cluster.queue:
        raise cluster.refused or SlurmSilent("squeue", "no answer yet")
    return next((job for job in cluster.queue if job.job_id == job_id), None), cluster.queue


def _ask(cluster: _Cluster, runner: Runner, began: float) -> None:
    try:
        cluster.queue, cluster.refused = squeue.everything(runner), None
    except SlurmError as problem:
        cluster.refused = problem
    ended = time.monotonic()
    cluster.until = ended + max(KEPT_S, TIMES * (ended - began))
