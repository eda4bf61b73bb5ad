"""A scenario laid over a pool: its capacity, what a class keeps, its demand when it grows. GPUs are parts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np

from workbench.analytics.ahead import Demand
from workbench.analytics.sweep_arrays import Int64s
from workbench.periods import Window, epoch, moment
from workbench.services.whatif.scenario import ClassReservation
from workbench.units import BASIS_POINTS, DAY_S, GPU_PARTS, HOUR_S

Steps = tuple[tuple[int, int], ...]
Kept = tuple[tuple[int, int, int], ...]
LOT = 20_260_101
"""Seed of the lot by which demand grows: the same scenario has the same answer."""


def capacity(steps: Steps, at: int, more_parts: int) -> Steps:
    """The parts that jobs may take, with more (or, negative, fewer) from a moment on; never fewer than none."""
    if not more_parts:
        return steps
    before = [parts for since, parts in steps if since <= at][-1:]
    changed = [(at, max(0, parts + more_parts)) for parts in before]
    later = [(since, max(0, parts + more_parts)) for since, parts in steps if since > at]
    return (*((since, parts) for since, parts in steps if since < at), *changed, *later)


def kept_for(reservation: ClassReservation | None, window: Window, zone: ZoneInfo) -> Kept:
    """(start, end, parts) of each lesson that begins in a window: a week later at the same hour of the centre's."""
    if reservation is None:
        return ()
    first, length = moment(reservation.starts_at).astimezone(zone), reservation.hours * HOUR_S
    found: list[tuple[int, int, int]] = []
    for week in range(window.seconds // (7 * DAY_S) + 2 if reservation.weekly else 1):
        start = epoch((first.replace(tzinfo=None) + timedelta(weeks=week)).replace(tzinfo=zone))
        if window.start_s <= start < window.end_s:
            found.append((start, start + length, reservation.gpus * GPU_PARTS))
    return tuple(found)


def parts_kept(lessons: Kept, edges: Int64s) -> Int64s:
    """Part-seconds kept for the class in each bucket."""
    found = np.zeros(len(edges) - 1, dtype=np.int64)
    for start, end, parts in lessons:
        found += np.maximum(0, np.minimum(edges[1:], end) - np.maximum(edges[:-1], start)) * parts
    return found


def grown(jobs: Demand, starts: Sequence[int], growth_bp: int) -> Demand:
    """Demand that grows: of the jobs of each coming month as many more (or fewer), drawn by lot.

    Args:
        jobs: by submission.
        starts: of the coming months, UTC epoch seconds, ascending; in the first one demand has grown once.
        growth_bp: a month, compounded.
    """
    if not growth_bp:
        return jobs
    lot = np.random.default_rng(LOT)
    month = np.searchsorted(np.array(starts, dtype=np.int64), jobs.submit, side="right")
    wanted = (1 + growth_bp / BASIS_POINTS) ** month
    copies = wanted.astype(np.int64) + (lot.random(len(jobs)) < wanted % 1)
    row = np.repeat(np.arange(len(jobs)), copies)
    again = np.concatenate(([False], row[1:] == row[:-1])) if len(row) else np.zeros(0, dtype=bool)
    # What is new comes at another time of the same day, so that jobs do not come in pairs.
    submit = jobs.submit[row] + np.where(again, lot.integers(0, DAY_S, len(row)), 0)
    order = np.argsort(submit, kind="stable")
    return replace(jobs.take(row[order]), submit=submit[order])


def fitting(jobs: Demand, steps: Steps, window: Window) -> tuple[Demand, int]:
    """The jobs that fit the least capacity of a window, and how many are larger: those would wait for ever."""
    before = [parts for at, parts in steps if at <= window.start_s][-1:]
    least = min([*before, *(parts for at, parts in steps if window.start_s < at < window.end_s)], default=0)
    fits = jobs.parts <= least
    if fits.all():
        return jobs, 0
    return jobs.take(fits), int((~fits).sum())
