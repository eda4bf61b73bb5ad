"""Who pays for the slices of a project's jobs (slice_prices): charge lines in the order in which they draw.

Slices draw on the project's awards by day, and within a day by their start (those that go on from the day before come
first), then by start, cluster and id of their jobs.

Two ways to the same lines: where no price and no award changes within a day and no ceiling is reached in it, whole runs
of days are computed at once; every other day goes slice by slice through domain.charging.charge_lines.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.domain.charging import AwardVersion, charge_lines, paying_award
from workbench.domain.pricelist import PriceList
from workbench.periods import Window
from workbench.services.charging.slice_prices import Bools, Int64s, PricedSlices, Slices, metered
from workbench.store.charged_jobs import ProjectJobs


@dataclass(frozen=True, slots=True)
class Lines:
    """Charge lines in drawing order; of a slice there are several where its day goes through `charge_lines`.

    slice: place in the slices. version: place in the price list, -1 unpriced (amounts are 0 then and mean nothing).
    award: place in the award versions, -1 none pays. listed, subsidy: minor units.
    """

    slice: Int64s
    seconds: Int64s
    version: Int64s
    award: Int64s
    listed: Int64s
    subsidy: Int64s


def charge_slices(
    jobs: ProjectJobs,
    slices: Slices,
    edges: Int64s,
    prices: PriceList,
    awards: Sequence[AwardVersion],
    drawn: Mapping[int, int],
    *,
    one_by_one: bool = False,
) -> Lines:
    """The charge lines of a project's slices.

    Args:
        jobs: of one project, in the order in which they draw within a day.
        slices: of these jobs.
        edges: of the days that `slices` counts.
        prices: the price list.
        awards: of the project, as usage may draw on them (domain.award_room).
        drawn: award → subsidy drawn before the first day, minor units.
        one_by_one: every day through `charge_lines`.
    """
    if not len(slices.job):
        return Lines(*(np.empty(0, dtype=np.int64) for _ in range(6)))
    rating = _Rating(jobs, slices, edges, prices, awards, dict(drawn))
    return rating.lines(one_by_one=one_by_one)


@dataclass(slots=True)
class _Rating:
    jobs: ProjectJobs
    slices: Slices
    edges: Int64s
    prices: PriceList
    awards: Sequence[AwardVersion]
    spent: dict[int, int]

    def lines(self, *, one_by_one: bool) -> Lines:
        slices, by_slice = self.slices, PricedSlices(self.jobs, self.slices, self.prices)
        days, offsets = np.unique(slices.day, return_index=True)
        offsets = np.append(offsets, len(slices.day))
        hard = np.logical_or.reduceat(by_slice.hard, offsets[:-1])
        stops = self._stops(days, hard)
        made: list[list[Any]] = []
        at = 0
        while at < len(days):
            until = at
            if not (one_by_one or hard[at]):
                until = next(stop for stop in stops if stop > at)
                until = self._at_once(by_slice, offsets, at, until, int(self.edges[days[at]]), made)
            if until == at:
                made.append(self._one_by_one(range(offsets[at], offsets[at + 1])))
                until += 1
            at = until
        return Lines(*(np.concatenate(column) for column in zip(*made, strict=True)))

    def _stops(self, days: Int64s, hard: Bools) -> list[int]:
        """Places in `days` at which another run begins; a day with an award's edge inside of it is made hard."""
        breaks = {len(days)}
        for edge in {edge for award in self.awards for edge in (award.start_s, award.end_s)}:
            holds = int(np.searchsorted(self.edges, edge, side="right")) - 1
            if 0 <= holds < len(self.edges) - 1:
                place = int(np.searchsorted(days, holds))
                breaks |= {place}
                if edge > self.edges[holds] and place < len(days) and days[place] == holds:
                    hard[place] = True
        breaks |= set(np.flatnonzero(hard).tolist())
        return sorted(breaks)

    def _at_once(
        self, by_slice: PricedSlices, offsets: Int64s, first: int, until: int, second: int, made: list[list[Any]]
    ) -> int:
        """Lines of the days [first, until) before that in which a ceiling is reached; the place where it stopped."""
        paying = paying_award(self.awards, second, self.spent)
        rows = slice(offsets[first], offsets[until])
        subsidy = np.zeros(offsets[until] - offsets[first], dtype=np.int64)
        if paying is not None:
            subsidy = by_slice.subsidy(rows, paying.rate_bp)
            by_day = np.add.reduceat(subsidy, offsets[first:until] - offsets[first])
            left = paying.ceiling_minor - self.spent.get(paying.award, 0)
            reached = np.flatnonzero(np.cumsum(by_day) >= left)
            if paying.rate_bp and len(reached):
                until = first + int(reached[0])
                rows = slice(offsets[first], offsets[until])
                subsidy = subsidy[: offsets[until] - offsets[first]]
            self.spent[paying.award] = self.spent.get(paying.award, 0) + int(subsidy.sum())
        if until == first:
            return first
        version = by_slice.version[rows]
        award = np.full(len(version), -1, dtype=np.int64)
        if paying is not None:
            award[version >= 0] = self.awards.index(paying)
        seconds = self.slices.end[rows] - self.slices.start[rows]
        made.append([np.arange(rows.start, rows.stop), seconds, version, award, by_slice.listed(rows), subsidy])
        return until

    def _one_by_one(self, places: range) -> list[Any]:
        names = {version.name: place for place, version in enumerate(self.prices.versions)}
        awards = {(award.award, award.version): place for place, award in enumerate(self.awards)}
        rows = []
        for place in places:
            job = metered(self.jobs, int(self.slices.job[place]))
            within = Window(int(self.slices.start[place]), int(self.slices.end[place]))
            for line in charge_lines(job, self.prices, self.awards, self.spent, within=within):
                award = -1 if line.award is None else awards[line.award, line.award_version]
                if line.list_minor is None or line.subsidy_minor is None:
                    rows.append((place, line.seconds, -1, -1, 0, 0))
                    continue
                if line.award is not None:
                    self.spent[line.award] = self.spent.get(line.award, 0) + line.subsidy_minor
                version = names[line.price_version]
                rows.append((place, line.seconds, version, award, line.list_minor, line.subsidy_minor))
        return list(np.array(rows, dtype=np.int64).T)
