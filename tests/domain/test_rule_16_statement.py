"""Rule 16: the statement's lines, and that a month begins where the one before closed.

Worked example (HK$): opening 120.00, list cost 1,000.00, subsidy credit 700.00, so user share 300.00; refunds 30.00,
adjustments −10.00: closing 120 + 300 − 30 − 10 = 380.00. Ceiling 5,000.00, drawn before 1,300.00: left 3,000.00.
"""

import pytest

from workbench.domain.rules.statements import Statement

JUNE = Statement(12_000, 100_000, 70_000, 3_000, -1_000, ceiling_minor=500_000, drawn_before_minor=130_000)


def test_rule_16_the_worked_example():
    assert (JUNE.user_minor, JUNE.closing_minor, JUNE.ceiling_left_minor) == (30_000, 38_000, 300_000)


def test_rule_16_the_next_month_begins_where_this_one_closes():
    july = JUNE.next_month(10_000, 7_000)
    assert (july.opening_minor, july.closing_minor, july.ceiling_left_minor) == (38_000, 41_000, 293_000)


@pytest.mark.parametrize(
    ("statement", "closing"),
    [(Statement(0, 0, 0), 0), (Statement(0, 500, 0), 500), (Statement(-200, 100, 100), -200)],
)
def test_rule_16_without_an_award_the_ceiling_left_is_unknown_and_not_zero(statement, closing):
    assert (statement.closing_minor, statement.ceiling_left_minor) == (closing, None)
