"""What awards will draw day by day, when projects go on as they do: the fund's runway. Minor units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.domain.charging import AwardVersion
from workbench.periods import Window
from workbench.units import BASIS_POINTS


@dataclass(frozen=True, slots=True)
class Pace:
    """What a project costs at list price a day; or, before it has any usage, what it planned to draw a day.

    list_minor: a day, ≥ 0. planned: month "2026-12" → subsidy a day; counts where list_minor is 0.
    """

    list_minor: int
    planned: Mapping[str, int]


def drawn_ahead(
    versions: Mapping[str, Sequence[AwardVersion]],
    paces: Mapping[str, Pace],
    drawn: Mapping[int, int],
    days: Sequence[tuple[str, Window]],
) -> list[dict[int, int]]:
    """Award → subsidy drawn, on each of some coming days.

    Args:
        versions: project → what its awards say, in the order in which the awards begin.
        paces: project → how fast it goes; a project that is not in it draws nothing.
        drawn: award → subsidy drawn before the first of the days.
        days: (month, window of the day), in order.

    Returns:
        One mapping a day; an award that draws nothing is not in it. A day is paid by the award that began first among
        those in force with money left; what is past the ceiling is the user's.
    """
    spent = dict(drawn)
    found: list[dict[int, int]] = []
    for month, day in days:
        amounts: dict[int, int] = {}
        for project, own in versions.items():
            live = [v for v in own if v.start_s <= day.start_s < v.end_s and _left(v, spent) > 0]
            pace = paces.get(project)
            if not live or pace is None:
                continue
            paying = live[0]
            wanted = pace.list_minor * paying.rate_bp // BASIS_POINTS if pace.list_minor else pace.planned.get(month, 0)
            amount = min(_left(paying, spent), wanted)
            spent[paying.award] = spent.get(paying.award, 0) + amount
            amounts[paying.award] = amounts.get(paying.award, 0) + amount
        found.append(amounts)
    return found


def _left(version: AwardVersion, spent: Mapping[int, int]) -> int:
    return version.ceiling_minor - spent.get(version.award, 0)
