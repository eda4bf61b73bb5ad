"""Rule 5: the term is 12 months, at most 36; an extension moves dates only, a supplement amounts only.

Worked example: from 31 Jan 2026 for 36 months at most, so to 31 Jan 2029; HK$900,000.00 over February to April planned
as 100, 100 and 100 GPU-hours is HK$300,000.00 a month; of HK$1.00 the months get 33, 33 and 34 cents. An award of
HK$900,000.00 of which HK$300,000.00 is drawn or held can give HK$600,000.00 to another one, and no cent more.
"""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.rules.parameters import SchemeRules
from workbench.domain.rules.terms import (
    Terms,
    check_begin,
    check_term,
    extended,
    months_after,
    planned_schedule,
    supplemented,
    transferred,
)
from workbench.errors import RuleBroken

RULES = SchemeRules(date(2024, 10, 7))
TERMS = Terms(date(2026, 1, 31), date(2027, 1, 31), 90_000_000)


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2027, 12, 31), 2, date(2028, 2, 29)),
        (date(2026, 1, 31), 12, date(2027, 1, 31)),
        (date(2026, 11, 15), 2, date(2027, 1, 15)),
        (date(9999, 12, 1), 1, date.max),
    ],
)
def test_months_end_where_the_month_ends(day, months, then):
    assert months_after(day, months) == then


@pytest.mark.parametrize(
    ("starts_on", "possible"),
    [
        (date(2024, 10, 7), True),
        (date(2028, 12, 1), True),
        (date(2024, 10, 6), False),
        (date(2028, 12, 2), False),
        (date(1, 1, 1), False),
        (date(9999, 12, 1), False),
    ],
)
def test_rule_5_an_award_begins_within_the_scheme_and_soon_after_its_decision(starts_on, possible):
    given = (replace(TERMS, starts_on=starts_on), date(2024, 10, 7), date(2025, 12, 1), RULES)
    if possible:
        check_begin(*given)
    else:
        with pytest.raises(RuleBroken, match="from 7 Oct 2024 to 1 Dec 2028"):
            check_begin(*given)


@pytest.mark.parametrize(
    ("ends_on", "possible"),
    [
        (date(2026, 2, 1), True),
        (date(2029, 1, 31), True),
        (date(2029, 2, 1), False),
        (date(2026, 1, 31), False),
        (date(2025, 12, 1), False),
    ],
)
def test_rule_5_a_term_lasts_at_most_36_months(ends_on, possible):
    terms = replace(TERMS, ends_on=ends_on)
    if possible:
        assert check_term(terms, RULES) is terms
    else:
        with pytest.raises(RuleBroken, match="31 Jan 2029"):
            check_term(terms, RULES)


def test_rule_5_an_extension_moves_dates_only_and_a_supplement_amounts_only():
    assert extended(TERMS, date(2027, 6, 1), RULES) == replace(TERMS, ends_on=date(2027, 6, 1))
    assert supplemented(TERMS, 5) == replace(TERMS, ceiling_minor=90_000_005)
    for refused in (
        lambda: extended(TERMS, TERMS.ends_on, RULES),
        lambda: extended(TERMS, date(2030, 1, 1), RULES),
        lambda: supplemented(TERMS, 0),
    ):
        with pytest.raises(RuleBroken, match="Rule 5"):
            refused()


@pytest.mark.parametrize(("amount", "possible"), [(1, True), (60_000_000, True), (60_000_001, False), (0, False)])
def test_rule_5_a_transfer_moves_what_is_free_and_makes_nothing(amount, possible):
    taker = Terms(date(2026, 5, 1), date(2027, 5, 1), 1_000)
    if not possible:
        with pytest.raises(RuleBroken, match="Rule 5"):
            transferred(TERMS, taker, amount, 30_000_000)
        return
    less, more = transferred(TERMS, taker, amount, 30_000_000)
    assert less.ceiling_minor + more.ceiling_minor == 90_001_000
    assert (less.ends_on, more.ends_on) == (TERMS.ends_on, taker.ends_on)


@pytest.mark.parametrize(
    ("ceiling", "hours", "planned"),
    [
        (90_000_000, (100, 100, 100), (30_000_000, 30_000_000, 30_000_000)),
        (100, (1, 1, 1), (33, 33, 34)),
        (100, (), (33, 33, 34)),
        (100, (0, 0, 0, 5), (33, 33, 34)),
        (100, (1, 3), (25, 75, 0)),
        (100, (1, 0, 3, 900), (25, 0, 75)),
    ],
)
def test_rule_5_the_planned_schedule_adds_up_to_the_ceiling(ceiling, hours, planned):
    spread = planned_schedule(Terms(date(2026, 2, 1), date(2026, 5, 1), ceiling), hours)
    assert spread == dict(zip(("2026-02", "2026-03", "2026-04"), planned, strict=True))


@given(st.integers(1, 10**12), st.lists(st.integers(0, 10**6), max_size=40), st.integers(1, 1100))
def test_rule_5_no_cent_of_a_schedule_is_lost(ceiling, hours, days):
    starts = date(2026, 1, 31)
    ends = date.fromordinal(starts.toordinal() + days)
    spread = planned_schedule(Terms(starts, ends, ceiling), hours)
    assert sum(spread.values()) == ceiling
    assert min(spread.values()) >= 0
