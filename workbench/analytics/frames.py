"""Frames of any back end: pandas, cuDF (on a GPU), and Dask over either, and what an analysis needs to know of them.

An analysis is written once: a `partial` answer of one frame, and `combine`, which adds such answers up. `reduced` asks
them of whatever it is given. On cuDF columns become CuPy arrays, else NumPy ones; `namespace` says which of the two
modules has the functions. Whole numbers are int64 throughout, so that every back end gives the same answer to the bit.
"""

from collections.abc import Callable, Sequence
from functools import partial as with_arguments
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd

from workbench.analytics.schema import UNKNOWN

Kind = Literal["pandas", "cudf", "dask"]
Answer = TypeVar("Answer")

ADDED_AT_ONCE = 16
"""Partial answers of a Dask frame that are added up in one go: bounds what a worker, and the asker, holds of them."""

SMALL_TABLE = 1 << 21
"""Distinct numbers below this are found with a table of flags, not by sorting."""


def kind(frame: Any) -> Kind:
    """Whose frame, or column, it is. Raises TypeError for what is none of these."""
    if hasattr(frame, "__dask_graph__"):
        return "dask"
    if type(frame).__module__.partition(".")[0] == "cudf":
        return "cudf"
    if isinstance(frame, pd.DataFrame | pd.Series | pd.Index):
        return "pandas"
    raise TypeError(f"an analysis takes a frame of pandas, cuDF or Dask, not {type(frame).__name__}")


def reduced(
    frame: Any, partial: Callable[..., Answer], combine: Callable[[list[Answer]], Answer], *given: Any
) -> Answer:
    """A partial answer of each partition, where it lies, added up as a tree; of a frame in memory just the one.

    Args:
        frame: of pandas, cuDF or Dask.
        partial: the answer of one pandas or cuDF frame; called with it and what is `given`.
        combine: one answer from some; the order and the grouping of its calls must not matter.
        given: for `partial`; it and both functions must pickle where Dask has worker processes.
    """
    if kind(frame) != "dask":
        return partial(frame, *given)
    import dask

    sent = [dask.delayed(one, traverse=False) for one in given]  # once, not with every partition
    answers = [dask.delayed(partial, pure=False)(part, *sent) for part in frame.to_delayed()]
    together = dask.delayed(with_arguments(_together, combine), pure=False)
    while len(answers) > 1:
        answers = [together(answers[at : at + ADDED_AT_ONCE]) for at in range(0, len(answers), ADDED_AT_ONCE)]
    done: Answer = answers[0].compute()
    return done


def only(frame: Any, names: Sequence[str]) -> Any:
    """The frame with those of these columns that it has: the others are then not even read by Dask."""
    held = set(frame.columns)
    return frame[[name for name in dict.fromkeys(names) if name in held]]


def namespace(frame: Any) -> Any:
    """NumPy, or CuPy for a frame, a column or an array that lies on a GPU."""
    if type(frame).__module__.partition(".")[0] not in {"cudf", "cupy"}:
        return np
    import cupy

    return cupy


def ints(column: Any, unknown: int = 0) -> Any:
    """A column of whole numbers as an int64 array where it lies, NA as `unknown`."""
    if column.dtype == "int64" and kind(column) == "pandas":
        return column.to_numpy()
    if kind(column) == "pandas":
        return column.fillna(unknown).to_numpy(np.int64)
    return column.astype("int64").fillna(unknown).values


def host(values: Any) -> Any:
    """An array in the machine's own memory: the same one, or a copy of the GPU's."""
    return values.get() if namespace(values) is not np else values


def add_at(out: Any, where: Any, values: Any) -> None:
    """out[where] += values, each as often as it is named; int64."""
    if namespace(out) is np:
        np.add.at(out, where, values)
        return
    import cupyx

    # CuPy adds atomically to unsigned numbers only; modulo 2^64 the sums are the same.
    cupyx.scatter_add(out.view(np.uint64), where, values.view(np.uint64))


def numbered(code: Any) -> tuple[Any, Any]:
    """The distinct values of an array of numbers ≥ 0 in order, and of each the place of its value among them."""
    xp = namespace(code)
    most = int(code.max()) + 1 if len(code) else 0
    if most > max(SMALL_TABLE, len(code)):
        distinct, place = xp.unique(code, return_inverse=True)
        return distinct, place.astype(np.int64)
    there = xp.zeros(most, dtype=bool)
    there[code] = True
    return xp.flatnonzero(there), (xp.cumsum(there) - 1)[code]


def groups(frame: Any, by: Sequence[str]) -> tuple[Any, pd.DataFrame]:
    """The number of each row's group, where the frame lies; and the groups, in order of their columns, as pandas.

    Text that is NA belongs to the group UNKNOWN; another thing that is NA to a group NA, the last.
    """
    xp = namespace(frame)
    group = xp.zeros(len(frame), dtype=np.int64)
    coded = {name: _coded(frame[name], xp) for name in by}
    for codes, names in coded.values():
        group = numbered(group * max(1, len(names)) + codes)[1]
    count = int(group.max()) + 1 if len(group) else 0
    first = xp.zeros(count, dtype=np.int64)
    first[group] = xp.arange(len(group))  # any row of the group will do
    columns = {name: names.take(host(codes[first])) for name, (codes, names) in coded.items()}
    return group, pd.DataFrame(columns, index=range(count))


def _together(combine: Callable[[list[Answer]], Answer], answers: list[Answer]) -> Answer:
    return combine(answers) if len(answers) > 1 else answers[0]


def _coded(column: Any, xp: Any) -> tuple[Any, pd.Index]:
    """Codes of a column's values, and its values in order (those of categories also where no row has them)."""
    if isinstance(column.dtype, pd.CategoricalDtype) or str(column.dtype) == "category":
        codes, found = column.cat.codes, column.cat.categories
        codes = ints(codes, unknown=-1)
    else:
        codes, found = column.factorize()
    codes = xp.asarray(codes).astype(np.int64)
    names = found if isinstance(found, pd.Index) else pd.Index(found.to_pandas())
    text = pd.api.types.is_string_dtype(names)
    names = names.astype("str") if text else names
    if bool((codes < 0).any()):
        unknown = names.get_indexer([UNKNOWN])[0] if text else -1
        if unknown < 0:
            unknown = len(names)
            names = names.append(pd.Index([UNKNOWN if text else pd.NA], dtype=names.dtype))
        codes = xp.where(codes < 0, unknown, codes)
    order = np.asarray(names.argsort())
    rank = np.empty(len(names), dtype=np.int64)
    rank[order] = np.arange(len(names))
    return xp.asarray(rank)[codes], names.take(order)
