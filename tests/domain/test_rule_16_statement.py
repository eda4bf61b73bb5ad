"""Rule 16: the statement's lines, and that a month begins where the one before closed.

Worked example (HK$): opening 120.00, list cost 1,000.00, subsidy credit 700.00, so user share 300.00; refunds 30.00,
adjustments −10.00: closing 120 + 300 − 30 − 10 = 380.00. Ceiling 5,000.00, drawn before 1,300.00: left 3,000.00.
"""

import pytest

from workbench.domain.rules.statements import Statement, figures

JUNE = Statement(12_000, 100_000, 70_000, 3_000, -1_000, ceiling_minor=500_000, drawn_before_minor=130_000)


def test_rule_16_the_worked_example():
    assert (JUNE.user_minor, JUNE.closing_minor, JUNE.ceiling_left_minor) == (30_000, 38_000, 300_000)


@pytest.mark.parametrize(
    ("statement", "closing"),
    [(Statement(0, 0, 0), 0), (Statement(0, 500, 0), 500), (Statement(-200, 100, 100), -200)],
)
def test_rule_16_without_an_award_the_ceiling_left_is_unknown_and_not_zero(statement, closing):
    assert (statement.closing_minor, statement.ceiling_left_minor) == (closing, None)


def test_rule_16_payments_and_write_offs_are_lines_of_their_own_and_refunds_give_the_award_its_part_back():
    paid = Statement(12_000, 100_000, 70_000, 3_000, -1_000, 500_000, 130_000, 500, 12_000, returned_minor=7_000)
    assert paid.closing_minor == 38_000 - 500 - 12_000
    assert paid.ceiling_left_minor == 300_000 + 7_000


def test_rule_16_the_figures_are_what_moved_on_the_projects_accounts():
    moved = {
        ("2026-05", "award", "award"): 500_000,
        ("2026-05", "subsidised", "charge"): 130_000,
        ("2026-05", "award", "charge"): -130_000,
        ("2026-05", "payable", "charge"): 12_000,
        ("2026-06", "subsidised", "charge"): 65_000,
        ("2026-06", "award", "charge"): -65_000,
        ("2026-06", "payable", "charge"): 27_000,
        ("2026-06", "subsidised", "storage"): 5_000,
        ("2026-06", "award", "storage"): -5_000,
        ("2026-06", "payable", "storage"): 3_000,
        ("2026-06", "payable", "refund"): -3_000,
        ("2026-06", "payable", "adjustment"): -1_000,
        ("2026-06", "award", "hold"): -40_000,
        ("2026-06", "held", "hold"): 40_000,
        ("2026-07", "subsidised", "charge"): 7_000,
        ("2026-07", "award", "charge"): -7_000,
        ("2026-07", "payable", "charge"): 3_000,
    }
    assert figures(moved, "2026-06") == JUNE
    july = figures(moved, "2026-07")
    assert july.opening_minor == JUNE.closing_minor == 38_000
    assert (july.list_minor, july.closing_minor, july.ceiling_left_minor) == (10_000, 41_000, 293_000)
    assert figures({("2026-06", "payable", "charge"): 500}, "2026-06").ceiling_left_minor is None
