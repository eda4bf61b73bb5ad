"""Rule 9: refunds for faults of hardware or system software only, at most so many hours a job. Minor units."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from workbench.domain.rules.parameters import SchemeRules
from workbench.units import HOUR_S, divide_half_even

Cause = Literal["hardware", "system", "user"]


@dataclass(frozen=True, slots=True)
class Refund:
    """list_minor = subsidy_minor + user_minor; all 0 where nothing is refunded, and `why` says so."""

    list_minor: int
    subsidy_minor: int
    user_minor: int
    why: str


def refund(cause: Cause, elapsed_s: int, charged: tuple[int, int], rules: SchemeRules) -> Refund:
    """What goes back for a job that failed.

    Args:
        cause: of the fault; a user's own error is never refunded.
        elapsed_s: seconds that the job ran, ≥ 0.
        charged: its subsidy and its user's share, minor units.
        rules: the most hours.

    Returns:
        The share of the refunded seconds in the job's seconds, in the list price and in the subsidy; each rounded once,
        the user's part is the rest.
    """
    subsidy, user = charged
    if cause == "user":
        return Refund(0, 0, 0, "A user's own error is not refunded.")
    if elapsed_s <= 0:
        return Refund(0, 0, 0, "The job did not run.")
    back_s = min(elapsed_s, rules.refund_max_hours * HOUR_S)
    listed = divide_half_even((subsidy + user) * back_s, elapsed_s)
    back = divide_half_even(subsidy * back_s, elapsed_s)
    # Where both parts end in a half cent, the sum's rounding can fall below that of the part.
    back = min(back, listed)
    return Refund(listed, back, listed - back, f"{back_s} of {elapsed_s} seconds lost by a {cause} fault.")


def claim_in_time(ended_on: date, claimed_on: date, rules: SchemeRules) -> bool:
    """Whether a claim comes within its days after the job's end; the last day counts."""
    return 0 <= (claimed_on - ended_on).days <= rules.claim_days
