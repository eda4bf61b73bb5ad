"""Rule 9: refunds for faults of hardware or system software only, at most so many hours a job. Minor units."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from workbench.domain.rules.parameters import SchemeRules
from workbench.units import HOUR_S, divide_half_even

Cause = Literal["hardware", "system", "user"]
CAUSES: tuple[Cause, ...] = ("hardware", "system", "user")
CAUSE_OF_STATE: Mapping[str, Cause] = {"NODE_FAIL": "hardware", "BOOT_FAIL": "hardware"}
"""The states in which Slurm itself says that a node failed. Any other, FAILED too, can be the user's own error."""


@dataclass(frozen=True, slots=True)
class Refund:
    """list_minor = subsidy_minor + user_minor; all 0 where nothing is refunded, and `why` says so."""

    list_minor: int
    subsidy_minor: int
    user_minor: int
    why: str
    seconds: int = 0


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
    why = f"{back_s:,} of {elapsed_s:,} seconds lost by a {cause} fault."
    return Refund(listed, back, listed - back, why, back_s)


def by_award(back_minor: int, paid: Mapping[int, int]) -> dict[int, int]:
    """A refunded subsidy among the awards that paid the job, in proportion; the parts add up to it.

    Args:
        back_minor: the subsidy refunded, at most what was paid.
        paid: award → what it paid of the job, minor units, in order.
    """
    whole, before, found = sum(paid.values()), 0, {}
    for award, minor in paid.items():
        after = before + minor
        # The differences of running sums: no cent is lost between the awards.
        found[award] = back_minor * after // whole - back_minor * before // whole if whole else 0
        before = after
    return found


def claim_in_time(ended_on: date, claimed_on: date, rules: SchemeRules) -> bool:
    """Whether a claim comes within its days after the job's end; the last day counts."""
    return 0 <= (claimed_on - ended_on).days <= rules.claim_days
