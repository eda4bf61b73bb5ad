"""What a GPU does with the two questions of `make bench`, beside the best CPU engines on the same machine.

    .venv/bin/python -m benchmarks.gpu [--sizes 1e7,1e8,1e9] [--folder FOLDER] [--times 3] [--doc]

Hourly occupancy by partition and daily usage by project, from Parquet in, to answers equal to the bit: cuDF on one GPU,
Dask-CUDA on all, our scan, Polars and DuckDB on the cores. Files are read chunk by chunk of row groups, so that the
device holds a chunk and its sums whatever the size. The floor is the time that reading the files' bytes into the
device takes. Writes benchmarks/out/gpu.json; --doc puts the table between its marks in docs/performance.md. Without a
GPU it says so and ends with status 2.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from benchmarks import peers
from benchmarks.resampled import FIRST_S, LAST_S, make
from workbench.analytics.sweep import add_up, sweep
from workbench.clusters.gpu import Gpus, gpus, has_rapids_here
from workbench.clusters.memory import partition_bytes
from workbench.clusters.share import share
from workbench.settings import ROOT

OUT = ROOT / "benchmarks" / "out"
DOC, FROM, TO = ROOT / "docs" / "performance.md", "<!-- gpu -->", "<!-- end of gpu -->"
COLUMNS = ["project", "partition", "start_at", "seen_until_at", "gpu_parts"]
ASKED = [(by, np.arange(FIRST_S, LAST_S + 1, width)) for by, width in peers.QUESTIONS]
PER_ROW = 160
"""Bytes of device memory that a row takes at most while it is swept: its columns, and int64 arrays of the sweep."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Row groups of one file that are read in one go."""

    path: str
    row_groups: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """One engine at one size. None: not measured. floor_s: reading the files' bytes into the device."""

    task: str
    engine: str
    jobs: int
    median_s: float
    equal: bool
    device: str
    cores: int
    peak_device_mib: int | None
    floor_s: float | None
    file_mib: int
    at: str


def chunks(paths: Sequence[Path], most_bytes: int) -> list[Chunk]:
    """All row groups of these files, as many together as take no more than so many bytes; each at least one."""
    found = []
    for path in paths:
        about, groups, rows = pq.read_metadata(path), [], 0
        for number in range(about.num_row_groups):
            more = about.row_group(number).num_rows
            if groups and (rows + more) * PER_ROW > most_bytes:
                found.append(Chunk(str(path), tuple(groups)))
                groups, rows = [], 0
            groups.append(number)
            rows += more
        found.append(Chunk(str(path), tuple(groups)))
    return found


def by_chunks(of: Sequence[Chunk], read: Callable[[Chunk], Any]) -> peers.Answers:
    """Both answers on one device: each chunk read once, its partial answers added up as they come."""
    parts: list[list[pd.DataFrame]] = [[] for _ in ASKED]
    for chunk in of:
        frame = read(chunk)
        for held, (by, edges) in zip(parts, ASKED, strict=True):
            held.append(sweep(frame, [by], edges))
            if len(held) == 16:  # what is held in the machine's memory stays bounded
                held[:] = [_added(held, by)]
    return [_plain(_added(held, by)) for held, (by, _edges) in zip(parts, ASKED, strict=True)]


def by_dask(of: Sequence[Chunk], read: Callable[[Chunk], Any]) -> peers.Answers:
    """Both answers by Dask, where its workers are."""
    import dask.dataframe as dd

    frame = dd.from_map(read, list(of), meta=read(of[0]).head(0))
    return [_plain(sweep(frame, [by], edges)) for by, edges in ASKED]


def by_scan(paths: Sequence[Path]) -> peers.Answers:
    """Both answers by our scan on the cores."""
    from workbench.analytics.scan import Question, scan

    return [_plain(frame) for frame in scan(paths, [Question((by,), edges) for by, edges in ASKED])]


def read_cudf(chunk: Chunk) -> Any:
    """A chunk on the device."""
    import cudf

    return cudf.read_parquet(chunk.path, columns=COLUMNS, row_groups=[list(chunk.row_groups)])


def read_bytes(paths: Sequence[Path]) -> None:
    """The files' bytes into the device, and nothing else."""
    import cupy

    for path in paths:
        cupy.asarray(np.fromfile(path, dtype=np.uint8))
    cupy.cuda.Device().synchronize()


def _added(parts: Sequence[pd.DataFrame], by: str) -> pd.DataFrame:
    return add_up(pd.concat(parts, ignore_index=True), (by, "bucket"))


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["gpu_part_seconds"] != 0].reset_index(drop=True)


