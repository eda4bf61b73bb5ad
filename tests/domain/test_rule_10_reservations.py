"""Rule 10: 1 to 30 days, the whole period is charged; cancelled early enough 100, 50 or 20% comes back.

Worked example: 8 H800 for 2 days at HK$28.00 × 1.5: 8 × 24 × 28 × 1.5 = HK$8,064.00 a day, HK$16,128.00 in all.
Cancelled 100 hours ahead 50% of each day comes back: HK$4,032.00, of them HK$2,822.40 subsidy at a rate of 70%.
"""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.rules.parameters import SchemeRules
from workbench.domain.rules.reservations import check_period, reserved_minor, returned_bp, returned_minor
from workbench.errors import RuleBroken
from workbench.units import DAY_S, HOUR_S

RULES = SchemeRules(date(2024, 10, 7))
START_S = 1_767_600_000
HK_28 = 28 * 10**9


def test_rule_10_the_whole_period_is_charged():
    assert reserved_minor(DAY_S, 8, HK_28, 15_000) == 806_400
    # A day of 23 hours, where the clocks go forward: 8 × 23 × 28 × 1.5 = HK$7,728.00.
    assert reserved_minor(23 * HOUR_S, 8, HK_28, 15_000) == 772_800


@pytest.mark.parametrize(
    ("ahead_s", "share_bp"),
    [
        (168 * HOUR_S + 1, 10_000),
        (168 * HOUR_S, 5_000),
        (100 * HOUR_S, 5_000),
        (24 * HOUR_S, 2_000),
        (1, 2_000),
        (0, 0),
        (-HOUR_S, 0),
    ],
)
def test_rule_10_the_share_that_comes_back(ahead_s, share_bp):
    assert returned_bp(START_S - ahead_s, START_S, RULES) == share_bp


@pytest.mark.parametrize(
    ("share_bp", "back"),
    [(10_000, (806_400, 564_480)), (5_000, (403_200, 282_240)), (2_000, (161_280, 112_896)), (0, (0, 0))],
)
def test_rule_10_what_comes_back_of_a_day(share_bp, back):
    assert returned_minor((806_400, 564_480), share_bp) == back


@given(st.integers(0, 10**9), st.integers(0, 10_000), st.sampled_from([0, 2_000, 5_000, 10_000]))
def test_rule_10_no_more_comes_back_than_was_charged(listed, rate_bp, share_bp):
    subsidy = listed * rate_bp // 10_000
    back_listed, back_subsidy = returned_minor((listed, subsidy), share_bp)
    assert 0 <= back_subsidy <= back_listed <= listed
    assert back_subsidy <= subsidy


@pytest.mark.parametrize(("after", "possible"), [(1, False), (2, True), (31, True)])
def test_rule_10_one_to_thirty_days(after, possible):
    if possible:
        assert check_period(date(2026, 1, 1), date(2026, 1, after), RULES) == after - 1
    else:
        with pytest.raises(RuleBroken, match="1 to 30 whole days"):
            check_period(date(2026, 1, 1), date(2026, 1, after), RULES)


def test_rule_10_not_longer_than_thirty_days():
    with pytest.raises(RuleBroken):
        check_period(date(2026, 1, 1), date(2026, 2, 1), RULES)
