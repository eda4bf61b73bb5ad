"""Rule 8: at the start the full requested time is held, at the end the actual time is charged and the rest released.

Worked example: 4 H800 at HK$28.00 for 8 hours at 70%: 4 × 28 × 8 × 0.7 = HK$627.20 held. It runs 3 hours:
HK$235.20 counts, HK$392.00 is free again.
"""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.holds import Balance, Hold, gone_at_s, held_for, still_held, warnings
from workbench.domain.overuse import BLOCKED, LIST_PRICE, SUBSIDISED, OverUseRule
from workbench.domain.starts import Standing, StartTerms, best_of, terms_of
from workbench.errors import HoldRefused
from workbench.units import HOUR_S

RULE = OverUseRule(limit_bp=12_500)
AT = datetime(2026, 1, 5, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("price", "rate_bp", "seconds", "held"),
    [
        (4 * 2800, 7000, 8 * HOUR_S, 62_720),
        (4 * 2800, 7000, 3 * HOUR_S, 23_520),
        (2800, 7000, 1, 1),  # 0.78 cents list → 1, 70% of it 0.7 → 1
        (2800, 7000, 0, 0),
        (2800, 0, HOUR_S, 0),
    ],
)
def test_rule_8_what_is_held(price, rate_bp, seconds, held):
    assert held_for(price, rate_bp, seconds) == held


def test_rule_8_a_negative_time_is_refused():
    with pytest.raises(HoldRefused):
        held_for(2800, 7000, -1)


@given(st.integers(0, 10**7), st.integers(0, 9999), st.integers(0, 10**6), st.integers(0, 10**6))
def test_rule_8_less_time_never_costs_more_than_was_held(price, rate_bp, used, more):
    assert held_for(price, rate_bp, used) <= held_for(price, rate_bp, used + more)


def a_hold(**given):
    hold = Hold("k", 1, "vision", "hub", 2800, 7000, 8 * HOUR_S, 15_680, AT)
    for name, value in given.items():
        setattr(hold, name, value)
    return hold


def a_standing(free, award=1):
    balance = Balance(100_000, 100_000 - free, 0)
    return Standing(award, 7000, balance, balance.drawn_minor, RULE, opted_in=False, without_award=False)


@pytest.mark.parametrize(
    ("hold", "accounted", "counts"),
    [
        (a_hold(), {}, 15_680),
        (a_hold(), {"hub": datetime(2030, 1, 1, tzinfo=UTC)}, 15_680),
        (a_hold(settled_minor=5_880, ended_at=AT), {}, 5_880),
        (a_hold(settled_minor=5_880, ended_at=AT), {"alpha": datetime(2030, 1, 1, tzinfo=UTC)}, 5_880),
        (a_hold(settled_minor=5_880, ended_at=AT), {"hub": AT}, 0),
    ],
)
def test_rule_8_a_hold_counts_until_its_usage_is_charged(hold, accounted, counts):
    assert still_held([hold], accounted) == counts


@pytest.mark.parametrize(("charged_s", "counts"), [(0, 15_680), (3 * HOUR_S, 9_800), (8 * HOUR_S, 0), (9 * HOUR_S, 0)])
def test_rule_8_what_is_charged_of_running_work_is_not_held_a_second_time(charged_s, counts):
    assert still_held([a_hold()], {}, {"k": charged_s}) == counts


@pytest.mark.parametrize(
    ("free", "hours", "kind", "held"),
    [
        (15_680, 8, SUBSIDISED, 15_680),  # HK$156.80 for 8 hours of HK$28.00 at 70%: just enough
        (15_679, 8, BLOCKED, 0),
        (15_679, 7, SUBSIDISED, 13_720),
        (0, 1, BLOCKED, 0),
        (-5, 1, BLOCKED, 0),
    ],
)
def test_rule_8_no_balance_no_start(free, hours, kind, held):
    terms = terms_of(a_standing(free), 2800, hours * HOUR_S)
    assert (terms.kind, terms.held_minor, terms.needed_minor) == (kind, held, 1960 * hours)


def test_rule_8_the_first_award_that_covers_the_time_is_held():
    few, enough = a_standing(1960, award=1), a_standing(50_000, award=2)
    assert best_of([few, enough], 2800, 2 * HOUR_S)[0] is enough
    assert best_of([few, enough], 2800, HOUR_S)[0] is few
    standing, terms = best_of([few], 2800, 2 * HOUR_S)
    assert (standing, terms.kind) == (few, BLOCKED)


@pytest.mark.parametrize(("without_award", "kind"), [(False, BLOCKED), (True, LIST_PRICE)])
def test_rule_8_without_an_award_nothing_starts_unless_the_settings_say_so(without_award, kind):
    nothing = Standing(None, 0, Balance(0, 0, 0), 0, RULE, opted_in=False, without_award=without_award)
    assert terms_of(nothing, 2800, HOUR_S) == StartTerms(kind, 0, 0)


@pytest.mark.parametrize(
    ("drawn", "held", "reached"),
    [
        (0, 0, []),
        (799, 0, []),
        (700, 100, [2000]),
        (899, 1, [2000, 1000]),
        (999, 0, [2000, 1000]),
        (900, 100, [2000, 1000, 0]),
        (1001, 0, [2000, 1000, 0]),
    ],
)
def test_rule_8_warnings_at_20_10_and_0_percent(drawn, held, reached):
    assert warnings(Balance(1000, drawn, held), (2000, 1000, 0)) == reached


@pytest.mark.parametrize(
    ("free", "burn", "gone"), [(1960, 1960, HOUR_S), (1960, 3920, 1800), (0, 5, 0), (-3, 5, 0), (5, 0, None)]
)
def test_rule_8_at_this_rate_gone_at(free, burn, gone):
    assert gone_at_s(0, free, burn) == gone
