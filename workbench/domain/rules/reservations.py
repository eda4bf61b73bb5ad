"""Rule 10: a reservation is charged for its whole period; what comes back depends on how early it is cancelled."""

from datetime import date, timedelta

from workbench.domain.pricelist import NANO_PER_MINOR
from workbench.domain.rules.parameters import SchemeRules
from workbench.errors import RuleBroken
from workbench.units import BASIS_POINTS, HOUR_S, divide_half_even


def check_period(first: date, after: date, rules: SchemeRules) -> int:
    """The whole days of a reservation [first, after).

    Raises:
        RuleBroken: rule 10, shorter or longer than it may be.
    """
    days = (after - first) // timedelta(days=1)
    if not rules.reservation_min_days <= days <= rules.reservation_max_days:
        most, least = rules.reservation_max_days, rules.reservation_min_days
        raise RuleBroken(10, f"a reservation of {days} days", f"Reserve {least} to {most} whole days.")
    return days


def reserved_minor(seconds: int, gpus: int, nano_per_hour: int, factor_bp: int) -> int:
    """List cost of GPUs reserved for so many seconds, used or not; minor units, rounded once, halves to even.

    Args:
        seconds: of one day of the reservation.
        gpus: reserved.
        nano_per_hour: list price of one GPU (domain.pricelist).
        factor_bp: of the price list for reserved service.
    """
    return divide_half_even(seconds * gpus * nano_per_hour * factor_bp, HOUR_S * NANO_PER_MINOR * BASIS_POINTS)


def returned_bp(cancelled_s: int, start_s: int, rules: SchemeRules) -> int:
    """The share that comes back of a cancelled reservation; nothing once it has begun.

    Args:
        cancelled_s: UTC epoch second of the cancellation.
        start_s: UTC epoch second of the beginning.
        rules: steps (more than so many hours ahead, share returned).
    """
    ahead_s = start_s - cancelled_s
    for hours, share_bp in rules.reservation_returns:
        if ahead_s > hours * HOUR_S:
            return share_bp
    return 0


def returned_minor(charged: tuple[int, int], share_bp: int) -> tuple[int, int]:
    """What comes back of (list price, subsidy) of a day: each rounded once, the user gets the rest of the first."""
    listed, subsidy = (divide_half_even(minor * share_bp, BASIS_POINTS) for minor in charged)
    # Where both end in a half cent, the list price's rounding can fall below that of the subsidy.
    return listed, min(subsidy, listed)
