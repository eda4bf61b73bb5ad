"""How fast a job log comes in, stage by stage: read, upsert, rollups, lake; and how fast it comes in a second time.

    .venv/bin/python benchmarks/ingest.py [LOG MAPPING] [--times 3]

Prints seconds of one core (CPU time) and of the clock, and jobs per second of one core. The best of several runs, each
into a new store in a temporary folder. Default: the Philly log of the sample centre.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.services.ingest import parse_joblog
from workbench.services.mapping import load_mapping
from workbench.settings import ROOT, load
from workbench.store import lake, rollups
from workbench.store.engine import open_store
from workbench.store.jobs import upsert_jobs

LOG = ROOT / "workbench" / "sample" / "philly-2017" / "philly_jobs.parquet"
MAPPING = ROOT / "docs" / "mappings" / "philly.toml"
Taken = dict[str, tuple[float, float]]


@contextmanager
def stage(name: str, taken: Taken) -> Iterator[None]:
    cpu, clock = time.process_time(), time.perf_counter()
    yield
    before = taken.get(name, (0.0, 0.0))
    taken[name] = (before[0] + time.process_time() - cpu, before[1] + time.perf_counter() - clock)


def run(log: Path, mapping_file: Path) -> tuple[int, Taken]:
    """Jobs, and seconds (CPU, clock) per stage of one ingest into a new store."""
    taken: Taken = {}
    mapping, _ = load_mapping(mapping_file)
    with tempfile.TemporaryDirectory() as home:
        store = open_store(load(home=Path(home)))
        zone = store.settings.centre.zone
        with stage("read", taken):
            jobs = parse_joblog(log, mapping, mapping.cluster or "benchmark", mapping_path=mapping_file).jobs
        inside: Taken = {}
        plain = rollups.apply

        def timed(*given: object) -> None:
            with stage("rollups", inside):
                plain(*given)  # type: ignore[arg-type]

        rollups.apply = timed
        with stage("upsert", taken), store.begin() as conn:
            upsert_jobs(conn, jobs, zone)
        rollups.apply = plain
        taken["upsert"] = tuple(a - b for a, b in zip(taken["upsert"], inside["rollups"], strict=True))  # type: ignore[assignment]
        taken |= inside
        with stage("lake", taken):
            lake.refresh(store)
        with stage("again", taken), store.begin() as conn:
            upsert_jobs(conn, jobs, zone)
        store.engine.dispose()
    return len(jobs), taken


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("log", type=Path, nargs="?", default=LOG)
    asked.add_argument("mapping", type=Path, nargs="?", default=MAPPING)
    asked.add_argument("--times", type=int, default=3)
    given = asked.parse_args()
    runs = [run(given.log, given.mapping) for _ in range(given.times)]
    jobs = runs[0][0]
    best = {name: min((taken[name] for _, taken in runs)) for name in runs[0][1]}
    first = ("read", "upsert", "rollups")
    best["in, with rollups"] = tuple(sum(best[name][n] for name in first) for n in (0, 1))  # type: ignore[assignment]
    print(f"{jobs:,} jobs of {given.log.name}, best of {given.times}")
    print(f"{'stage':18}{'CPU s':>8}{'clock s':>9}{'jobs/s of one core':>20}")
    for name in (*first, "in, with rollups", "lake", "again"):
        cpu, clock = best[name]
        print(f"{name:18}{cpu:8.2f}{clock:9.2f}{jobs / cpu:20,.0f}")


if __name__ == "__main__":
    main()
