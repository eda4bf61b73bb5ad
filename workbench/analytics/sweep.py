"""The exact sweep: what jobs used in each bucket of time, from their starts and ends alone.

Difference arrays (`sweep_arrays`) give every bucket exactly, in int64, at a cost that does not grow with the length of
jobs. Results of parts of the jobs add up to the result of all: that is how Dask's partitions are swept where they lie,
and how the rollups follow a changed job.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from workbench.analytics.frames import groups, host, namespace, reduced
from workbench.analytics.frames_jobs import SPAN, WAIT, WEIGHT, needed, spans, waits, weights
from workbench.analytics.sweep_arrays import Int64s as Int64s
from workbench.analytics.sweep_arrays import laid_out, spread
from workbench.periods import day_of, day_start
from workbench.units import HOUR_S

AMOUNTS = ("gpu_part_seconds", "core_seconds")
COUNTS = ("jobs_started", "wait_known_jobs", "wait_s")

DENSE_JOBS = 50_000
CELLS_PER_JOB = 8
MOST_CELLS = 1 << 24
"""From so many jobs on a cell for every group and bucket costs less than sorting, if those cells are not more than
these: 2^24 are 128 MiB for each of seven arrays."""


def hour_edges(start_s: int, end_s: int) -> Int64s:
    """Edges of the whole hours that cover [start_s, end_s): at least one hour. UTC epoch seconds."""
    first = start_s // HOUR_S
    last = max(first + 1, -(-end_s // HOUR_S))
    return np.arange(first, last + 1, dtype=np.int64) * HOUR_S


def day_edges(start_s: int, end_s: int, zone: ZoneInfo) -> Int64s:
    """Edges of the zone's calendar days that cover [start_s, end_s): at least one day, of 23 to 25 hours."""
    first, last = day_of(start_s, zone), day_of(max(start_s, end_s - 1), zone)
    days = pd.date_range(first, last + pd.Timedelta(days=1), freq="D")
    return np.array([day_start(day.date(), zone) for day in days], dtype=np.int64)


def sweep(jobs: Any, by: Sequence[str], edges: Int64s) -> pd.DataFrame:
    """What jobs used and began in each bucket [edges[i], edges[i+1]).

    Args:
        jobs: a job frame or one of the lake's (or its columns that are needed); of pandas, cuDF, or Dask over either.
            A job counts from `start_at` to `seen_until_at`, clipped to the edges.
        by: columns to group by; text that is NA becomes UNKNOWN.
        edges: ascending bucket edges, UTC epoch seconds, at least two.

    Returns:
        One row per group and bucket that is not all zero, ordered by both: the columns of `by`, then int64 `bucket`
        (its index), `gpu_part_seconds`, `core_seconds` (of jobs whose cores are known), `jobs_started`,
        `wait_known_jobs` and `wait_s` (of jobs started in the bucket whose submit time is known).
    """
    return sweeps(jobs, [(by, edges)])[0]


def sweeps(jobs: Any, questions: Sequence[tuple[Sequence[str], Int64s]]) -> list[pd.DataFrame]:
    """`sweep` by several columns and edges in one go: a Dask frame is read once for all of them."""
    names = [name for by, _ in questions for name in by]
    read = needed(jobs, *names, *SPAN, "gpu_parts", *WEIGHT, *WAIT)
    keys = [(*by, "bucket") for by, _ in questions]
    return reduced(read, _swept, partial(_added, keys), [(tuple(by), edges) for by, edges in questions])


def swept(
    jobs: Any, by: Sequence[str], edges: Int64s, times: Int64s | None = None, *, dense: bool | None = None
) -> pd.DataFrame:
    """`sweep` of a frame in memory.

    Args:
        jobs: as for `sweep`, of pandas or cuDF.
        by: as for `sweep`.
        edges: as for `sweep`.
        times: how often each job counts, also less than never; None: each once.
        dense: a cell for every group and bucket, or sorting; None: what costs less.
    """
    first, last = int(edges[0]), int(edges[-1])
    start, end = spans(jobs)
    inside = (start < last) & ((end > first) | (start >= first))
    if not bool(inside.all()):
        jobs, start, end = jobs[inside], start[inside], end[inside]
        times = None if times is None else times[inside]
    group, names = groups(jobs, by)
    if dense is None:
        cells = len(names) * len(edges)
        dense = len(start) >= DENSE_JOBS and cells <= min(MOST_CELLS, CELLS_PER_JOB * len(start))
    started = start >= first
    known, wait = waits(jobs)
    known = known & started
    counts = {
        "jobs_started": started.astype(np.int64),
        "wait_known_jobs": known.astype(np.int64),
        "wait_s": wait * known,
    }
    summed, held = laid_out if dense else spread, weights(jobs)
    if times is not None:
        held, counts = ({name: one * times for name, one in each.items()} for each in (held, counts))
    key, sums = summed(start, end, group, held, edges, at_start=counts)
    return rows(key, len(edges), names, sums)


def add_up(parts: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Sums of swept rows over everything but `by`, all-zero rows left out; ordered by `by`."""
    sums = parts.groupby(list(by), sort=True, as_index=False, dropna=False)[[*AMOUNTS, *COUNTS]].sum()
    return sums[(sums[[*AMOUNTS, *COUNTS]] != 0).any(axis=1)].reset_index(drop=True)


def rows(key: Any, stride: int, names: pd.DataFrame, sums: dict[str, Any]) -> pd.DataFrame:
    """Swept rows out of sums by key (group · stride + bucket): those that are not all 0, in order; as pandas."""
    xp = namespace(key)
    some = xp.zeros(len(key), dtype=bool)
    for values in sums.values():
        some |= values != 0
    there = xp.flatnonzero(some)
    there = there[xp.argsort(key[there])]
    group, bucket = (host(part) for part in xp.divmod(key[there], stride))
    columns = {name: names[name].array.take(group) for name in names.columns}
    columns |= {"bucket": bucket} | {name: host(values[there]) for name, values in sums.items()}
    return pd.DataFrame(columns)


def _swept(jobs: Any, questions: Sequence[tuple[Sequence[str], Int64s]]) -> list[pd.DataFrame]:
    return [swept(jobs, by, edges) for by, edges in questions]


def _added(keys: Sequence[Sequence[str]], parts: Sequence[list[pd.DataFrame]]) -> list[pd.DataFrame]:
    return [_add_up(by, [part[place] for part in parts]) for place, by in enumerate(keys)]


def _add_up(by: Sequence[str], parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    some = [part for part in parts if len(part)]
    return add_up(pd.concat(some, ignore_index=True), by) if len(some) > 1 else (some or parts)[0]
