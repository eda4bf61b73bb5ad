"""Which jobs the sample centre's projects submit, and when: the replay rule.

The log's block of whole weeks (centre.toml) is laid end to end from the opening on, a Monday on a Monday, its wall
clock taken as the centre's local time. A project submits the jobs of its virtual cluster once for each of its copies;
a copy is the block turned by so many weeks (what falls out at the end comes in at the front), so that the log's busy
weeks do not all fall together. Only jobs from the project's first day to its last are submitted.

A job is known by log row, copy and round: "31877-2-05" is row 31,877 of the log (from 0), turned by 2 weeks, in the
sixth laying of the block.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

import numpy as np
import pandas as pd

from workbench.periods import day_start, epoch
from workbench.sample.definition import Definition, SampleProject
from workbench.settings import Centre
from workbench.units import DAY_S

WEEK_S = 7 * DAY_S


@dataclass(frozen=True)
class Block:
    """The replayed rows of the log. All arrays are as long as the block has jobs, in the log's order.

    row: row of the log; at_s: wall clock, seconds since the block's start; duration_s; gpus: whole; vc: the virtual
    cluster; weeks: length of the block.
    """

    row: np.ndarray
    at_s: np.ndarray
    duration_s: np.ndarray
    gpus: np.ndarray
    vc: np.ndarray
    weeks: int

    @property
    def seconds(self) -> int:
        return self.weeks * WEEK_S


def block(plan: Definition) -> Block:
    """The block of the log that centre.toml names."""
    log = pd.read_parquet(plan.log.path)
    start = pd.Timestamp(plan.log.block_start)
    at_s = ((log["timestamp"] - start) // pd.Timedelta(seconds=1)).to_numpy(dtype=np.int64)
    inside = np.flatnonzero((at_s >= 0) & (at_s < plan.log.block_weeks * WEEK_S))
    duration = log["duration"].to_numpy()[inside]
    if not (duration == duration.astype(np.int64)).all():
        raise ValueError(f"{plan.log.path}: a duration is no whole second")
    return Block(
        row=inside,
        at_s=at_s[inside],
        duration_s=duration.astype(np.int64),
        gpus=log["num_gpus"].to_numpy(dtype=np.int64)[inside],
        vc=log["cluster"].to_numpy(dtype=object)[inside],
        weeks=plan.log.block_weeks,
    )


def demand(plan: Definition, centre: Centre, log: Block, until: int) -> pd.DataFrame:
    """Every job submitted before a moment.

    Args:
        plan: the sample centre.
        centre: whose time zone is the local time.
        log: the block (`block(plan)`).
        until: epoch seconds.

    Returns:
        One row per job by time of submission: row (int64: of the log), copy (int64, weeks), round (int64),
        project (int64: place in plan.projects), submit_at, duration_s, gpus (int64).
    """
    parts = [
        _copy(plan, centre, log, place, weeks, until)
        for place, project in enumerate(plan.projects)
        for weeks in project.copies
    ]
    jobs = pd.concat(parts, ignore_index=True)
    return jobs.sort_values(["submit_at", "project", "copy", "row"], kind="stable", ignore_index=True)


def _copy(plan: Definition, centre: Centre, log: Block, place: int, weeks: int, until: int) -> pd.DataFrame:
    project = plan.projects[place]
    mine = np.flatnonzero(log.vc == project.vc)
    turned = (log.at_s[mine] + weeks * WEEK_S) % log.seconds
    opening = day_start(plan.calendar.opened_on, centre.zone)
    rounds = max(0, -(-(until - opening) // log.seconds) + 1)
    parts = []
    for number in range(rounds):
        monday = datetime.combine(plan.calendar.opened_on, time()) + timedelta(seconds=number * log.seconds)
        submit = _local_to_epoch(turned, monday, centre)
        taken = (submit >= _first(project, centre)) & (submit < min(until, _last(project, centre, until)))
        rows = mine[taken]
        parts.append(
            pd.DataFrame(
                {
                    "row": log.row[rows].astype(np.int64),
                    "copy": np.int64(weeks),
                    "round": np.int64(number),
                    "project": np.int64(place),
                    "submit_at": submit[taken],
                    "duration_s": log.duration_s[rows],
                    "gpus": log.gpus[rows],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _local_to_epoch(seconds: np.ndarray, monday: datetime, centre: Centre) -> np.ndarray:
    """Epoch seconds of local wall-clock moments so many seconds after a local midnight.

    The offset of each day's noon serves the whole day: an hour that daylight saving drops or doubles exists once.
    """
    days = seconds // DAY_S
    offset = {int(d): _offset(monday + timedelta(days=int(d), hours=12), centre) for d in np.unique(days)}
    start = int((monday - datetime(1970, 1, 1)).total_seconds())  # noqa: DTZ001  (wall clock minus wall clock)
    shift = np.array([offset[int(d)] for d in np.unique(days)], dtype=np.int64)
    return start + seconds - shift[np.searchsorted(np.unique(days), days)]


def _offset(noon: datetime, centre: Centre) -> int:
    return int((noon - datetime(1970, 1, 1)).total_seconds()) - epoch(noon.replace(tzinfo=centre.zone))  # noqa: DTZ001


def _first(project: SampleProject, centre: Centre) -> int:
    return day_start(project.starts_on, centre.zone)


def _last(project: SampleProject, centre: Centre, until: int) -> int:
    return day_start(project.ends_on, centre.zone) if project.ends_on else until
