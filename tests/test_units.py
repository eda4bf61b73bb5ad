"""Units: parts of a GPU, rounding, money."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import units


@pytest.mark.parametrize(
    ("gpus", "parts"),
    [(1, 420_000), ("0.5", 210_000), ("0.0625", 26_250), (Fraction(1, 7), 60_000), (Decimal("2.25"), 945_000), (0, 0)],
)
def test_fractions_of_a_gpu_are_exact(gpus, parts):
    assert units.gpu_parts(gpus) == parts


@pytest.mark.parametrize("text", ["0.00001", "-1", "many", "nan", "inf", ""])
def test_a_gpu_count_that_cannot_be_held_exactly_is_refused(text):
    with pytest.raises(ValueError, match="GPU count"):
        units.gpu_parts(text)


@pytest.mark.parametrize(
    ("n", "d", "rounded"),
    [(5, 2, 2), (7, 2, 4), (-5, 2, -2), (-7, 2, -4), (1, 3, 0), (2, 3, 1), (-2, 3, -1), (0, 9, 0)],
)
def test_halves_round_to_even(n, d, rounded):
    assert units.divide_half_even(n, d) == rounded


@given(st.integers(-(10**24), 10**24), st.integers(1, 10**12))
def test_rounding_is_never_off_by_more_than_half(n, d):
    assert abs(2 * (n - units.divide_half_even(n, d) * d)) <= d


@given(st.integers(0, 10**15))
def test_whole_gpu_seconds_stay_whole(seconds):
    assert units.gpu_seconds(seconds * units.GPU_PARTS) == seconds


@pytest.mark.parametrize(
    ("minor", "exact", "short"),
    [
        (0, "HK$0.00", "HK$0"),
        (-5, "−HK$0.05", "−HK$0"),
        (123_456_789, "HK$1,234,567.89", "HK$1.2m"),
        (41_200_000_000, "HK$412,000,000.00", "HK$412m"),
        (300_000_000_000, "HK$3,000,000,000.00", "HK$3.0bn"),
        (91_200_00, "HK$91,200.00", "HK$91,200"),
    ],
)
def test_money_is_written_exactly_and_at_a_glance(minor, exact, short):
    assert (units.money(minor), units.money_short(minor)) == (exact, short)


@pytest.mark.parametrize(
    "amount", ["1.005", "a lot", "inf", "NaN", "1e13", "1e999990", "9" * 5000, "\N{ARABIC-INDIC DIGIT THREE}", ""]
)
def test_an_amount_with_more_than_cents_is_refused(amount):
    with pytest.raises(ValueError, match="amount"):
        units.minor_from_text(amount)
