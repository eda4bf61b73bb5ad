"""A scheduler's simulation as one writes it by hand: heaps, lists and plain Python; the peer of benchmarks/whatif.py.

First come, first served, and EASY backfill, on one pool of one size, time limits exact. Same rules as
workbench.analytics.simulate, so its starts must be the same to the second.
"""

import heapq
from collections.abc import Sequence


def simulate(
    submit: Sequence[int], duration: Sequence[int], gpus: Sequence[int], capacity: int, *, backfill: bool, depth: int
) -> list[int]:
    """Start of each job, by submission, until all have started; each fits into the capacity."""
    start = [-1] * len(submit)
    running: list[tuple[int, int]] = []
    queue: list[int] = []
    free, arrived = capacity, 0
    while arrived < len(submit) or running:
        now = min(submit[arrived] if arrived < len(submit) else running[0][0], running[0][0] if running else 1 << 62)
        while running and running[0][0] <= now:
            free += heapq.heappop(running)[1]
        while arrived < len(submit) and submit[arrived] <= now:
            queue.append(arrived)
            arrived += 1
        begun, promise = set(), None
        for job in queue[:depth]:
            if not free:
                break
            if gpus[job] > free:
                if not backfill:
                    break
                promise = promise or _promised(running, free, gpus[job])
                continue
            if promise:
                shadow, extra = promise
                if now + duration[job] > shadow:
                    if gpus[job] > extra:
                        continue
                    promise = (shadow, extra - gpus[job])
            start[job] = now
            free -= gpus[job]
            heapq.heappush(running, (now + duration[job], gpus[job]))
            begun.add(job)
        if begun:
            queue[:depth] = [job for job in queue[:depth] if job not in begun]
    return start


def _promised(running: list[tuple[int, int]], free: int, wanted: int) -> tuple[int, int]:
    """When so many GPUs will be free, and how many beside them then."""
    ends = sorted(running)
    for place, (end, gpus) in enumerate(ends):
        free += gpus
        if free >= wanted and (place + 1 == len(ends) or ends[place + 1][0] > end):
            return end, free - wanted
    raise ValueError(f"a job of {wanted} GPUs is larger than the pool")
