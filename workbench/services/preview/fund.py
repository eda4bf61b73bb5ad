"""The fund over the coming months, without and with one more award: what is drawn and what stays committed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, select

from workbench.domain.applications import PlannedMonth
from workbench.domain.awards import lasts_until
from workbench.domain.charging import AwardVersion
from workbench.domain.rules.commitments import committed
from workbench.domain.runway import Pace, drawn_ahead
from workbench.periods import Window, day_of, day_window, month_window
from workbench.services.awards.versions import award_versions
from workbench.services.spend_days import ONE_DAY
from workbench.settings import Settings
from workbench.store.charges import charge_sums, decided_awards, drawn_by_award

PACE_DAYS = 91
"""Thirteen whole weeks, so that each weekday counts alike."""


@dataclass(frozen=True, slots=True)
class Fund:
    """Minor units at the end of each month: budget less reserve less drawn; committed. paces: project → pace.

    versions: project → what its awards say. free_minor: budget less reserve less commitments today.
    """

    left: tuple[int, ...]
    committed: tuple[int, ...]
    free_minor: int
    until: date
    days: int
    drawn_minor: int
    paces: Mapping[str, Pace]
    versions: Mapping[str, Sequence[AwardVersion]]
    scheme_ends_on: date

    def lasts_until(self, more_minor: int = 0) -> date | None:
        """The day on which nothing is left at the mean pace of these months; `more_minor`: drawn by another award."""
        left, pace = self.left[-1] - more_minor, (self.drawn_minor + more_minor) // self.days
        if left >= 0:
            return lasts_until(self.until, left, pace)
        return self.until - timedelta(days=-left // max(1, pace))

    def says(self, say: Callable[[int], str]) -> list[str]:
        """How it was made, in sentences; `say`: how an amount is written."""
        pace = say(self.drawn_minor // self.days)
        return [
            f"The fund: each project goes on at its mean list cost of the last {PACE_DAYS // 7} weeks and draws until "
            "its ceiling or the end of its term; one without usage draws as planned; nothing more is awarded.",
            f"So {pace} a day are drawn on the mean of these months; how long the fund lasts goes on at that pace, "
            f"whatever the scheme's end on {self.scheme_ends_on:%-d %b %Y}.",
        ]


def fund_ahead(conn: Connection, settings: Settings, today: date, months: Sequence[str]) -> Fund:
    """The fund over these coming months, were nothing more awarded.

    Args:
        conn: any connection.
        settings: budget, reserve, the centre's zone.
        today: the centre's day; its usage is not over.
        months: "2026-12" …, in order.
    """
    zone, scheme = settings.centre.zone, settings.scheme
    versions = award_versions(conn, None, zone)
    drawn = drawn_by_award(conn, None, today)
    total = int(charge_sums(conn, (), None, (None, today))["subsidy_minor"].sum())
    paces = _paces(conn, versions, today, settings)
    last = month_window(months[-1], zone).end_s
    days: list[tuple[str, Window]] = []
    day = today
    while (window := day_window(day, zone)).start_s < last:
        days.append((f"{day:%Y-%m}", window))
        day += ONE_DAY
    amounts = drawn_ahead(versions, paces, drawn, days)
    awards = decided_awards(conn, None, today)
    to_draw, ahead = scheme.budget - scheme.reserve, dict(drawn)
    ends: dict[str, tuple[int, int]] = {}
    for (month, window), by_award in zip(days, amounts, strict=True):
        total += sum(by_award.values())
        for award, amount in by_award.items():
            ahead[award] = ahead.get(award, 0) + amount
        if window.end_s == month_window(month, zone).end_s:
            ends[month] = (to_draw - total, committed(awards, ahead, day_of(window.end_s, zone)))
    return Fund(
        left=tuple(ends[month][0] for month in months),
        committed=tuple(ends[month][1] for month in months),
        free_minor=to_draw - committed(awards, drawn, today),
        until=day,
        days=len(days),
        drawn_minor=sum(sum(by_award.values()) for by_award in amounts),
        paces=paces,
        versions=versions,
        scheme_ends_on=scheme.ends_on,
    )


def _paces(
    conn: Connection, versions: Mapping[str, Sequence[AwardVersion]], today: date, settings: Settings
) -> dict[str, Pace]:
    """Project → its daily list cost of the last thirteen weeks, and what its awards planned a day."""
    zone = settings.centre.zone
    first = max(today - timedelta(days=PACE_DAYS), settings.centre.opened_on)
    count = max(1, (today - first).days)
    sums = charge_sums(conn, ("project",), None, (first, today))
    listed = dict(zip(sums["project"], sums["list_minor"].tolist(), strict=True))
    planned: dict[int, dict[str, int]] = {}
    for row in conn.execute(select(PlannedMonth.award, PlannedMonth.month, PlannedMonth.subsidy_minor)):
        days = month_window(row.month, zone).seconds // 86_400
        planned.setdefault(row.award, {})[row.month] = row.subsidy_minor // days
    return {
        project: Pace(int(listed.get(project, 0)) // count, _merged([planned.get(v.award, {}) for v in found]))
        for project, found in versions.items()
    }


def _merged(plans: Sequence[Mapping[str, int]]) -> dict[str, int]:
    return {month: amount for plan in plans for month, amount in plan.items()}
