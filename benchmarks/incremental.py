"""What a new day costs beside making everything anew: three years of jobs, then one day more, in the normal way.

    .venv/bin/python -m benchmarks.incremental [--jobs 300000] [--years 3] [--rounds 3] [--days 3]

The history is the Philly log drawn again with a fixed seed, spread over the years, in a fresh SQLite store in a
temporary folder. Each round times `rollups.rebuild` (every rollup from all jobs), then brings in so many further days
one by one as an import does: what runs at midnight is seen again a day later. A day is timed twice: the whole upsert
(compare, write the jobs, change the rollups), and of it `rollups.apply` alone. Prints medians and the ratios, checks
that the rollups are what the jobs make them, and writes benchmarks/out/incremental.json.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from workbench.analytics.schema import job_frame
from workbench.sample.replay import seen_at
from workbench.settings import load
from workbench.store import rollups
from workbench.store.engine import Store, open_store
from workbench.store.jobs import upsert_jobs
from workbench.units import DAY_S, GPU_PARTS

OUT = Path(__file__).parent / "out" / "incremental.json"
LOG = Path(__file__).parents[1] / "workbench" / "sample" / "philly-2017" / "philly_jobs.parquet"
FIRST_S = 1_672_502_400  # 1 January 2023, 00:00 in Hong Kong
USERS = 20  # of each project: the log names none
SEED = 5


def drawn(count: int, days: int) -> pd.DataFrame:
    """So many jobs of the log drawn again, the time of day kept, the day by lot; with the ends that they will have."""
    log, lot = pd.read_parquet(LOG), np.random.default_rng(SEED)
    row = lot.integers(len(log), size=count)
    second = log["timestamp"].to_numpy().astype("M8[s]").astype(np.int64)[row] % DAY_S
    start = FIRST_S + np.sort(lot.integers(days, size=count)) * DAY_S + second
    project = log["cluster"].to_numpy()[row]
    end = start + log["duration"].to_numpy().astype(np.int64)[row]
    names = {"cluster": "philly", "partition": "main", "gpu_model": "P100", "source": "joblog", "submit_known": False}
    return job_frame(
        pd.DataFrame(
            {
                "job_id": np.arange(count).astype(str),
                "submit_at": start,
                "start_at": start,
                "end_at": end,
                "seen_until_at": end,
                "project": project,
                "user_name": [f"{p}-{u}" for p, u in zip(project, lot.integers(USERS, size=count), strict=True)],
                "gpu_parts": log["num_gpus"].to_numpy()[row] * GPU_PARTS,
                **names,
            }
        )
    )


class Timed:
    """`rollups.apply`, with the time that its last call took."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._apply = rollups.apply

    def __call__(self, *given: object) -> None:
        begun = time.perf_counter()
        self._apply(*given)  # type: ignore[arg-type]
        self.seconds = time.perf_counter() - begun


def one_day(store: Store, jobs: pd.DataFrame, now: int, zone: ZoneInfo, applied: Timed) -> tuple[float, float, int]:
    """Seconds of the upsert of what was seen in the day before `now`, of its apply alone, and the rows it had."""
    seen = seen_at(jobs, now, since=now - DAY_S)
    begun = time.perf_counter()
    with store.begin() as conn:
        upsert_jobs(conn, seen, zone)
    return time.perf_counter() - begun, applied.seconds, len(seen)


def measure(store: Store, count: int, years: int, rounds: int, days: int) -> dict[str, float | int]:
    """The medians, the number of jobs, and the ratios of a day to a rebuild."""
    zone, applied = store.settings.centre.zone, Timed()
    rollups.apply = applied  # type: ignore[assignment]
    jobs = drawn(count, years * 365 + rounds * days)
    now = FIRST_S + years * 365 * DAY_S
    begun = time.perf_counter()
    with store.begin() as conn:
        upsert_jobs(conn, seen_at(jobs, now), zone)
    loaded = time.perf_counter() - begun
    rebuilds, upserts, applies, rows = [], [], [], []
    for _ in range(rounds):
        begun = time.perf_counter()
        with store.begin() as conn:
            held = rollups.rebuild(conn, zone)
        rebuilds.append(time.perf_counter() - begun)
        for _ in range(days):
            now += DAY_S
            upsert, apply, seen = one_day(store, jobs, now, zone, applied)
            upserts.append(upsert)
            applies.append(apply)
            rows.append(seen)
    with store.read() as conn:
        wrong = rollups.differences(conn, zone)
    if any(wrong.values()):
        raise SystemExit(f"the rollups are not what the jobs make them: {wrong}")
    build, day, change = (statistics.median(taken) for taken in (rebuilds, upserts, applies))
    return {
        "jobs": held,
        "jobs_of_a_day": int(statistics.median(rows)),
        "load_s": round(loaded, 3),
        "rebuild_s": round(build, 3),
        "day_upsert_s": round(day, 4),
        "day_apply_s": round(change, 4),
        "upsert_ratio": round(day / build, 5),
        "apply_ratio": round(change / build, 5),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=lambda text: int(float(text)), default=300_000)
    parser.add_argument("--years", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--days", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(load(home=Path(folder)))
        found = measure(store, given.jobs, given.years, given.rounds, given.days)
    print(
        f"{found['jobs']:,} jobs of {given.years} years: first load {found['load_s']:.1f} s, rebuild of the rollups"
        f" {found['rebuild_s']:.1f} s\n"
        f"one day more ({found['jobs_of_a_day']:,} jobs seen): upsert {1000 * found['day_upsert_s']:.0f} ms"
        f" = {found['upsert_ratio']:.2%} of the rebuild; rollups alone {1000 * found['day_apply_s']:.0f} ms"
        f" = {found['apply_ratio']:.2%}"
    )
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
