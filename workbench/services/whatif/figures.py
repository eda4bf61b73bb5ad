"""What a replay says: occupancy and waits of stretches of time. Exact part-seconds; None is unknown."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from workbench.analytics.ahead import Demand
from workbench.analytics.kernel import accumulate, cut, finish
from workbench.analytics.queue import WAITING
from workbench.analytics.sweep_arrays import Int64s
from workbench.units import BASIS_POINTS


@dataclass(frozen=True, slots=True)
class Stretch:
    """[start_s, end_s). busy: part-seconds of jobs; kept: those kept for a class; there: in service less outages.

    Waits, in seconds, are those of the `jobs` submitted in it; one that still waits at the replay's end has waited at
    least until then, and counts so. submitted: how many jobs there are.
    """

    start_s: int
    end_s: int
    busy: int | None
    kept: int
    there: int | None
    submitted: int | None
    wait_median_s: int | None
    wait_p95_s: int | None

    @property
    def occupancy_bp(self) -> int | None:
        """Taken by jobs and by the class, basis points of what is there."""
        if self.busy is None or not self.there:
            return None
        return round(BASIS_POINTS * (self.busy + self.kept) / self.there)


@dataclass(frozen=True, slots=True)
class Case:
    """One side of an answer. weeks and months: of the year answered for, `whole`: all of it. waiting: jobs submitted in
    it that have not started at its end. fund_left_minor: at the end of each month. fund_lasts_until: None: over a
    century.
    """

    weeks: tuple[Stretch, ...]
    months: tuple[Stretch, ...]
    whole: Stretch
    waiting: int | None
    fund_left_minor: tuple[int, ...]
    fund_lasts_until: date | None


@dataclass(frozen=True)
class Run:
    """Jobs, and the start that the queue gave each by `until`."""

    jobs: Demand
    start: Int64s
    until: int

    def busy(self, edges: Int64s) -> Int64s:
        """Part-seconds in each bucket."""
        began = self.start != WAITING
        start, alone, cuts = self.start[began], np.zeros(int(began.sum()), dtype=np.int64), cut(edges)
        part, step = (np.zeros((1, len(edges)), dtype=np.int64) for _array in range(2))
        accumulate(start, start + self.jobs.duration[began], self.jobs.parts[began], alone, cuts, part, step)
        return finish(part, step, cuts)[0, :-1]

    def waits(self, start_s: int, end_s: int) -> tuple[int, int | None, int | None]:
        """How many jobs were submitted, the median and the 95th percentile of their waits in seconds."""
        low, high = np.searchsorted(self.jobs.submit, (start_s, end_s))
        if low == high:
            return 0, None, None
        start = self.start[low:high]
        waited = np.where(start == WAITING, self.until, start) - self.jobs.submit[low:high]
        median, most = np.percentile(waited, (50, 95))
        return int(high - low), round(float(median)), round(float(most))

    def waiting(self, start_s: int, end_s: int) -> int:
        """Jobs submitted in a stretch that have not started at its end."""
        low, high = np.searchsorted(self.jobs.submit, (start_s, end_s))
        start = self.start[low:high]
        return int(((start == WAITING) | (start >= end_s)).sum())


def stretches(
    run: Run | None, edges: Int64s, there: Int64s | None, kept: Int64s, *, waits: bool
) -> tuple[Stretch, ...]:
    """One of each bucket. there: part-seconds in service, None unknown; kept: for the class. No run: all is unknown."""
    busy = run.busy(edges) if run else None
    found = []
    for place, (start, end) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)):
        said = run.waits(start, end) if run and waits else (None, None, None)
        found.append(
            Stretch(
                start,
                end,
                None if busy is None else int(busy[place]),
                int(kept[place]),
                None if there is None else int(there[place]),
                *said,
            )
        )
    return tuple(found)
