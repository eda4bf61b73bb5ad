"""The sample centre's jobs until a moment, as a job frame: demand put through each partition's queue."""

import numpy as np
import pandas as pd

from workbench.analytics.queue import WAITING, start_times
from workbench.periods import day_start, epoch
from workbench.sample.definition import Definition, SampleProject
from workbench.sample.demand import Block, block, demand
from workbench.settings import Centre
from workbench.units import GPU_PARTS

SOURCE = "sample"


def schedule(plan: Definition, centre: Centre, until: int, since: int | None = None) -> pd.DataFrame:
    """Jobs that start before a moment, with the end that each will have.

    Args:
        plan: the sample centre.
        centre: whose time zone is the local time.
        until: epoch seconds; a longer schedule begins with every shorter one.
        since: leave out the jobs that had ended by then: nothing about them changes.

    Returns:
        A job frame (analytics.schema) by submission; the log tells no cores, no state and no name: unknown.
    """
    log = block(plan)
    jobs = _started(plan, centre, demand(plan, centre, log, until), until)
    end = jobs["start_at"] + jobs["duration_s"]
    if since is not None:
        jobs, end = jobs[end > since], end[end > since]
    return _frame(plan, log, jobs, end)


def seen_at(jobs: pd.DataFrame, now: int, since: int | None = None) -> pd.DataFrame:
    """A schedule as it looks at a moment: what has not started is not there, what has not ended is running.

    Args:
        jobs: `schedule(…)`.
        now: epoch seconds.
        since: leave out the jobs that had ended by then.
    """
    there = (jobs["start_at"] < now) & (True if since is None else jobs["seen_until_at"] > since)
    seen = jobs[there]
    ended = seen["seen_until_at"] <= now
    return seen.assign(end_at=seen["end_at"].where(ended), seen_until_at=seen["seen_until_at"].clip(upper=now))


def capacity_steps(plan: Definition, centre: Centre, partition: str) -> list[tuple[int, int]]:
    """(from, allocatable GPUs) of a partition, epoch seconds, ascending."""
    rows = (c for c in plan.capacity if c.partition == partition)
    return sorted((day_start(c.from_on, centre.zone), c.allocatable) for c in rows)


def outage_windows(plan: Definition, centre: Centre, partition: str) -> list[tuple[int, int, int]]:
    """(start, end, GPUs) of a partition's outages, epoch seconds."""
    rows = (o for o in plan.outages if o.partition == partition)
    zone = centre.zone
    return [(epoch(o.start.replace(tzinfo=zone)), epoch(o.end.replace(tzinfo=zone)), o.gpus) for o in rows]


def people_of(plan: Definition) -> list[list[str]]:
    """Names of each project's people in the order of the file, the lead first: lead-01, analyst-01, analyst-02, …"""
    names, analysts = [], 0
    for place, project in enumerate(plan.projects):
        mine = [f"analyst-{analysts + k + 1:02d}" for k in range(project.people)]
        analysts += project.people
        names.append([f"lead-{place + 1:02d}", *mine])
    return names


def _started(plan: Definition, centre: Centre, jobs: pd.DataFrame, now: int) -> pd.DataFrame:
    partition = np.array([p.partition or "" for p in plan.projects], dtype=object)[jobs["project"]]
    start = np.full(len(jobs), WAITING, dtype=np.int64)
    for name in sorted(set(partition)):
        mine = partition == name
        start[mine] = start_times(
            jobs["submit_at"].to_numpy()[mine],
            jobs["duration_s"].to_numpy()[mine],
            jobs["gpus"].to_numpy()[mine],
            capacity_steps(plan, centre, name),
            outage_windows(plan, centre, name),
            now,
        )
    return jobs.assign(start_at=start)[start != WAITING]


def _frame(plan: Definition, log: Block, jobs: pd.DataFrame, end: pd.Series) -> pd.DataFrame:
    place = jobs["project"].to_numpy()
    models = {c.partition: c.gpu_model for c in plan.capacity}
    partitions = [p.partition for p in plan.projects]
    keys = zip(*(jobs[name].tolist() for name in ("row", "copy", "round")), strict=True)
    return pd.DataFrame(
        {
            "cluster": pd.Series(plan.cluster, index=jobs.index, dtype="str"),
            "job_id": pd.Series([f"{row}-{copy}-{number:02d}" for row, copy, number in keys], jobs.index, "str"),
            "submit_at": jobs["submit_at"],
            "start_at": jobs["start_at"],
            "end_at": end.astype("Int64"),
            "seen_until_at": end,
            "project": _named([p.slug for p in plan.projects], place, jobs.index),
            "user_name": _users(plan, log, jobs),
            "partition": _named([p or "" for p in partitions], place, jobs.index),
            "gpu_model": _named([models.get(p or "", "") for p in partitions], place, jobs.index),
            "gpu_parts": jobs["gpus"] * GPU_PARTS,
            "source": pd.Series(SOURCE, index=jobs.index, dtype="str"),
            "submit_known": True,
        }
    )


def _named(names: list[str], place: np.ndarray, index: pd.Index) -> pd.Series:
    return pd.Series(np.array(names, dtype=object)[place], index=index, dtype="str")


def _users(plan: Definition, log: Block, jobs: pd.DataFrame) -> pd.Series:
    """Who ran each job: drawn once per log row and project, the first analysts more often than the later ones."""
    names = people_of(plan)
    users = np.empty(len(jobs), dtype=object)
    for place, project in enumerate(plan.projects):
        mine = jobs["project"].to_numpy() == place
        if mine.any():
            drawn = _drawn(plan, place, project, len(log.row))
            at = np.searchsorted(log.row, jobs["row"].to_numpy()[mine])
            users[mine] = np.array(names[place], dtype=object)[drawn[at]]
    return pd.Series(users, index=jobs.index, dtype="str")


def _drawn(plan: Definition, place: int, project: SampleProject, rows: int) -> np.ndarray:
    # The lead comes last: weights 1, 1/2, 1/3 … for the analysts in order, then the lead.
    order = np.array([*range(1, project.people + 1), 0])
    weights = 1 / np.arange(1, project.people + 2)
    lot = np.random.default_rng([plan.seed, place])
    return order[lot.choice(len(order), size=rows, p=weights / weights.sum())]
