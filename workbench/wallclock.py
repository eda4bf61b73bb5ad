"""Wall clock without a zone to UTC: a local second has one moment, two (clocks went back) or none (they went forward).

Input: seconds as if the clock on the wall were UTC. Output: UTC epoch seconds. Source: PEP 495 (fold), the tz database.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from workbench.units import DAY_S

LATEST_S = 4_102_444_800
"""2100-01-01: what lies beyond is no time of a log but a broken cell or a wrong unit."""

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Moments:
    """UTC readings of wall-clock seconds: `first` ≤ `second` where the hour came twice, equal everywhere else.

    `gap`: the clock never showed this second; `first` is then one offset's reading and `second` the other's.
    """

    first: Ints
    second: Ints
    gap: Flags

    @property
    def ambiguous(self) -> Flags:
        return (self.first != self.second) & ~self.gap


def utc_of(local_s: Ints, zone: ZoneInfo) -> Moments:
    """UTC readings of local seconds (years 1970 to 9998) in a zone."""
    early = np.zeros(len(local_s), dtype=np.int64)
    late = np.zeros(len(local_s), dtype=np.int64)
    days, place = np.unique(local_s // DAY_S, return_inverse=True)
    # One offset holds for nearly every day: only the days on which clocks change are read second by second.
    whole = [_offset_all_day(int(day), zone) for day in days]
    fixed = np.array([0 if offset is None else offset for offset in whole], dtype=np.int64)
    early[:] = late[:] = fixed[place]
    changing = np.array([offset is None for offset in whole], dtype=bool)[place]
    for row in np.flatnonzero(changing):
        early[row], late[row] = offsets_at(int(local_s[row]), zone)
    gap = early < late
    return Moments(np.where(gap, local_s - late, local_s - early), np.where(gap, local_s - early, local_s - late), gap)


class Clock:
    """The same for one second at a time, remembering the days it has seen."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._days: dict[int, int | None] = {}

    def readings(self, local_s: int) -> tuple[int, ...]:
        """The UTC seconds at which the clock showed this: one, two (earlier first), or none."""
        day = local_s // DAY_S
        if day not in self._days:
            self._days[day] = _offset_all_day(day, self.zone)
        offset = self._days[day]
        if offset is not None:
            return (local_s - offset,)
        before, after = offsets_at(local_s, self.zone)
        if before == after:
            return (local_s - before,)
        return (local_s - before, local_s - after) if before > after else ()


def offsets_at(local_s: int, zone: ZoneInfo) -> tuple[int, int]:
    """Seconds east of UTC at this wall-clock second: as it was before a change of clocks there, and after."""
    wall = datetime.fromtimestamp(local_s, UTC).replace(tzinfo=zone)
    return _seconds(wall.replace(fold=0).utcoffset()), _seconds(wall.replace(fold=1).utcoffset())


def _offset_all_day(day: int, zone: ZoneInfo) -> int | None:
    at_start, at_end = offsets_at(day * DAY_S, zone), offsets_at((day + 1) * DAY_S, zone)
    return at_start[0] if len({*at_start, *at_end}) == 1 else None


def _seconds(offset: timedelta | None) -> int:
    assert offset is not None  # a zone of the tz database always has one
    return offset.days * DAY_S + offset.seconds
