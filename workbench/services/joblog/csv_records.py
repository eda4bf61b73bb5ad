"""Records of a CSV text with the physical line where each begins, whatever stray quotes there are.

A quote that opens and never closes costs its own line only. Lines without any quote, nearly all of them, are read in
blocks at the speed of the standard library's reader; only a block that holds a quote is read line by line.
"""

import csv
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, NamedTuple

from workbench.analytics.parsed import Reject, shortened
from workbench.services.mapping import Csv

BLOCK = 4096
MOST_LINES = 1000
"""A quoted cell of more lines is taken for a quote that does not close."""


class Record(NamedTuple):
    """One record: the line where it begins, its cells, its text."""

    line: int
    cells: list[str]
    raw: str


def quoting(dialect: Csv) -> dict[str, Any]:
    """The standard library's words for how a dialect quotes."""
    # Strict: text behind a closing quote is a mistake in that line, not the beginning of a guess.
    options: dict[str, Any] = {"strict": True, "escapechar": dialect.escape, "doublequote": dialect.escape is None}
    return options | ({"quotechar": dialect.quote} if dialect.quote else {"quoting": csv.QUOTE_NONE})


def records(file: Iterable[str], dialect: Csv, delimiter: str, width: int) -> Iterator[Record | Reject]:
    """The records below the header.

    Args:
        file: physical lines, line ends and all.
        dialect: how it is written.
        delimiter: between cells.
        width: cells of a record.
    """
    csv.field_size_limit(2**27)
    source = iter(file)
    number = sum(1 for _ in islice(source, dialect.skip_lines + dialect.header))
    marks = [mark for mark in (dialect.quote, dialect.escape) if mark]
    options = {"delimiter": delimiter, **quoting(dialect)}
    while block := list(islice(source, BLOCK)):
        if any(mark in line for mark in marks for line in block):
            lines = _Lines(chain(block, source), number)
            for found in _careful(lines, options, width):
                yield found
                if lines.number - number >= len(block) and not lines.held:
                    break
            number = lines.number
        else:
            for line, (cells, raw) in enumerate(zip(csv.reader(block, **options), block, strict=True), number + 1):
                if (record := _record(line, cells, raw, width)) is not None:
                    yield record
            number += len(block)


def _record(line: int, cells: list[str], raw: str, width: int) -> Record | Reject | None:
    while len(cells) > width and not cells[-1].strip():
        cells.pop()  # a delimiter at the end of the line
    if len(cells) == width:
        return Record(line, cells, raw.rstrip("\r\n"))
    if not cells:
        return None  # an empty line
    why = f"{len(cells)} cells where the header names {width}"
    return Reject(line, "wrong number of cells", why, shortened(raw.rstrip("\r\n")))


class _Lines:
    """Physical lines, one at a time, remembering those of the record being read, to take them back."""

    def __init__(self, file: Iterator[str], number: int) -> None:
        self._file = file
        self._back: list[str] = []
        self.taken: list[str] = []
        self.number = number

    @property
    def held(self) -> bool:
        return bool(self._back)

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MOST_LINES:
            raise _Unclosed
        line = self._back.pop() if self._back else next(self._file)
        self.taken.append(line)
        self.number += 1
        return line

    def give_back(self, kept: int) -> None:
        """Take all but the first `kept` lines of the record as not read."""
        returned = self.taken[kept:]
        self._back.extend(reversed(returned))
        self.number -= len(returned)
        self.taken = []


class _Unclosed(Exception):
    """A quoted cell goes on and on."""


def _careful(lines: _Lines, options: dict[str, Any], width: int) -> Iterator[Record | Reject]:
    reader = csv.reader(lines, **options)
    while True:
        begin = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _Unclosed) as problem:
            yield _unread(lines, begin, problem)
            reader = csv.reader(lines, **options)
            continue
        found = _record(begin, cells, "".join(lines.taken), width)
        if len(lines.taken) > 1 and (not isinstance(found, Record) or _swallowed(cells, width, options["delimiter"])):
            yield _unread(lines, begin, None)
            reader = csv.reader(lines, **options)
            continue
        lines.taken = []
        if found is not None:
            yield found


def _swallowed(cells: list[str], width: int, delimiter: str) -> bool:
    """Whether two stray quotes made one record of several rows: good CSV, betrayed by a row's delimiters in a cell."""
    several = (cell for cell in cells if "\n" in cell or "\r" in cell)
    return sum(cell.count(delimiter) for cell in several) >= width - 1 > 0


def _unread(lines: _Lines, begin: int, problem: Exception | None) -> Reject:
    raw = lines.taken[0] if lines.taken else ""
    several = len(lines.taken) > 1 or problem is None
    why = "a quote opens in this line and does not close" if several else f"this line is no CSV: {problem}"
    lines.give_back(1)
    return Reject(begin, "a quote that does not close" if several else "no CSV", why, shortened(raw.rstrip("\r\n")))
