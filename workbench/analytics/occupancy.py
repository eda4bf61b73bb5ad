"""Occupancy: allocated ÷ capacity, exact GPU time over exact capacity net of outages, per bucket of time.

Not utilisation (busy share measured on the device). A bucket's capacity is unknown (NA) where GPU time in it belongs
to a place whose capacity nobody stated, or to a time before the cluster's first statement.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench.analytics.capacity import PART_SECONDS, capacity_in
from workbench.analytics.sweep import Int64s
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
    busy: pd.DataFrame, pieces: pd.DataFrame, known_since: Mapping[str, int], edges: Int64s, split: Sequence[str] = ()
) -> pd.DataFrame:
    """Busy GPU time against capacity in every bucket, idle ones included.

    Args:
        busy: swept rows: cluster (and partition, gpu_model where split by them), bucket, gpu_part_seconds.
        pieces: capacity.steps of the places in question.
        known_since: capacity.known_since of their clusters.
        edges: bucket edges, UTC epoch seconds.
        split: columns to keep, out of cluster, partition, gpu_model, and any other that `busy` has (such a one, for
            instance project, divides the busy time only: each of its rows repeats the capacity it is part of).

    Returns:
        One row per split and bucket, in order of both: `split`, timestamps start_at and end_at (UTC), int64
        gpu_part_seconds, Int64 of PART_SECONDS (NA: unknown), float64 busy_gpus, Float64 capacity_gpus and share (NA:
        unknown or no capacity).
    """
    places = [name for name in split if name in ("cluster", "partition", "gpu_model")]
    others = [name for name in split if name not in places]
    finest = ["cluster", *(name for name in places if name != "cluster")]
    room = _known_capacity(busy, pieces, known_since, edges, finest)
    keys = [*places, "bucket"]
    known = room.groupby(keys, as_index=False).agg(
        {**dict.fromkeys(PART_SECONDS, "sum"), "poisoned": "any", "stated": "any"}
    )
    unknown = known["poisoned"] | ~known["stated"]
    used = busy.groupby([*places, *others, "bucket"], as_index=False)["gpu_part_seconds"].sum()
    grid = _grid(used, known, places, others, len(edges) - 1)
    frame = grid.merge(used, how="left", on=[*places, *others, "bucket"])
    frame["gpu_part_seconds"] = frame["gpu_part_seconds"].fillna(0).astype("int64")
    stated = known[~unknown][[*keys, *PART_SECONDS]].astype(dict.fromkeys(PART_SECONDS, "Int64"))
    frame = frame.merge(stated, how="left", on=keys)
    return _with_shares(frame, edges, [*places, *others])


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


def _known_capacity(
    busy: pd.DataFrame, pieces: pd.DataFrame, known_since: Mapping[str, int], edges: Int64s, by: list[str]
) -> pd.DataFrame:
    """Capacity per finest place and bucket; `stated` where somebody said it, `poisoned` where busy time has none."""
    used = busy.groupby([*by, "bucket"], as_index=False)["gpu_part_seconds"].sum()
    stated = pieces[by].drop_duplicates()
    every = stated.merge(pd.DataFrame({"bucket": np.arange(len(edges) - 1)}), how="cross")
    room = every.merge(capacity_in(pieces, edges, by), how="left", on=[*by, "bucket"])
    room[list(PART_SECONDS)] = room[list(PART_SECONDS)].fillna(0).astype("int64")
    since = room["cluster"].map(dict(known_since)).to_numpy(np.int64)
    room["stated"] = since <= edges[:-1][room["bucket"].to_numpy(np.int64)]
    room = room.merge(used, how="outer", on=[*by, "bucket"])
    room["stated"] = room["stated"].fillna(False).astype(bool)
    room["poisoned"] = ~room["stated"] & (room["gpu_part_seconds"].fillna(0) > 0)
    room.loc[~room["stated"], list(PART_SECONDS)] = 0
    return room.drop(columns="gpu_part_seconds").astype(dict.fromkeys(PART_SECONDS, "int64"))


def _grid(used: pd.DataFrame, known: pd.DataFrame, places: list[str], others: list[str], buckets: int) -> pd.DataFrame:
    every = pd.DataFrame({"bucket": np.arange(buckets, dtype=np.int64)})
    if not places and not others:
        return every
    groups = used[[*places, *others]].drop_duplicates()
    if not others:
        groups = pd.concat((groups, known[places])).drop_duplicates()
    return groups.sort_values([*places, *others]).merge(every, how="cross")


def _with_shares(frame: pd.DataFrame, edges: Int64s, split: list[str]) -> pd.DataFrame:
    bucket = frame["bucket"].to_numpy(np.int64)
    start, end = edges[bucket], edges[bucket + 1]
    seconds = end - start
    capacity = frame["capacity_part_seconds"]
    frame["start_at"] = pd.to_datetime(start, unit="s", utc=True).as_unit("us")
    frame["end_at"] = pd.to_datetime(end, unit="s", utc=True).as_unit("us")
    frame["busy_gpus"] = frame["gpu_part_seconds"].to_numpy() / GPU_PARTS / seconds
    frame["capacity_gpus"] = capacity.astype("Float64") / GPU_PARTS / seconds
    frame["share"] = frame["gpu_part_seconds"].astype("Float64") / capacity.where(capacity > 0).astype("Float64")
    columns = [*split, "start_at", "end_at", "gpu_part_seconds", *PART_SECONDS, "busy_gpus", "capacity_gpus", "share"]
    return frame[columns].reset_index(drop=True)


def _seconds(frame: pd.DataFrame) -> Int64s:
    span = frame["end_at"] - frame["start_at"]
    seconds: Int64s = (span // pd.Timedelta(seconds=1)).to_numpy(np.int64)
    return seconds
