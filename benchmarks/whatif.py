"""How fast the scheduler's simulation is: every policy, two logs, a machine that is little, well and overloaded.

    .venv/bin/python -m benchmarks.whatif [--jobs 1e5[,1e6]] [--rounds 3] [--no-peer]

Logs: Philly's, each job drawn again with replacement, submitted when Philly's jobs were (laid end to end); and the
sample centre's own demand, its largest partition, with a quarter of the GPUs out for eight hours every four weeks. The
capacity is one number: the mean GPUs asked for over the load, so that at 110% the queue grows to the end. Each round
runs every policy once; the median counts. Compiling is not counted: `warm` has done it, as a service does at its start.
Beside it a simulation by hand in plain Python (plain_scheduler.py), whose starts must be the same. Prints the seconds
and writes benchmarks/out/whatif.json: log, load, policy, jobs, median_s, most_waiting, wait_median_s, wait_p95_s, and
where the peer ran peer_s, ratio (peer over ours), equal.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.plain_scheduler import simulate as by_hand
from benchmarks.resampled import PHILLY
from workbench.analytics.ahead import Demand, demand, waits
from workbench.analytics.simulate import POLICIES, simulate, warm
from workbench.analytics.sweep_arrays import Int64s
from workbench.periods import Window
from workbench.sample.definition import definition
from workbench.sample.demand import block
from workbench.sample.demand import demand as sample_demand
from workbench.settings import load as load_settings
from workbench.units import DAY_S

OUT = Path(__file__).parent / "out" / "whatif.json"
LOADS = (0.70, 0.95, 1.10)
PEERS = ("fifo", "backfill")
SEED = 17
Outages = list[tuple[int, int, int]]


def philly(count: int) -> Demand:
    """So many jobs of the log drawn again, at its own times of submission, laid end to end."""
    log = pd.read_parquet(PHILLY)
    at = np.sort(log["timestamp"].to_numpy().astype("M8[s]").astype(np.int64))
    rounds = -(-count // len(at))
    submit = np.concatenate([at + k * (int(at[-1] - at[0]) + 1) for k in range(rounds)])[:count]
    row = np.random.default_rng(SEED).integers(len(log), size=count)
    duration, gpus = (log[name].to_numpy().astype(np.int64)[row] for name in ("duration", "num_gpus"))
    owner = pd.factorize(log["cluster"].to_numpy())[0].astype(np.int64)[row]
    return demand(submit, duration, gpus, owner=owner)


def sample(count: int) -> Demand:
    """The first so many jobs of the sample centre's largest partition, or all that it has."""
    plan, centre = definition(), load_settings().centre
    log = block(plan)
    jobs = sample_demand(plan, centre, log, int(time.time()))
    partition = np.array([project.partition or "" for project in plan.projects])[jobs["project"]]
    largest = pd.Series(partition).mode()[0]
    mine = jobs[partition == largest].iloc[:count]
    submit, duration, gpus, owner = (
        mine[name].to_numpy(np.int64) for name in ("submit_at", "duration_s", "gpus", "project")
    )
    return demand(submit, duration, gpus, owner=owner)


def maintenance(jobs: Demand, capacity: int) -> Outages:
    """A quarter of the GPUs out for eight hours every four weeks."""
    days = range(int(jobs.submit[0]), int(jobs.submit[-1]), 28 * DAY_S)
    return [(day, day + 8 * 3600, capacity // 4) for day in days]


def most_waiting(jobs: Demand, start: Int64s, until: int) -> int:
    """Jobs that waited at once."""
    begun = np.sort(np.where(start < 0, until, start))
    queued = np.arange(1, len(jobs) + 1) - np.searchsorted(begun, jobs.submit, side="right")
    return int(queued.max())


def timed(call: Callable[[], Int64s | list[int]]) -> tuple[float, Int64s]:
    begun = time.perf_counter()
    answer = call()
    return time.perf_counter() - begun, np.asarray(answer, dtype=np.int64)


def case(name: str, jobs: Demand, load: float, rounds: int, *, peer: bool) -> list[dict[str, object]]:
    """Every policy on one log under one load."""
    span = int(jobs.submit[-1] - jobs.submit[0])
    capacity = max(int(jobs.parts.max()), round(int((jobs.duration * jobs.parts).sum()) / span / load))
    outages = maintenance(jobs, capacity) if name == "sample" else []
    until = int(jobs.submit[-1] + jobs.duration.sum())
    taken: dict[str, list[float]] = {policy: [] for policy in POLICIES}
    start: dict[str, Int64s] = {}
    for _ in range(rounds):
        for policy, rule in POLICIES.items():
            seconds, start[policy] = timed(lambda rule=rule: simulate(jobs, [(0, capacity)], outages, rule, until))
            taken[policy].append(seconds)
    rows = []
    for policy, rule in POLICIES.items():
        waited = waits(jobs, start[policy], Window(int(jobs.submit[0]), until), until) or (0, 0)
        row: dict[str, object] = {"log": name, "load": load, "policy": policy, "jobs": len(jobs), "gpus": capacity}
        row |= {"median_s": round(statistics.median(taken[policy]), 4)}
        row |= {"most_waiting": most_waiting(jobs, start[policy], until)}
        row |= {"wait_median_s": waited[0], "wait_p95_s": waited[1]}
        if peer and policy in PEERS and not outages:
            lists = [column.tolist() for column in (jobs.submit, jobs.duration, jobs.parts)]
            seconds, theirs = timed(
                lambda lists=lists, policy=policy, depth=rule.depth: by_hand(
                    *lists, capacity, backfill=policy == "backfill", depth=depth
                )
            )
            row |= {"peer_s": round(seconds, 3), "ratio": round(seconds / statistics.median(taken[policy]), 1)}
            row |= {"equal": bool((theirs == start[policy]).all())}
        rows.append(row)
        print(*(f"{name} {value}" for name, value in row.items()), sep="  ", flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", default="1e5")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-peer", action="store_true")
    given = parser.parse_args()
    begun = time.perf_counter()
    warm()
    print(f"compiled, or loaded from the cache, in {time.perf_counter() - begun:.1f} s")
    rows = []
    for count in (int(float(text)) for text in given.jobs.split(",")):
        for name, make in (("philly", philly), ("sample", sample)):
            jobs = make(count)
            for load in LOADS:
                # The peer takes minutes for more: it is asked where the goal is.
                rows += case(name, jobs, load, given.rounds, peer=not given.no_peer and count <= 100_000)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(rows, indent=1) + "\n")
    if not all(row.get("equal", True) for row in rows):
        raise SystemExit("the simulation by hand starts jobs at other times")


if __name__ == "__main__":
    main()
