"""Rows of `sacct --parsable2` text: the delimiter and columns found, records that a newline broke put together again.

Slurm neither quotes nor escapes: a job's name, comment or command line may hold the delimiter or a newline. A record is
put together only where there is one way to do it; else it is rejected with its line. Only a delimiter that nobody
could know (slurm.sealed) makes the reading exact. Source: sacct(1), --parsable2.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workbench.analytics.parsed import Reject, shortened
from workbench.slurm.sealed import cut, delimiter_in

JOB_ID = re.compile(r"\d+(?:_(?:\d+|\[[^\]]*\]))?(?:\+\d+)?(?:\.\S+)?")
FREE_TEXT = frozenset({"jobname", "comment", "admincomment", "systemcomment", "submitline", "workdir", "extra"})
"""Columns (lower case) in which anything may stand."""

DELIMITERS = ("|#", "|", "\x1f", "\u2603", "\t", ";", ",")
MOST_LINES = 200
"""A record is not looked for beyond so many lines."""

_ANCHORS = {
    "jobid": JOB_ID,
    "jobidraw": JOB_ID,
    "state": re.compile(r"[A-Z_]+\+?(?: by \S+)?"),
    "submit": re.compile(r"\d{4}-\d\d-\d\dT[\d:]+|\d{9,11}|Unknown|None|N/A|"),
    "start": re.compile(r"\d{4}-\d\d-\d\dT[\d:]+|\d{9,11}|Unknown|None|N/A|"),
    "end": re.compile(r"\d{4}-\d\d-\d\dT[\d:]+|\d{9,11}|Unknown|None|N/A|"),
    "elapsed": re.compile(r"(?:\d+-)?[\d:]+|"),
    "alloctres": re.compile(r"(?:[^=,\s]+=[^=,\s]+,?)*"),
}
"""What these columns look like: a way to put a record together must suit all of them."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row: the line where it begins and its cells."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class Records:
    """All rows of a text. `columns`: lower-case names in order; `broken`: what could not be put together.

    forgeable: columns in which a user may have written what looks like a row of another job: nothing tells it apart.
    """

    columns: tuple[str, ...]
    delimiter: str
    rows: list[Record]
    broken: list[Reject]
    forgeable: tuple[str, ...] = ()


def read_records(text: str, *, delimiter: str | None = None, columns: Sequence[str] | None = None) -> Records:
    """The rows of sacct's parsable text.

    Args:
        text: the whole of it; bytes that were no UTF-8 as surrogates.
        delimiter: as given to sacct; default: found in the first line.
        columns: their names in order, for text without a header (`sacct --noheader`).

    Raises:
        ValueError: it has no header and no columns were given, or it is not parsable text.
    """
    if delimiter is None or delimiter_in(delimiter):
        sealed = delimiter_in(text.partition("\n")[0])
        if sealed:
            return _sealed(text, sealed)
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise ValueError("it is empty")
    layout, begin = _layout(lines[first], delimiter, columns)
    rows: list[Record] = []
    broken: list[Reject] = []
    for found in _records(lines, first + begin, layout):
        if isinstance(found, Record):
            rows.append(found)
        else:
            broken.append(found)
    free = tuple(name for name in layout.columns if name in FREE_TEXT)
    return Records(layout.columns, layout.delimiter, rows, broken, free)


