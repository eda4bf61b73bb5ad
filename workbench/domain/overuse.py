"""Use past an award's ceiling: who may still start, and on which terms. Scheme rule 11.

A job that runs when the ceiling is reached goes on at list price (domain.charging). Use is measured as what the award
would have paid without its ceiling: list cost in its term × rate, in minor units.
"""

from dataclasses import dataclass

from workbench.units import BASIS_POINTS, divide_half_even

SUBSIDISED, LIST_PRICE, BLOCKED = "subsidised", "list price at low priority", "blocked"


@dataclass(frozen=True, slots=True)
class OverUseRule:
    """How far a project that opted in may go on, in basis points of its ceiling (12500: 125%)."""

    limit_bp: int


def used_minor(list_minor: int, rate_bp: int) -> int:
    """What an award of this rate would have paid of this list cost, had it no ceiling."""
    return divide_half_even(list_minor * rate_bp, BASIS_POINTS)


def start_terms(used: int, ceiling_minor: int, rule: OverUseRule, *, opted_in: bool) -> str:
    """On which terms a project may start a job: SUBSIDISED, LIST_PRICE (at low priority) or BLOCKED.

    Args:
        used: see `used_minor`.
        ceiling_minor: of the award; subsidy stops at 100% of it.
        rule: in force on that day.
        opted_in: whether the project asked to go on at list price.
    """
    if used < ceiling_minor:
        return SUBSIDISED
    if opted_in and used * BASIS_POINTS < ceiling_minor * rule.limit_bp:
        return LIST_PRICE
    return BLOCKED
