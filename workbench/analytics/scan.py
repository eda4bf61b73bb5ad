"""The sweep over Parquet files that need not fit into memory: row group by row group, in threads, only what is asked.

Every thread adds the row groups that it takes to difference arrays of its own (`kernel`, which lets go of the
interpreter's lock, as reading does); in the end the arrays are added up. Memory is a row group and the arrays for each
thread, whatever the number of jobs. Answers are those of `sweep`, to the bit. Given a Dask client, its workers do so
with their parts of the row groups, and only sums travel.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import Lock, local
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from workbench.analytics import kernel
from workbench.analytics.frames import groups
from workbench.analytics.frames_jobs import SPAN, WAIT, spans, waits, weights
from workbench.analytics.schema import UNKNOWN
from workbench.analytics.sweep import AMOUNTS, COUNTS, Int64s, rows

NO_NAME = "(unknown)"
"""The folder of what has no name, as the lake writes it."""

MOST_CELLS = 1 << 26
"""Groups × buckets × threads: 1 GiB for each sum of time."""

SHARES = 2
"""Tasks for each thread of a Dask cluster: so that its workers end together."""

OF_COUNTS = {"jobs_started": (), "wait_known_jobs": WAIT, "wait_s": WAIT}
OF_AMOUNTS = {"gpu_part_seconds": ("gpu_parts", "gpus"), "core_seconds": ("gpu_parts", "gpus", "cpu_cores")}
"""`weights` reads the GPUs in any case."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to sum: by which columns of text, in which buckets (edges: ascending UTC epoch seconds), which sums."""

    by: tuple[str, ...]
    edges: Int64s
    sums: tuple[str, ...] = ("gpu_part_seconds",)

    @property
    def columns(self) -> set[str]:
        """Those of a file that it needs, where the file has them."""
        used = (name for one in self.sums for name in (OF_AMOUNTS | OF_COUNTS)[one])
        return {*self.by, *SPAN, *used}


@dataclass(frozen=True, slots=True)
class Sums:
    """What some row groups make of a question: each group's names, and by sum an array [groups, edges]."""

    names: list[tuple[str, ...]]
    amounts: dict[str, Int64s]


def scan(
    paths: Sequence[Path | str], questions: Sequence[Question], *, threads: int | None = None, client: Any = None
) -> list[pd.DataFrame]:
    """The answers to some questions in one reading of the files.

    Args:
        paths: Parquet files of jobs, with a job frame's columns or the lake's. A column of `by` that a file lacks is
            taken from its path (cluster=…/project=…), else it is unknown.
        questions: asked of all jobs together.
        threads: default one for each core that this process may use.
        client: of a Dask cluster whose workers see the files: they read, in one thread for each of theirs.

    Returns:
        For each question the rows of `sweep` that are not 0 in its sums: `by`, bucket, the sums.

    Raises:
        ValueError: a file is none of Parquet or of jobs; or a question has more groups and buckets than memory is meant
            for: `sweep` of a Dask frame answers it.
    """
    files = [str(path) for path in paths]
    if client is None:
        found = part_of(0, 1, files, questions, threads or len(os.sched_getaffinity(0)))
    else:
        shares = SHARES * sum(client.nthreads().values())
        parts = client.map(part_of, range(shares), shares=shares, paths=files, questions=questions, pure=False)
        while len(parts) > 1:
            parts = [client.submit(added, parts[at : at + 2], pure=False) for at in range(0, len(parts), 2)]
        found = parts[0].result()
    return [told(question, sums) for question, sums in zip(questions, found, strict=True)]


