"""What a class costs: seats × time × list price, and what its award pays of it. Minor units, UTC epoch seconds.

Seats that are started ahead run for the lead as well, so it is theirs too. The subsidy is rounded seat by seat, as the
charges of the seats' servers will be.
"""

from dataclasses import dataclass

from workbench.domain.holds import held_for
from workbench.domain.overuse import BLOCKED, SUBSIDISED
from workbench.domain.starts import best_of
from workbench.domain.training import TrainingSession
from workbench.i18n import _
from workbench.services.holds import reserved
from workbench.services.holds.standing import standings
from workbench.services.quote import quote
from workbench.services.training.asked import Plan, lead_of, profile_of, warm_of
from workbench.store.engine import Store
from workbench.units import HOUR_S, divide_half_even, money


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a whole class; None: not known, `why` says so. list_minor = subsidy_minor + user_minor.

    award: that pays, None where none does; rate_bp: its share. free_minor: what is free of it for this class. refused:
    the project may not start this.
    """

    seat_seconds: int
    why: str
    refused: bool = False
    award: int | None = None
    rate_bp: int = 0
    free_minor: int | None = None
    list_minor_per_hour: int | None = None
    list_minor: int | None = None
    subsidy_minor: int | None = None
    user_minor: int | None = None


def seat_times(plan: Plan, store: Store) -> list[tuple[int, int]]:
    """(seats, seconds of each) of those that are started ahead, and of the others."""
    window, warm = plan.ends_at - plan.starts_at, warm_of(plan)
    return [(warm, window + lead_of(plan, store.settings)), (plan.seats - warm, window)]


def unpaid_at(store: Store, plan: Plan, at: int) -> str:
    """Why no award pays for the class at this UTC epoch second, of its time or its lead; '' where one does."""
    profile = profile_of(store.settings, plan.profile)
    assert profile is not None, plan.profile
    standings = quote(store, profile, plan.project, at).standings
    if any(one.award is not None or one.without_award for one in standings):
        return ""
    return quote(store, profile, plan.project, at).why


def cost(store: Store, plan: Plan, own_minor: int = 0, award: int | None = None) -> Cost:
    """What this plan costs at its start's price, rate and award, as these are known now.

    Args:
        store: prices, awards, what was drawn on them and what is held.
        plan: with a known profile and an end after its start.
        own_minor: what this class itself holds of the award already.
        award: that holds it, which then pays the rest too; None: the first that covers it.
    """
    times = seat_times(plan, store)
    seconds = sum(seats * each for seats, each in times)
    profile = profile_of(store.settings, plan.profile)
    assert profile is not None, plan.profile
    quoted = quote(store, profile, plan.project, plan.starts_at)
    price = quoted.list_minor_per_hour
    if price is None:
        return Cost(seconds, quoted.why)
    listed = sum(seats * divide_half_even(price * each, HOUR_S) for seats, each in times)
    these = [one for one in quoted.standings if award is None or one.award == award] or quoted.standings
    standing, terms = best_of(these, max(1, listed), HOUR_S)
    free = standing.free_minor + own_minor if standing.award is not None else None
    needed = sum(seats * held_for(price, standing.rate_bp, each) for seats, each in times)
    kind = terms.kind
    if standing.award is not None:
        # Rounded seat by seat it may be some cents more than rounded at once; those must be free as well.
        covered = 0 <= needed <= (free or 0)
        kind = SUBSIDISED if covered else BLOCKED if kind == SUBSIDISED and not standing.opted_in else kind
    subsidy = needed if kind in (SUBSIDISED, BLOCKED) else min(needed, free or 0)
    return Cost(
        seat_seconds=seconds,
        why=quoted.why,
        refused=kind == BLOCKED,
        award=standing.award,
        rate_bp=standing.rate_bp,
        free_minor=free,
        list_minor_per_hour=price,
        list_minor=listed,
        subsidy_minor=subsidy,
        user_minor=listed - subsidy,
    )


def uncovered(store: Store, session: TrainingSession) -> str:
    """A sentence where the award no longer covers what was approved for a class: it was cut, or overdrawn; else ''."""
    with store.db() as db:
        awards = reserved.promised(db, [session.handle])
        found = standings(db, store.settings, session.project, session.starts_at)
    short = [-one.balance.free_minor for one in found if one.award in awards and one.balance.free_minor < 0]
    there = {one.award for one in found}
    if not awards or (awards <= there and not short):
        return ""
    if not short:
        return _("The award that was to pay for it is not in force when it begins.")
    lacks = money(max(short), store.settings.centre.symbol)
    return _("Its award has {amount} less than is held of it: seats may be refused.").format(amount=lacks)
