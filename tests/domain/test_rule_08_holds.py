"""Rule 8: at the start the full requested time is held, at the end the actual time is charged and the rest released.

Worked example: 4 H800 at HK$28.00 for 8 hours at 70%: 4 × 28 × 8 × 0.7 = HK$627.20 held. It runs 3 hours:
HK$235.20 counts, HK$392.00 is free again.
"""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.holds import Balance, Hold, gone_at_s, held_for, still_held, warnings
from workbench.errors import HoldRefused
from workbench.units import HOUR_S

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
