"""Made-up samples of the sample centre's GPUs, for its last days: which GPUs each job had, and how busy they were.

A job's utilisation and memory are drawn by its number from curves that were measured elsewhere (acme-2023/SOURCE.md).
Every row says `source` "sample", and pages that show it say that it is made up. One node in NO_EXPORTER sends nothing,
and a slice of a GPU has no place: so that there is something unknown, as at every centre.
"""

import heapq
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from workbench.analytics.samples import placed_frame, sample_frame
from workbench.analytics.schema import JOB_KEY
from workbench.periods import Window
from workbench.sample.definition import definition
from workbench.store import placed
from workbench.store.engine import Store
from workbench.store.frames import JOBS, job_rows
from workbench.telemetry import lake
from workbench.units import BASIS_POINTS, DAY_S, GPU_PARTS

DAYS = 3
EVERY_S = 1800
PER_NODE = 8
NO_EXPORTER = 12
SOURCE = "sample"
MEMORY_MIB = {"H800": 81_559, "L40S": 46_068}
CURVES = Path(__file__).parent / "acme-2023" / "gpu_metric_curves.csv"
SOME_IDLE = 0.15
"""So many of the jobs with several GPUs use only the first half of them."""

U64 = npt.NDArray[np.uint64]


def add(store: Store, now: int) -> int:
    """Samples of the last days that are not there yet.

    Args:
        store: with the sample centre's jobs until now.
        now: UTC epoch seconds.

    Returns:
        Samples written.
    """
    folder = store.settings.telemetry_folder
    newest = max(lake.newest(folder).values(), default=0)
    since = max(now // DAY_S * DAY_S - (DAYS - 1) * DAY_S, newest + 1)
    marks = np.arange(-(-since // EVERY_S) * EVERY_S, now + 1, EVERY_S, dtype=np.int64)
    if not len(marks):
        return 0
    with store.begin() as conn:
        jobs = _jobs(conn, Window(int(marks[0]), int(marks[-1]) + 1))
        devices = _placed(conn, jobs, Window(int(marks[0]), int(marks[-1]) + 1))
    written = 0
    for day in np.unique(marks // DAY_S):
        written += lake.write(folder, _samples(devices, marks[marks // DAY_S == day]))
    return written


def _jobs(conn: Connection, window: Window) -> pd.DataFrame:
    """The sample's jobs with whole GPUs in a window, in order of their starts."""
    inside = [JOBS.c.start_at < window.end_s, JOBS.c.seen_until_at > window.start_s]
    rows = job_rows(conn, [JOBS.c.cluster == definition().cluster, *inside])
    whole = (rows["gpu_parts"] > 0) & (rows["gpu_parts"] % GPU_PARTS == 0) & rows["partition"].notna()
    return rows[whole].sort_values(["start_at", "job_id"], kind="stable")


def _placed(conn: Connection, jobs: pd.DataFrame, window: Window) -> pd.DataFrame:
    """The devices of these jobs, with what is needed of the job; those without a place get free ones."""
    key = list(JOB_KEY)
    there = placed.read(conn, window, definition().cluster)
    known = set(there[key].itertuples(index=False, name=None))
    # Who has a place keeps it until its end: (end, partition, number) of every device that is taken.
    ends = jobs.set_index(key)["seen_until_at"]
    taken: list[tuple[int, str, int]] = [
        (int(ends[row.cluster, row.job_id, row.submit_at]), *_number(row.node, int(row.gpu_index)))
        for row in there.itertuples()
        if (row.cluster, row.job_id, row.submit_at) in ends.index
    ]
    heapq.heapify(taken)
    busy = {(partition, number) for _end, partition, number in taken}
    free: dict[str, list[int]] = {}
    most: dict[str, int] = {}
    rows: list[tuple[object, ...]] = []
    for job in jobs.itertuples():
        while taken and taken[0][0] <= job.start_at:
            _end, partition, number = heapq.heappop(taken)
            heapq.heappush(free.setdefault(partition, []), number)
        if (job.cluster, job.job_id, job.submit_at) in known:
            continue
        here = free.setdefault(job.partition, [])
        for _device in range(job.gpu_parts // GPU_PARTS):
            if not here:
                number = most.get(job.partition, 0)
                while (job.partition, number) in busy:
                    number += 1
                most[job.partition] = number + 1
                heapq.heappush(here, number)
            number = heapq.heappop(here)
            heapq.heappush(taken, (int(job.seen_until_at), job.partition, number))
            node = f"{job.partition}-{number // PER_NODE + 1:03d}"
            rows.append((job.cluster, job.job_id, job.submit_at, node, number % PER_NODE, None, None, GPU_PARTS))
    columns = [*key, "node", "gpu_index", "gpu_uuid", "mig", "gpu_parts"]
    new = placed_frame(pd.DataFrame.from_records(rows, columns=columns))
    placed.write(conn, new)
    both = pd.concat((there, new), ignore_index=True)
    about = jobs[[*key, "start_at", "seen_until_at", "gpu_model", "gpu_parts"]]
    return both.drop(columns="gpu_parts").merge(about, on=key)


def _number(node: str, index: int) -> tuple[str, int]:
    partition, _, place = node.rpartition("-")
    return partition, (int(place) - 1) * PER_NODE + index


def _samples(devices: pd.DataFrame, marks: npt.NDArray[np.int64]) -> pd.DataFrame:
    """What each device did at each of these moments at which its job ran."""
    told = devices["node"].str.rsplit("-", n=1).str[-1].astype("int64") % NO_EXPORTER != 0
    devices = devices[told]
    row, mark = np.nonzero(
        (devices["start_at"].to_numpy()[:, None] <= marks) & (marks < devices["seen_until_at"].to_numpy()[:, None])
    )
    at, there = marks[mark], devices.iloc[row]
    job = pd.util.hash_array(there["job_id"].to_numpy(object))
    device = job + there["gpu_index"].to_numpy(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    usual = np.interp(100 * _share(job), *_curve("gpu_util_pct"))
    few = _share(job + np.uint64(1)) < SOME_IDLE
    count = there["gpu_parts"].to_numpy() // GPU_PARTS
    idle = few & (count > 1) & (there["gpu_index"].to_numpy(np.int64) % count >= (count + 1) // 2)
    sway = 0.8 + 0.4 * _share(device + at.astype(np.uint64))
    active = np.where(idle, 0.0, np.clip(usual * sway, 0, 100))
    memory = np.interp(100 * _share(job + np.uint64(2)), *_curve("gpu_mem_pct"))
    total = there["gpu_model"].map(MEMORY_MIB).astype("Int64").array
    used = (pd.array(np.where(idle, 0.5, np.maximum(memory, 1.0)), dtype="Float64") * total / 100).round()
    return sample_frame(
        pd.DataFrame(
            {
                "sampled_at": at,
                "node": there["node"].to_numpy(object),
                "gpu_index": there["gpu_index"].array,
                "gpu_model": there["gpu_model"].to_numpy(object),
                "active_bp": np.round(active * (BASIS_POINTS // 100)).astype(np.int64),
                "measure": "gpu_util",
                "mem_used_mib": used.astype("Int64"),
                "mem_total_mib": total,
                "source": SOURCE,
            }
        )
    )


def _share(seed: U64) -> npt.NDArray[np.float64]:
    """A number from 0 to 1 for each seed, always the same (splitmix64)."""
    mixed = seed + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (mixed ^ (mixed >> np.uint64(31))) / 2.0**64


@cache
def _curve(metric: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Percent of the samples, and the value they are at or below."""
    rows = pd.read_csv(CURVES)
    mine = rows[rows["metric"] == metric]
    return mine["cdf_pct"].to_numpy(float), mine["x"].to_numpy(float)
