"""Samples of GPUs in Parquet, by UTC day: day=<YYYY-MM-DD>/new-<digest>.parquet, later merged into part-<digest>.

A file is named after what is in it, and put in its place whole: writing the same samples twice makes the same file, and
a reader sees a file or does not. The same sample in two files is one sample when it is read; merging leaves one.
Inside, rows are in the order of node, device and time, so that few nodes are read from few row groups.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from shutil import rmtree
from threading import get_ident
from typing import TypeVar

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from workbench.analytics.samples import SAMPLE_COLUMNS, SAMPLE_KEY, sample_frame
from workbench.periods import Window, epoch, moment
from workbench.units import DAY_S

MANY = 60
"""So many new files of a day are merged: an hour of rounds by the minute."""
LATE_S = 3600
"""A day is past so long after its end: late samples have come."""
AT_ONCE = 1_000_000
"""Rows that merging holds in memory."""
ROW_GROUP = 65_536
LOOKS = 5
"""So often the files of a day are listed anew, if one goes while they are read."""

Look = TypeVar("Look")
_ORDER = ["node", "gpu_index", "gpu_uuid", "mig", "sampled_at", "measure", "source"]
_ARROW = {"int64": pa.int64(), "Int64": pa.int64(), "str": pa.string()}
SCHEMA = pa.schema([(name, _ARROW[dtype]) for name, dtype in SAMPLE_COLUMNS.items()])


@dataclass(frozen=True, slots=True)
class Day:
    """What lies there of a day: files, rows in them (a sample that lies in two counts twice), bytes."""

    day: str
    files: int
    rows: int
    bytes: int


def write(folder: Path, samples: pd.DataFrame) -> int:
    """Put samples into the lake.

    Args:
        folder: of the lake; made where it is not there.
        samples: a frame of SAMPLE_COLUMNS; columns that may be unknown may be left out.

    Returns:
        Samples written, one that is there twice in the frame counted once.

    Raises:
        ValueError: it is no frame of samples.
    """
    frame = _once(sample_frame(samples))
    day = frame["sampled_at"] // DAY_S * DAY_S
    for start, part in frame.groupby(day):
        _put(folder / f"day={moment(int(start)):%Y-%m-%d}", "new", [_table(part)])
    return len(frame)


def read(
    folder: Path, window: Window, nodes: Iterable[str] | None = None, columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """The samples of a window, each once, in the order of node, device and time.

    Args:
        folder: of the lake; one that is not there holds none.
        window: UTC epoch seconds.
        nodes: of these only.
        columns: of SAMPLE_COLUMNS these only; all by default.
    """
    wanted = list(columns or SAMPLE_COLUMNS)
    asked = None if nodes is None else sorted(set(nodes))
    parts = [_once(_day(path, window, asked, wanted)) for path in _days(folder, window)]
    found = [part[wanted] for part in parts if len(part)]
    return pd.concat(found, ignore_index=True) if found else sample_frame([])[wanted]


def compact(folder: Path, now: int) -> int:
    """Merge the files of days that are past into one each, and today's where they have become many.

    Args:
        folder: of the lake.
        now: UTC epoch seconds.

    Returns:
        Days of which files were merged.
    """
    merged = 0
    for path in _all_days(folder):
        files, new = sorted(path.glob("*.parquet")), sorted(path.glob("new-*.parquet"))
        is_past = f"{moment(now - LATE_S):%Y-%m-%d}" > path.name.removeprefix("day=")
        if is_past and (new or len(files) > 1):
            wanted = files
        elif len(new) >= MANY:
            wanted = new
        else:
            continue
        # A file that is gone was merged by another process; nothing of ours went before all was read.
        with suppress(FileNotFoundError):
            _merge(path, wanted)
            merged += 1
    return merged


def forget(folder: Path, before: int) -> int:
    """Remove the days that end at or before this moment, UTC epoch seconds; how many they were."""
    gone = [path for path in _all_days(folder) if path.name.removeprefix("day=") < f"{moment(before):%Y-%m-%d}"]
    for path in gone:
        rmtree(path)
    return len(gone)


def days(folder: Path) -> list[Day]:
    """What lies there, the oldest day first; the files' ends are read, not the samples."""
    found = []
    for path in _all_days(folder):
        looks = _each(path, lambda file: (pq.read_metadata(file).num_rows, file.stat().st_size))
        if looks:
            rows, size = (sum(amounts) for amounts in zip(*looks, strict=True))
            found.append(Day(path.name.removeprefix("day="), len(looks), rows, size))
    return found


