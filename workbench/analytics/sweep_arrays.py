"""The sweep on arrays: weight × seconds of intervals in each bucket of their group, exactly, in two ways.

A weight w that starts at t in bucket k adds w·(end of k − t) to that bucket and w·width to every later one; its end
takes the same away. `spread` sorts these changes and runs their sum: its cost is by changes and by what comes out.
`laid_out` has a cell for every group and bucket: no sorting, for as many cells as there are jobs or so. Both work on
NumPy arrays and on CuPy ones; on the CPU `laid_out` leaves the loop over jobs to a compiled kernel.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.analytics import kernel
from workbench.analytics.frames import add_at, namespace

Int64s = npt.NDArray[np.int64]

COMPILED_JOBS = 1_000_000
"""From so many jobs on the compiled loop pays for its loading."""


def spread(
    start: Any,
    end: Any,
    group: Any,
    weights: Mapping[str, Any],
    edges: Int64s,
    *,
    at_start: Mapping[str, Any] | None = None,
) -> tuple[Any, dict[str, Any]]:
    """Weight × seconds of intervals in each bucket of their group.

    Args:
        start: beginnings, UTC epoch seconds, before the last edge.
        end: ends, not before the beginnings nor before the first edge.
        group: number of each interval's group, ≥ 0.
        weights: per name one weight an interval.
        edges: ascending bucket edges, at least two.
        at_start: per name one number an interval, added to the bucket of its beginning; 0 if that is before all.

    Returns:
        Keys, group · len(edges) + bucket, each once, not ordered; and per name its sum for each key, which may be 0.
    """
    xp, stride = namespace(start), len(edges)
    reach, width = _buckets(xp, edges)
    start, end, starts_in, ends_in = _placed(xp, start, end, edges)
    changes = xp.concatenate((group * stride + starts_in, group * stride + ends_in))
    key, where = xp.unique(changes, return_inverse=True)
    gap = xp.diff(key, append=key[-1:] + 1) - 1
    kept, carried = {}, {}
    running = xp.zeros(len(key), dtype=bool)
    for name, weight in weights.items():
        part = _sum_at(xp, len(key), where, weight * (reach[starts_in] - start), -weight * (reach[ends_in] - end))
        carry = xp.cumsum(_sum_at(xp, len(key), where, weight, -weight))
        # The sum is back at 0 at the end of each group, so that nothing is carried into the next.
        before = xp.concatenate((xp.zeros(1, dtype=np.int64), carry[:-1]))[: len(key)]
        kept[name] = part + width[key % stride] * before
        carried[name] = carry
        running |= carry != 0
    times = xp.where(running, gap, 0)
    source, count = _repeated(xp, times)
    between = key[source] + 1 + count
    sums = {}
    for name in weights:
        sums[name] = xp.concatenate((kept[name], carried[name][source] * width[between % stride]))
    for name, number in (at_start or {}).items():
        begun = _sum_at(xp, len(key), where[: len(start)], number)
        sums[name] = xp.concatenate((begun, xp.zeros(len(between), dtype=np.int64)))
    return xp.concatenate((key, between)), sums


def laid_out(
    start: Any,
    end: Any,
    group: Any,
    weights: Mapping[str, Any],
    edges: Int64s,
    *,
    at_start: Mapping[str, Any] | None = None,
) -> tuple[Any, dict[str, Any]]:
    """The same as `spread`, with all keys from 0 on, in order."""
    xp, stride = namespace(start), len(edges)
    cells = (int(group.max()) + 1 if len(group) else 0) * stride
    if xp is np and len(start) >= COMPILED_JOBS:
        return np.arange(cells), _compiled(start, end, group, weights, edges, at_start or {})
    reach, width = _buckets(xp, edges)
    start, end, starts_in, ends_in = _placed(xp, start, end, edges)
    begin, stop = group * stride + starts_in, group * stride + ends_in
    sums = {}
    for name, weight in weights.items():
        part, step = xp.zeros(cells, dtype=np.int64), xp.zeros(cells, dtype=np.int64)
        add_at(part, begin, weight * (reach[starts_in] - start))
        add_at(part, stop, -weight * (reach[ends_in] - end))
        add_at(step, begin, weight)
        add_at(step, stop, -weight)
        before = xp.cumsum(step) - step  # 0 again at the end of each group
        sums[name] = part + (before.reshape(-1, stride) * width).reshape(-1)
    for name, number in (at_start or {}).items():
        sums[name] = xp.zeros(cells, dtype=np.int64)
        add_at(sums[name], begin, number)
    return xp.arange(cells), sums


def _compiled(
    start: Int64s,
    end: Int64s,
    group: Int64s,
    weights: Mapping[str, Int64s],
    edges: Int64s,
    at_start: Mapping[str, Int64s],
) -> dict[str, Int64s]:
    cuts, shape = kernel.cut(edges), (int(group.max()) + 1 if len(group) else 0, len(edges))
    sums = {name: np.zeros(shape, dtype=np.int64) for name in (*weights, *at_start)}
    for name, weight in weights.items():
        step = np.zeros(shape, dtype=np.int64)
        kernel.accumulate(start, end, weight, group, cuts, sums[name], step)
        kernel.finish(sums[name], step, cuts)
    for name, number in at_start.items():
        kernel.tally(start, number, group, cuts, sums[name])
    return {name: one.reshape(-1) for name, one in sums.items()}


def _buckets(xp: Any, edges: Int64s) -> tuple[Any, Any]:
    """End and width of each bucket; the one past the last ends with it and has no width."""
    last = edges[-1:]
    return xp.asarray(np.append(edges[1:], last)), xp.asarray(np.append(np.diff(edges), 0))


def _placed(xp: Any, start: Any, end: Any, edges: Int64s) -> tuple[Any, Any, Any, Any]:
    """Beginnings and ends clipped to the edges, and the buckets in which they lie."""
    first, last = int(edges[0]), int(edges[-1])
    start, end = xp.maximum(start, first), xp.minimum(end, last)
    widths = np.diff(edges)
    if (widths == widths[0]).all():
        starts_in, ends_in = ((times - first) // int(widths[0]) for times in (start, end))
    else:
        there = xp.asarray(edges)
        starts_in, ends_in = (xp.searchsorted(there, times, side="right") - 1 for times in (start, end))
    return start, end, starts_in, ends_in


def _sum_at(xp: Any, size: int, where: Any, *values: Any) -> Any:
    out = xp.zeros(size, dtype=np.int64)
    add_at(out, where, xp.concatenate(values))
    return out


def _repeated(xp: Any, times: Any) -> tuple[Any, Any]:
    """For each t of `times`, t times its place; and 0 … t-1, one after the other."""
    ends = xp.cumsum(times)
    every = xp.arange(int(ends[-1]) if len(ends) else 0, dtype=np.int64)
    # CuPy repeats by one number only.
    source = np.repeat(np.arange(len(times)), times) if xp is np else xp.searchsorted(ends, every, side="right")
    return source, every - (ends - times)[source]
