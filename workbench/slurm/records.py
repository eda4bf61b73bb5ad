"""Rows of `sacct --parsable2` text: the delimiter and columns found, records that a newline broke put together again.

Slurm neither quotes nor escapes: a job's name, comment or command line may hold the delimiter or a newline. A record is
put together only where there is one way to do it; else it is rejected with its line. Source: sacct(1), --parsable2.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workbench.analytics.parsed import Reject, shortened

JOB_ID = re.compile(r"\d+(?:_(?:\d+|\[[^\]]*\]))?(?:\+\d+)?(?:\.\S+)?")
FREE_TEXT = frozenset({"jobname", "comment", "admincomment", "systemcomment", "submitline", "workdir", "extra"})
"""Columns (lower case) in which anything may stand."""

DELIMITERS = ("|#", "|", "\u2603", "\t", ";", ",")
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
    """All rows of a text. `columns`: lower-case names in order; `broken`: what could not be put together."""

    columns: tuple[str, ...]
    delimiter: str
    rows: list[Record]
    broken: list[Reject]


def read_records(text: str, *, delimiter: str | None = None, columns: Sequence[str] | None = None) -> Records:
    """The rows of sacct's parsable text.

    Args:
        text: the whole of it; bytes that were no UTF-8 as surrogates.
        delimiter: as given to sacct; default: found in the first line.
        columns: their names in order, for text without a header (`sacct --noheader`).

    Raises:
        ValueError: it has no header and no columns were given, or it is not parsable text.
    """
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise ValueError("it is empty")
    head = lines[first]
    if columns is None:
        delimiter, names = _header(head, delimiter)
        begin = first + 1
    else:
        names = [name.strip().lower() for name in columns]
        delimiter = delimiter or _delimiter_for(head, len(names))
        begin = first + ([cell.strip().lower() for cell in head.split(delimiter)][: len(names)] == names)
    width = len(names) - (names[-1] == "")  # sacct --parsable ends each line with the delimiter
    columns_found = tuple(names[:width])
    rows: list[Record] = []
    broken: list[Reject] = []
    for found in _records(lines, begin, delimiter, columns_found):
        (rows if isinstance(found, Record) else broken).append(found)  # type: ignore[arg-type]
    return Records(columns_found, delimiter, rows, broken)


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


def _records(lines: list[str], begin: int, delimiter: str, columns: tuple[str, ...]) -> Iterator[Record | Reject]:
    width, number = len(columns), begin
    last: Record | None = None
    while number < len(lines):
        line = lines[number]
        cells, taken = _fit(line, delimiter, columns), 1
        if cells is None and line.strip() and line.count(delimiter) + 1 < width:
            cells, taken = _joined(lines, number, delimiter, columns)
        if cells is not None:
            if last is not None:
                yield last
            last = Record(number + 1, cells)
        elif line.strip() and last is not None and _continues(line, delimiter, columns):
            last.cells[-1] = f"{last.cells[-1]}\n{line}"
        elif line.strip():
            yield Reject(number + 1, "wrong number of fields", _why(line.count(delimiter) + 1, width), shortened(line))
        number += taken
    if last is not None:
        yield last


def _continues(line: str, delimiter: str, columns: tuple[str, ...]) -> bool:
    """Whether a line can only be more of the free text that ends the record before it: it begins no record itself."""
    return columns[-1] in FREE_TEXT and not JOB_ID.fullmatch(line.split(delimiter)[0].strip())


def _why(have: int, width: int) -> str:
    if have > width:
        return f"{have} fields where the header names {width}: a text holds the delimiter; export with --delimiter"
    return f"{have} fields where the header names {width}: the record is broken off"


def _fit(text: str, delimiter: str, columns: tuple[str, ...]) -> list[str] | None:
    """The cells of a whole record, None where the text is not (clearly) one."""
    cells, width = text.split(delimiter), len(columns)
    if len(cells) == width + 1 and cells[-1].strip() == "":
        cells.pop()
    if len(cells) == width:
        return cells
    if len(cells) < width:
        return None
    # A free text holds the delimiter. It is put together only where all other columns then look as they must.
    extra = len(cells) - width
    ways = [
        [*cells[:at], delimiter.join(cells[at : at + extra + 1]), *cells[at + extra + 1 :]]
        for at, name in enumerate(columns)
        if name in FREE_TEXT
    ]
    fitting = [way for way in ways if _suits(way, columns)]
    return fitting[0] if len(fitting) == 1 else None


def _suits(cells: list[str], columns: tuple[str, ...]) -> bool:
    return all(
        name not in _ANCHORS or _ANCHORS[name].fullmatch(cell) for name, cell in zip(columns, cells, strict=True)
    )


def _joined(lines: list[str], begin: int, delimiter: str, columns: tuple[str, ...]) -> tuple[list[str] | None, int]:
    """The cells of a record that newlines broke into several lines, and how many lines it takes."""
    text = lines[begin]
    for number in range(begin + 1, min(begin + MOST_LINES, len(lines))):
        whole = _fit(lines[number], delimiter, columns)
        if whole is not None and _suits(whole, columns):
            return None, 1  # the next line is a record of its own: this one is broken off
        text = f"{text}\n{lines[number]}"
        cells = _fit(text, delimiter, columns)
        if cells is not None:
            return (cells, number - begin + 1) if _suits(cells, columns) else (None, 1)
    return None, 1