def _sealed(text: str, delimiter: str) -> Records:
    columns, records = cut(text, delimiter)
    found = Records(tuple(columns), delimiter, [], [])
    for line, cells in records:
        if len(cells) == len(columns):
            found.rows.append(Record(line, cells))
        else:
            why = f"{len(cells)} fields where the header names {len(columns)}: the text is broken off"
            found.broken.append(Reject(line, "wrong number of fields", why, shortened(" ".join(cells))))
    return found


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a record is written. `ends`: with the delimiter once more, as `sacct --parsable` does."""

    columns: tuple[str, ...]
    delimiter: str
    ends: bool

    @property
    def width(self) -> int:
        return len(self.columns)

    def fields(self, line: str) -> int:
        return line.count(self.delimiter) + 1 - self.ends


def _layout(head: str, delimiter: str | None, columns: Sequence[str] | None) -> tuple[_Layout, int]:
    """The layout that the first line shows, and 1 if that line is a header."""
    if columns is None:
        delimiter, names = _header(head, delimiter)
        ends = names[-1] == ""
        return _Layout(tuple(names[:-1] if ends else names), delimiter, ends), 1
    names = [name.strip().lower() for name in columns]
    names = names[:-1] if names[-1] == "" else names
    delimiter = delimiter or _delimiter_for(head, len(names))
    layout = _Layout(tuple(names), delimiter, ends=head.count(delimiter) == len(names))
    return layout, int([cell.strip().lower() for cell in head.split(delimiter)][: len(names)] == names)


def _header(line: str, delimiter: str | None) -> tuple[str, list[str]]:
    known = {"jobid", "jobidraw"}
    for candidate in [delimiter] if delimiter else DELIMITERS:
        names = [name.strip().lower() for name in line.split(candidate)]
        if known & set(names) and len(names) > 1:
            return candidate, names
    if known & set(line.lower().split()):
        raise ValueError("it is the padded table for people; ask sacct again with --parsable2")
    raise ValueError(
        "its first line is no header with JobID; leave out sacct's --noheader, or name the columns in order (--columns)"
    )


def _delimiter_for(line: str, width: int) -> str:
    for candidate in DELIMITERS:
        if line.count(candidate) + 1 in (width, width + 1):
            return candidate
    raise ValueError(f"no delimiter cuts its first line into the {width} columns given; name it (--delimiter)")


def _records(lines: list[str], begin: int, layout: _Layout) -> Iterator[Record | Reject]:
    number, last = begin, None
    while number < len(lines):
        line = lines[number]
        cells, taken = _fit(line, layout), 1
        if cells is None and line.strip() and layout.fields(line) < layout.width:
            cells, taken = _joined(lines, number, layout)
        if cells is not None:
            if last is not None:
                yield last
            last = Record(number + 1, cells)
        elif line.strip() and last is not None and _continues(line, layout):
            last.cells[-1] = f"{last.cells[-1]}\n{line}"
        elif line.strip():
            yield Reject(number + 1, "wrong number of fields", _why(line, layout), shortened(line))
        number += taken
    if last is not None:
        yield last


def _continues(line: str, layout: _Layout) -> bool:
    """Whether a line can only be more of the free text that ends the record before it: it begins no record itself."""
    begins = JOB_ID.fullmatch(line.split(layout.delimiter)[0].strip())
    return layout.columns[-1] in FREE_TEXT and not layout.ends and not begins


def _why(line: str, layout: _Layout) -> str:
    have = f"{layout.fields(line)} fields where the header names {layout.width}"
    if layout.fields(line) > layout.width:
        return f"{have}: a text holds the delimiter; export with --delimiter"
    return f"{have}: the record is broken off"


def _fit(text: str, layout: _Layout) -> list[str] | None:
    """The cells of a whole record, None where the text is not (clearly) one."""
    cells, width = text.split(layout.delimiter), layout.width
    blank_end = not cells[-1].strip()
    if layout.ends and not blank_end:
        return None
    if layout.ends or (blank_end and len(cells) == width + 1 and layout.columns[-1] not in FREE_TEXT):
        cells.pop()
    if len(cells) <= width:
        return cells if len(cells) == width else None
    # A free text holds the delimiter. It is put together only where all other columns then look as they must.
    extra = len(cells) - width
    ways = [
        [*cells[:at], layout.delimiter.join(cells[at : at + extra + 1]), *cells[at + extra + 1 :]]
        for at, name in enumerate(layout.columns)
        if name in FREE_TEXT
    ]
    fitting = [way for way in ways if _suits(way, layout)]
    return fitting[0] if len(fitting) == 1 else None


def _suits(cells: list[str], layout: _Layout) -> bool:
    return all(
        name not in _ANCHORS or _ANCHORS[name].fullmatch(cell) for name, cell in zip(layout.columns, cells, strict=True)
    )


def _joined(lines: list[str], begin: int, layout: _Layout) -> tuple[list[str] | None, int]:
    """The cells of a record that newlines broke into several lines, and how many lines it takes."""
    text = lines[begin]
    for number in range(begin + 1, min(begin + MOST_LINES, len(lines))):
        whole = _fit(lines[number], layout)
        if whole is not None and _suits(whole, layout):
            return None, 1  # the next line is a record of its own: this one is broken off
        text = f"{text}\n{lines[number]}"
        cells = _fit(text, layout)
        if cells is not None:
            return (cells, number - begin + 1) if _suits(cells, layout) else (None, 1)
    return None, 1