def part_of(
    share: int, shares: int, paths: Sequence[str], questions: Sequence[Question], threads: int = 1
) -> list[Sums]:
    """What every `shares`th row group of these files, from the `share`th on, makes of each question."""
    books = [_Book(question, MOST_CELLS // max(threads, shares)) for question in questions]
    mine, pages = local(), []

    def read(file: "_File", group: int) -> None:
        if not hasattr(mine, "pages"):
            mine.pages = [_Page(book) for book in books]
            pages.append(mine.pages)
        frame = file.frame(group, books)
        columns = _columns(frame, questions)
        for page in mine.pages:
            page.add(frame, columns)

    with ThreadPoolExecutor(threads) as pool:
        files = (_File(path, questions) for path in paths)
        there = ((file, group) for file in files for group in range(file.groups))
        try:
            for one in [pool.submit(read, *one) for one in islice(there, share, None, shares)]:
                one.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # what is not begun need not be read
            raise
    return [book.sums([each[place] for each in pages]) for place, book in enumerate(books)]


def added(parts: Sequence[Sequence[Sums]]) -> list[Sums]:
    """The sums of some parts together, question by question."""
    return [_added(of) for of in zip(*parts, strict=True)]


def told(question: Question, sums: Sums) -> pd.DataFrame:
    """The rows that are not all 0, in order of their groups."""
    by, stride = question.by, len(question.edges)
    met = pd.DataFrame(sums.names, columns=list(by), index=range(len(sums.names)))
    order, names = groups(met.astype("str"), by)
    place = np.argsort(order)
    amounts = {name: array[place].reshape(-1) for name, array in sums.amounts.items()}
    return rows(np.arange(len(place) * stride), stride, names, amounts)


def _added(parts: Sequence[Sums]) -> Sums:
    names = list(dict.fromkeys(name for part in parts for name in part.names))
    number = {name: place for place, name in enumerate(names)}
    amounts = {}
    for sum_name, array in parts[0].amounts.items():
        amounts[sum_name] = np.zeros((len(names), array.shape[1]), dtype=np.int64)
        for part in parts:
            amounts[sum_name][[number[name] for name in part.names]] += part.amounts[sum_name]
    return Sums(names, amounts)


def _columns(frame: pd.DataFrame, questions: Sequence[Question]) -> dict[str, Int64s]:
    """What is summed of each job, and its span, as arrays; of waits only where they are asked for."""
    asked = {name for question in questions for name in question.sums}
    start, end = spans(frame)
    columns = {"start": start, "end": end} | (weights(frame) if asked & {*AMOUNTS} else {})
    if "jobs_started" in asked:
        columns["jobs_started"] = np.ones_like(start)
    if asked & {"wait_known_jobs", "wait_s"}:
        known, wait = waits(frame)
        columns |= {"wait_known_jobs": known.astype(np.int64), "wait_s": wait}
    return columns


@dataclass(slots=True)
class _Book:
    """A question, and the groups that were met so far, by number."""

    question: Question
    most_cells: int
    numbers: dict[tuple[str, ...], int] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)
    cut: kernel.Cut = field(init=False)

    def __post_init__(self) -> None:
        self.cut = kernel.cut(self.question.edges)

    def numbered(self, frame: pd.DataFrame) -> Int64s:
        """The number of each row's group."""
        by = self.question.by
        if len(by) == 1 and isinstance(frame[by[0]].dtype, pd.CategoricalDtype):
            codes, names = frame[by[0]].cat.codes.to_numpy(), frame[by[0]].cat.categories
            # -1, which stands for NA, picks the last.
            numbers = self._met([*((name,) for name in names), (UNKNOWN,)])
            by_code: Int64s = numbers.take(codes)
            return by_code
        group, found = groups(frame, by)
        numbers = self._met([tuple(row) for row in found.to_numpy(dtype=object)])
        by_group: Int64s = numbers.take(group)
        return by_group

    def _met(self, found: Sequence[tuple[str, ...]]) -> Int64s:
        with self.lock:
            numbers = [self.numbers.setdefault(names, len(self.numbers)) for names in found]
        if len(self.numbers) * len(self.question.edges) > self.most_cells:
            raise ValueError(f"{len(self.numbers)} groups in {len(self.question.edges)} buckets: sweep a Dask frame")
        return np.array(numbers, dtype=np.int64)

    def sums(self, pages: Sequence["_Page"]) -> Sums:
        """Of all threads together."""
        amounts = {}
        for name in self.question.sums:
            amounts[name] = np.zeros((len(self.numbers), len(self.question.edges)), dtype=np.int64)
            for page in pages:
                found = page.sum(name)[: len(self.numbers)]
                amounts[name][: len(found)] += found
        return Sums(list(self.numbers), amounts)


class _Page:
    """The difference arrays of one thread for one question; the counts have no difference to carry."""

    def __init__(self, book: _Book) -> None:
        self._book = book
        sums = book.question.sums
        self._arrays = {
            name: kernel.pairs(0, book.cut) if name in AMOUNTS else np.zeros((0, len(book.cut.edges)), dtype=np.int64)
            for name in sums
        }

    def add(self, frame: pd.DataFrame, columns: dict[str, Int64s]) -> None:
        cuts, group, start = self._book.cut, self._book.numbered(frame), columns["start"]
        self._reach(int(group.max()) + 1 if len(group) else 0)
        for name, array in self._arrays.items():
            if name in AMOUNTS:
                kernel.accumulate(start, columns["end"], columns[name], group, cuts, array[..., 0], array[..., 1])
            else:
                kernel.tally(start, columns[name], group, cuts, array)

    def sum(self, name: str) -> Int64s:
        """The sums [groups, edges]; asked once, when all is added."""
        array = self._arrays[name]
        return array if name in COUNTS else kernel.finish(array[..., 0], array[..., 1], self._book.cut)

    def _reach(self, count: int) -> None:
        for name, array in self._arrays.items():
            if len(array) < count:
                more = np.zeros((max(count, 2 * len(array)) - len(array), *array.shape[1:]), dtype=np.int64)
                self._arrays[name] = np.concatenate((array, more))


class _File:
    """A file, and what of it is read."""

    def __init__(self, path: str, questions: Sequence[Question]) -> None:
        try:
            self._metadata = pq.read_metadata(path)
        except pa.ArrowInvalid as problem:
            raise ValueError(f"{path} is no Parquet file, or not all of one: {problem}") from problem
        held = self._metadata.schema.to_arrow_schema()
        self._path, self.groups = path, self._metadata.num_row_groups
        self._text = [field.name for field in held if pa.types.is_string(field.type)]
        lacking = [name for name in SPAN if name not in held.names]
        if not {"gpu_parts", "gpus"} & {*held.names}:
            lacking.append("gpu_parts (or gpus)")
        if lacking:
            raise ValueError(f"{path} has no column {', '.join(lacking)}: it holds no jobs")
        self._wanted = [name for name in held.names if any(name in question.columns for question in questions)]

    def frame(self, group: int, books: Sequence[_Book]) -> pd.DataFrame:
        """A row group, text as categories; with the names that the path tells. Read in the thread that asks."""
        file = pq.ParquetFile(self._path, metadata=self._metadata, read_dictionary=self._text, memory_map=True)
        table = file.read_row_group(group, columns=self._wanted, use_threads=False)
        frame = table.to_pandas(split_blocks=True, ignore_metadata=True, use_threads=False)
        told = dict(part.split("=", 1) for part in Path(self._path).parts if "=" in part)
        for name in {name for book in books for name in book.question.by} - set(frame.columns):
            known = name in told and told[name] != NO_NAME
            codes = np.full(len(frame), 0 if known else -1, dtype=np.int8)
            frame[name] = pd.Categorical.from_codes(codes, [unquote(told[name]) if known else ""])
        return frame
