"""Demand for GPUs in the time ahead, and what a queue makes of it: plain arrays, one pool of GPUs.

Times are UTC epoch seconds, GPUs are parts (workbench.units). What is ahead repeats what was, week by week; what is new
is drawn by lot from jobs like those that will be.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from workbench.analytics.queue import WAITING
from workbench.analytics.sweep import Int64s
from workbench.periods import Window
from workbench.units import DAY_S

WEEK_S = 7 * DAY_S


@dataclass(frozen=True)
class Demand:
    """Jobs by submission: int64 arrays of one length. `new` marks those of the newcomer.

    owner: number of each job's project, from 0. limit: seconds that it was given to run, as the scheduler knows them.
    """

    submit: Int64s
    duration: Int64s
    parts: Int64s
    new: npt.NDArray[np.bool_]
    owner: Int64s
    limit: Int64s

    def __len__(self) -> int:
        return len(self.submit)

    def take(self, rows: Int64s | npt.NDArray[np.bool_]) -> "Demand":
        """Those of the jobs, in this order."""
        return Demand(*(getattr(self, one.name)[rows] for one in fields(self)))


def demand(
    submit: Int64s, duration: Int64s, parts: Int64s, *, new: bool = False, owner: Int64s | None = None
) -> Demand:
    """Of jobs in any order; a job of no length, or without GPU, asks for nothing and is left out.

    owner: not given: all are one's. The limit is the duration.
    """
    there = (duration > 0) & (parts > 0)
    order = np.flatnonzero(there)[np.argsort(submit[there], kind="stable")]
    whose = np.zeros(len(submit), dtype=np.int64) if owner is None else owner
    return Demand(submit, duration, parts, np.full(len(submit), new), whose, duration).take(order)


def both(one: Demand, other: Demand) -> Demand:
    """The jobs of two demands; of those submitted in the same second the first one's come first."""
    whole = Demand(*(np.concatenate((getattr(one, each.name), getattr(other, each.name))) for each in fields(one)))
    return whole.take(np.argsort(whole.submit, kind="stable"))


def repeated(seen: Demand, weeks: int, until: int) -> Demand:
    """What was, again and again until a moment: each laying so many weeks after the one before, weekday on weekday.

    Args:
        seen: submitted within `weeks` weeks.
        weeks: > 0.
        until: jobs submitted from then on are left out.
    """
    if not len(seen):
        return seen
    count = max(1, -(-(until - int(seen.submit[0])) // (weeks * WEEK_S)))
    shift = np.repeat(np.arange(count, dtype=np.int64) * weeks * WEEK_S, len(seen))
    again = seen.take(np.tile(np.arange(len(seen)), count))
    moved = replace(again, submit=again.submit + shift)
    return moved.take(moved.submit < until)


def drawn(
    donors: Demand, wanted: Sequence[tuple[Window, int]], seed: int, *, new: bool = False, owner: int = 0
) -> Demand:
    """Jobs that together ask for so much, drawn by lot from others: their size, length, weekday and time of day.

    Args:
        donors: at least one job.
        wanted: window and GPU part-seconds asked for in it, ≥ 0; the last job of each is cut to fit exactly.
        seed: of the lot.
        new: whether they are the newcomer's.
        owner: their project's number.
    """
    lot = np.random.default_rng(seed)
    each = np.maximum(1, donors.duration * donors.parts)
    found: list[tuple[Int64s, Int64s, Int64s]] = []
    for window, amount in wanted:
        if amount <= 0 or not window.seconds:
            continue
        row = _enough(each, amount, lot)
        duration, parts = donors.duration[row].copy(), donors.parts[row]
        before = int(each[row[:-1]].sum())
        duration[-1] = max(1, (amount - before) // int(parts[-1]))
        weeks = max(1, window.seconds // WEEK_S)
        since = (donors.submit[row] - window.start_s) % WEEK_S + lot.integers(0, weeks, len(row)) * WEEK_S
        found.append((window.start_s + since % window.seconds, duration, parts))
    if not found:
        nothing = np.zeros(0, dtype=np.int64)
        return demand(nothing, nothing, nothing, new=new)
    submit, duration, parts = (np.concatenate(column) for column in zip(*found, strict=True))
    return demand(submit, duration, parts, new=new, owner=np.full(len(submit), owner, dtype=np.int64))


def _enough(each: Int64s, amount: int, lot: np.random.Generator) -> Int64s:
    """Rows drawn until their sum reaches the amount."""
    rows: list[Int64s] = []
    have = 0
    count = max(1, int(amount / each.mean()) + 1)
    while have < amount:
        more = lot.integers(0, len(each), count)
        rows.append(more)
        have += int(each[more].sum())
    row = np.concatenate(rows)
    last = int(np.searchsorted(np.cumsum(each[row]), amount))
    return row[: last + 1]


def busy(jobs: Demand, start: Int64s, window: Window) -> int:
    """GPU part-seconds taken within a window by the jobs that have started."""
    began = start != WAITING
    low = np.maximum(start[began], window.start_s)
    high = np.minimum(start[began] + jobs.duration[began], window.end_s)
    return int((np.maximum(0, high - low) * jobs.parts[began]).sum())


def waits(jobs: Demand, start: Int64s, window: Window, until: int, *, new: bool = False) -> tuple[int, int] | None:
    """Median and 95th percentile of the wait, seconds, of the jobs submitted in a window; None where there is none.

    Args:
        jobs: what was asked for.
        start: of each, or WAITING.
        window: of submission.
        until: where the replay ended; a job that waits there has waited at least until then, and counts so.
        new: of the newcomer's jobs alone.
    """
    inside = (jobs.submit >= window.start_s) & (jobs.submit < window.end_s)
    if new:
        inside &= jobs.new
    if not inside.any():
        return None
    waited = np.where(start[inside] == WAITING, until, start[inside]) - jobs.submit[inside]
    median, high = np.percentile(waited, (50, 95))
    return round(float(median)), round(float(high))
