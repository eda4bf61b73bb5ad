"""What a class costs: seats × time × list price, and what its award pays of it. Minor units, UTC epoch seconds.

Seats that are started ahead run for the lead as well, so it is theirs too. The subsidy is rounded seat by seat, as the
charges of the seats' servers will be.
"""

from dataclasses import dataclass

from workbench.domain.holds import held_for
from workbench.domain.overuse import BLOCKED, SUBSIDISED
from workbench.domain.starts import best_of
from workbench.services.quote import quote
from workbench.services.training.asked import Plan, lead_of, profile_of, warm_of
from workbench.store.engine import Store
from workbench.units import HOUR_S, divide_half_even


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


def cost(store: Store, plan: Plan, own_minor: int = 0) -> Cost:
    """What this plan costs at its start's price, rate and award, as these are known now.

    Args:
        store: prices, awards, what was drawn on them and what is held.
        plan: with a known profile and an end after its start.
        own_minor: what this class itself holds of the award already.
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
    standing, terms = best_of(quoted.standings, max(1, listed), HOUR_S)
    free = standing.free_minor + own_minor if standing.award is not None else None
    needed = sum(seats * held_for(price, standing.rate_bp, each) for seats, each in times)
    kind = terms.kind
    if standing.award is not None:
        # Rounded seat by seat it may be some cents more than rounded at once; those must be free as well.
        covered = 0 < needed <= (free or 0)
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
