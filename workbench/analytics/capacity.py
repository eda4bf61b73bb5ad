"""Capacity over time: what was installed, in service, allocatable and out in each bucket, in part-seconds.

*Installed* GPUs are in the room; *in service* ones are offered to users; *allocatable* ones could take a job. An outage
takes GPUs out of service for a while: `capacity` is what was in service less what was out, the denominator of
occupancy. Before a cluster's first statement its capacity is unknown, not zero; a partition that appears later was zero
until then.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.analytics.sweep_arrays import Int64s, spread
from workbench.periods import Window
from workbench.units import GPU_PARTS

PLACE = ("cluster", "partition", "gpu_model")
KINDS = ("installed", "in_service", "allocatable", "out", "capacity")
PART_SECONDS = tuple(f"{kind}_part_seconds" for kind in KINDS)
FOREVER_S = 1 << 62

Group = tuple[str, ...]


def steps(changes: pd.DataFrame, outages: pd.DataFrame) -> pd.DataFrame:
    """The constant pieces of capacity.

    Args:
        changes: cluster, partition, gpu_model, from_at (UTC epoch seconds), installed, in_service, allocatable (GPUs).
        outages: cluster, partition, gpu_model, start_at, end_at (NA while it lasts), gpus.

    Returns:
        One row per place and piece, in order: cluster, partition, gpu_model, int64 from_at, to_at (FOREVER_S for the
        last), installed, in_service, allocatable (net of outages), out, capacity (in service less out), all in GPUs.
    """
    columns = {**dict.fromkeys(PLACE, "str"), **dict.fromkeys(("from_at", "to_at", *KINDS), "int64")}
    said, down = _by_place(changes), _by_place(outages)
    rows = [row for place in sorted(said) for row in _place_steps(place, said[place], down.get(place, []))]
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


def known_since(changes: pd.DataFrame) -> dict[str, int]:
    """Per cluster the moment (UTC epoch seconds) of its first statement of capacity; one without any is absent."""
    since: dict[str, int] = {}
    for cluster, first in zip(changes["cluster"], changes["from_at"], strict=True):
        since[str(cluster)] = min(int(first), since.get(str(cluster), FOREVER_S))
    return since


def within(pieces: pd.DataFrame, known: Mapping[str, Window]) -> pd.DataFrame:
    """The pieces clipped to what is known of their clusters; a cluster that is not named loses all of its own."""
    since = pieces["cluster"].map({cluster: window.start_s for cluster, window in known.items()})
    until = pieces["cluster"].map({cluster: window.end_s for cluster, window in known.items()})
    there = since.notna() & (pieces["from_at"] < until) & (pieces["to_at"] > since)
    kept = pieces[there]
    low, high = (limit[there].astype("int64") for limit in (since, until))
    return kept.assign(from_at=kept["from_at"].clip(lower=low), to_at=kept["to_at"].clip(upper=high))


def capacity_in(pieces: pd.DataFrame, edges: Int64s, by: Sequence[str] = PLACE) -> tuple[list[Group], Int64s]:
    """Capacity in each bucket.

    Args:
        pieces: from `steps`.
        edges: ascending bucket edges, UTC epoch seconds.
        by: columns of PLACE to keep.

    Returns:
        The groups that `pieces` name, in order; and an int64 array [kind, group, bucket] of 1/420,000 GPU × seconds,
        kinds as in KINDS.
    """
    keys = list(zip(*(pieces[name] for name in by), strict=True)) if by else [()] * len(pieces)
    groups = sorted(set(keys))
    number = {group: n for n, group in enumerate(groups)}
    stride = len(edges)
    grid = np.zeros((len(KINDS), len(groups), stride), dtype=np.int64)
    first, last = pieces["from_at"].to_numpy(np.int64), pieces["to_at"].to_numpy(np.int64)
    live = np.flatnonzero((first < edges[-1]) & (last > edges[0]))
    if len(live):
        group = np.array([number[key] for key in keys], dtype=np.int64)[live]
        weights = {kind: pieces[kind].to_numpy(np.int64)[live] * GPU_PARTS for kind in KINDS}
        key, sums = spread(first[live], last[live], group, weights, edges)
        for row, kind in enumerate(KINDS):
            grid[row].reshape(-1)[key] = sums[kind]
    return groups, grid[:, :, :-1]  # the place past the last edge holds nothing


def _by_place(rows: pd.DataFrame) -> dict[Group, list[dict[str, object]]]:
    found: dict[Group, list[dict[str, object]]] = {}
    for row in rows.to_dict("records"):
        found.setdefault(tuple(str(row[name]) for name in PLACE), []).append(row)
    return found


def _place_steps(
    place: Group, changes: list[dict[str, object]], outages: list[dict[str, object]]
) -> list[tuple[object, ...]]:
    said = {name: _ints(changes, name) for name in ("from_at", "installed", "in_service", "allocatable")}
    order = np.argsort(said["from_at"], kind="stable")
    since, begins, gpus = said["from_at"][order], _ints(outages, "start_at"), _ints(outages, "gpus")
    ends = _ints(outages, "end_at")
    cuts = np.concatenate((since, begins, ends))
    at = np.unique(cuts[(cuts >= since[0]) & (cuts < FOREVER_S)])
    row = order[np.searchsorted(since, at, side="right") - 1]
    out: Int64s = ((begins <= at[:, None]) & (at[:, None] < ends)).astype(np.int64) @ gpus
    installed, in_service, allocatable = (said[name][row] for name in ("installed", "in_service", "allocatable"))
    values: tuple[npt.NDArray[np.int64], ...] = (
        at,
        np.append(at[1:], FOREVER_S),
        installed,
        in_service,
        np.maximum(0, allocatable - out),
        np.minimum(out, in_service),
        np.maximum(0, in_service - out),
    )
    return [(*place, *piece) for piece in zip(*(column.tolist() for column in values), strict=True)]


def _ints(rows: list[dict[str, object]], name: str) -> Int64s:
    values = [FOREVER_S if pd.isna(row[name]) else int(row[name]) for row in rows]  # type: ignore[call-overload]
    return np.array(values, dtype=np.int64)
