"""A question as it was asked, checked: who asks, when, about what, and the window that its open ends give."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from workbench.domain.access import Scope
from workbench.errors import BadQuestion
from workbench.periods import iso, parse_moment
from workbench.services import reports
from workbench.services.reports import Only
from workbench.store.engine import Store
from workbench.units import HOUR_S

EARLIEST_S, LATEST_S = 0, 4_102_444_800
MOST_HOURS = 10 * 366 * 24
"""Rows of one answer by the hour: more would hold up everybody else."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A checked question: who asks, when, and its parameters; the window is None where nothing limits it."""

    store: Store
    scope: Scope
    now: int
    by: str | None
    split: str | None
    project: str | None
    cluster: str | None
    server: str | None
    of: str | None
    start_s: int | None
    end_s: int | None

    def window(self) -> tuple[int, int]:
        """The asked window, open ends closed by the data: [0, 0) where there are none."""
        data = reports.data_window(self.store, self.scope, Only(cluster=self.cluster, project=self.project))
        # The last period is whole where the data reach its end, also when nothing ran then.
        fresh = reports.freshness(self.store, self.scope, self.now)
        noted = [f.data_until_s for f in fresh if self.cluster in (None, f.cluster)]
        until = min(max([*noted, data.end_s]), self.now) if data else 0
        start = self.start_s if self.start_s is not None else (data.start_s if data else 0)
        end = self.end_s if self.end_s is not None else max(until, start)
        if end < start:
            raise BadQuestion(f"the end ({iso(end)}) lies before the start ({iso(start)})", "swap them")
        if self.by == "hour" and end - start > MOST_HOURS * HOUR_S:
            raise BadQuestion("that is more than ten years of hours", "ask for a shorter window, or by day")
        return start, end


def choice(name: str, given: str | None, allowed: tuple[str, ...], default: str | None) -> Any:
    """The given word, or the default. Raises BadQuestion where it is none of the allowed ones."""
    if given is None:
        return default
    if given not in allowed:
        raise BadQuestion(f"{name}={given!r} is not known", f"it is one of {', '.join(allowed)}")
    return given


def moment_of(text: str | None, zone: ZoneInfo) -> int | None:
    """UTC epoch seconds of a date or moment, None for none. Raises BadQuestion for anything else."""
    if not text:
        return None
    write = "write it like 2026-10-14 or 2026-10-14T08:00Z"
    try:
        parsed = parse_moment(text, zone)
    except (ValueError, OverflowError) as problem:
        raise BadQuestion(str(problem), write) from problem
    if not EARLIEST_S <= parsed < LATEST_S:
        raise BadQuestion(f"{text} is not between the years 1970 and 2100", write)
    return parsed
