"""Occupancy: allocated ÷ capacity, exact GPU time over exact capacity net of outages, per bucket of time.

Not utilisation (busy share measured on the device). A bucket's capacity is unknown (NA) where GPU time in it belongs
to a place whose capacity nobody stated, or where the bucket begins outside of the time that is known of the cluster.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.analytics.capacity import KINDS, PART_SECONDS, PLACE, Group, capacity_in, within
from workbench.analytics.sweep import Int64s, sweep
from workbench.periods import Window
from workbench.units import GPU_PARTS, HOUR_S


@dataclass(frozen=True, slots=True)
class Summary:
    """Busy GPUs over a window: number of buckets, GPU-hours, then GPUs; `share` of capacity, None where unknown.

    The mean is weighted by time; median, 95th percentile (linear) and largest are of the buckets.
    """

    buckets: int
    gpu_hours: float
    mean_gpus: float
    median_gpus: float
    p95_gpus: float
    max_gpus: float
    share: float | None


def occupancy(
    jobs: Any, pieces: pd.DataFrame, known: Mapping[str, Window], edges: Int64s, split: Sequence[str] = ()
) -> pd.DataFrame:
    """Busy GPU time against capacity in every bucket, idle ones included.

    Args:
        jobs: a job frame or one of the lake's, of pandas, cuDF, or Dask over either; or rows that are swept already:
            cluster (and partition, gpu_model and others where split by them), bucket, gpu_part_seconds.
        pieces: capacity.steps of the places in question.
        known: of which time there is knowledge of each cluster: from the first statement of its capacity until its
            data end. Outside nothing is idle, nobody knows it.
        edges: bucket edges, UTC epoch seconds.
        split: columns to keep, out of cluster, partition, gpu_model, and any other that jobs have (such a one, for
            instance project, divides the busy time only: each of its rows repeats the capacity it is part of).

    Returns:
        One row per split and bucket, in order of both: `split`, timestamps start_at and end_at (UTC), int64
        gpu_part_seconds, Int64 of PART_SECONDS (NA: unknown), float64 busy_gpus, Float64 capacity_gpus and share (NA:
        unknown or no capacity).
    """
    places = [name for name in split if name in PLACE]
    finest = ["cluster", *(name for name in places if name != "cluster")]
    swept_already = "bucket" in jobs.columns
    busy = jobs if swept_already else sweep(jobs, list(dict.fromkeys((*finest, *split))), edges)
    room = _room(busy, within(pieces, known), known, edges, finest)
    groups, used = _grid(busy, edges, split, also=() if set(split) - set(PLACE) else room.groups_by(places))
    shared = room.at([tuple(group[list(split).index(name)] for name in places) for group in groups], places)
    return _rows(groups, used, shared, edges, split)


def summary(frame: pd.DataFrame) -> Summary:
    """The figures of a whole window from the rows of `occupancy` without split. Raises ValueError for no row."""
    if frame.empty:
        raise ValueError("a summary needs at least one bucket")
    seconds = _seconds(frame)
    busy = int(frame["gpu_part_seconds"].sum())
    capacity = frame["capacity_part_seconds"]
    gpus = frame["busy_gpus"].to_numpy()
    whole = None if capacity.isna().any() or not int(capacity.sum()) else busy / int(capacity.sum())
    return Summary(
        buckets=len(frame),
        gpu_hours=busy / GPU_PARTS / HOUR_S,
        mean_gpus=busy / GPU_PARTS / int(seconds.sum()),
        median_gpus=float(np.median(gpus)),
        p95_gpus=float(np.quantile(gpus, 0.95)),
        max_gpus=float(gpus.max()),
        share=whole,
    )


@dataclass(frozen=True, slots=True)
class _Room:
    """Capacity by finest place: the groups, amounts [kind, group, bucket], where stated, where missed."""

    by: list[str]
    groups: list[Group]
    amounts: Int64s
    stated: npt.NDArray[np.bool_]
    missed: npt.NDArray[np.bool_]

    def groups_by(self, names: Sequence[str]) -> list[Group]:
        return sorted({self._part(group, names) for group in self.groups})

    def at(self, groups: Sequence[Group], names: Sequence[str]) -> tuple[Int64s, npt.NDArray[np.bool_]]:
        """The sums [kind, group, bucket] of coarser groups, and where they are known."""
        amounts = np.zeros((len(KINDS), len(groups), self.amounts.shape[2]), dtype=np.int64)
        known = np.zeros((len(groups), self.amounts.shape[2]), dtype=bool)
        for number, group in enumerate(groups):
            mine = np.array([self._part(one, names) == group for one in self.groups], dtype=bool)
            amounts[:, number] = self.amounts[:, mine].sum(axis=1)
            known[number] = self.stated[mine].any(axis=0) & ~self.missed[mine].any(axis=0)
        return amounts, known

    def _part(self, group: Group, names: Sequence[str]) -> Group:
        return tuple(group[self.by.index(name)] for name in names)


def _room(busy: pd.DataFrame, pieces: pd.DataFrame, known: Mapping[str, Window], edges: Int64s, by: list[str]) -> _Room:
    stated_groups, capacity = capacity_in(pieces, edges, by)
    groups, used = _grid(busy, edges, by, also=stated_groups)
    amounts = np.zeros((len(KINDS), *used.shape), dtype=np.int64)
    stated = np.zeros(used.shape, dtype=bool)
    where = {group: number for number, group in enumerate(groups)}
    for number, group in enumerate(stated_groups):
        window = known[group[0]]
        inside = (edges[:-1] >= window.start_s) & (edges[:-1] < window.end_s)
        stated[where[group]] = inside
        amounts[:, where[group]] = capacity[:, number] * inside
    return _Room(by, groups, amounts, stated, ~stated & (used > 0))


def _grid(busy: pd.DataFrame, edges: Int64s, by: Sequence[str], also: Sequence[Group]) -> tuple[list[Group], Int64s]:
    """Busy part-seconds [group, bucket], and the groups: those of the rows and `also` others, in order."""
    code, levels = np.zeros(len(busy), dtype=np.int64), []
    for name in by:
        codes, names = pd.factorize(busy[name])
        code = code * max(1, len(names)) + codes
        levels.append(list(names))
    distinct, group = np.unique(code, return_inverse=True)
    there = [_decoded(int(one), levels) for one in distinct]
    groups = sorted({*there, *also} | (set() if by else {()}))
    number = {one: n for n, one in enumerate(groups)}
    place = np.array([number[one] for one in there], dtype=np.int64)
    used = np.zeros((len(groups), len(edges) - 1), dtype=np.int64)
    if len(busy):
        bucket, amount = (busy[name].to_numpy(np.int64) for name in ("bucket", "gpu_part_seconds"))
        np.add.at(used, (place[group], bucket), amount)
    return groups, used


def _decoded(code: int, levels: list[list[str]]) -> Group:
    names: list[str] = []
    for level in reversed(levels):
        code, position = divmod(code, max(1, len(level)))
        names.append(str(level[position]))
    return tuple(reversed(names))


def _rows(
    groups: list[Group],
    used: Int64s,
    shared: tuple[Int64s, npt.NDArray[np.bool_]],
    edges: Int64s,
    split: Sequence[str],
) -> pd.DataFrame:
    amounts, known = shared
    count = len(groups)
    columns: dict[str, Any] = {}
    for position, name in enumerate(split):
        names = np.array([group[position] for group in groups], dtype=object)
        columns[name] = pd.array(np.repeat(names, used.shape[1]), dtype="str")
    start, end = np.tile(edges[:-1], count), np.tile(edges[1:], count)
    seconds, busy, unknown = end - start, used.reshape(-1), ~known.reshape(-1)
    columns |= {"start_at": _moments(start), "end_at": _moments(end), "gpu_part_seconds": busy}
    for name, values in zip(PART_SECONDS, amounts, strict=True):
        columns[name] = pd.arrays.IntegerArray(values.reshape(-1), unknown.copy())
    capacity = amounts[-1].reshape(-1)
    columns["busy_gpus"] = busy / GPU_PARTS / seconds
    columns["capacity_gpus"] = pd.arrays.FloatingArray(capacity / GPU_PARTS / seconds, unknown.copy())
    columns["share"] = pd.arrays.FloatingArray(busy / np.maximum(capacity, 1), unknown | (capacity == 0))
    return pd.DataFrame(columns)


def _moments(seconds: Int64s) -> pd.DatetimeIndex:
    return pd.DatetimeIndex((seconds * 1_000_000).view("M8[us]"), tz="UTC")


def _seconds(frame: pd.DataFrame) -> Int64s:
    span = frame["end_at"] - frame["start_at"]
    seconds: Int64s = (span // pd.Timedelta(seconds=1)).to_numpy(np.int64)
    return seconds
