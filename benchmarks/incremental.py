"""What a new day costs beside making everything anew: three years of jobs, then one day more, in the normal way.

    .venv/bin/python -m benchmarks.incremental [--jobs 300000] [--years 3] [--rounds 3] [--days 3]

The history is the Philly log drawn again with a fixed seed, spread over the years, in a fresh SQLite store in a
temporary folder. Each round times `rollups.rebuild` (every rollup from all jobs), then brings in so many further days
one by one as an import does: what runs at midnight is seen again a day later. A day is timed twice: the whole upsert
(compare, write the jobs, change the rollups), and of it `rollups.apply` alone. Prints medians and the ratios, by the
clock and by the processor's time, checks that the rollups are what the jobs make them, and writes
benchmarks/out/incremental.json.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

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
SAID = {
    "load_s": "first load of all, s",
    "rebuild_s": "rebuild of the rollups, s",
    "day_apply_s": "one day more: the rollups, s",
    "day_upsert_s": "one day more: the whole upsert, s",
    "apply_by_rebuild": "a day's rollups ÷ rebuild",
    "upsert_by_load": "a day's upsert ÷ first load",
    "upsert_by_rebuild": "a day's upsert ÷ rebuild of the rollups alone",
}
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


Taken = tuple[float, float]
"""Seconds of the clock, and of the processor."""


def timed(work: Callable[[], object]) -> Taken:
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - cpu


class Timed:
    """`rollups.apply`, with what its last call took."""

    def __init__(self) -> None:
        self.taken: Taken = (0.0, 0.0)
        self._apply = rollups.apply

    def __call__(self, *given: object) -> None:
        self.taken = timed(lambda: self._apply(*given))  # type: ignore[arg-type]


def upsert(store: Store, jobs: pd.DataFrame) -> None:
    with store.begin() as conn:
        upsert_jobs(conn, jobs, store.settings.centre.zone)


def rebuild(store: Store) -> None:
    with store.begin() as conn:
        rollups.rebuild(conn, store.settings.centre.zone)


def median(taken: list[Taken]) -> Taken:
    clock, cpu = (statistics.median(times) for times in zip(*taken, strict=True))
    return clock, cpu


def measure(store: Store, count: int, years: int, rounds: int, days: int) -> dict[str, object]:
    """The number of jobs, the medians, and what a day is of a rebuild; by the clock and by the processor."""
    applied = Timed()
    rollups.apply = applied  # type: ignore[assignment]
    jobs = drawn(count, years * 365 + rounds * days)
    now = FIRST_S + years * 365 * DAY_S
    history = seen_at(jobs, now)
    loaded = timed(lambda: upsert(store, history))
    rebuilds, upserts, applies, rows = [], [], [], []
    for _ in range(rounds):
        rebuilds.append(timed(lambda: rebuild(store)))
        for _ in range(days):
            now += DAY_S
            seen = seen_at(jobs, now, since=now - DAY_S)
            upserts.append(timed(lambda: upsert(store, seen)))  # noqa: B023  (called at once)
            applies.append(applied.taken)
            rows.append(len(seen))
    with store.read() as conn:
        wrong = rollups.differences(conn, store.settings.centre.zone)
    if any(wrong.values()):
        raise SystemExit(f"the rollups are not what the jobs make them: {wrong}")
    build, day, change = (median(taken) for taken in (rebuilds, upserts, applies))
    found = {"load_s": loaded, "rebuild_s": build, "day_upsert_s": day, "day_apply_s": change}
    found |= {"apply_by_rebuild": _by(change, build), "upsert_by_load": _by(day, loaded)}
    found |= {"upsert_by_rebuild": _by(day, build)}
    told = {
        name: dict(zip(("clock", "cpu"), (round(one, 5) for one in pair), strict=True)) for name, pair in found.items()
    }
    return {"jobs": len(history), "jobs_of_a_day": int(statistics.median(rows)), **told}


def _by(one: Taken, other: Taken) -> Taken:
    return one[0] / other[0], one[1] / other[1]


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
    print(f"{found['jobs']:,} jobs of {given.years} years, then days of {found['jobs_of_a_day']:,} jobs seen")
    for name, said in SAID.items():
        form = ".2%" if "_by_" in name else ".3f"
        print(f"{said:45}" + "".join(f"  {which} {value:{form}}" for which, value in found[name].items()))  # type: ignore[attr-defined]
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
