"""What waits and runs in Slurm now: one job with its place in the queue, or all of them.

Asked with --format, which Slurm 20 to 25 read alike. Each row begins and each field ends with a word made up for this
one question: whatever somebody wrote into a comment, it can neither end a field nor begin a row. Source: squeue(1).
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from workbench.errors import SlurmRefused
from workbench.slurm.reasons import waits_for_others
from workbench.slurm.runner import Runner
from workbench.slurm.tags import tags_of
from workbench.slurm.times import NO_TIME, elapsed_seconds, wall_seconds

LIMIT_S = 15.0
"""Somebody waits for the answer; a Slurm that needs longer is silent."""

FIELDS = {
    "job_id": "%A", "state": "%T", "reason": "%r", "start": "%S", "submit": "%V", "priority": "%Q", "partition": "%P",
    "user": "%u", "account": "%a", "qos": "%q", "limit": "%l", "gres": "%b", "node": "%B", "comment": "%k",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """A job that Slurm still knows. Times: UTC epoch seconds.

    start_at: when it started, for one that waits: when Slurm expects it to; None where it says nothing. ahead: how many
    pending jobs of its partitions come before it; None where nobody counted, and for one that waits for something of
    its own (reasons.waits_for_others). node: where it runs, '' before. limit_s: None without a limit. gres: as asked,
    '' for none. tags: slurm.tags; never a proof.
    """

    job_id: int
    state: str
    reason: str
    start_at: int | None
    submit_at: int | None
    priority: int
    partition: str
    user: str
    account: str
    qos: str
    limit_s: int | None
    gres: str
    node: str
    tags: Mapping[str, str]
    ahead: int | None = None

    @property
    def pending(self) -> bool:
        """Whether it waits."""
        return self.state in ("PENDING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT")

    @property
    def partitions(self) -> frozenset[str]:
        """All that it may run in."""
        return frozenset(self.partition.split(","))


def look(runner: Runner, job_id: int) -> QueuedJob | None:
    """A job as it is now, with its place in the queue; None for one that Slurm has forgotten, or never knew.

    Args:
        runner: of the cluster.
        job_id: of a whole job, no task of an array.

    Raises:
        SlurmSilent, SlurmRefused: Slurm does not say.
    """
    job = of_id(runner, job_id)
    if job is None or not job.pending or not waits_for_others(job.reason):
        return job
    others = _ask(runner, "--states=PENDING", f"--partition={job.partition}", "--array")
    return with_place(job, others)


def present(runner: Runner) -> list[QueuedJob]:
    """All jobs that wait, run or end now."""
    return _ask(runner)


def everything(runner: Runner) -> list[QueuedJob]:
    """All jobs that Slurm still knows, tasks of arrays each for itself."""
    return _ask(runner, "--states=all", "--array")


def waiting(runner: Runner) -> list[QueuedJob]:
    """All jobs that wait now, tasks of arrays each for itself."""
    return _ask(runner, "--states=PENDING", "--array")


def of_id(runner: Runner, job_id: int) -> QueuedJob | None:
    """A job as it is now, in one question and without its place; as `look` otherwise."""
    try:
        rows = _ask(runner, f"--jobs={job_id}", "--states=all")
    except SlurmRefused as problem:
        if "invalid job id" in problem.said.lower():
            return None
        raise
    return next((row for row in rows if row.job_id == job_id), None)


def with_place(job: QueuedJob, pending: Sequence[QueuedJob]) -> QueuedJob:
    """The job with `ahead` counted.

    Jobs that wait for something of their own (a hold, a date, their own limit) take nobody's turn and do not count.

    Args:
        job: that waits.
        pending: what waits in its partitions, tasks of arrays each for itself; with or without the job.
    """
    own = (-job.priority, job.job_id)
    ahead = sum(
        (-other.priority, other.job_id) < own
        for other in pending
        if other.job_id != job.job_id and waits_for_others(other.reason) and other.partitions & job.partitions
    )
    return replace(job, ahead=ahead)


def read(text: str, mark: str) -> list[QueuedJob]:
    """The jobs of squeue's text.

    Args:
        text: as printed for `layout(mark)`.
        mark: the word that nobody could know.

    Raises:
        ValueError: a row has another shape.
    """
    return [_job(row.split(f"{mark}|"), row) for row in text.split(f"{mark}>")[1:]]


def layout(mark: str) -> str:
    """The --format that `read` takes."""
    return f"{mark}>" + f"{mark}|".join(FIELDS.values())


def _ask(runner: Runner, *words: str) -> list[QueuedJob]:
    mark = secrets.token_hex(8)
    return read(runner.run("squeue", "--all", "--noheader", f"--format={layout(mark)}", *words, limit_s=LIMIT_S), mark)


def _job(cells: list[str], row: str) -> QueuedJob:
    if len(cells) != len(FIELDS) or not cells[0].isdecimal():
        raise ValueError(f"squeue printed {row[:80]!r}, which is no job as it was asked for")
    said = dict(zip(FIELDS, cells, strict=True))
    return QueuedJob(
        job_id=int(said["job_id"]),
        state=said["state"],
        reason=_or_none(said["reason"]),
        start_at=_time(said["start"]),
        submit_at=_time(said["submit"]),
        priority=int(said["priority"]) if said["priority"].isdecimal() else 0,
        partition=said["partition"],
        user=said["user"],
        account=said["account"],
        qos=_or_none(said["qos"]),
        limit_s=_limit(said["limit"]),
        gres=_or_none(said["gres"]),
        node=_or_none(said["node"]),
        tags=tags_of(said["comment"].removesuffix("\n")),
    )


def _or_none(text: str) -> str:
    return "" if text.strip().lower() in NO_TIME else text.strip()


def _time(text: str) -> int | None:
    found = wall_seconds(text.strip())
    return found[0] if found else None


def _limit(text: str) -> int | None:
    return None if text in ("NOT_SET", "UNLIMITED", "INVALID") else elapsed_seconds(text)
