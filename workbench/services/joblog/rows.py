"""Rows of a log file, in batches: CSV in any of its dialects, compressed or not, and Parquet.

Each row keeps the physical line where it begins (as an editor counts) or, in Parquet, its number from 1. A quote that
opens and never closes costs its own line only, not the rest of the file.
"""

import bz2
import csv
import gzip
import io
import lzma
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from workbench.analytics.parsed import Reject
from workbench.errors import FileUnreadable
from workbench.services.joblog.cells import decoded
from workbench.services.joblog.csv_records import Record, quoting, records
from workbench.services.mapping import Csv

BATCH = 65_536
_PACKED = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ", lzma.open))
_FOREIGN = (
    (b"PK\x03\x04", "it is a zip archive or an Excel file; save it as CSV or Parquet"),
    (b"ARROW1", "it is an Arrow/Feather file; save it as Parquet"),
    (b"\x28\xb5\x2f\xfd", "it is packed with zstd; unpack it first"),
    (b"SQLite format 3", "it is a SQLite database; export the table as CSV"),
)


@dataclass(frozen=True)
class Batch:
    """Some rows: the columns asked for, where each row stands, its text, and the rows that are no rows."""

    columns: dict[str, pa.Array]
    lines: Sequence[int]
    text: Callable[[int], str]
    broken: list[Reject] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.lines)


@dataclass(frozen=True)
class LogFile:
    """An opened log: its column names, and its rows on request."""

    path: Path
    names: tuple[str, ...]
    batches: Callable[[Iterable[str]], Iterator[Batch]]
    is_text: bool


def open_log(path: Path, dialect: Csv, wanted: Iterable[str] = ()) -> LogFile:
    """A CSV or Parquet file (told apart by content, not by name), CSV also packed with gzip, bzip2 or xz.

    Args:
        path: the file.
        dialect: how its CSV is written; not looked at for Parquet.
        wanted: columns that it should have: they tell which character delimits where the dialect does not say.

    Raises:
        FileUnreadable: it cannot be opened, or is of a kind that is not read here.
    """
    try:
        with path.open("rb") as raw:
            head = raw.read(16)
    except OSError as problem:
        raise FileUnreadable(path, problem.strerror or str(problem)) from problem
    _check_kind(path, head)
    return _parquet(path) if head.startswith(b"PAR1") else _text(path, head, dialect, tuple(wanted))


