"""Queue wait: start less submit, of jobs whose log has a submit time of its own; the rest are counted as unknown.

Quantiles of parts do not add up; how many jobs waited so many whole seconds does, and gives them exactly. So a
partition's answer is a row per group and distinct wait: never more than its jobs, of a large log a small part of them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.analytics.frames import groups, host, namespace, numbered, reduced
from workbench.analytics.frames_jobs import WAIT, needed, waits
from workbench.analytics.sweep import Int64s

UNKNOWN_WAIT = -1
MEDIAN, P95 = 50, 95


def wait(jobs: Any, by: Sequence[str] = ("project",)) -> pd.DataFrame:
    """Waits of jobs by group.

    Args:
        jobs: a job frame (of it submit_at, start_at, submit_known and the columns of `by`) or one of the lake's (of it
            wait_s and those); of pandas, cuDF, or Dask over either.
        by: columns to group by; text that is NA becomes UNKNOWN.

    Returns:
        One row per group, in order: `by`, int64 jobs, known_jobs (a job that starts before it is submitted is not
        known), Float64 mean_s, median_s, p95_s (linear; NA where none is known).
    """
    read = needed(jobs, *by, "start_at", *WAIT)
    return _told(reduced(read, waited, _added, tuple(by)), by)


def waited(jobs: Any, by: Sequence[str]) -> pd.DataFrame:
    """Of a frame in memory, in order: `by`, int64 wait_s (UNKNOWN_WAIT: not known), the jobs that waited it."""
    xp = namespace(jobs)
    group, names = groups(jobs, by)
    known, seconds = waits(jobs)
    place = xp.where(known, seconds, UNKNOWN_WAIT) - UNKNOWN_WAIT
    stride = int(place.max()) + 1 if len(place) else 1
    key, where = numbered(group * stride + place)
    of, waits_s = (host(part) for part in xp.divmod(key, stride))
    rows = names.take(of).reset_index(drop=True)
    return rows.assign(
        wait_s=waits_s + UNKNOWN_WAIT, jobs=host(xp.bincount(where, minlength=len(key))).astype(np.int64)
    )


def _added(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    rows = pd.concat([part for part in parts if len(part)] or list(parts[:1]), ignore_index=True)
    keys = [name for name in rows.columns if name != "jobs"]
    return rows.groupby(keys, sort=True, as_index=False, dropna=False)["jobs"].sum()


def _told(rows: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    group, names = groups(rows, by)
    seconds, count = (rows[name].to_numpy(np.int64) for name in ("wait_s", "jobs"))
    order = np.lexsort((seconds, group))
    group, seconds, count = group[order], seconds[order], count[order]
    known = np.where(seconds == UNKNOWN_WAIT, 0, count)
    some = known > 0
    told = _sum(group, known, len(names))
    mean = _sum(group, known * seconds, len(names)) / np.maximum(told, 1)
    columns = {"mean_s": mean}
    for name, percent in (("median_s", MEDIAN), ("p95_s", P95)):
        columns[name] = _quantile(seconds[some], known[some], told, percent)
    unknown = told == 0
    frame = names.assign(jobs=_sum(group, count, len(names)), known_jobs=told)
    return frame.assign(**{name: pd.arrays.FloatingArray(one, unknown.copy()) for name, one in columns.items()})


def _quantile(seconds: Int64s, count: Int64s, told: Int64s, percent: int) -> npt.NDArray[np.float64]:
    """The linear quantile of each group, 0 where it has no known wait; seconds in order of group and value."""
    reached = np.cumsum(count)
    if not len(reached):
        return np.zeros(len(told))
    before = np.cumsum(told) - told
    rank, rest = np.divmod(percent * np.maximum(told - 1, 0), 100)
    low, high = (
        seconds[np.minimum(np.searchsorted(reached, before + at, side="right"), len(seconds) - 1)]
        for at in (rank, np.minimum(rank + 1, np.maximum(told - 1, 0)))
    )
    return np.where(told > 0, (low * 100 + (high - low) * rest) / 100, 0.0)


def _sum(group: Int64s, values: Int64s, size: int) -> Int64s:
    sums = np.zeros(size, dtype=np.int64)
    np.add.at(sums, group, values)
    return sums