def newest(folder: Path) -> dict[str, int]:
    """By node the moment of its last sample, UTC epoch seconds, of the nodes in the last two days that have any."""

    def last(file: Path) -> pa.Table:
        table = pq.read_table(file, columns=["node", "sampled_at"], read_dictionary=["node"], partitioning=None)
        table = table.unify_dictionaries()  # each row group has its own
        return table.group_by("node").aggregate([("sampled_at", "max")])

    found: dict[str, int] = {}
    for path in _all_days(folder)[-2:]:
        for table in _each(path, last):
            for row in table.to_pylist():
                found[row["node"]] = max(row["sampled_at_max"], found.get(row["node"], 0))
    return found


def _all_days(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("day=????-??-??") if path.is_dir())


def _days(folder: Path, window: Window) -> Iterator[Path]:
    for path in _all_days(folder):
        start = epoch(datetime.fromisoformat(path.name.removeprefix("day=")).replace(tzinfo=UTC))
        if start < window.end_s and start + DAY_S > window.start_s:
            yield path


def _day(path: Path, window: Window, nodes: list[str] | None, columns: list[str]) -> pd.DataFrame:
    where: list[tuple[str, str, object]] = [("sampled_at", ">=", window.start_s), ("sampled_at", "<", window.end_s)]
    if nodes is not None:
        where.append(("node", "in", nodes))
    needed = [name for name in SAMPLE_COLUMNS if name in columns or name in SAMPLE_KEY]
    return _frame(_tables(path, where, needed), needed)


def _tables(path: Path, where: list[tuple[str, str, object]], columns: list[str]) -> list[pa.Table]:
    return _each(path, lambda file: pq.read_table(file, columns=columns, filters=where, partitioning=None))


def _each(path: Path, look: Callable[[Path], Look]) -> list[Look]:
    """A look at each file of a day, all of them at one moment."""
    for left in reversed(range(LOOKS)):
        try:
            return [look(file) for file in sorted(path.glob("*.parquet"))]
        except FileNotFoundError:
            # Merged between the listing and the reading: what was in it is in another one.
            if not left:
                raise
    return []


def _frame(tables: list[pa.Table], columns: list[str]) -> pd.DataFrame:
    types = {name: SAMPLE_COLUMNS[name] for name in columns}
    if not tables:
        return sample_frame([])[columns]
    return pa.concat_tables(tables).to_pandas(integer_object_nulls=True, ignore_metadata=True).astype(types)


def _once(frame: pd.DataFrame) -> pd.DataFrame:
    """Each sample once, in the files' order; of two that say different things the one that says more, then the larger:
    the same whatever order they came in.
    """
    told = [name for name in frame.columns if name not in SAMPLE_KEY]
    if frame.duplicated(list(SAMPLE_KEY)).any():
        order = frame.assign(_told=frame[told].notna().sum(axis=1)).sort_values([*_ORDER, "_told", *told])
        frame = order.drop_duplicates(list(SAMPLE_KEY), keep="last").drop(columns="_told")
    return frame.sort_values(_ORDER, ignore_index=True)


def _table(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(
        frame[list(SAMPLE_COLUMNS)], schema=SCHEMA, preserve_index=False
    ).replace_schema_metadata()


def _merge(path: Path, files: list[Path]) -> None:
    """One file of these; they go when it is there. Node by node where they are large, so that memory stays bounded."""
    rows = sum(pq.read_metadata(file).num_rows for file in files)
    names: set[str] = set()
    for file in files:
        names |= set(pq.read_table(file, columns=["node"], partitioning=None)["node"].unique().to_pylist())
    ordered, parts = sorted(names), max(1, -(-rows // AT_ONCE))
    at_once = max(1, -(-len(ordered) // parts))
    groups = [ordered[first : first + at_once] for first in range(0, len(ordered), at_once)]
    made = _put(path, "part", (_of_nodes(files, group) for group in groups))
    for file in files:
        if file != made:
            file.unlink(missing_ok=True)


def _of_nodes(files: list[Path], nodes: list[str]) -> pa.Table:
    where = [("node", "in", nodes)]
    tables = [pq.read_table(file, filters=where, partitioning=None) for file in files]
    return _table(_once(_frame(tables, list(SAMPLE_COLUMNS))))


def _put(path: Path, kind: str, tables: Iterable[pa.Table]) -> Path:
    """Write a file of these tables: elsewhere first, then in its place, named after its content."""
    path.mkdir(parents=True, exist_ok=True)
    unfinished = path / f".unfinished.{os.getpid()}.{get_ident()}"
    try:
        with pq.ParquetWriter(unfinished, SCHEMA, compression="zstd") as file:
            for table in tables:
                file.write_table(table, row_group_size=ROW_GROUP)
        with unfinished.open("rb") as written:
            digest = file_digest(written, "sha256").hexdigest()
        return unfinished.replace(path / f"{kind}-{digest[:16]}.parquet")
    finally:
        unfinished.unlink(missing_ok=True)
