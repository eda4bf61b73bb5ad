"""The jobs of one project as arrays, in the order in which they draw on its awards: what rating reads of `jobs`.

Times are UTC epoch seconds. '' stands for an unknown name, -1 for unknown cores or memory.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

from workbench.analytics.schema import UNKNOWN

Int64s = npt.NDArray[np.int64]
Names = npt.NDArray[np.object_]

COLUMNS = (
    "cluster", "job_id", "submit_at", "start_at", "seen_until_at", "user_name", "partition", "gpu_model", "gpu_parts",
    "cpu_cores", "mem_mib",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProjectJobs:
    """One entry a job, all arrays of one length. A job that runs ends when its source last saw it."""

    cluster: Names
    job_id: Names
    submit: Int64s
    start: Int64s
    end: Int64s
    user: Names
    partition: Names
    model: Names
    parts: Int64s
    cores: Int64s
    mem: Int64s

    def take(self, places: npt.NDArray[Any]) -> "ProjectJobs":
        return ProjectJobs(*(getattr(self, column.name)[places] for column in fields(self)))


def read_jobs(conn: Connection, project: str, from_s: int, until_s: int) -> ProjectJobs:
    """Jobs of a project ('' nobody's) that ran in [from_s, until_s), by start, cluster, job id, submit time."""
    whose = "project = :project" if project else "project IS NULL"
    ask = text(f"SELECT {', '.join(COLUMNS)} FROM jobs WHERE {whose} AND seen_until_at > :from_s")  # noqa: S608
    given = {"from_s": from_s} | ({"project": project} if project else {})
    rows = conn.execute(ask, given).all()
    columns = list(zip(*rows, strict=True)) or [()] * len(COLUMNS)
    cluster, job_id, submit, start, end, user, partition, model, parts, cores, mem = columns
    found = ProjectJobs(
        _names(cluster), _names(job_id), _numbers(submit), _numbers(start), _numbers(end),
        _names(user), _names(partition), _names(model), _numbers(parts), _numbers(cores), _numbers(mem),
    )  # fmt: skip
    order = np.argsort(found.start, kind="stable")
    found = found.take(order[(found.start[order] < until_s) & (found.end[order] > found.start[order])])
    return found.take(_ties_in_order(found))


def projects_with_jobs(conn: Connection) -> set[str]:
    """Every project that has a job; '' where one belongs to nobody."""
    return {row[0] or UNKNOWN for row in conn.execute(text("SELECT DISTINCT project FROM jobs"))}


def _names(column: tuple[Any, ...]) -> Names:
    found = np.empty(len(column), dtype=object)
    found[:] = [name if name is not None else UNKNOWN for name in column]
    return found


def _numbers(column: tuple[Any, ...]) -> Int64s:
    return np.array([-1 if number is None else number for number in column], dtype=np.int64)


def _ties_in_order(jobs: ProjectJobs) -> Int64s:
    """Places in order of start, cluster, job id, submit time, of jobs that are in order of their start already."""
    places = np.arange(len(jobs.start))
    same = np.flatnonzero(np.diff(jobs.start) == 0)
    tied = np.unique(np.concatenate((same, same + 1)))
    order = sorted(tied.tolist(), key=lambda n: (jobs.start[n], jobs.cluster[n], jobs.job_id[n], jobs.submit[n]))
    places[tied] = order
    return places
