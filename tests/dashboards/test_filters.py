"""What the address says, and which stretch of time it means."""

from datetime import date
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards._asked import Asked
from dashboards._filters import KINDS, Filters, filters_of, period_of
from workbench.periods import day_of, iso, parse_moment

HKT = ZoneInfo("Asia/Hong_Kong")
OPENED = date(2024, 12, 9)
NOW = parse_moment("2026-11-22T21:17", HKT)


def period(until=NOW, **chosen):
    return period_of(Filters(**chosen), until, OPENED, HKT)


def test_a_month_so_far_is_compared_with_the_same_days_of_the_month_before():
    now = period()
    assert now.label == "November 2026 so far"
    assert iso(now.window.start_s) == "2026-10-31T16:00:00Z"
    assert iso(now.window.end_s) == "2026-11-22T13:00:00Z", "the last whole hour"
    assert now.before.seconds == now.window.seconds
    assert now.before_when == "in the same days of October"


def asked(until, **chosen):
    centre = SimpleNamespace(zone=HKT, opened_on=OPENED)
    store = SimpleNamespace(settings=SimpleNamespace(centre=centre))
    return Asked(store, None, (), "projects", Filters(**chosen), until, until)


@pytest.mark.parametrize(
    ("at", "first", "after", "label"),
    [
        ("2026-12-01T00:00", "2026-11-01T00:00", "2026-12-01T00:00", "November 2026"),
        ("2026-12-01T00:40", "2026-11-01T00:00", "2026-12-01T00:00", "November 2026"),
        ("2026-12-01T01:00", "2026-12-01T00:00", "2026-12-02T00:00", "December 2026 so far"),
        ("2026-12-01T23:59", "2026-12-01T00:00", "2026-12-02T00:00", "December 2026 so far"),
    ],
)
def test_a_month_s_figures_are_of_the_days_it_is_named_after(at, first, after, label):
    one = asked(parse_moment(at, HKT), period="month")
    assert (one.days.start_s, one.days.end_s) == (parse_moment(first, HKT), parse_moment(after, HKT))
    assert one.period.label == label


@given(st.integers(parse_moment("2026-01-01", HKT), NOW), st.sampled_from(KINDS))
def test_whole_days_hold_the_window_and_no_further_day(until, kind):
    one = asked(until, period=kind)
    assert one.window.end_s <= one.days.end_s
    assert day_of(one.days.end_s - 1, HKT) == day_of(one.window.end_s - 1, HKT)


def test_a_whole_month_is_compared_with_the_whole_month_before():
    october = period(at="2026-10")
    assert (october.label, october.when) == ("October 2026", "in October 2026")
    assert october.window.seconds == 31 * 86_400
    assert october.before.seconds == 30 * 86_400
    assert (october.earlier, october.later) == ("2026-09", "")


def test_nothing_lies_before_the_opening():
    first = period(at="2024-12")
    assert iso(first.window.start_s) == "2024-12-08T16:00:00Z"
    assert first.before is None
    assert first.earlier is None


def test_a_quarter_is_cut_in_the_centres_zone():
    third = period(period="quarter", at="2026-Q3")
    assert (iso(third.window.start_s), iso(third.window.end_s)) == ("2026-06-30T16:00:00Z", "2026-09-30T16:00:00Z")
    assert third.later == ""


def test_seven_days_are_days_of_the_calendar():
    week = period(period="7days")
    assert week.label == "16 – 22 Nov 2026"
    assert iso(week.window.start_s) == "2026-11-15T16:00:00Z"


def test_the_scheme_to_date_has_nothing_before_it():
    assert period(period="scheme").before is None


@pytest.mark.parametrize("at", ["junk", "2026-13", "2026-Q9", "2099-01", "1999-01", "-", "2026-10-10", "०"])
def test_what_is_no_month_is_the_nearest_that_is_one(at):
    found = period(at=at)
    assert found.window.seconds > 0


@given(st.integers(0, 800 * 86_400), st.sampled_from(KINDS), st.text(max_size=9))
def test_any_moment_has_a_period_that_ends_when_the_data_do(later, kind, at):
    until = parse_moment("2024-12-09", HKT) + later
    found = period(until, period=kind, at=at)
    assert found.window.end_s <= until
    assert found.window.start_s >= parse_moment("2024-12-09", HKT)
    if found.before:
        assert found.before.end_s <= found.window.start_s


def test_the_address_keeps_what_was_chosen_and_leaves_out_the_defaults():
    chosen = Filters(model="H800", show="category")
    assert chosen.url(period="7days") == "?period=7days&model=H800&show=category"
    assert Filters().url() == "?"


def test_the_address_is_read_back():
    assert filters_of({"model": "H800", "period": "quarter", "else": "x"}) == Filters(period="quarter", model="H800")
    assert filters_of({"period": "century"}) == Filters()
    assert len(filters_of({"project": "x" * 500}).project) == 80
