"""Capacity over time: what was installed, in service, allocatable and out in each bucket, in part-seconds.

*Installed* GPUs are in the room; *in service* ones are offered to users; *allocatable* ones could take a job. An outage
takes GPUs out of service for a while: `capacity` is what was in service less what was out, the denominator of
occupancy. Before a cluster's first statement its capacity is unknown, not zero; a partition that appears later was zero
until then.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from workbench.analytics.sweep import Int64s, spread
from workbench.units import GPU_PARTS

PLACE = ("cluster", "partition", "gpu_model")
KINDS = ("installed", "in_service", "allocatable", "out", "capacity")
PART_SECONDS = tuple(f"{kind}_part_seconds" for kind in KINDS)
FOREVER_S = 1 << 62


def steps(changes: pd.DataFrame, outages: pd.DataFrame) -> pd.DataFrame:
    """The constant pieces of capacity.

    Args:
        changes: cluster, partition, gpu_model, from_at (UTC epoch seconds), installed, in_service, allocatable (GPUs).
        outages: cluster, partition, gpu_model, start_at, end_at (NA while it lasts), gpus.

    Returns:
        One row per place and piece, in order: cluster, partition, gpu_model, int64 from_at, to_at (FOREVER_S for the
        last), installed, in_service, allocatable (net of outages), out, capacity (in service less out), all in GPUs.
    """
    pieces = [_place_steps(key, rows, outages) for key, rows in changes.groupby(list(PLACE), sort=True)]
    columns = {**dict.fromkeys(PLACE, "str"), **dict.fromkeys(("from_at", "to_at", *KINDS), "int64")}
    if not pieces:
        return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in columns.items()})
    return pd.concat(pieces, ignore_index=True)[list(columns)].astype(columns)


def known_since(changes: pd.DataFrame) -> dict[str, int]:
    """Per cluster the moment (UTC epoch seconds) of its first statement of capacity; one without any is absent."""
    firsts = changes.groupby("cluster")["from_at"].min()
    return {str(cluster): int(first) for cluster, first in firsts.items()}


def capacity_in(pieces: pd.DataFrame, edges: Int64s, by: Sequence[str] = PLACE) -> pd.DataFrame:
    """Capacity in each bucket.

    Args:
        pieces: from `steps`.
        edges: ascending bucket edges, UTC epoch seconds.
        by: columns of PLACE to keep.

    Returns:
        One row per group and bucket in which something was installed, in order: the columns of `by`, int64 `bucket`
        (its index) and the int64 columns of PART_SECONDS (1/420,000 GPU × seconds).
    """
    first, last = int(edges[0]), int(edges[-1])
    live = pieces[(pieces["from_at"] < last) & (pieces["to_at"] > first)]
    if live.empty:
        return pd.DataFrame(columns=[*by, "bucket", *PART_SECONDS]).astype(
            dict.fromkeys(("bucket", *PART_SECONDS), "int64")
        )
    grouped = live.groupby(list(by), sort=True) if by else None
    group = grouped.ngroup().to_numpy(np.int64) if grouped is not None else np.zeros(len(live), dtype=np.int64)
    weights = {f"{kind}_part_seconds": live[kind].to_numpy(np.int64) * GPU_PARTS for kind in KINDS}
    key, sums = spread(live["from_at"].to_numpy(np.int64), live["to_at"].to_numpy(np.int64), group, weights, edges)
    order = np.argsort(key)
    frame = pd.DataFrame({name: values[order] for name, values in sums.items()})
    names = live[list(by)].drop_duplicates().sort_values(list(by)).reset_index(drop=True) if by else None
    if names is not None:
        for name in reversed(by):
            frame.insert(0, name, names[name].take(key[order] // len(edges)).to_numpy())
    frame.insert(len(by), "bucket", key[order] % len(edges))
    something = (frame[list(PART_SECONDS)] != 0).any(axis=1)
    return frame[something & (frame["bucket"] < len(edges) - 1)].reset_index(drop=True)


def _place_steps(key: tuple[str, ...], changes: pd.DataFrame, outages: pd.DataFrame) -> pd.DataFrame:
    here = outages
    for name, value in zip(PLACE, key, strict=True):
        here = here[here[name] == value]
    begins = here["start_at"].to_numpy(np.int64)
    ends = here["end_at"].fillna(FOREVER_S).to_numpy(np.int64)
    gpus = here["gpus"].to_numpy(np.int64)
    changes = changes.sort_values("from_at")
    since = changes["from_at"].to_numpy(np.int64)
    cuts = np.concatenate((since, begins, ends))
    at = np.unique(cuts[(cuts >= since[0]) & (cuts < FOREVER_S)])
    row = changes.iloc[np.searchsorted(since, at, side="right") - 1]
    out = ((begins <= at[:, None]) & (at[:, None] < ends)) @ gpus if len(gpus) else np.zeros(len(at), dtype=np.int64)
    in_service = row["in_service"].to_numpy(np.int64)
    allocatable = row["allocatable"].to_numpy(np.int64)
    return pd.DataFrame(
        {
            **dict(zip(PLACE, key, strict=True)),
            "from_at": at,
            "to_at": np.append(at[1:], FOREVER_S),
            "installed": row["installed"].to_numpy(np.int64),
            "in_service": in_service,
            "allocatable": np.maximum(0, allocatable - out),
            "out": np.minimum(out, in_service),
            "capacity": np.maximum(0, in_service - out),
        }
    )
