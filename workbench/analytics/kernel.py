"""The loops over jobs, compiled: what `sweep_arrays.laid_out` does, in one pass and without the interpreter's lock.

Numba compiles at the first call and keeps the result on disk. Everything is int64 and exact; only the place of a moment
among the buckets is guessed with a floating product, and then put right. Random places of large tables are what the
loops wait for: `pairs` lays what an event changes side by side, one place instead of two.
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
    """Bucket edges (ascending, UTC epoch seconds), and for each stretch of `cell` seconds the bucket it begins in.

    `even`: the buckets are the cells, so that the table need not be asked.
    """

    edges: Int64s
    cell: int
    table: Int64s
    even: bool


def cut(edges: Int64s) -> Cut:
    """A table whose cells are no longer than any bucket, where that fits: a moment is in its cell's bucket or the next.

    Buckets of one length (hours, most days) are the cells themselves.
    """
    edges = edges.astype(np.int64)
    whole, widths = int(edges[-1] - edges[0]), np.diff(edges)
    shortest, even = int(widths.min()), bool((widths == widths[0]).all())
    cell = shortest if even else max(shortest, -(-whole // MOST_CELLS), 1)
    begins = edges[0] + np.arange(whole // cell + 1, dtype=np.int64) * cell
    return Cut(edges, cell, np.searchsorted(edges, begins, side="right").astype(np.int64) - 1, even)


def pairs(groups: int, cuts: Cut) -> Int64s:
    """A difference array [groups, edges, 2] of zeros: [..., 0] is its `part`, [..., 1] its `step`."""
    return np.zeros((groups, len(cuts.edges), 2), dtype=np.int64)


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
        part: [groups, edges], of any strides; changed.
        step: the same; changed.
    """
    given = [np.ascontiguousarray(one) for one in (start, end, weight, group)]
    if cuts.even:
        _compiled("even")(*given, cuts.edges[0], cuts.cell, len(cuts.edges) - 1, part, step)
    else:
        _compiled("uneven")(*given, cuts.edges, cuts.cell, cuts.table, part, step)


def tally(start: Int64s, value: Int64s, group: Int64s, cuts: Cut, out: Int64s) -> None:
    """Add each interval's value where it begins, if that is within the edges; `out`: [groups, edges], changed."""
    given = [np.ascontiguousarray(one) for one in (start, value, group)]
    _compiled("tally")(*given, cuts.edges, cuts.cell, cuts.table, out)


def finish(part: Int64s, step: Int64s, cuts: Cut) -> Int64s:
    """The sums [groups, edges], in `part`; the last column, past the last edge, is 0."""
    _compiled("finish")(part, step, np.diff(cuts.edges))
    return part


@cache
def _compiled(name: str) -> Callable[..., None]:
    from numba import njit, types  # here: most who import this package need no compiler

    number = types.int64
    given = types.Array(number, 1, "C", readonly=True)
    held = types.Array(number, 2, "A")
    # With its types told a loop is compiled once, also where some arrays may be written to and others not.
    loop, told = {
        "even": (_even, [*[given] * 4, number, number, number, held, held]),
        "uneven": (_uneven, [*[given] * 5, number, given, held, held]),
        "tally": (_tally, [*[given] * 4, number, given, held]),
        "finish": (_finish, [held, held, given]),
    }[name]
    return njit(types.void(*told), nogil=True, cache=True)(loop)  # type: ignore[no-any-return]


def _even(  # pragma: no cover  (compiled)
    start: Int64s,
    end: Int64s,
    weight: Int64s,
    group: Int64s,
    first: int,
    cell: int,
    last: int,
    part: Int64s,
    step: Int64s,
) -> None:
    per_cell, whole = 1.0 / cell, last * cell
    for row in range(len(start)):
        begin, stop, held = max(start[row] - first, 0), min(end[row] - first, whole), weight[row]
        if begin >= stop or held == 0:
            continue
        of = group[row]
        bucket = int(begin * per_cell)
        past = begin - bucket * cell
        if past < 0:
            bucket, past = bucket - 1, past + cell
        elif past >= cell:
            bucket, past = bucket + 1, past - cell
        part[of, bucket] += held * (cell - past)
        step[of, bucket] += held
        bucket = int(stop * per_cell)
        past = stop - bucket * cell
        if past < 0:
            bucket, past = bucket - 1, past + cell
        elif past >= cell:
            bucket, past = bucket + 1, past - cell
        part[of, bucket] -= held * (cell - past)
        step[of, bucket] -= held


def _uneven(  # pragma: no cover  (compiled)
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
        begin, stop, held = max(start[row], edges[0]), min(end[row], edges[last]), weight[row]
        if begin >= stop or held == 0:
            continue
        of = group[row]
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
    start: Int64s,
    value: Int64s,
    group: Int64s,
    edges: Int64s,
    cell: int,
    table: Int64s,
    out: Int64s,
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
        for bucket in range(len(widths)):
            part[of, bucket] += held * widths[bucket]
            held += step[of, bucket]
        part[of, len(widths)] = 0
