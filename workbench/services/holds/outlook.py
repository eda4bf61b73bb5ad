"""How long awards last: what is free, the warnings they have reached, and when they are gone at the present rate.

The rate is the larger of two: what running holds draw in an hour, and the mean of the last seven whole days.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from workbench.domain.charging import AwardVersion
from workbench.domain.holds import Balance, Hold, gone_at_s, settled_for, warnings
from workbench.domain.rules.parameters import rules_on
from workbench.i18n import _
from workbench.periods import moment
from workbench.services.holds.balances import balances, in_force
from workbench.services.holds.holds import open_holds
from workbench.services.holds.reserved import CLASSES
from workbench.services.spend_days import today_of
from workbench.store.charges import charge_sums
from workbench.store.engine import Store
from workbench.units import HOUR_S, divide_half_even, money

WEEK_DAYS = 7
RUNNING, WEEK = "running", "week"
"""Where a rate comes from: running holds, or the last seven days."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """An award now. reached_bp: marks of the ceiling left; burn: subsidy drawn in an hour, by RUNNING or WEEK ('' where
    nothing is); gone_at: when all is used up at that rate, None where that is not before the award ends.
    """

    project: str
    award: int
    balance: Balance
    reached_bp: tuple[int, ...]
    burn_minor_per_hour: int
    rate_from: str
    gone_at: datetime | None


def outlook(store: Store, now: int, projects: frozenset[str] | None = None) -> list[Outlook]:
    """Every award in force, by project and in the order in which they are drawn.

    Args:
        store: the centre's records.
        now: UTC epoch seconds.
        projects: these alone; None: all.
    """
    settings, today = store.settings, today_of(store, now)
    marks = rules_on(settings.rules, today).warn_left_bp
    with store.db() as db:
        conn = db.connection()
        live = [
            (project, version)
            for project, versions in sorted(in_force(conn, projects, now, settings.centre.zone).items())
            for version in versions
        ]
        found = balances(db, settings, [version for _project, version in live], projects)
        week = charge_sums(conn, ("award_id",), projects, (today - timedelta(days=WEEK_DAYS), today))
        drawn = dict(zip(week["award_id"], week["subsidy_minor"], strict=True))
        holds = open_holds(conn)
    return [
        _outlook(
            project,
            version,
            balance,
            marks,
            [hold for hold in holds if hold.award == version.award and hold.cluster != CLASSES],
            divide_half_even(int(drawn.get(version.award, 0)), WEEK_DAYS * 24),
            now,
        )
        for (project, version), balance in zip(live, found, strict=True)
    ]


def _outlook(
    project: str,
    version: AwardVersion,
    balance: Balance,
    marks: Sequence[int],
    holds: Sequence[Hold],
    by_week: int,
    now: int,
) -> Outlook:
    by_running = sum(settled_for(hold, HOUR_S) for hold in holds)
    burn, rate_from = max((by_running, RUNNING), (by_week, WEEK), key=lambda rate: rate[0])
    left = balance.free_minor + sum(hold.amount_minor - settled_for(hold, _ran_s(hold, now)) for hold in holds)
    at = gone_at_s(now, left, burn)
    gone_at = moment(at) if at is not None and at < version.end_s else None
    reached = tuple(warnings(balance, marks))
    return Outlook(project, version.award, balance, reached, burn, rate_from if burn else "", gone_at)


def _ran_s(hold: Hold, now: int) -> int:
    return max(0, now - int(hold.placed_at.timestamp()))


def left_words(found: Outlook, symbol: str) -> str:
    """How little is free of an award that has reached a warning; '' where it has reached none."""
    if not found.reached_bp:
        return ""
    if found.balance.free_minor <= 0:
        return _("Nothing of the award is free.")
    return _("{percent} of the award is free: {amount}.").format(
        percent=f"{found.balance.left_bp / 100:.1f}%", amount=money(found.balance.free_minor, symbol)
    )


def gone_words(found: Outlook, zone: ZoneInfo) -> str:
    """When the award is gone at the present rate, in the centre's time; '' where it lasts until its end."""
    if found.gone_at is None or found.balance.free_minor <= 0:
        return ""
    rate = _("At the rate of what runs now") if found.rate_from == RUNNING else _("At the rate of the last seven days")
    when = found.gone_at.astimezone(zone)
    return _("{rate} it is gone on {when} ({zone}).").format(
        rate=rate, when=f"{when:%A, %-d %b %Y, %H:%M}", zone=zone.key
    )


def warned(store: Store, projects: Collection[str], now: int) -> dict[str, str]:
    """Project → what must be said of its awards, in words; only those that have reached a warning."""
    centre = store.settings.centre
    said: dict[str, str] = {}
    for found in outlook(store, now, frozenset(projects)):
        if words := left_words(found, centre.symbol):
            said.setdefault(found.project, " ".join(part for part in (words, gone_words(found, centre.zone)) if part))
    return said
