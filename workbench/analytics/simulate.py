"""A scheduler, simulated: when each job of one pool of GPUs starts, under a policy, on a capacity that changes.

Discrete events: a job comes, a job ends, the capacity changes. At each the waiting jobs are looked at in the policy's
order, and those that may start do. The policies:

- first come, first served: nothing goes past the first that does not fit;
- backfill: the first that does not fit is promised the earliest moment at which it will (its reservation, by the time
  limits of the jobs that run); a later one may go past if it does not delay that (EASY: Lifka 1995; Mu'alem &
  Feitelson 2001), and `depth` of them are looked at (Slurm's bf_max_job_test);
- fair share: the same, ordered by what each project has used of late (half of it is forgotten in each half-life,
  Slurm's PriorityDecayHalfLife) over its share, at most `each` jobs of a project looked at; within a project first come
  first. Who has waited for `hold_s` comes before all others, so that nobody waits for ever;
- greedy: the rule by which the sample centre is made (analytics.queue).

Before a planned outage, or time kept for a class, only so many GPUs go to jobs that may still run when it begins as
will be left then. Nothing is cut short. What happens until a moment never depends on jobs that come later. GPUs may be
counted whole or in parts, as long as jobs and capacity are counted alike; times are UTC epoch seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from workbench.analytics.ahead import Demand, demand
from workbench.analytics.queue import start_times
from workbench.analytics.sweep_arrays import Int64s
from workbench.units import DAY_S

Name = Literal["greedy", "fifo", "backfill", "fair-share"]


@dataclass(frozen=True, slots=True)
class Policy:
    """In which order waiting jobs start. half_life_s, hold_s: seconds; depth, each: jobs looked at."""

    name: Name
    depth: int = 100
    each: int = 20
    half_life_s: int = 7 * DAY_S
    hold_s: int = 7 * DAY_S


POLICIES: dict[str, Policy] = {name: Policy(name) for name in ("greedy", "fifo", "backfill", "fair-share")}


def simulate(
    jobs: Demand,
    capacity: Sequence[tuple[int, int]],
    outages: Sequence[tuple[int, int, int]],
    policy: Policy,
    until: int,
    shares: Int64s | None = None,
) -> Int64s:
    """When each job starts.

    Args:
        jobs: by submission; `limit` is what the scheduler knows of a job's length, at least its duration.
        capacity: (from, GPUs that jobs may take), ascending; none before the first.
        outages: (start, end, GPUs that jobs may not take meanwhile), known from the beginning.
        policy: see the module.
        until: starts at or after this moment are left out.
        shares: of each owner, > 0; None: all alike.

    Returns:
        int64, epoch seconds, as long as the jobs; WAITING where it does not start before `until`.
    """
    if policy.name == "greedy":
        return start_times(jobs.submit, jobs.duration, jobs.parts, capacity, outages, until)
    steps = np.array(sorted({(int(at), int(gpus)) for at, gpus in capacity}), dtype=np.int64).reshape(-1, 2)
    out = np.array(sorted(outages), dtype=np.int64).reshape(-1, 3)
    owners = int(jobs.owner.max()) + 1 if len(jobs) else 1
    weight = np.ones(owners) if shares is None else np.asarray(shares, dtype=np.float64)
    limit = np.maximum(jobs.limit, jobs.duration)
    rule = (policy.name == "fair-share", policy.name != "fifo", policy.depth, policy.each)
    from workbench.analytics.simulate_kernel import run  # here: most who import this package need no compiler

    started: Int64s = run(
        jobs.submit, jobs.duration, limit, jobs.parts, jobs.owner,
        steps[:, 0].copy(), steps[:, 1].copy(), out, weight, until, *rule, float(policy.half_life_s), policy.hold_s,
    )  # fmt: skip
    return started


def warm() -> None:
    """Compile, or load what was compiled before: the first question need not wait for it."""
    one = np.ones(1, dtype=np.int64)
    jobs = demand(one, one, one)
    for policy in POLICIES.values():
        simulate(jobs, [(0, 1)], [], policy, 10)
