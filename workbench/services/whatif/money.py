"""The fund under a scenario: what it has left at the end of each month, and until when it lasts. Minor units."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import Connection

from workbench.domain.runway import Pace, drawn_ahead
from workbench.periods import day_window
from workbench.services.preview.fund import Fund
from workbench.services.spend_days import ONE_DAY
from workbench.settings import Settings
from workbench.store.charges import drawn_by_award
from workbench.units import BASIS_POINTS


def left(base: Sequence[int], months: Sequence[str], subsidies: Sequence[Mapping[str, int]]) -> tuple[int, ...]:
    """What is left at the month ends when awards draw these subsidies (month → amount) too."""
    drawn, found = 0, []
    for month, amount in zip(months, base, strict=True):
        drawn += sum(subsidy.get(month, 0) for subsidy in subsidies)
        found.append(amount - drawn)
    return tuple(found)


def left_grown(
    conn: Connection, settings: Settings, fund: Fund, today: date, months: Sequence[str], growth_bp: int
) -> tuple[int, ...]:
    """What is left at the month ends when each project's use grows; its awards still end where they end."""
    if not growth_bp:
        return fund.left
    zone, drawn = settings.centre.zone, drawn_by_award(conn, None, today)
    left_minor, day, found = fund.left[-1] + fund.drawn_minor, today, []
    for place, month in enumerate([f"{today:%Y-%m}", *months]):
        paces = {project: _grown(pace, growth_bp, place) for project, pace in fund.paces.items()}
        days = []
        while f"{day:%Y-%m}" <= month:
            days.append((month, day_window(day, zone)))
            day += ONE_DAY
        for amounts in drawn_ahead(fund.versions, paces, drawn, days):
            for award, amount in amounts.items():
                drawn[award] = drawn.get(award, 0) + amount
                left_minor -= amount
        found.append(left_minor)
    return tuple(found[1:])


def _grown(pace: Pace, growth_bp: int, months: int) -> Pace:
    up, down = (BASIS_POINTS + growth_bp) ** months, BASIS_POINTS**months
    return Pace(pace.list_minor * up // down, pace.planned)
