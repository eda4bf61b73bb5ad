"""Rule 4: scores by weights, with the spread between the reviewers; the fast lane."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from workbench.domain.rules.parameters import SchemeRules
from workbench.errors import RuleBroken

Points = Mapping[str, Mapping[str, int]]
"""reviewer → criterion → points from 0 to 100."""


@dataclass(frozen=True, slots=True)
class CriterionScore:
    """Mean of the reviewers, and how far the highest lies above the lowest, in points."""

    criterion: str
    weight: int
    mean: Fraction
    spread: int
    disputed: bool


@dataclass(frozen=True, slots=True)
class Scored:
    """The weighted mean (0 to 100, exact), criterion by criterion in the order of the rules."""

    total: Fraction
    reviewers: int
    criteria: tuple[CriterionScore, ...]


def scored(points: Points, rules: SchemeRules) -> Scored | None:
    """The score of an application; None while nobody has scored it.

    Args:
        points: complete scores of reviewers who have no conflict.
        rules: weights, and the spread from which a criterion is disputed.

    Raises:
        RuleBroken: rule 4, from `check_points`.
    """
    if not points:
        return None
    for given in points.values():
        check_points(given, rules)
    criteria = []
    for criterion, weight in rules.weights.items():
        found = [given[criterion] for given in points.values()]
        spread = max(found) - min(found)
        mean = Fraction(sum(found), len(found))
        criteria.append(CriterionScore(criterion, weight, mean, spread, spread > rules.spread_points))
    total = sum((one.mean * one.weight for one in criteria), Fraction(0)) / 100
    return Scored(total, len(points), tuple(criteria))


def check_points(points: Mapping[str, int], rules: SchemeRules) -> None:
    """Refuse a score that is not whole.

    Raises:
        RuleBroken: rule 4, a criterion is missing, unknown, or outside of 0 to 100.
    """
    wanted = ", ".join(rules.weights)
    if set(points) != set(rules.weights):
        given = ", ".join(points) or "none"
        raise RuleBroken(4, f"a score needs all of {wanted}; given: {given}", "Score each of them once.")
    if outside := [f"{name} {value}" for name, value in points.items() if not 0 <= value <= 100]:
        raise RuleBroken(4, f"points lie outside of 0 to 100: {', '.join(outside)}", "Give points from 0 to 100.")


def fits_fast_lane(gpu_hours: int | None, gpus: int | None, rules: SchemeRules) -> bool:
    """Whether an application is small enough to go to the Committee after the preliminary assessment.

    An application that does not say its size does not fit.
    """
    if gpu_hours is None or gpus is None:
        return False
    return gpu_hours <= rules.fast_lane_gpu_hours and gpus <= rules.fast_lane_gpus
