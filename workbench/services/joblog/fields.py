"""The fields of one batch of rows as the mapping names them: columns, constants, defaults, renamed words."""

from collections.abc import Callable, Iterable
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from workbench.analytics.parsed import NAME_MAX
from workbench.periods import parse_moment
from workbench.services.joblog.cells import (
    Amounts,
    Problems,
    Undecided,
    amounts,
    counted,
    decoded,
    filled,
    longer_than,
    plain,
    texts,
)
from workbench.services.joblog.moments import TimeForm, Times, durations, moments
from workbench.services.joblog.rows import Batch
from workbench.services.mapping import LogMapping
from workbench.wallclock import Flags

UTC = ZoneInfo("UTC")


class Fields:
    """One batch, read by our names. What cannot be read is noted in `problems`, by row."""

    def __init__(self, batch: Batch, mapping: LogMapping, *, is_text: bool) -> None:
        self.batch, self.mapping, self.is_text = batch, mapping, is_text
        self.length = len(batch)
        self.problems = Problems()
        self.nulls = frozenset(word.lower() for word in mapping.null)
        self._columns, self._constants = mapping.columns.given(), mapping.constants.given()
        self._defaults = mapping.defaults.given()

    def column(self, ours: str) -> pa.Array | None:
        """The cells of a field, empty ones null or filled; a constant for every row; None where there is neither."""
        default = self._defaults.get(ours)
        if ours not in self._columns:
            constant = self._constants.get(ours, default)
            return None if constant is None else pa.array([constant] * self.length, pa.string())
        cells = self.batch.columns[self._columns[ours]]
        if pa.types.is_nested(cells.type):
            raise Undecided(f"columns.{ours}: {self._columns[ours]!r} holds {cells.type}, not single values")
        found = plain(decoded(cells, self._not_utf8(ours)), self.nulls)
        return found if default is None else filled(texts(found, self.nulls), default)

    def text(self, ours: str) -> pa.Array:
        """A field as texts, renamed as the mapping says; null where unknown."""
        column = self.column(ours)
        if column is None:
            return pa.nulls(self.length, pa.string())
        found = texts(column, self.nulls)
        if ours != "name":
            for row in longer_than(found, NAME_MAX) if ours != "job_id" else ():
                self.problems.note(row, "too long a name", f"{ours} has more than {NAME_MAX} characters")
        renames = getattr(self.mapping.rename, ours, None)
        if not renames:
            return found
        encoded = found.dictionary_encode()
        renamed = [renames.get(name, name) for name in encoded.dictionary.to_pylist()]
        return pa.array(renamed, pa.string()).take(encoded.indices)

    def number(self, column: pa.Array) -> pa.Array:
        """Numeric texts with a decimal point, whatever the log writes."""
        if self.is_text and self.mapping.csv.decimal == "," and pa.types.is_string(column.type):
            return pc.replace_substring(column, ",", ".")
        return column

    def times(self, ours: str) -> Times:
        """Moments of submit, start or end."""
        column = self.column(ours)
        if column is None:
            empty = np.zeros(self.length, dtype=np.int64)
            return Times(empty, empty, np.zeros(self.length, dtype=bool))
        times = self.mapping.times
        origin = parse_moment(times.origin, UTC) if times.origin else None
        form = TimeForm(times.format[ours], self.mapping.zone, origin, times.nonexistent)
        return moments(self.number(column) if form.form.startswith("unix") else column, form, ours, self.problems)

    def durations(self, ours: str) -> Amounts:
        """Nanoseconds of duration or wait."""
        column = self.column(ours)
        if column is None:
            return no_amounts(self.length)
        return durations(self.number(column), getattr(self.mapping.times, ours), ours, self.problems)

    def cores(self) -> Amounts:
        """CPU cores; unknown where the log does not say."""
        column = self.column("cpus")
        if column is None:
            return no_amounts(self.length)
        found = amounts(self.number(column), 1, counted, "cpus", self.problems)
        for row in np.flatnonzero(found.values > MOST_CORES):
            self.problems.note(row, "cpus not readable", f"cpus: {found.values[row]} is more than can be real")
        return found

    def note(self, rows: Flags, kind: str, reason: str) -> None:
        """The same trouble in several rows."""
        for row in np.flatnonzero(rows):
            self.problems.note(row, kind, reason)

    def _not_utf8(self, ours: str) -> Callable[[int], None]:
        def broken(row: int) -> None:
            if ours != "name":  # a name decides nothing: its broken letters are shown as such
                self.problems.note(row, "not UTF-8", f"{ours} is not valid UTF-8 (csv.encoding names another encoding)")

        return broken


MOST_CORES = 100_000_000


def no_amounts(length: int) -> Amounts:
    """Unknown in every row."""
    return Amounts(np.zeros(length, dtype=np.int64), np.zeros(length, dtype=bool))


def is_one_of(states: pa.Array, wanted: Iterable[str]) -> Flags:
    """Which rows have one of these states, in any case of letters."""
    words = pa.array([state.upper() for state in wanted], pa.string())
    return np.asarray(pc.fill_null(pc.is_in(pc.utf8_upper(states), words), False))
