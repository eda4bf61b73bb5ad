"""Cells of a job log to exact integers and texts, a column at a time; a cell that cannot be read names its row.

Columns come as Arrow arrays: text from CSV, their own types from Parquet. Whole numbers take a fast path; everything
else goes through exact fractions, one distinct cell at a time. No binary float takes part in any sum.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from workbench.analytics.parsed import shortened
from workbench.wallclock import Flags, Ints

INT_MAX = 2**62
"""Beyond this a cell is no amount of anything here; sums of two still fit in 64 bits."""

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_RATIO = re.compile(r"\d{1,18}/\d{1,18}")
WHOLE = r"^[+-]?\d{1,18}(\.0*)?$"


class Undecided(ValueError):
    """The mapping leaves open what a column means: no row of it can be read."""


@dataclass
class Problems:
    """What is wrong with which row of a batch: the first trouble found counts."""

    rows: dict[int, tuple[str, str]] = field(default_factory=dict)

    def note(self, row: int | np.integer[Any], kind: str, reason: str) -> None:
        self.rows.setdefault(int(row), (kind, reason))

    def mask(self, length: int) -> Flags:
        found = np.zeros(length, dtype=bool)
        found[list(self.rows)] = True
        return found


def unreadable(field_name: str) -> str:
    """The kind of trouble of a cell that cannot be read."""
    return f"{'GPUs' if field_name == 'gpus' else field_name} not readable"


@dataclass(frozen=True)
class Amounts:
    """Whole numbers of some unit, one per row; `known` is False where the cell is empty or unreadable."""

    values: Ints
    known: Flags


def decoded(column: pa.Array, broken: Callable[[int], None]) -> pa.Array:
    """The column with texts as valid UTF-8: what is not is replaced with U+FFFD, and `broken` is told of its row."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:
            column, kind = column.cast(pa.large_binary()), pa.large_binary()
    if not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
        return column
    found: list[str | None] = []
    for row, cell in enumerate(column.to_pylist()):
        try:
            found.append(None if cell is None else cell.decode())
        except UnicodeDecodeError:
            found.append(cell.decode(errors="replace"))
            broken(row)
    return pa.array(found, pa.string())


def plain(column: pa.Array, nulls: frozenset[str]) -> pa.Array:
    """The cells as trimmed texts where they are texts, as they are otherwise; null where they say nothing."""
    kind = column.type
    if pa.types.is_floating(kind):
        return pc.if_else(pc.is_nan(column), pa.scalar(None, kind), column)  # how pandas writes an empty cell
    is_text = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    return texts(column, nulls) if any(is_kind(kind) for is_kind in is_text) else column


def texts(column: pa.Array, nulls: frozenset[str]) -> pa.Array:
    """The cells as trimmed text, null where they say nothing. Whole floats are written without a fraction."""
    kind = column.type
    if pa.types.is_floating(kind):
        column = pa.array([_float_text(v) for v in column.to_pylist()], pa.string())
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        column = pa.array(
            [v if v is None else shortened(v.decode("utf-8", "surrogateescape")) for v in column.to_pylist()]
        )
    elif not pa.types.is_string(kind):
        column = column.cast(pa.string())
    trimmed = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.is_in(pc.utf8_lower(trimmed), pa.array(sorted(nulls))), pa.scalar(None, pa.string()), trimmed)


def filled(column: pa.Array, default: str | None) -> pa.Array:
    """The texts with empty ones replaced."""
    return column if default is None else pc.fill_null(column, default)


def amounts(
    column: pa.Array, scale: Fraction | int, read: Callable[[Fraction], int], field_name: str, problems: Problems
) -> Amounts:
    """Cells times `scale`, as whole numbers.

    Args:
        column: text (nulls are empty cells), or numbers.
        scale: of one unit of the log in ours.
        read: makes a whole number of an exact scaled amount; raises ValueError where it cannot.
        field_name: for the reason of a rejected row.
        problems: where rows are noted whose cell is no number, negative, or out of all range.
    """
    values = np.zeros(len(column), dtype=np.int64)
    known = np.asarray(pc.is_valid(column))
    whole, ints = _whole_numbers(column)
    fast = whole & known
    if scale.denominator == 1:
        limit = INT_MAX // scale.numerator
        fast &= (ints >= 0) & (ints <= limit)
        values[fast] = ints[fast] * scale.numerator
    else:
        fast[:] = False
    slow = np.flatnonzero(known & ~fast)
    seen: dict[Any, int | str] = {}
    for row, cell in zip(slow, column.take(pa.array(slow)).to_pylist(), strict=True):
        if cell not in seen:
            try:
                seen[cell] = _read(cell, scale, read)
            except ValueError as problem:
                seen[cell] = str(problem)
        found = seen[cell]
        if isinstance(found, int):
            values[row] = found
        else:
            known[row] = False
            problems.note(row, unreadable(field_name), f"{field_name}: {found}")
    return Amounts(values, known)


