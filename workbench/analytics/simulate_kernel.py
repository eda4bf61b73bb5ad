"""The compiled loop of the simulated scheduler: one function, for every step shares its arrays.

Only analytics.simulate imports it, when it is asked: loading the compiler takes a second.
"""

import heapq
from typing import Any

import numpy as np
from numba import njit

from workbench.analytics.queue import WAITING
from workbench.analytics.sweep_arrays import Int64s

FAR = np.iinfo(np.int64).max


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _in_order(known: Int64s, fresh: Int64s, ended: Any, start: Int64s, limit: Int64s) -> Int64s:  # pragma: no cover
    """The jobs of both that have not ended, by the end that their limit says; `known` are so already."""
    new = fresh[~ended[fresh]]
    new = new[np.argsort(start[new] + limit[new], kind="mergesort")]
    both = np.empty(len(known) + len(new), dtype=np.int64)
    count, k, n = 0, 0, 0
    while k < len(known) or n < len(new):
        if k < len(known) and ended[known[k]]:
            k += 1
            continue
        if n == len(new) or (k < len(known) and start[known[k]] + limit[known[k]] <= start[new[n]] + limit[new[n]]):
            both[count] = known[k]
            k += 1
        else:
            both[count] = new[n]
            n += 1
        count += 1
    return both[:count]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def run(  # pragma: no cover  (compiled)
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
    # Running jobs by their real end; and by the end that their limit says, which only a promise asks for: those that
    # were in order when it last did, and those that began since.
    running = [(np.int64(0), np.int64(0)) for _ in range(0)]
    ended = np.zeros(jobs, dtype=np.bool_)
    known, fresh = np.zeros(0, dtype=np.int64), np.zeros(64, dtype=np.int64)
    recent = 0
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
            ended[job] = True
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
                if recent == len(fresh):
                    fresh = np.concatenate((fresh, np.zeros(recent, dtype=np.int64)))
                fresh[recent] = job
                recent += 1
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
            if recent:
                known, recent = _in_order(known, fresh[:recent], ended, start, limit), 0
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
                while gone < len(known) and ended[known[gone]]:
                    gone += 1
                if gone < len(known):
                    later = min(later, start[known[gone]] + limit[known[gone]])
                for k in range(len(changes)):
                    if changes[k] > at:
                        later = min(later, changes[k])
                        break
                if later == FAR:
                    break
                at = later
                while gone < len(known) and (ended[known[gone]] or start[known[gone]] + limit[known[gone]] <= at):
                    back += 0 if ended[known[gone]] else gpus[known[gone]]
                    gone += 1