def measured(engines: dict[str, Callable[[], peers.Answers]], times: int) -> dict[str, tuple[float, bool]]:
    """Of each engine the median of so many runs, which take turns after a first one; and whether it says the same."""
    answers = {name: engine() for name, engine in engines.items()}
    first = answers["duckdb"]
    taken: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(times):
        for name, engine in engines.items():
            taken[name].append(seconds(engine))
    return {name: (statistics.median(taken[name]), peers.same(first, answers[name])) for name in engines}


def seconds(work: Callable[[], object]) -> float:
    """How long it takes by the clock."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--sizes", default="1e7,1e8")
    asked.add_argument("--folder", type=Path, default=OUT / "jobs")
    asked.add_argument("--times", type=int, default=3)
    asked.add_argument("--doc", action="store_true")
    given = asked.parse_args()
    found = gpus()
    if not found.count or not has_rapids_here():
        why = found.reason or f"{found} answers, but RAPIDS is not installed (make setup)"
        print(f"Nothing was measured: {why}.", file=sys.stderr)
        return 2
    import rmm

    # The workers' pool has half of the device at first, this process a quarter; once, before anything lies there.
    rmm.reinitialize(pool_allocator=True, initial_pool_size=(found.least_bytes or 8 << 30) // 4 // 256 * 256)
    results = [
        result
        for size in given.sizes.split(",")
        for result in of_size(int(float(size)), given.folder, given.times, found)
    ]
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "gpu.json").write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n", encoding="utf-8")
    print(table(results))
    if given.doc:
        write(DOC, table(results))
    return 0 if all(result.equal for result in results) else 1


def of_size(jobs: int, folder: Path, times: int, found: Gpus) -> list[Result]:
    """Every engine over so many jobs."""
    from workbench.clusters import local

    paths = make(jobs, folder)
    with local.start() as client:
        device_bytes = found.least_bytes or 8 << 30
        of = chunks(paths, partition_bytes(device_bytes, 1))
        _count_anew()
        client.run(_count_anew)
        # The scheduler hands chunks out by four to a worker, so that all of them have some.
        spread = chunks(paths, min(partition_bytes(device_bytes, 1), jobs * PER_ROW // (4 * found.count) + 1))
        engines = {
            "cudf, one GPU": partial(by_chunks, of, read_cudf),
            f"Dask-CUDA, {found.count} GPU(s)": partial(by_dask, spread, read_cudf),
            "workbench scan": partial(by_scan, paths),
        }
        engines |= {name: partial(engine, paths) for name, engine in peers.ENGINES.items()}
        said = measured(engines, times)
        peaks = [_peak(), max(client.run(_peak).values()), *[None] * (len(engines) - 2)]
        floor_s = statistics.median(seconds(partial(read_bytes, paths)) for _ in range(times))
    size = sum(path.stat().st_size for path in paths) >> 20
    cores, at = share(os.environ).cores, datetime.now(UTC).strftime("%Y-%m-%d")
    return [
        Result("both", name, jobs, median, equal, str(found), cores, peak, floor_s, size, at)
        for (name, (median, equal)), peak in zip(said.items(), peaks, strict=True)
    ]


def _count_anew() -> None:
    from rmm import statistics as device

    device.enable_statistics()
    device.push_statistics()


def _peak() -> int | None:
    from rmm import statistics as device

    seen = device.get_statistics()
    return None if seen is None else seen.peak_bytes >> 20


def table(results: Sequence[Result]) -> str:
    """As Markdown: seconds, how often as fast as the best on the cores, how often the floor."""
    lines = [
        "| jobs | engine | s | × the best CPU engine | × the floor | peak of the device, MiB | equal |",
        "|" + "---|" * 7,
    ]
    for result in results:
        best = min(r.median_s for r in results if r.jobs == result.jobs and r.peak_device_mib is None)
        floor = f"{result.median_s / result.floor_s:.1f}" if result.floor_s else "–"
        peak = "–" if result.peak_device_mib is None else f"{result.peak_device_mib:,}"
        lines.append(
            f"| {result.jobs:,} | {result.engine} | {result.median_s:.3g} | {best / result.median_s:.1f} | {floor} "
            f"| {peak} | {'yes' if result.equal else 'NO'} |"
        )
    said = results[0]
    floors = ", ".join(f"{r.jobs:,}: {r.floor_s:.3g} s for {r.file_mib:,} MiB" for r in _one_each(results) if r.floor_s)
    lines += ["", f"{said.device}, {said.cores} cores, {said.at}. Floor: {floors}."]
    return "\n".join(lines)


def _one_each(results: Sequence[Result]) -> list[Result]:
    return list({result.jobs: result for result in results}.values())


def write(doc: Path, text: str) -> None:
    """Put the table between its marks."""
    page = doc.read_text(encoding="utf-8")
    before, _, rest = page.partition(FROM)
    _old, there, after = rest.partition(TO)
    if not there:
        raise SystemExit(f"{doc} has no {FROM} … {TO} to put the table in.")
    doc.write_text(f"{before}{FROM}\n{text}\n{TO}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