def exact(cell: object) -> Fraction:
    """The exact number that a cell shows: 0.1 is one tenth, also where it came as a binary float.

    Raises:
        ValueError: it is no number, or not a finite one.
    """
    if isinstance(cell, bool):
        raise ValueError(f"{cell} is no number")
    if isinstance(cell, int):
        return Fraction(cell)
    text = str(cell) if isinstance(cell, Decimal) else repr(cell) if isinstance(cell, float) else str(cell).strip()
    if _NUMBER.fullmatch(text):
        return Fraction(text)
    if _RATIO.fullmatch(text) and not text.rstrip("0").endswith("/"):
        return Fraction(text)
    raise ValueError(f"{shortened(text)!r} is no number")


def nearest(amount: Fraction) -> int:
    """The nearest whole number ≥ 0; halves up."""
    return int((amount + Fraction(1, 2)) // 1)


def counted(amount: Fraction) -> int:
    """The amount where it is a whole number ≥ 0."""
    if amount.denominator != 1:
        raise ValueError(f"{float(amount):g} is no whole number")
    return int(amount)


def distinct(column: pa.Array, read: Callable[[str], Any], note: Callable[[int, str], None]) -> tuple[list[Any], Ints]:
    """Each distinct text read once.

    Args:
        column: texts; nulls are left out.
        read: raises ValueError for a text it cannot read.
        note: told of each row (and why) whose text cannot be read.

    Returns:
        The results, and for each row the place of its result among them, −1 for null or unreadable.
    """
    encoded = column.dictionary_encode()
    results: list[Any] = []
    why: dict[int, str] = {}
    for place, text in enumerate(encoded.dictionary.to_pylist()):
        try:
            results.append(read(text))
        except ValueError as problem:
            results.append(None)
            why[place] = str(problem)
    places = np.asarray(pc.fill_null(encoded.indices, -1)).astype(np.int64)
    if why:
        for row in np.flatnonzero(np.isin(places, list(why))):
            note(int(row), why[int(places[row])])
            places[row] = -1
    return results, places


def longer_than(column: pa.Array, most: int) -> Iterable[int]:
    """Rows whose text has more characters than this."""
    return map(int, np.flatnonzero(np.asarray(pc.fill_null(pc.greater(pc.utf8_length(column), most), False))))


def _whole_numbers(column: pa.Array) -> tuple[Flags, Ints]:
    """Which cells are whole numbers, and these numbers (0 elsewhere)."""
    kind = column.type
    if pa.types.is_integer(kind):
        if pa.types.is_uint64(kind):
            small = pc.fill_null(pc.less_equal(column, pa.scalar(INT_MAX, pa.uint64())), False)
            return np.asarray(small), np.asarray(pc.if_else(small, column, pa.scalar(0, pa.uint64())).cast(pa.int64()))
        return np.ones(len(column), dtype=bool), np.asarray(pc.fill_null(column.cast(pa.int64()), 0))
    if pa.types.is_floating(kind):
        numbers = np.asarray(pc.fill_null(column.cast(pa.float64()), 0.5))
        # Above 2^53 a float no longer holds each whole number; such a cell is read as it is written.
        fits = np.isfinite(numbers) & (np.abs(numbers) < 2**53)
        numbers = np.where(fits, numbers, 0.5)
        whole = numbers == np.floor(numbers)
        return whole, np.where(whole, numbers, 0).astype(np.int64)
    if pa.types.is_string(kind):
        whole = pc.fill_null(pc.match_substring_regex(column, WHOLE), False)
        digits = pc.replace_substring_regex(pc.if_else(whole, column, "0"), r"^\+|\.0*$", "")
        return np.asarray(whole), np.asarray(digits.cast(pa.int64()))
    return np.zeros(len(column), dtype=bool), np.zeros(len(column), dtype=np.int64)


def _read(cell: object, scale: Fraction | int, read: Callable[[Fraction], int]) -> int:
    number = exact(cell)
    if number < 0:
        raise ValueError(f"{cell} is negative")
    if number * scale > INT_MAX:
        raise ValueError(f"{shortened(str(cell))} is beyond all range")
    return read(number * scale)


def _float_text(value: float | None) -> str | None:
    return None if value is None else str(int(value)) if value.is_integer() else repr(value)
