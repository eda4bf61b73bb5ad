"""Rule 4: scores by weights, the spread between reviewers, the fast lane.

Worked example: alignment 80 and 60 (mean 70) × 25%, compute 90 and 50 (70) × 20%, capability 60 and 60 × 25%,
team 40 and 50 (45) × 15%, outcomes 75 and 70 (72.5) × 15%: 17.5 + 14 + 15 + 6.75 + 10.875 = 64.125 points.
The reviewers lie 40 points apart on compute: disputed (more than 30).
"""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from workbench.domain.rules.parameters import SchemeRules, rules_on
from workbench.domain.rules.scores import check_points, fits_fast_lane, scored
from workbench.errors import RuleBroken

RULES = SchemeRules(date(2024, 10, 7))
ONE = {"alignment": 80, "compute": 90, "capability": 60, "team": 40, "outcomes": 75}
TWO = {"alignment": 60, "compute": 50, "capability": 60, "team": 50, "outcomes": 70}


def test_rule_4_the_worked_example():
    found = scored({"rev": ONE, "rob": TWO}, RULES)
    assert found.total == Fraction("64.125")
    assert [c.spread for c in found.criteria] == [20, 40, 0, 10, 5]
    assert [c.criterion for c in found.criteria if c.disputed] == ["compute"]


def test_rule_4_nobody_has_scored_is_no_score_and_not_zero():
    assert scored({}, RULES) is None


@pytest.mark.parametrize(
    "points", [{}, {"alignment": 80}, ONE | {"beauty": 1}, ONE | {"team": 101}, ONE | {"team": -1}]
)
def test_rule_4_a_score_that_is_not_whole_is_refused(points):
    with pytest.raises(RuleBroken, match="Rule 4"):
        check_points(points, RULES)


@pytest.mark.parametrize(
    ("hours", "gpus", "fast"),
    [(5000, 50, True), (5001, 50, False), (5000, 51, False), (None, 1, False), (1, None, False), (0, 0, True)],
)
def test_rule_4_the_fast_lane(hours, gpus, fast):
    assert fits_fast_lane(hours, gpus, RULES) is fast


def test_rules_are_those_of_the_day():
    later = replace(RULES, from_on=date(2026, 1, 1), fast_lane_gpus=10)
    assert rules_on([RULES, later], date(2025, 12, 31)) is RULES
    assert rules_on([later, RULES], date(2026, 1, 1)) is later
    with pytest.raises(RuleBroken, match="no rules are in force"):
        rules_on([RULES], date(2024, 10, 6))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weights": {"alignment": 99}}, "add up to 99"),
        ({"term_months": 37}, "term_months"),
        ({"reservation_max_days": 0}, "reservation_min_days"),
        ({"claim_days": -1}, "negative"),
        ({"underuse_cuts": ((7000, 0), (7000, 10), (0, 20))}, "fall step by step"),
        ({"reservation_returns": ((24, 5000),)}, "end at 0"),
        ({"reservation_returns": ((0, 10_001),)}, "outside of 0 to 100%"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(change, said):
    with pytest.raises(ValueError, match=said):
        replace(RULES, **change)
