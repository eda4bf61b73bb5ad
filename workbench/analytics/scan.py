"""The sweep over Parquet files that need not fit into memory: row group by row group, in threads, only what is asked.

Every thread adds the row groups that it takes to difference arrays of its own (`kernel`, which lets go of the
interpreter's lock, as reading does); in the end the arrays are added up. Memory is a row group and the arrays for each
thread, whatever the number of jobs. Answers are those of `sweep`, to the bit.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
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

OF_COUNTS = {"jobs_started": (), "wait_known_jobs": WAIT, "wait_s": WAIT}
OF_AMOUNTS = {"gpu_part_seconds": ("gpu_parts", "gpus"), "core_seconds": ("cpu_cores",)}


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


def scan(
    paths: Sequence[Path | str], questions: Sequence[Question], *, threads: int | None = None
) -> list[pd.DataFrame]:
    """The answers to some questions in one reading of the files.

    Args:
        paths: Parquet files of jobs, with a job frame's columns or the lake's. A column of `by` that a file lacks is
            taken from its path (cluster=…/project=…), else it is unknown.
        questions: asked of all jobs together.
        threads: default one for each core that this process may use.

    Returns:
        For each question the rows of `sweep` that are not 0 in its sums: `by`, bucket, the sums.

    Raises:
        ValueError: a question has more groups and buckets than memory is meant for; `sweep` of a Dask frame answers it.
    """
    threads = threads or len(os.sched_getaffinity(0))
    books = [_Book(question, MOST_CELLS // threads) for question in questions]
    mine, pages = local(), []

    def read(file: "_File", group: int) -> None:
        if not hasattr(mine, "pages"):
            mine.pages = [_Page(book) for book in books]
            pages.append(mine.pages)
        frame = file.frame(group, books)
        span, held, waited = spans(frame), weights(frame), waits(frame)
        for page in mine.pages:
            page.add(frame, *span, held, waited)

    with ThreadPoolExecutor(threads) as pool:
        files = (_File(str(path), questions) for path in paths)
        asked = [pool.submit(read, file, group) for file in files for group in range(file.groups)]
        for one in asked:
            one.result()
    return [book.told([each[place] for each in pages]) for place, book in enumerate(books)]


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
            return self._met([*((name,) for name in names), (UNKNOWN,)])[codes]
        group, found = groups(frame, by)
        return self._met([tuple(row) for row in found.to_numpy(dtype=object)])[group]

    def _met(self, found: Sequence[tuple[str, ...]]) -> Int64s:
        with self.lock:
            numbers = [self.numbers.setdefault(names, len(self.numbers)) for names in found]
        if len(self.numbers) * len(self.question.edges) > self.most_cells:
            raise ValueError(f"{len(self.numbers)} groups in {len(self.question.edges)} buckets: sweep a Dask frame")
        return np.array(numbers, dtype=np.int64)

    def told(self, pages: Sequence["_Page"]) -> pd.DataFrame:
        """The rows of all threads together, in order of their groups."""
        by, stride = self.question.by, len(self.question.edges)
        met = pd.DataFrame(list(self.numbers), columns=list(by), index=range(len(self.numbers)))
        order, names = groups(met.astype("str"), by)
        sums = {}
        for name in self.question.sums:
            whole = np.zeros((len(self.numbers), stride), dtype=np.int64)
            for page in pages:
                found = page.sum(name)[: len(whole)]
                whole[: len(found)] += found
            sums[name] = whole[np.argsort(order)].reshape(-1)
        return rows(np.arange(len(self.numbers) * stride), stride, names, sums)


class _Page:
    """The difference arrays of one thread for one question; the counts have no difference to carry."""

    def __init__(self, book: _Book) -> None:
        self._book = book
        sums = book.question.sums
        self._arrays = {
            name: kernel.pairs(0, book.cut) if name in AMOUNTS else np.zeros((0, len(book.cut.edges)), dtype=np.int64)
            for name in sums
        }

    def add(self, frame: pd.DataFrame, start: Int64s, end: Int64s, held: Any, waited: Any) -> None:
        book, group = self._book, self._book.numbered(frame)
        self._reach(int(group.max()) + 1 if len(group) else 0)
        known, wait = waited
        counts = {"jobs_started": np.ones_like(start), "wait_known_jobs": known.astype(np.int64), "wait_s": wait}
        for name in book.question.sums:
            if name in AMOUNTS:
                pairs = self._arrays[name]
                kernel.accumulate(start, end, held[name], group, book.cut, pairs[..., 0], pairs[..., 1])
            else:
                kernel.tally(start, counts[name], group, book.cut, self._arrays[name])

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
        self._metadata = pq.read_metadata(path)
        held = self._metadata.schema.to_arrow_schema()
        self._path, self.groups = path, self._metadata.num_row_groups
        self._text = [field.name for field in held if pa.types.is_string(field.type)]
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
