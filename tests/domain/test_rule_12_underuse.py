"""Rule 12: each quarter, against the project's own plan, part of the unused is cut.

Worked example: planned HK$1,000.00. Used HK$600.00 (60%): 20% of the unused HK$400.00 is cut, HK$80.00.
"""

from datetime import date

import pytest

from workbench.domain.rules.parameters import SchemeRules
from workbench.domain.rules.underuse import takes_effect_on, underuse_cut

RULES = SchemeRules(date(2024, 10, 7))


@pytest.mark.parametrize(
    ("used", "share_bp", "cut"),
    [
        (100_000, 0, 0),
        (120_000, 0, 0),
        (70_000, 0, 0),
        (69_999, 2000, 6_000),  # of 30,001: 6,000.2
        (60_000, 2000, 8_000),
        (55_000, 2000, 9_000),
        (54_999, 3500, 15_750),  # of 45,001: 15,750.35
        (40_000, 3500, 21_000),
        (30_000, 5500, 38_500),
        (20_000, 5500, 44_000),
        (19_999, 8000, 64_001),  # of 80,001: 64,000.8
        (0, 8000, 80_000),
    ],
)
def test_rule_12_the_steps(used, share_bp, cut):
    found = underuse_cut(100_000, used, RULES)
    assert (found.share_bp, found.cut_minor) == (share_bp, cut)


def test_rule_12_without_a_plan_nothing_is_cut():
    assert underuse_cut(0, 0, RULES).cut_minor == 0


def test_rule_12_two_weeks_notice_and_an_appeal_stops_it():
    assert takes_effect_on(date(2026, 4, 1), RULES, appealed=False) == date(2026, 4, 15)
    assert takes_effect_on(date(2026, 4, 1), RULES, appealed=True) is None
