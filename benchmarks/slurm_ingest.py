"""How fast Slurm's accounting comes in, what a poll with nothing new costs, and whether the sums are Slurm's own.

    .venv/bin/python -m benchmarks.slurm_ingest [--jobs 100000]

Starts a Slurm of its own, with finished jobs as history in slurmdbd; ends it and leaves nothing. Prints seconds of the
clock and of CPU (ours and that of Slurm's programs) from the first sacct to rollups and charges; of a later poll with
nothing new; and GPU-seconds by account beside sreport's, which must be the same to the second. Exit status 1 if not.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.slurm_history import DAYS, insert
from tests.slurm_centre import make_centre
from tests.slurm_stack import claims
from tests.slurm_stack.conf import CLUSTER
from tests.slurm_stack.missing import missing
from tests.slurm_stack.processes import Process
from tests.slurm_stack.stack import Stack
from workbench.periods import Window, hour_floor, moment
from workbench.services.slurm import follow
from workbench.slurm import sreport
from workbench.slurm.runner import Runner
from workbench.store.engine import Store
from workbench.units import GPU_PARTS

POLLS = 10
CEILING = 10**12


@contextmanager
def timed(what: str) -> Iterator[None]:
    clock, cpu = time.perf_counter(), _cpu()
    yield
    print(f"{what:44}{time.perf_counter() - clock:8.2f} s of clock{_cpu() - cpu:8.2f} s of CPU", flush=True)


def _cpu() -> float:
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def measure(stack: Stack, jobs: int, folder: Path) -> bool:
    """Print the figures; whether all sums are Slurm's own."""
    with timed(f"history: {jobs:,} jobs of {DAYS} days"):
        begin = insert(stack, jobs, int(time.time()))
    ceilings = dict.fromkeys(("climate", "genome", "tiny"), CEILING)
    centre = make_centre(folder / "state", {"cluster": CLUSTER, "conf": str(stack.conf)}, ceilings=ceilings)
    runner = Runner.of(centre.settings.slurm)
    with timed("slurmdbd adds it up (sacctmgr roll)"):
        runner.run("sacctmgr", "--immediate", "roll", f"{moment(begin):%Y-%m-%dT%H:%M:%S}", limit_s=600)
    with timed("first sacct to rollups and charges"):
        done = follow.poll(centre.store, runner, int(time.time()))
    print(f"  {done.taken}")
    now = int(time.time())
    for place in range(POLLS):
        with timed("poll with nothing new" if place == POLLS - 1 else "  poll"):
            follow.poll(centre.store, runner, now)
        time.sleep(0.2)
    until = hour_floor(int(time.time()))
    theirs = sreport.by_account(sreport.used(runner, CLUSTER, Window(begin, until)))
    ours = _by_project(centre.store, begin, until)
    for account in sorted(ours.keys() | theirs.keys()):
        print(f"  {account:10}{ours.get(account, 0):>14,} GPU-s, sreport {theirs.get(account, 0):>14,}")
    return bool(ours) and ours == theirs


def _by_project(store: Store, begin: int, until: int) -> dict[str, int]:
    ask = "SELECT project, sum(gpu_part_seconds) FROM rollup_hourly WHERE hour_at >= ? AND hour_at < ? GROUP BY project"
    with store.read() as conn:
        rows = conn.exec_driver_sql(ask, (begin, until)).all()
    return {project: parts // GPU_PARTS for project, parts in rows if parts}


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--jobs", type=int, default=100_000)
    given = asked.parse_args()
    if why := missing():
        print(f"No Slurm can run here: {why}")
        return 0
    folder = claims.public_folder("slurm-bench-")
    stack = Stack.start(folder, owner=Process.of(os.getpid()), nodes=1)
    try:
        with tempfile.TemporaryDirectory() as home:
            return 0 if measure(stack, given.jobs, Path(home)) else 1
    finally:
        stack.stop()


if __name__ == "__main__":
    sys.exit(main())
