"""What the slices of jobs cost at list price: a slice is one job in one calendar day of the centre.

Of each slice the rounded list cost of its job until its start and until its end: the difference is its own, so that the
slices of a job add up to it. Computed in int64, exactly: prices are fractions in lowest terms, rounding is on integers;
what might not fit, and jobs that go on after a price has changed, are computed by hand (domain.job_price).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.domain.job_price import SCALE, Metered, exact_until, terms_of
from workbench.domain.pricelist import PriceList
from workbench.store.charged_jobs import ProjectJobs
from workbench.units import BASIS_POINTS, divide_half_even

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
ROOM = 2**62
"""Products stay below it, twice a remainder fits then too."""


@dataclass(frozen=True, slots=True)
class Slices:
    """Slices in drawing order: place of the job in its arrays, number of the day, [start, end) in epoch seconds."""

    job: Int64s
    day: Int64s
    start: Int64s
    end: Int64s


def slices_of(jobs: ProjectJobs, edges: Int64s) -> Slices:
    """The slices of jobs in the days [edges[i], edges[i + 1]), in drawing order; jobs of no length have none."""
    start, end = np.maximum(jobs.start, edges[0]), np.minimum(jobs.end, edges[-1])
    some = np.flatnonzero(start < end)
    start, end = start[some], end[some]
    first = np.searchsorted(edges, start, side="right") - 1
    count = np.searchsorted(edges, end, side="left") - first
    ends = np.cumsum(count)
    within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - count, count)
    day = np.repeat(first, count) + within
    order = np.argsort(day, kind="stable")
    of = np.repeat(np.arange(len(some)), count)[order]
    day = day[order]
    return Slices(some[of], day, np.maximum(start[of], edges[day]), np.minimum(end[of], edges[day + 1]))


class PricedSlices:
    """For each slice its version of the price list and the rounded list cost of its job up to its start and its end.

    hard: a price changes inside of it; its numbers mean nothing.
    """

    def __init__(self, jobs: ProjectJobs, slices: Slices, prices: PriceList) -> None:
        edges = sorted({edge for v in prices.versions for edge in (v.start_s, v.end_s) if edge is not None})
        of = slices.job
        at = np.array(edges, dtype=np.int64)
        stretch = np.searchsorted(at, slices.start, side="right")
        began = np.searchsorted(at, jobs.start, side="right")[of]
        self.hard: Bools = np.searchsorted(at, slices.end, side="left") > stretch
        kind, price, places = _price_table(jobs, prices, edges)
        over, under, priced = price
        self.version = np.where(priced[kind[of], stretch], places[stretch], -1)
        p, q = over[kind[of], stretch], under[kind[of], stretch]
        after, before = slices.end - jobs.start[of], slices.start - jobs.start[of]
        fits = (began == stretch) & (p >= 0) & (p <= ROOM // np.maximum(after, 1))
        self._before = _rounded(np.where(fits, p * np.where(fits, before, 0), 0), q)
        self._after = _rounded(np.where(fits, p * np.where(fits, after, 0), 0), q)
        for place in np.flatnonzero(~fits & ~self.hard):
            job = metered(jobs, int(of[place]))
            ends = (int(slices.start[place]), int(slices.end[place]))
            cents = [divide_half_even(exact_until(job, prices, end), SCALE) for end in ends]
            if cents[1] * BASIS_POINTS >= ROOM:
                self.hard[place] = True
            else:
                self._before[place], self._after[place] = cents
        self.hard |= self._after > ROOM // BASIS_POINTS

    def listed(self, rows: slice) -> Int64s:
        found: Int64s = self._after[rows] - self._before[rows]
        return found

    def subsidy(self, rows: slice, rate_bp: int) -> Int64s:
        """What an award of this rate pays; 0 of what has no price."""
        under = np.int64(BASIS_POINTS)
        before, after = (np.where(self.hard[rows], 0, cents[rows]) for cents in (self._before, self._after))
        paid: Int64s = _rounded(after * rate_bp, under) - _rounded(before * rate_bp, under)
        return np.where(self.version[rows] >= 0, paid, 0)


def metered(jobs: ProjectJobs, place: int) -> Metered:
    """One of the jobs as `charge_lines` takes it."""
    cores, mem = int(jobs.cores[place]), int(jobs.mem[place])
    return Metered(
        job=jobs.job_id[place],
        start_s=int(jobs.start[place]),
        end_s=int(jobs.end[place]),
        gpu_model=jobs.model[place] or None,
        gpu_parts=int(jobs.parts[place]),
        cpu_cores=None if cores < 0 else cores,
        mem_mib=None if mem < 0 else mem,
        partition=jobs.partition[place],
    )


def _price_table(
    jobs: ProjectJobs, prices: PriceList, edges: Sequence[int]
) -> tuple[Int64s, tuple[Int64s, Int64s, Bools], Int64s]:
    """The kind of each job; of kind × stretch between price edges: minor units a second as over/under, and whether.

    The last array says for each stretch which version of the list holds in it, -1 none. over -1: does not fit int64.
    """
    code = np.zeros(len(jobs.start), dtype=np.int64)
    columns: tuple[npt.NDArray[Any], ...] = (jobs.partition, jobs.model, jobs.parts, jobs.cores)
    if any(version.nodes for version in prices.versions):
        columns += (jobs.mem,)  # elsewhere memory has no say, and makes no kind of its own
    for values in columns:
        codes, distinct = pd.factorize(values)
        # Made dense again each time, so that no product of counts can overflow.
        code = pd.factorize(code * len(distinct) + codes)[0].astype(np.int64)
    _, first, kind = np.unique(code, return_index=True, return_inverse=True)
    seconds = [edges[0] - 1, *edges] if edges else [0]
    held = [prices.at(second) for second in seconds]
    shape = (len(first), len(held))
    over, under, priced = np.zeros(shape, np.int64), np.ones(shape, np.int64), np.zeros(shape, np.bool_)
    for row, place in enumerate(first.tolist()):
        job = metered(jobs, place)
        for column, version in enumerate(held):
            terms = terms_of(job, version)
            common = gcd(terms.per_second, SCALE)
            p, q = terms.per_second // common, SCALE // common
            priced[row, column] = terms.share is not None
            over[row, column], under[row, column] = (p, q) if max(p, q) < ROOM else (-1, 1)
    places = np.array([-1 if v is None else prices.versions.index(v) for v in held], dtype=np.int64)
    return kind, (over, under, priced), places


def _rounded(over: Int64s, under: Int64s | np.int64) -> Int64s:
    """The quotients as whole numbers, halves to even (as units.divide_half_even); `over` ≥ 0, both below ROOM."""
    quotient, rest = np.divmod(over, under)
    twice = 2 * rest
    found: Int64s = quotient + ((twice > under) | ((twice == under) & (quotient % 2 == 1)))
    return found
