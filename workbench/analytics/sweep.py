"""The exact sweep: what jobs used in each bucket of time, from their starts and ends alone.

A job of weight w that starts at t in bucket k adds w·(end of k − t) to that bucket and w·width to every later one; its
end takes the same away. Sorting these changes by (group, bucket) and running their sum along the buckets gives every
bucket exactly, in int64, at a cost that does not grow with the length of jobs. Results of parts of the jobs add up to
the result of all (so a Dask cluster may sweep its partitions apart: `sweep_parts`).
"""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.analytics.schema import UNKNOWN
from workbench.periods import day_of, day_start
from workbench.units import HOUR_S

Int64s = npt.NDArray[np.int64]

AMOUNTS = ("gpu_part_seconds", "core_seconds")
COUNTS = ("jobs_started", "wait_known_jobs", "wait_s")


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


def sweep(jobs: pd.DataFrame, by: Sequence[str], edges: Int64s) -> pd.DataFrame:
    """What jobs used and began in each bucket [edges[i], edges[i+1]).

    Args:
        jobs: a job frame. A job counts from `start_at` to `seen_until_at`, clipped to the edges.
        by: columns to group by; NA becomes UNKNOWN.
        edges: ascending bucket edges, UTC epoch seconds, at least two.

    Returns:
        One row per group and bucket that is not all zero, ordered by both: the columns of `by`, then int64 `bucket`
        (its index), `gpu_part_seconds`, `core_seconds` (of jobs whose cores are known), `jobs_started`,
        `wait_known_jobs` and `wait_s` (of jobs started in the bucket whose submit time is known).
    """
    first, last = int(edges[0]), int(edges[-1])
    start, end = _ints(jobs["start_at"]), _ints(jobs["seen_until_at"])
    inside = (start < last) & ((end > first) | (start >= first))
    jobs, start, end = jobs[inside], start[inside], end[inside]
    group, groups = _groups(jobs, by)
    key, sums = spread(start, end, group, _weights(jobs), edges, at_start=_counts(jobs, started=start >= first))
    return _tidy(key, len(edges), groups, sums)


def spread(
    start: Int64s,
    end: Int64s,
    group: Int64s,
    weights: Mapping[str, Int64s],
    edges: Int64s,
    *,
    at_start: Mapping[str, Int64s] | None = None,
) -> tuple[Int64s, dict[str, Int64s]]:
    """Weight × seconds of intervals in each bucket of their group.

    Args:
        start: beginnings, UTC epoch seconds, before the last edge.
        end: ends, not before the beginnings nor before the first edge.
        group: number of each interval's group, ≥ 0.
        weights: per name one weight an interval.
        edges: ascending bucket edges, at least two.
        at_start: per name one number an interval, added to the bucket of its beginning.

    Returns:
        Keys, group · len(edges) + bucket, each once, not ordered; and per name its sum for each key, which may be 0.
    """
    stride, first, last = len(edges), int(edges[0]), int(edges[-1])
    start, end = np.maximum(start, first), np.minimum(end, last)
    reach: Int64s = np.append(edges[1:], last)  # end of each bucket; the one past the last has no width
    width: Int64s = np.append(np.diff(edges), 0)
    starts_in, ends_in = _bucket_of(start, edges), _bucket_of(end, edges)
    key, where = np.unique(np.concatenate((group * stride + starts_in, group * stride + ends_in)), return_inverse=True)
    gap = np.diff(key, append=key[-1:] + 1) - 1
    kept, carried = {}, {}
    running = np.zeros(len(key), dtype=bool)
    for name, weight in weights.items():
        part = _sum_at(len(key), where, (weight * (reach[starts_in] - start), -weight * (reach[ends_in] - end)))
        carry = np.cumsum(_sum_at(len(key), where, (weight, -weight)))
        # The sum is back at 0 at the end of each group, so that nothing is carried into the next.
        kept[name] = part + width[key % stride] * np.concatenate(([0], carry[:-1]))[: len(key)]
        carried[name] = carry
        running |= carry != 0
    times = np.where(running, gap, 0)
    between = np.repeat(key + 1, times) + _count_up(times)
    sums: dict[str, Int64s] = {}
    for name in weights:
        sums[name] = np.concatenate((kept[name], np.repeat(carried[name], times) * width[between % stride]))
    for name, count in (at_start or {}).items():
        begun = _sum_at(len(key), where[: len(start)], (count,))
        sums[name] = np.concatenate((begun, np.zeros(len(between), dtype=np.int64)))
    return np.concatenate((key, between)), sums


