"""Which windows of Slurm's accounting are asked for next: pure functions of what is known and of the time.

A look begins a little before the last one ended, for what was written down late. Once an hour it goes back a day, once
a day it goes back a week: after an outage slurmctld tells slurmdbd what happened meanwhile, and tells it late.
"""

from zoneinfo import ZoneInfo

from workbench.periods import Window, day_of, month_window
from workbench.units import DAY_S, HOUR_S

OVERLAP_S = 600
AHEAD_S = 60
"""A window ends so much after now: Slurm's clock may be a little ahead of ours."""
WEEK_S = 7 * DAY_S
UTC = ZoneInfo("UTC")


def begin(known: int, now: int) -> int:
    """From when on to ask.

    Args:
        known: until when the books have Slurm's accounting, UTC epoch seconds.
        now: the moment of asking.
    """
    if known // DAY_S != now // DAY_S:
        return min(known, now) - WEEK_S
    return min(known, now) - (DAY_S if is_wide(known, now) else OVERLAP_S)


def windows(start_s: int, now: int) -> list[Window]:
    """What to ask from a moment to now, in order, a month at a time."""
    found, end_s = [], max(start_s, now) + AHEAD_S
    while start_s < end_s:
        last = min(month_window(f"{day_of(start_s, UTC):%Y-%m}", UTC).end_s, end_s)
        found.append(Window(start_s, last))
        start_s = last
    return found


def is_wide(known: int, now: int) -> bool:
    """Whether this look goes back further than to the last one: the first one of an hour."""
    return known // HOUR_S != now // HOUR_S
