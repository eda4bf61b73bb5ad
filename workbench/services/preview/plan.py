"""What an applicant would use and draw under an award looked at, month by month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from workbench.domain.rules.terms import Terms, months_after, planned_schedule
from workbench.periods import Window, day_start, month_window
from workbench.services.applications.awarding import Decided
from workbench.units import BASIS_POINTS


@dataclass(frozen=True, slots=True)
class Plan:
    """use: (month, its days inside the term, GPU-hours). subsidy: month → minor units. says: how it was made."""

    terms: Decided
    use: tuple[tuple[str, Window, float], ...]
    subsidy: Mapping[str, int]
    says: tuple[str, ...]

    def hours(self, month: str) -> float:
        return sum(hours for name, _, hours in self.use if name == month)

    def committed(self, month: str, drawn_minor: int) -> int:
        """What the award takes from the budget when a month is over: its ceiling, once ended what it drew."""
        after = months_after(date.fromisoformat(f"{month}-01"), 1)
        return self.terms.ceiling_minor if after < self.terms.ends_on else drawn_minor


def planned_use(terms: Decided, gpu_hours: Sequence[int], price_minor: float | None, zone: ZoneInfo) -> Plan:
    """The applicant's plan, cut to what the ceiling pays for.

    Args:
        terms: the award looked at.
        gpu_hours: planned in the first, second … month; none: even over the term what the ceiling pays for.
        price_minor: list price of a GPU-hour; None: unknown.
        zone: the centre's.
    """
    schedule = planned_schedule(Terms(terms.starts_on, terms.ends_on, terms.ceiling_minor), gpu_hours)
    inside = gpu_hours[: len(schedule)]
    each = price_minor * terms.rate_bp / BASIS_POINTS if price_minor else None
    asked = sum(inside)
    if each is None:
        hours = {month: float(value) for month, value in zip(schedule, inside, strict=False)}
        subsidy, said = schedule, "The applicant uses the hours it planned."
    else:
        share = min(1.0, asked * each / terms.ceiling_minor) if asked else 1.0
        subsidy = {month: round(amount * share) for month, amount in schedule.items()}
        hours = {month: amount * share / each for month, amount in schedule.items()}
        said = _said(asked, sum(hours.values()))
    first, last = day_start(terms.starts_on, zone), day_start(terms.ends_on, zone)
    use = []
    for month, amount in hours.items():
        whole = month_window(month, zone)
        use.append((month, Window(max(first, whole.start_s), min(last, whole.end_s)), amount))
    return Plan(terms, tuple(use), subsidy, (said,))


def _said(asked: int, used: float) -> str:
    if not asked:
        return f"The application plans no hours: the {used:,.0f} GPU-hours that the ceiling pays for, evenly."
    if used < asked - 0.5:
        return f"Of the {asked:,} GPU-hours planned the ceiling pays for {used:,.0f}; the rest is taken not to be used."
    return f"The applicant uses the {asked:,} GPU-hours it planned."