def add_up(parts: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Sums of swept rows over everything but `by`, all-zero rows left out; ordered by `by`."""
    sums = parts.groupby(list(by), sort=True, as_index=False)[[*AMOUNTS, *COUNTS]].sum()
    return sums[(sums[[*AMOUNTS, *COUNTS]] != 0).any(axis=1)].reset_index(drop=True)


def sweep_parts(jobs: Any, by: Sequence[str], edges: Int64s) -> pd.DataFrame:
    """The same as `sweep` for a Dask dataframe: each partition is swept where it lies, and the results are added.

    Args:
        jobs: a Dask dataframe with a job frame's columns.
        by: as for `sweep`.
        edges: as for `sweep`.
    """
    meta = sweep(jobs._meta_nonempty.iloc[:0], by, edges)
    parts = jobs.map_partitions(sweep, tuple(by), edges, meta=meta)
    return add_up(parts.compute(), (*by, "bucket"))


def _groups(jobs: pd.DataFrame, by: Sequence[str]) -> tuple[Int64s, pd.DataFrame]:
    """The number of each job's group, and the groups in order of their columns."""
    code = np.zeros(len(jobs), dtype=np.int64)
    levels: list[pd.Index] = []
    for name in by:
        codes, names = pd.factorize(jobs[name].fillna(UNKNOWN), sort=True)
        levels.append(names)
        code = code * max(1, len(names)) + codes
    distinct, group = np.unique(code, return_inverse=True)
    columns = {}
    for name, names in reversed(list(zip(by, levels, strict=True))):
        distinct, codes = np.divmod(distinct, max(1, len(names)))
        columns[name] = names.take(codes)
    count = int(group.max()) + 1 if len(group) else 0
    return group.astype(np.int64), pd.DataFrame({name: columns[name] for name in by}, index=range(count))


def _weights(jobs: pd.DataFrame) -> dict[str, Int64s]:
    cores = jobs["cpu_cores"].fillna(0)
    return {"gpu_part_seconds": _ints(jobs["gpu_parts"]), "core_seconds": _ints(cores)}


def _counts(jobs: pd.DataFrame, *, started: npt.NDArray[np.bool_]) -> dict[str, Int64s]:
    wait = _ints(jobs["start_at"]) - _ints(jobs["submit_at"])
    known = started & jobs["submit_known"].to_numpy(dtype=bool) & (wait >= 0)
    return {
        "jobs_started": started.astype(np.int64),
        "wait_known_jobs": known.astype(np.int64),
        "wait_s": np.where(known, wait, 0),
    }


def _bucket_of(times: Int64s, edges: Int64s) -> Int64s:
    found: Int64s = np.searchsorted(edges, times, side="right").astype(np.int64) - 1
    return found


def _sum_at(size: int, where: Int64s, values: tuple[Int64s, ...]) -> Int64s:
    out = np.zeros(size, dtype=np.int64)
    np.add.at(out, where, np.concatenate(values))
    return out


def _count_up(times: Int64s) -> Int64s:
    """0 … t-1 for each t, one after the other."""
    ends = np.cumsum(times)
    return np.arange(ends[-1] if len(ends) else 0, dtype=np.int64) - np.repeat(ends - times, times)


def _tidy(key: Int64s, stride: int, groups: pd.DataFrame, out: dict[str, Int64s]) -> pd.DataFrame:
    some = np.zeros(len(key), dtype=bool)
    for values in out.values():
        some |= values != 0
    order = np.flatnonzero(some)[np.argsort(key[some], kind="stable")]
    frame = groups.take(key[order] // stride).reset_index(drop=True)
    frame["bucket"] = key[order] % stride
    for name, values in out.items():
        frame[name] = values[order]
    return frame


def _ints(column: pd.Series) -> Int64s:
    values: Int64s = column.to_numpy(dtype=np.int64)
    return values
