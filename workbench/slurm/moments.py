"""When a job of a row ran: its submit, start and end as UTC seconds, and for how long of that it counts.

Times without an offset are the cluster's wall clock; where clocks went back, Elapsed says which hour it was.
A suspended job gives its cores free and keeps its cards: sreport leaves that time out of cpu and counts it in gres/gpu.
So a job with GPUs is used in [start, end), one without in [start, end − suspended). Elapsed never has suspended time.
Source: sacct(1), "Elapsed", "Suspended"; sreport of Slurm 22.05, measured.
"""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from workbench.analytics.parsed import LONGEST_S
from workbench.periods import iso
from workbench.slurm.allocated import Cell, Unusable
from workbench.slurm.times import elapsed_seconds, wall_seconds
from workbench.wallclock import LATEST_S, Clock


@dataclass(frozen=True, slots=True)
class Times:
    """What a row says of time: readings of each moment (none: not yet; two: clocks went back), and its seconds."""

    submit: tuple[int, ...]
    start: tuple[int, ...]
    end: tuple[int, ...]
    elapsed: int | None
    suspended: int | None


class TimeReader:
    """Reads them on one clock.

    clock_differs: jobs in which End − Start is not Elapsed and suspended time; on_the_wall: a time had no offset.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.clock = Clock(zone)
        self.clock_differs = 0
        self.on_the_wall = False

    def times(self, cell: Cell) -> Times:
        """Of one row.

        Raises:
            Unusable: one of them cannot be read.
        """
        submit, start, end = (self._moment(cell, name) for name in ("submit", "start", "end"))
        try:
            elapsed = elapsed_seconds(cell("elapsedraw") or cell("elapsed"))
            suspended = elapsed_seconds(cell("suspended"))
        except ValueError as problem:
            raise Unusable("no elapsed time", str(problem)) from problem
        if suspended is not None and suspended > LONGEST_S:
            raise Unusable("no elapsed time", f"it was suspended for {suspended} s, more than ten years")
        return Times(submit, start, end, elapsed, suspended)

    def span(self, times: Times, *, runs_on: bool, keeps: bool) -> tuple[int, int | None, int | None]:
        """Start and end of what is used, as all that the row says leaves possible, and until when that is known.

        Args:
            times: of the row.
            runs_on: it has no end yet (None is given for it).
            keeps: suspended time counts: it has GPUs.

        Raises:
            Unusable: it can have been at two times, or was suspended for longer than it ran.
        """
        elapsed, suspended = times.elapsed, times.suspended or 0
        held = suspended if keeps else 0
        start_at, end_at = self._ran(times, elapsed, suspended, runs_on=runs_on)
        if end_at is not None:
            return start_at, end_at + held, end_at + held
        return start_at, None, None if elapsed is None else start_at + elapsed + held

    def _ran(self, times: Times, elapsed: int | None, suspended: int, *, runs_on: bool) -> tuple[int, int | None]:
        """Start, and end less suspended time."""
        if runs_on:
            ways: list[tuple[int, int | None]] = [(s, None) for s in times.start]
        elif not times.end:
            assert elapsed is not None
            ways = [(s, s + elapsed) for s in times.start]
        else:
            pairs = [(s, e - suspended) for s in times.start for e in times.end]
            if len(pairs) > 1:
                pairs = [p for p in pairs if p[1] >= p[0] and (elapsed is None or p[1] - p[0] == elapsed)] or pairs
            elif elapsed is not None and pairs[0][1] >= pairs[0][0]:
                self.clock_differs += pairs[0][1] - pairs[0][0] != elapsed
            elif suspended and pairs[0][1] < pairs[0][0] <= times.end[0]:
                ran = times.end[0] - pairs[0][0]
                raise Unusable("suspended too long", f"it was suspended for {suspended} s of the {ran} s that it ran")
            ways = list(pairs)
        if len(ways) > 1:
            moments = " or ".join(iso(s) for s in dict.fromkeys(s for s, _ in ways))
            raise Unusable(
                "an hour that came twice", f"clocks in {self.zone.key} went back; it may have started at {moments}"
            )
        return ways[0]

    def _moment(self, cell: Cell, name: str) -> tuple[int, ...]:
        try:
            found = wall_seconds(cell(name))
        except ValueError as problem:
            raise Unusable("no time", f"{name.capitalize()} {problem}") from problem
        if found is None:
            return ()
        seconds, is_utc = found
        if not 0 < seconds < LATEST_S:
            raise Unusable("no time", f"{name.capitalize()} {cell(name)!r} is beyond the years 1970 to 2100")
        if is_utc:
            return (seconds,)
        self.on_the_wall = True
        readings = self.clock.readings(seconds)
        if not readings:
            raise Unusable(
                "a time that never was",
                f"{name.capitalize()} {cell(name)} was skipped by the clocks in {self.zone.key}",
            )
        return readings


def submitted(times: Times, start_at: int) -> int | None:
    """The submit time; of two readings the last that is not after the start (it is part of the job's key)."""
    before = [moment for moment in times.submit if moment <= start_at]
    return before[-1] if before else times.submit[0] if times.submit else None
