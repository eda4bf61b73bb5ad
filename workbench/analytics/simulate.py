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

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np

from workbench.analytics.ahead import Demand, demand
from workbench.analytics.queue import WAITING, start_times
from workbench.analytics.sweep_arrays import Int64s
from workbench.units import DAY_S

FAR = np.iinfo(np.int64).max

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
    started: Int64s = _compiled()(
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


@cache
def _compiled() -> Callable[..., Any]:
    from numba import njit  # here: most who import this package need no compiler

    compiled: Callable[..., Any] = njit(cache=True, nogil=True)(_run)
    return compiled


def _run(  # pragma: no cover  (compiled: one function, for its arrays are shared by every step)
    submit: Int64s,
    duration: Int64s,
    limit: Int64s,
    gpus: Int64s,
    owner: Int64s,
    step_at: Int64s,
    step_gpus: Int64s,
    outages: Int64s,
    share: Any,
    until: int,
    fair: bool,  # noqa: FBT001  (compiled code has no keywords)
    backfill: bool,  # noqa: FBT001
    depth: int,
    each: int,
    half_life: float,
    hold: int,
) -> Int64s:
    jobs, owners, outs = len(submit), len(share), len(outages)
    changes = np.sort(np.concatenate((step_at, outages[:, 0], outages[:, 1])))
    start = np.full(jobs, WAITING, dtype=np.int64)
    # Waiting jobs as linked lists: of all (place `jobs` is both its ends), and of each owner (places jobs + 1 + owner).
    after, before = np.arange(jobs + 1), np.arange(jobs + 1)
    own_after, own_before = np.arange(jobs + 1 + owners), np.arange(jobs + 1 + owners)
    # Running jobs: by their real end, and by the end that their limit says, with GPUs; the latter kept sorted.
    running = [(np.int64(0), np.int64(0)) for _ in range(0)]
    said_end, said_gpus, said = np.zeros(64, dtype=np.int64), np.zeros(64, dtype=np.int64), 0
    held = np.zeros(outs, dtype=np.int64)  # GPUs of running jobs that may still run when each outage begins
    usage, taken = np.zeros(owners), np.zeros(owners)
    queue, order = np.zeros(depth, dtype=np.int64), np.zeros(owners, dtype=np.int64)
    used, last = np.int64(0), np.int64(0)
    arrived, changed, waiting = 0, 0, 0
    while True:
        now: Any = until
        if arrived < jobs:
            now = min(now, submit[arrived])
        if len(running) > 0:
            now = min(now, running[0][0])
        if changed < len(changes):
            now = min(now, changes[changed])
        if now >= until:
            return start
        if fair and now > last:
            kept = 2.0 ** (-(now - last) / half_life)
            gain = (1.0 - kept) * half_life / 0.6931471805599453
            for one in range(owners):
                usage[one] = usage[one] * kept + taken[one] * gain
        last = now
        while len(running) > 0 and running[0][0] <= now:
            job = heapq.heappop(running)[1]
            used -= gpus[job]
            taken[owner[job]] -= gpus[job]
            end = start[job] + limit[job]
            place = np.searchsorted(said_end[:said], end)
            while said_gpus[place] != gpus[job]:
                place += 1  # another that is to end at the same moment
            said -= 1
            for k in range(place, said):
                said_end[k], said_gpus[k] = said_end[k + 1], said_gpus[k + 1]
            for k in range(outs):
                if now < outages[k, 0] < end:
                    held[k] -= gpus[job]
        while changed < len(changes) and changes[changed] <= now:
            changed += 1
        while arrived < jobs and submit[arrived] <= now:
            tail = before[jobs]
            after[tail], before[arrived], after[arrived], before[jobs] = arrived, tail, jobs, arrived
            own = jobs + 1 + owner[arrived]
            tail = own_before[own]
            own_after[tail], own_before[arrived], own_after[arrived], own_before[own] = arrived, tail, own, arrived
            arrived += 1
            waiting += 1
        there = np.int64(0)
        for k in range(len(step_at)):
            if step_at[k] <= now:
                there = step_gpus[k]
        free = there - used
        for k in range(outs):
            if outages[k, 0] <= now < outages[k, 1]:
                free -= outages[k, 2]
        if waiting == 0 or free <= 0:
            continue
        # The jobs that are looked at, in the policy's order.
        count, job = 0, after[jobs]
        if not fair:
            while job != jobs and count < depth:
                queue[count] = job
                count += 1
                job = after[job]
        else:
            while job != jobs and count < depth and now - submit[job] >= hold:
                queue[count] = job
                count += 1
                job = after[job]
            there_are = 0
            for one in range(owners):
                if own_after[jobs + 1 + one] != jobs + 1 + one:
                    order[there_are] = one
                    there_are += 1
            key = usage[order[:there_are]] / share[order[:there_are]]
            for one in order[:there_are][np.argsort(key, kind="mergesort")]:
                job, mine = own_after[jobs + 1 + one], 0
                while job != jobs + 1 + one and mine < each and count < depth:
                    if now - submit[job] < hold:
                        queue[count] = job
                        count += 1
                        mine += 1
                    job = own_after[job]
        promised, shadow, extra = False, np.int64(0), np.int64(0)
        for n in range(count):
            job = queue[n]
            end, may = now + limit[job], gpus[job] <= free
            if promised and may and end > shadow and gpus[job] > extra:
                continue
            if may:
                for k in range(outs):
                    if now < outages[k, 0] < end:
                        left = np.int64(0)
                        for s in range(len(step_at)):
                            if step_at[s] <= outages[k, 0]:
                                left = step_gpus[s] - outages[k, 2]
                        if held[k] + gpus[job] > left:
                            may = False
            if may:
                start[job] = now
                free -= gpus[job]
                used += gpus[job]
                taken[owner[job]] += gpus[job]
                waiting -= 1
                if promised and end > shadow:
                    extra -= gpus[job]
                for k in range(outs):
                    if now < outages[k, 0] < end:
                        held[k] += gpus[job]
                heapq.heappush(running, (now + duration[job], np.int64(job)))
                if said == len(said_end):
                    said_end = np.concatenate((said_end, np.zeros(said, dtype=np.int64)))
                    said_gpus = np.concatenate((said_gpus, np.zeros(said, dtype=np.int64)))
                place = np.searchsorted(said_end[:said], end)
                for k in range(said, place, -1):
                    said_end[k], said_gpus[k] = said_end[k - 1], said_gpus[k - 1]
                said_end[place], said_gpus[place] = end, gpus[job]
                said += 1
                after[before[job]], before[after[job]] = after[job], before[job]
                own_after[own_before[job]], own_before[own_after[job]] = own_after[job], own_before[job]
                continue
            if promised:
                continue
            if not backfill:
                break
            # The first that may not start: when will it? Looked for at the ends of running jobs, of outages, and where
            # the capacity changes, at each with what is free by then.
            # One that will never fit is promised nothing and holds nobody.
            at, gone, back = now, 0, np.int64(0)
            while True:
                room = -used + back
                level = np.int64(0)
                for s in range(len(step_at)):
                    if step_at[s] <= at:
                        level = step_gpus[s]
                room += level
                for k in range(outs):
                    if outages[k, 0] <= at < outages[k, 1]:
                        room -= outages[k, 2]
                fits = room >= gpus[job]
                if fits:
                    for k in range(outs):
                        if at < outages[k, 0] < at + limit[job]:
                            left = np.int64(0)
                            for s in range(len(step_at)):
                                if step_at[s] <= outages[k, 0]:
                                    left = step_gpus[s] - outages[k, 2]
                            if held[k] + gpus[job] > left:
                                fits = False
                if fits and at > now:
                    promised, shadow, extra = True, at, room - gpus[job]
                    break
                later: Any = FAR
                if gone < said:
                    later = min(later, said_end[gone])
                for k in range(len(changes)):
                    if changes[k] > at:
                        later = min(later, changes[k])
                        break
                if later == FAR:
                    break
                at = later
                while gone < said and said_end[gone] <= at:
                    back += said_gpus[gone]
                    gone += 1
