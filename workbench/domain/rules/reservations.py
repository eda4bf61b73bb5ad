"""Rule 10: a reservation is charged for its whole period; what comes back depends on how early it is cancelled."""

from datetime import date, timedelta
from fractions import Fraction

from workbench.domain.rules.parameters import SchemeRules
from workbench.errors import RuleBroken
from workbench.periods import Window
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


def reservation_minor(window: Window, list_minor_per_hour: int, factor: Fraction = Fraction(1)) -> int:
    """List cost of the whole period, used or not, rounded once.

    Args:
        window: of the reservation.
        list_minor_per_hour: of all that is reserved.
        factor: of the price list for reserved service.
    """
    amount = window.seconds * list_minor_per_hour * factor
    return divide_half_even(amount.numerator, amount.denominator * HOUR_S)


def returned_minor(charged_minor: int, cancelled_s: int, start_s: int, rules: SchemeRules) -> int:
    """What comes back of a cancelled reservation; nothing once it has begun.

    Args:
        charged_minor: for the whole period.
        cancelled_s: UTC epoch second of the cancellation.
        start_s: UTC epoch second of the beginning.
        rules: steps (more than so many hours ahead, share returned).
    """
    ahead_s = start_s - cancelled_s
    for hours, share_bp in rules.reservation_returns:
        if ahead_s > hours * HOUR_S:
            return divide_half_even(charged_minor * share_bp, BASIS_POINTS)
    return 0
