"""What no engine can be faster than on a machine: measured beside the engines, over the same files."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq

COLUMNS = ("project", "partition", "start_at", "seen_until_at", "gpu_parts")
A_JOB = 3 * 8 + 2 * 4
"""Bytes of a job's values in memory: three int64, two codes of text."""
COPIED = 1 << 28


@dataclass(frozen=True, slots=True)
class Floor:
    """Of the columns that are needed: their MiB in the files; seconds to decode them on all cores and do nothing with
    them; seconds that copying as many bytes as their values takes, on all cores."""

    read_mib: int
    decode_s: float
    copy_s: float


def floor(paths: Sequence[Path]) -> Floor:
    """Of these files, which are in the page cache afterwards."""
    groups = [(path, number) for path in paths for number in range(pq.read_metadata(path).num_row_groups)]
    held = 0
    jobs = 0
    for path in paths:
        about = pq.read_metadata(path)
        jobs += about.num_rows
        for number in range(about.num_row_groups):
            group = about.row_group(number)
            chunks = (group.column(place) for place in range(group.num_columns))
            held += sum(chunk.total_compressed_size for chunk in chunks if chunk.path_in_schema in COLUMNS)
    return Floor(held >> 20, round(_median(lambda: _decode(groups)), 4), round(jobs * A_JOB / _copy_speed(), 4))


def machine() -> str:
    """In words, with the versions that matter."""
    import duckdb
    import polars
    import pyarrow

    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "CPU"
    )
    cores, memory = len(os.sched_getaffinity(0)), psutil.virtual_memory().total / 2**30
    versions = f"Polars {polars.__version__}, DuckDB {duckdb.__version__}, PyArrow {pyarrow.__version__}"
    return f"{model}, {cores} cores, {memory:.0f} GiB; Python {platform.python_version()}, {versions}"


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines() if Path(path).exists() else []


def _decode(groups: Sequence[tuple[Path, int]]) -> None:
    def one(of: tuple[Path, int]) -> None:
        file = pq.ParquetFile(of[0], read_dictionary=["project", "partition"], memory_map=True)
        file.read_row_group(of[1], columns=list(COLUMNS), use_threads=False)

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        list(pool.map(one, groups))


def _copy_speed() -> float:
    """Bytes a second, all cores copying; NumPy lets go of the interpreter's lock."""
    cores = len(os.sched_getaffinity(0))
    pairs = [(np.ones(COPIED // 8), np.empty(COPIED // 8)) for _ in range(cores)]

    def copy() -> None:
        with ThreadPoolExecutor(cores) as pool:
            list(pool.map(lambda pair: np.copyto(pair[1], pair[0]), pairs))

    return COPIED * cores / _median(copy)


def _median(work: Callable[[], None], times: int = 3) -> float:
    taken = []
    for number in range(times + 1):
        begun = time.perf_counter()
        work()
        if number:  # the first warms
            taken.append(time.perf_counter() - begun)
    return statistics.median(taken)
