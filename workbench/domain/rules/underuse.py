"""Rule 12: each quarter an award is measured against its own plan, and part of the unused is cut. Minor units."""

from dataclasses import dataclass
from datetime import date, timedelta

from workbench.domain.rules.parameters import SchemeRules
from workbench.units import BASIS_POINTS, divide_half_even


@dataclass(frozen=True, slots=True)
class Cut:
    """Of a quarter: what was not used of the plan, the share of it that is cut, and the amount."""

    unused_minor: int
    share_bp: int
    cut_minor: int


def underuse_cut(planned_minor: int, used_minor: int, rules: SchemeRules) -> Cut:
    """What a quarter's under-use costs.

    Args:
        planned_minor: subsidy planned for the quarter (award_months); 0: nothing can be cut.
        used_minor: subsidy drawn in it.
        rules: steps (used at least this share of the plan, share of the unused that is cut).

    Returns:
        The step's lower edge belongs to the milder step, so exactly 70% of the plan costs nothing.
    """
    unused = max(0, planned_minor - used_minor)
    if unused == 0:
        return Cut(0, 0, 0)
    for least_bp, share_bp in rules.underuse_cuts:
        if used_minor * BASIS_POINTS >= least_bp * planned_minor:
            return Cut(unused, share_bp, divide_half_even(unused * share_bp, BASIS_POINTS))
    raise AssertionError("the last step begins at 0")


def takes_effect_on(noticed_on: date, rules: SchemeRules, *, appealed: bool) -> date | None:
    """The day of the cut, after the notice; None while an appeal is open."""
    return None if appealed else noticed_on + timedelta(days=rules.underuse_notice_days)
