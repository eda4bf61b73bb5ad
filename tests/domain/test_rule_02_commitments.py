"""Rule 2: commitments (ceilings of live awards, drawn amounts of ended ones) never pass the budget less the reserve.

Worked example, in millions of HK$: budget 3,000, reserve 100. A: ceiling 1,800, live. B: ceiling 900, ended, drew 500.
C: ceiling 400, decided in the future. Committed 1,800 + 500 = 2,300; free 3,000 − 100 − 2,300 = 600.
"""

from datetime import date

import pytest

from workbench.domain.awards import Award
from workbench.domain.rules.commitments import check_commitment, committed
from workbench.errors import RuleBroken
from workbench.units import money

M = 100_000_000  # a million in minor units
TODAY = date(2026, 6, 1)


def an_award(number, ceiling, starts, ends, decided):
    award = Award("p", None, 7000, ceiling * M, starts, ends, decided)
    award.id = number
    return award


AWARDS = [
    an_award(1, 1800, date(2026, 1, 1), date(2027, 1, 1), date(2025, 12, 1)),
    an_award(2, 900, date(2025, 1, 1), date(2026, 1, 1), date(2024, 12, 1)),
    an_award(3, 400, date(2026, 8, 1), date(2027, 8, 1), date(2026, 7, 1)),
]
DRAWN = {1: 700 * M, 2: 500 * M}


def test_rule_2_live_awards_count_in_full_and_ended_ones_as_drawn():
    assert committed(AWARDS, DRAWN, TODAY) == 2300 * M


def test_rule_2_what_late_usage_drew_beyond_a_cut_is_taken_too():
    cut = an_award(4, 100, date(2026, 1, 1), date(2027, 1, 1), date(2025, 12, 1))
    assert committed([cut], {4: 80 * M}, TODAY) == 100 * M
    assert committed([cut], {4: 130 * M}, TODAY) == 130 * M


@pytest.mark.parametrize(("wanted", "possible"), [(1, True), (600 * M, True), (600 * M + 1, False), (0, False)])
def test_rule_2_the_fund_gives_what_is_free_to_the_cent(wanted, possible):
    asked = (2300 * M, wanted, 3000 * M, 100 * M, money)
    if possible:
        check_commitment(*asked)
    else:
        with pytest.raises(RuleBroken, match="Rule 2"):
            check_commitment(*asked)


def test_rule_2_the_refusal_names_what_is_free():
    with pytest.raises(RuleBroken, match=r"HK\$600,000,000\.00 of the budget less the reserve is free"):
        check_commitment(2300 * M, 601 * M, 3000 * M, 100 * M, money)
