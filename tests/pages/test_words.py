"""Values as people read them."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from workbench.pages import words
from workbench.periods import epoch, parse_moment
from workbench.units import GPU_PARTS, HOUR_S

HKT = ZoneInfo("Asia/Hong_Kong")
NOW = parse_moment("2026-10-14T14:35", HKT)


@pytest.mark.parametrize(
    ("gpu_hours", "short"),
    [
        (0, "0"),
        (0.5, "0.5"),
        (99.96, "100.0"),
        (9_120, "9,120"),
        (412_000, "412k"),
        (6_420_000, "6.42m"),
        (31_186_876, "31.2m"),
    ],
)
def test_gpu_hours_at_a_glance(gpu_hours, short):
    assert words.hours_short(round(gpu_hours * HOUR_S * GPU_PARTS)) == short


def test_unknown_is_said_and_never_zero():
    for say in (words.percent, words.hours, words.hours_short, words.count, words.gpus, words.day, words.duration):
        assert say(None) == "unknown"


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        (date(2026, 10, 14), date(2026, 10, 14), "14 Oct 2026"),
        (date(2026, 10, 14), date(2026, 10, 20), "14 – 20 Oct 2026"),
        (date(2026, 10, 28), date(2026, 11, 3), "28 Oct – 3 Nov 2026"),
        (date(2026, 12, 28), date(2027, 1, 3), "28 Dec 2026 – 3 Jan 2027"),
    ],
)
def test_a_stretch_of_days_says_its_month_and_year_once(first, last, text):
    assert words.span(first, last) == text


def test_a_change_of_a_share_is_in_points():
    assert words.points(0.914, 0.893, "in September").text == "2.1 points more than in September"
    assert words.points(0.893, 0.914, "in September").text == "2.1 points less than in September"
    assert words.points(0.9141, 0.9139, "in September").text == "no more and no less than in September"


def test_a_change_of_an_amount_is_in_percent_or_times():
    assert words.relative(112, 100, "in May").text == "12% more than in May"
    assert words.relative(88, 100, "in May").text == "12% less than in May"
    assert words.relative(400, 100, "in May").text == "4 times as much as in May"
    assert words.relative(100, 100, "in May").text == "as much as in May"


@pytest.mark.parametrize(("now", "before"), [(None, 1.0), (1.0, None), (1.0, 0)])
def test_with_nothing_to_compare_with_nothing_is_said(now, before):
    assert words.relative(now, before, "in May").text == ""


def test_the_stamp_says_the_centres_clock_and_the_age():
    fresh = words.freshness(NOW - 180, NOW, HKT)
    assert (fresh.until, fresh.age, fresh.late) == ("14:32 HKT", "3 minutes ago", False)


def test_late_data_say_their_day_and_why():
    fresh = words.freshness(NOW - 3 * 86_400, NOW, HKT)
    assert fresh.late
    assert fresh.until == "11 Oct 2026, 14:35 HKT"
    assert fresh.why


def test_no_data_is_not_fresh():
    assert words.freshness(None, NOW, HKT).late


def test_a_zone_without_letters_is_named_by_its_offset():
    kathmandu = ZoneInfo("Asia/Kathmandu")
    assert words.clock(epoch(words.moment(NOW)), kathmandu).endswith("UTC+0545")