def _parquet(path: Path) -> LogFile:
    try:
        names = tuple(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as problem:
        raise FileUnreadable(path, f"it is a broken Parquet file ({problem})") from problem

    def batches(columns: Iterable[str]) -> Iterator[Batch]:
        asked, begin = list(dict.fromkeys(columns)), 1
        with pq.ParquetFile(path) as file:
            for found in file.iter_batches(batch_size=BATCH, columns=asked):
                arrays = dict(zip(found.schema.names, found.columns, strict=True))
                yield Batch(arrays, range(begin, begin + len(found)), _row_text(found))
                begin += len(found)

    return LogFile(path, names, batches, is_text=False)


def _row_text(found: pa.RecordBatch) -> Callable[[int], str]:
    def text(row: int) -> str:
        cells = ((name, column.slice(row, 1)) for name, column in zip(found.schema.names, found.columns, strict=True))
        return ", ".join(f"{name}={decoded(cell, lambda *_: None).to_pylist()[0]}" for name, cell in cells)

    return text


def _text(path: Path, head: bytes, dialect: Csv, wanted: tuple[str, ...]) -> LogFile:
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else dialect.encoding
    if encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        encoding = "utf-8-sig"

    def opened() -> IO[str]:
        return _opened(path, head, encoding)

    try:
        with opened() as file:
            first = [line for _, line in zip(range(dialect.skip_lines + 1), file, strict=False)]
    except (OSError, UnicodeError, EOFError, LookupError, lzma.LZMAError) as problem:
        raise FileUnreadable(path, f"{problem} (encoding {encoding})") from problem
    if len(first) <= dialect.skip_lines or not first[-1].strip():
        raise FileUnreadable(path, "it is empty")
    delimiter = dialect.delimiter or _delimiter(first[-1], wanted, dialect)
    try:
        cells = next(csv.reader([first[-1]], delimiter=delimiter, **quoting(dialect)))
    except csv.Error as problem:
        raise FileUnreadable(path, f"its first line is no CSV ({problem})") from problem
    names = tuple(name.strip() for name in cells)
    if not dialect.header:
        names = dialect.columns or tuple(str(number) for number in range(1, len(cells) + 1))

    def batches(columns: Iterable[str]) -> Iterator[Batch]:
        asked = list(dict.fromkeys(columns))
        try:
            with opened() as file:
                rows = records(file, dialect, delimiter, len(names))
                yield from _csv_batches(rows, {name: names.index(name) for name in asked})
        except (OSError, UnicodeError, EOFError, lzma.LZMAError, csv.Error) as problem:
            raise FileUnreadable(path, f"{problem} (encoding {encoding})") from problem

    return LogFile(path, names, batches, is_text=True)


def read_text(path: Path) -> str:
    """A whole text file, also a packed one; bytes that are no UTF-8 come as surrogates.

    Raises:
        FileUnreadable: it cannot be opened, or is of a kind that is not read here.
    """
    try:
        with path.open("rb") as raw:
            head = raw.read(16)
        _check_kind(path, head)
        with _opened(path, head, "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8") as file:
            return file.read()
    except (OSError, UnicodeError, EOFError, lzma.LZMAError) as problem:
        raise FileUnreadable(path, getattr(problem, "strerror", None) or str(problem)) from problem


def _opened(path: Path, head: bytes, encoding: str) -> IO[str]:
    packed = next((opener for mark, opener in _PACKED if head.startswith(mark)), None)
    raw = packed(path, "rb") if packed else path.open("rb")
    return io.TextIOWrapper(raw, encoding=encoding, errors="surrogateescape", newline="")


def _check_kind(path: Path, head: bytes) -> None:
    for mark, why in _FOREIGN:
        if head.startswith(mark):
            raise FileUnreadable(path, why)


def _delimiter(line: str, wanted: tuple[str, ...], dialect: Csv) -> str:
    """The delimiter that finds most of the columns wanted in the header; else the one that cuts it most."""

    def score(candidate: str) -> tuple[int, int]:
        try:
            cells = [c.strip() for c in next(csv.reader([line], delimiter=candidate, **quoting(dialect)))]
        except (csv.Error, StopIteration):
            return (0, 0)
        return (len(set(cells) & set(wanted)), len(cells))

    return max((",", ";", "\t", "|"), key=score)


def _csv_batches(rows: Iterator[Record | Reject], places: dict[str, int]) -> Iterator[Batch]:
    held: list[Record] = []
    broken: list[Reject] = []
    for row in rows:
        if isinstance(row, Reject):
            broken.append(row)
        else:
            held.append(row)
        if len(held) >= BATCH or len(broken) >= BATCH:
            yield _batch(held, broken, places)
            held, broken = [], []
    if held or broken:
        yield _batch(held, broken, places)


def _batch(rows: list[Record], broken: list[Reject], places: dict[str, int]) -> Batch:
    columns = {name: _texts([row.cells[at] for row in rows]) for name, at in places.items()}
    return Batch(columns, [row.line for row in rows], lambda at: rows[at].raw, broken)


def _texts(cells: list[str]) -> pa.Array:
    try:
        return pa.array(cells, pa.string())
    except UnicodeEncodeError:  # bytes that are no UTF-8: kept as bytes, to be rejected or replaced where they matter
        return pa.array([cell.encode("utf-8", "surrogateescape") for cell in cells], pa.binary())
