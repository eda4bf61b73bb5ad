"""Windows, days and months of the centre's zone."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import periods

HONG_KONG = ZoneInfo("Asia/Hong_Kong")
NEW_YORK = ZoneInfo("America/New_York")


def test_a_day_with_a_clock_change_has_its_true_length():
    assert periods.day_window(date(2025, 3, 9), NEW_YORK).seconds == 23 * 3600
    assert periods.day_window(date(2025, 11, 2), NEW_YORK).seconds == 25 * 3600


def test_december_ends_where_january_starts():
    assert periods.month_window("2025-12", HONG_KONG).end_s == periods.month_window("2026-01", HONG_KONG).start_s


def test_a_date_is_read_in_the_centres_zone_and_an_offset_is_kept():
    assert periods.parse_moment("2025-01-01", HONG_KONG) == periods.epoch(datetime(2024, 12, 31, 16, tzinfo=UTC))
    assert periods.parse_moment("2025-01-01T00:00Z", HONG_KONG) == periods.epoch(datetime(2025, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("text", ["yesterday", "2025-02-30", ""])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(ValueError, match="neither a date"):
        periods.parse_moment(text, HONG_KONG)


def test_a_naive_moment_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        periods.epoch(datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None))


def test_a_window_does_not_run_backwards():
    with pytest.raises(ValueError, match="cannot end"):
        periods.Window(10, 9)


@given(st.integers(-(10**10), 10**10))
def test_hours_round_down_and_up(second):
    assert periods.hour_floor(second) <= second <= periods.hour_ceil(second) < periods.hour_floor(second) + 7200
