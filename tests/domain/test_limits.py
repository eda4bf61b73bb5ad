"""Money left into minutes of Slurm. A GPU-hour of HK$28.00 at 70% draws HK$19.60."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.brakes import DOWNSCALE, PAUSE, RESUME, Brake, braked
from workbench.domain.limits import Purse, limit_of, minutes_bought, stays

GPU = Fraction(2800, 60)  # minor units a minute: HK$28.00 an hour
CORE = Fraction(20, 60)  # HK$0.20 an hour


@pytest.mark.parametrize(
    ("purses", "price", "minutes"),
    [
        # HK$1,960.00 at 70% of HK$28.00 = HK$19.60 an hour: 100 hours
        ([Purse(196_000, 7000)], GPU, 6_000),
        # the same in cores of HK$0.20: HK$0.14 an hour: 14,000 hours
        ([Purse(196_000, 7000)], CORE, 840_000),
        # two awards are drawn one after the other: 100 hours at 70%, then 100 at 35%
        ([Purse(196_000, 7000), Purse(98_000, 3500)], GPU, 12_000),
        # one cent is less than a minute: it still can be paid
        ([Purse(1, 7000)], GPU, 1),
        ([Purse(0, 7000)], GPU, 0),
        # drawn past a ceiling that was cut
        ([Purse(-5_000, 7000)], GPU, 0),
        ([Purse(-5_000, 7000), Purse(196_000, 7000)], GPU, 6_000),
        ([], GPU, 0),
        # no price, a price of nothing, or an award that pays nothing: nothing is drawn
        ([Purse(1, 7000)], None, None),
        ([Purse(1, 7000)], Fraction(0), None),
        ([Purse(1, 0)], GPU, None),
        # used up stays used up, whatever a minute costs
        ([Purse(0, 7000)], None, 0),
    ],
)
def test_what_is_left_buys_minutes(purses, price, minutes):
    assert minutes_bought(purses, price) == minutes


@pytest.mark.parametrize(
    ("bought", "used", "limit"),
    [(6_000, 0, 6_000), (6_000, 1_234, 7_234), (0, 1_234, 1_234), (0, 0, 0), (None, 5, None)],
)
def test_the_limit_stands_on_what_slurm_has_counted(bought, used, limit):
    assert limit_of(bought, used) == limit


@pytest.mark.parametrize(
    ("there", "bought", "used", "left_alone"),
    [
        (7_234, 6_000, 1_234, True),
        (7_534, 6_000, 1_234, True),  # 300 off of 6,000: 5%
        (7_535, 6_000, 1_234, False),
        (7_233, 6_000, 1_234, False),  # too low by a minute: it could be paid
        (None, 6_000, 0, False),
        (6_000, None, 0, False),
        (None, None, 9, True),
        # used up: any limit that is not above the counter stops as well as another
        (1_234, 0, 1_234, True),
        (1_000, 0, 1_234, True),
        (1_235, 0, 1_234, False),
        (None, 0, 0, False),
        # the counter began anew with Slurm's state: the old limit would let everything in
        (1_234, 0, 0, False),
        (7_234, 6_000, 0, False),
        # ten minutes have no room for tolerance
        (111, 10, 100, False),
    ],
)
def test_a_limit_near_enough_is_left_alone(there, bought, used, left_alone):
    assert stays(there, bought, used) is left_alone


@given(
    left=st.integers(1, 10**12), rate=st.integers(1, 10_000), nano=st.integers(1, 10**12), used=st.integers(0, 10**9)
)
def test_slurm_never_stops_before_the_money_is_gone(left, rate, nano, used):
    price = Fraction(nano, 60 * 10**7)
    minutes = minutes_bought([Purse(left, rate)], price)
    # One minute less costs less than what is left; so much as the limit allows costs all of it.
    assert (minutes - 1) * price * rate / 10_000 < left <= minutes * price * rate / 10_000
    assert stays(limit_of(minutes, used), minutes, used)


def _brake(kind, gpus=None, before=None):
    return Brake("vision", kind, "op", datetime(2026, 1, 1, tzinfo=UTC), "why", gpus, before)


@pytest.mark.parametrize(
    ("kinds", "paused", "gpus", "lifted", "before"),
    [
        ([], False, None, True, None),
        ([_brake(PAUSE)], True, None, True, None),
        ([_brake(PAUSE), _brake(RESUME)], False, None, True, None),
        ([_brake(DOWNSCALE, 4, 16)], False, 4, False, 16),
        # what stood before the first of them is what comes back
        ([_brake(DOWNSCALE, 4, 16), _brake(DOWNSCALE, 2, 4)], False, 2, False, 16),
        ([_brake(DOWNSCALE, 4, 16), _brake(PAUSE)], True, 4, False, 16),
        ([_brake(DOWNSCALE, 4, 16), _brake(PAUSE), _brake(RESUME)], False, 4, True, 16),
        ([_brake(DOWNSCALE, 4, 16), _brake(RESUME), _brake(DOWNSCALE, 1, 8)], False, 1, False, 8),
    ],
)
def test_the_last_brakes_hold_and_a_resume_takes_off_both(kinds, paused, gpus, lifted, before):
    found = braked(kinds)
    held = found.gpus.gpus if found.gpus else None
    assert (found.paused, held, found.lifted, found.before) == (paused, gpus, lifted, before)
