"""The loops over jobs, compiled: what `sweep_arrays.laid_out` does, in one pass and without the interpreter's lock.

Numba compiles at the first call and keeps the result on disk. Everything is int64 and exact; only the place of a moment
in the table is guessed with a floating product, and then put right.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]

MOST_CELLS = 1 << 20
"""Of a table: 8 MiB, which a processor's cache holds."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Bucket edges (ascending, UTC epoch seconds), and for each stretch of `cell` seconds the bucket it begins in."""

    edges: Int64s
    cell: int
    table: Int64s


def cut(edges: Int64s) -> Cut:
    """A table whose cells are no longer than any bucket, where that fits: a moment is in its cell's bucket or the next.

    Buckets of one length (hours, most days) are the cells themselves.
    """
    edges = edges.astype(np.int64)
    whole = int(edges[-1] - edges[0])
    cell = max(int(np.diff(edges).min()), -(-whole // MOST_CELLS), 1)
    begins = edges[0] + np.arange(whole // cell + 1, dtype=np.int64) * cell
    return Cut(edges, cell, np.searchsorted(edges, begins, side="right").astype(np.int64) - 1)


def accumulate(
    start: Int64s, end: Int64s, weight: Int64s, group: Int64s, cuts: Cut, part: Int64s, step: Int64s
) -> None:
    """Add weight × seconds of intervals to difference arrays; `finish` makes the sums of them.

    Args:
        start: beginnings, UTC epoch seconds; what lies out of the edges is cut off.
        end: ends, not before the beginnings.
        weight: of each interval.
        group: its row of `part` and `step`.
        cuts: of the edges.
        part: [groups, edges]; changed.
        step: the same; changed.
    """
    _compiled()[0](start, end, weight, group, cuts.edges, cuts.cell, cuts.table, part, step)


def tally(start: Int64s, value: Int64s, group: Int64s, cuts: Cut, out: Int64s) -> None:
    """Add each interval's value where it begins, if that is within the edges; `out`: [groups, edges], changed."""
    _compiled()[1](start, value, group, cuts.edges, cuts.cell, cuts.table, out)


def finish(part: Int64s, step: Int64s, cuts: Cut) -> Int64s:
    """The sums [groups, edges], in `part`; the last column, past the last edge, is 0."""
    _compiled()[2](part, step, np.append(np.diff(cuts.edges), 0))
    return part


@cache
def _compiled() -> tuple[Callable[..., None], ...]:
    from numba import njit  # here: most who import this package need no compiler

    return tuple(njit(nogil=True, cache=True)(one) for one in (_accumulate, _tally, _finish))


def _accumulate(  # pragma: no cover  (compiled)
    start: Int64s,
    end: Int64s,
    weight: Int64s,
    group: Int64s,
    edges: Int64s,
    cell: int,
    table: Int64s,
    part: Int64s,
    step: Int64s,
) -> None:
    per_cell, last = 1.0 / cell, len(edges) - 1
    for row in range(len(start)):
        begin, stop, held, of = max(start[row], edges[0]), min(end[row], edges[last]), weight[row], group[row]
        if begin >= stop or held == 0:
            continue
        for change in (held, -held):
            moment = begin if change == held else stop
            place = int((moment - edges[0]) * per_cell)
            if place * cell > moment - edges[0]:
                place -= 1
            elif (place + 1) * cell <= moment - edges[0]:
                place += 1
            bucket = table[place]
            while bucket < last and moment >= edges[bucket + 1]:
                bucket += 1
            if bucket < last:
                part[of, bucket] += change * (edges[bucket + 1] - moment)
            step[of, bucket] += change


def _tally(  # pragma: no cover  (compiled)
    start: Int64s, value: Int64s, group: Int64s, edges: Int64s, cell: int, table: Int64s, out: Int64s
) -> None:
    per_cell, last = 1.0 / cell, len(edges) - 1
    for row in range(len(start)):
        if start[row] < edges[0] or start[row] >= edges[last]:
            continue
        past = start[row] - edges[0]
        place = int(past * per_cell)
        if place * cell > past:
            place -= 1
        elif (place + 1) * cell <= past:
            place += 1
        bucket = table[place]
        while start[row] >= edges[bucket + 1]:
            bucket += 1
        out[group[row], bucket] += value[row]


def _finish(part: Int64s, step: Int64s, widths: Int64s) -> None:  # pragma: no cover  (compiled)
    for of in range(part.shape[0]):
        held = 0
        for bucket in range(part.shape[1]):
            part[of, bucket] += held * widths[bucket]
            held += step[of, bucket]
