"""A job log of any size, made from the Philly log by seeded resampling: the same number gives the same files.

    .venv/bin/python -m benchmarks.resampled 1e7 FOLDER

Each job is one of Philly's, drawn with replacement: its duration, GPUs and virtual cluster stay together. A cluster's
jobs are laid on 20 projects, so that there are 300; partitions are by size; starts lie anywhere in three years. Files
are of two million jobs, row groups of 262,144, in no order of time, as a lake is that many write to. Columns: text
project and partition; int64 start_at and seen_until_at (UTC epoch seconds), gpu_parts (1/420,000 GPU).
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from workbench.settings import ROOT
from workbench.units import DAY_S, GPU_PARTS

Int64s = npt.NDArray[np.int64]
PHILLY = ROOT / "workbench" / "sample" / "philly-2017" / "philly_jobs.parquet"
FIRST_S = 1_672_531_200
"""1 January 2023, 00:00 UTC."""
DAYS = 3 * 365
LAST_S = FIRST_S + (DAYS + 90) * DAY_S
"""After the last job: Philly's longest took 60 days."""
A_FILE, ROW_GROUP = 2_000_000, 262_144
EACH = 20
"""Projects of a virtual cluster."""
PARTITIONS = ("small", "node", "large")
SEED = 20171


def make(jobs: int, folder: Path) -> list[Path]:
    """The files of so many jobs, in order; those that are there already are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    log = pq.read_table(PHILLY, columns=["cluster", "num_gpus", "duration"])
    cluster = log["cluster"].combine_chunks().dictionary_encode()
    gpus, seconds = (log[name].to_numpy().astype(np.int64) for name in ("num_gpus", "duration"))
    paths = []
    for number, first in enumerate(range(0, jobs, A_FILE)):
        paths.append(folder / f"jobs-{jobs}-{number:03}.parquet")
        if not paths[-1].exists():
            random = np.random.default_rng([SEED, number])
            table = _table(random, min(A_FILE, jobs - first), cluster, gpus, seconds)
            scratch = paths[-1].with_suffix(".new")
            pq.write_table(table, scratch, row_group_size=ROW_GROUP, compression="zstd")
            scratch.rename(paths[-1])
    return paths


def _table(random: np.random.Generator, jobs: int, cluster: Any, gpus: Int64s, seconds: Int64s) -> pa.Table:
    drawn = random.integers(0, len(gpus), jobs)
    start = random.integers(FIRST_S, FIRST_S + DAYS * DAY_S, jobs)
    project = cluster.indices.to_numpy()[drawn] * EACH + random.integers(0, EACH, jobs)
    projects = [f"{name}-{number:02}" for name in cluster.dictionary.to_pylist() for number in range(EACH)]
    columns = {
        "project": _text(project, projects),
        "partition": _text(np.digitize(gpus[drawn], (2, 9)), PARTITIONS),
        "start_at": start,
        "seen_until_at": start + seconds[drawn],
        "gpu_parts": gpus[drawn] * GPU_PARTS,
    }
    return pa.table(columns)


def _text(codes: Int64s, names: Sequence[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), list(names)).cast(pa.string())


if __name__ == "__main__":
    made = make(int(float(sys.argv[1])), Path(sys.argv[2]))
    print(len(made), "files,", sum(path.stat().st_size for path in made) >> 20, "MiB")
