"""Rule 10: 1 to 30 days, the whole period is charged; cancelled early enough 100, 50 or 20% comes back.

Worked example: 8 H800 for 2 days at HK$28.00 × 1.5: 8 × 28 × 48 × 1.5 = HK$16,128.00. Cancelled 100 hours ahead 50%
comes back: HK$8,064.00.
"""

from datetime import date
from fractions import Fraction

import pytest

from workbench.domain.rules.parameters import SchemeRules
from workbench.domain.rules.reservations import check_period, reservation_minor, returned_minor
from workbench.errors import RuleBroken
from workbench.periods import Window
from workbench.units import DAY_S, HOUR_S

RULES = SchemeRules(date(2024, 10, 7))
START_S = 1_767_600_000


def test_rule_10_the_whole_period_is_charged():
    window = Window(START_S, START_S + 2 * DAY_S)
    assert reservation_minor(window, 8 * 2800, Fraction(3, 2)) == 1_612_800


@pytest.mark.parametrize(
    ("ahead_s", "back"),
    [
        (168 * HOUR_S + 1, 1_612_800),
        (168 * HOUR_S, 806_400),
        (100 * HOUR_S, 806_400),
        (24 * HOUR_S, 322_560),
        (1, 322_560),
        (0, 0),
        (-HOUR_S, 0),
    ],
)
def test_rule_10_what_comes_back(ahead_s, back):
    assert returned_minor(1_612_800, START_S - ahead_s, START_S, RULES) == back


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
