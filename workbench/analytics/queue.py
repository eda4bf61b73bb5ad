"""A replay's queue: when each job of a partition starts, first come first served, on a capacity that changes.

The sample centre is made with it, and the preview before the vote asks it about the months ahead. GPUs may be counted
whole or in parts (workbench.units), as long as jobs and capacity are counted alike.

The rule, in full. A partition is one pool of GPUs. Whenever a job arrives or ends, or the capacity changes, the waiting
jobs are looked at in the order in which they came, at most `DEPTH` of them (Slurm's own bf_max_job_test), and each
that fits starts. One that does not fit lets later ones go past, until it has waited `HOLD_S`: then nothing behind it
starts before it. Before a planned outage only so many GPUs go to jobs that would still run when it begins as will be
left then (a maintenance reservation), so nothing is cut short and no more GPUs are in use than can be.

The rule looks only backwards: what happened until a moment never depends on jobs that come later. So a replay until
today is the beginning of the replay until tomorrow.
"""

import heapq
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from workbench.analytics.sweep import Int64s

DEPTH = 100
HOLD_S = 24 * 3600
WAITING = -1
"""Start of a job that has not started by the end of the replay."""


def start_times(
    submit: Int64s,
    duration: Int64s,
    gpus: Int64s,
    capacity: Sequence[tuple[int, int]],
    outages: Sequence[tuple[int, int, int]],
    until: int,
) -> Int64s:
    """Start of each job of one partition, or WAITING.

    Args:
        submit: epoch seconds, ascending; int64.
        duration: run time, seconds > 0; int64.
        gpus: GPUs or GPU parts > 0; int64.
        capacity: (from, GPUs that jobs may take), ascending; none before the first.
        outages: (start, end, GPUs that jobs may not take meanwhile).
        until: starts at or after this moment are left out.

    Returns:
        int64, epoch seconds, as long as `submit`.
    """
    steps = np.array(sorted({(int(t), 0, int(n)) for t, n in capacity}), dtype=np.int64).reshape(-1, 3)
    out = np.array(sorted(outages), dtype=np.int64).reshape(-1, 3)
    started: Int64s = _compiled()(submit, duration, gpus, steps[:, 0].copy(), steps[:, 2].copy(), out, until)
    return started


@cache
def _compiled() -> Callable[..., Any]:
    from numba import njit  # here: most who import this package need no compiler

    compiled: Callable[..., Any] = njit(cache=True)(_run)
    return compiled


def _run(  # pragma: no cover  (compiled)
    submit: Int64s,
    duration: Int64s,
    gpus: Int64s,
    step_at: Int64s,
    step_gpus: Int64s,
    outages: Int64s,
    until: int,
) -> Int64s:
    jobs, changes = len(submit), np.sort(np.concatenate((step_at, outages[:, 0], outages[:, 1])))
    start = np.full(jobs, WAITING, dtype=np.int64)
    after = np.full(jobs + 1, -1, dtype=np.int64)  # linked list of waiting jobs; the last place holds its head
    head, tail = jobs, jobs
    held = np.zeros(len(outages), dtype=np.int64)  # GPUs of running jobs that cross the beginning of each outage
    running = [(np.int64(0), np.int64(0)) for _ in range(0)]
    used = np.int64(0)
    arrived, changed = 0, 0
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
        while len(running) > 0 and running[0][0] <= now:
            used -= heapq.heappop(running)[1]
        while changed < len(changes) and changes[changed] <= now:
            changed += 1
        while arrived < jobs and submit[arrived] <= now:
            after[tail] = arrived
            tail = arrived
            arrived += 1
        free = -used
        for k in range(len(step_at)):
            if step_at[k] <= now:
                free = step_gpus[k] - used
        for k in range(len(outages)):
            if outages[k, 0] <= now < outages[k, 1]:
                free -= outages[k, 2]
        before, looked = head, 0
        while after[before] != -1 and looked < DEPTH and free > 0:
            job = after[before]
            looked += 1
            end, fits, reserved = now + duration[job], gpus[job] <= free, False
            for k in range(len(outages)):
                if now < outages[k, 0] < end:
                    there = 0
                    for s in range(len(step_at)):
                        if step_at[s] <= outages[k, 0]:
                            there = step_gpus[s] - outages[k, 2]
                    if held[k] + gpus[job] > there:
                        reserved = True
            if fits and not reserved:
                start[job] = now
                free -= gpus[job]
                used += gpus[job]
                for k in range(len(outages)):
                    if now < outages[k, 0] < end:
                        held[k] += gpus[job]
                heapq.heappush(running, (end, gpus[job]))
                after[before] = after[job]
                if tail == job:
                    tail = before
            elif not reserved and now - submit[job] >= HOLD_S:
                break
            else:
                before = job
