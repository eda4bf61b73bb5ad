"""How good a simulation is: a log replayed with its own capacity, held against what was.

The error of the busy curve is the sum over hours of |simulated − real| GPU time, over the real GPU time: 0 is the same
curve, moving every job to other hours is 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.analytics.ahead import Demand, waits
from workbench.analytics.queue import WAITING
from workbench.analytics.simulate import Policy, simulate
from workbench.analytics.sweep_arrays import Int64s, laid_out
from workbench.periods import Window
from workbench.units import HOUR_S

ALIKE = 0.005


@dataclass(frozen=True, slots=True)
class Replayed:
    """A policy's replay of a log. error: of the busy curve, see the module; None: nothing was busy.

    wait, real_wait: median and 95th percentile of the wait, seconds, simulated and as it was; None: no job.
    """

    policy: Policy
    error: float | None
    wait: tuple[int, int] | None
    real_wait: tuple[int, int] | None


def self_replay(
    jobs: Demand,
    real_start: Int64s,
    capacity: Sequence[tuple[int, int]],
    outages: Sequence[tuple[int, int, int]],
    policy: Policy,
    window: Window,
) -> Replayed:
    """The log under a policy, against its own starts.

    Args:
        jobs: of the log, by submission; those from before the window fill the machine.
        real_start: of each, as it was; WAITING where it had not started by the end of the window.
        capacity: as it was, see simulate.
        outages: as they were.
        policy: replayed.
        window: of comparison.
    """
    start = simulate(jobs, capacity, outages, policy, window.end_s)
    ours, real = (busy_hours(jobs, at, window) for at in (start, real_start))
    whole = int(real.sum())
    return Replayed(
        policy=policy,
        error=int(np.abs(ours - real).sum()) / whole if whole else None,
        wait=waits(jobs, start, window, window.end_s),
        real_wait=waits(jobs, real_start, window, window.end_s),
    )


def best_of(tries: Sequence[Replayed]) -> Replayed:
    """The one that comes nearest to what was.

    The GPUs in use hardly tell one rule from another, waits do: of those whose curve is not more than ALIKE worse than
    the best one's it is that with the nearest 95% wait; of equal ones the first.

    Raises:
        ValueError: there is none.
    """
    least = min(one.error or 0.0 for one in tries)

    def apart(one: Replayed) -> int:
        return abs(one.wait[1] - one.real_wait[1]) if one.wait and one.real_wait else 0

    return min((one for one in tries if (one.error or 0.0) <= least + ALIKE), key=apart)


def busy_hours(jobs: Demand, start: Int64s, window: Window) -> Int64s:
    """GPU(-part)-seconds in each hour from the window's first second on, by jobs that started; int64 [hour]."""
    edges = np.arange(window.start_s, window.end_s + HOUR_S, HOUR_S, dtype=np.int64)
    end = start + jobs.duration
    there = (start != WAITING) & (start < edges[-1]) & (end >= edges[0])
    one = np.zeros(int(there.sum()), dtype=np.int64)
    _key, sums = laid_out(start[there], end[there], one, {"busy": jobs.parts[there]}, edges)
    found: Int64s = sums["busy"][:-1] if len(one) else np.zeros(len(edges) - 1, dtype=np.int64)
    return found
