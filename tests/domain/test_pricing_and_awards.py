"""The award of a day."""

from datetime import date

import pytest

from workbench.domain.awards import Award, award_state, committed_on, current_award, drawing_award, lasts_until


def an_award(**given):
    award = Award("p", None, 7000, 100, date(2025, 1, 1), date(2026, 1, 1), date(2024, 12, 20))
    for name, value in given.items():
        setattr(award, name, value)
    return award


FIRST = an_award(id=1)
SECOND = an_award(id=2, starts_on=date(2025, 6, 1), ends_on=date(2026, 6, 1))


def test_an_award_ends_before_its_last_day():
    assert drawing_award([FIRST], date(2025, 12, 31), {}) is FIRST
    assert drawing_award([FIRST], date(2026, 1, 1), {}) is None


def test_of_two_awards_the_one_that_began_first_is_drawn_first():
    assert drawing_award([SECOND, FIRST], date(2025, 7, 1), {}) is FIRST
    assert drawing_award([SECOND, FIRST], date(2025, 7, 1), {1: 100}) is SECOND
    assert drawing_award([SECOND, FIRST], date(2025, 7, 1), {1: 100, 2: 100}) is FIRST


@pytest.mark.parametrize(
    ("day", "drawn", "shown", "state"),
    [
        (date(2024, 12, 31), 0, FIRST, "ahead"),
        (date(2025, 3, 1), 99, FIRST, "live"),
        (date(2025, 3, 1), 100, FIRST, "exhausted"),
        (date(2026, 3, 1), 0, SECOND, "live"),
        (date(2026, 6, 1), 0, SECOND, "lapsed"),
    ],
)
def test_the_award_to_show_and_its_state(day, drawn, shown, state):
    assert current_award([FIRST, SECOND], day, {1: drawn}) is shown
    assert award_state(shown, day, drawn if shown is FIRST else 0) == state


def test_an_award_commits_its_ceiling_until_it_ends_and_then_what_it_drew():
    days = (date(2024, 12, 19), date(2024, 12, 20), date(2025, 12, 31), date(2026, 1, 1))
    assert [committed_on(FIRST, {1: 30}, day) for day in days] == [0, 100, 100, 30]


def test_money_that_nobody_draws_lasts_for_ever():
    assert lasts_until(date(2025, 1, 1), 100, 0) is None
    assert lasts_until(date(2025, 1, 1), 100, 30) == date(2025, 1, 4)
    assert lasts_until(date(2025, 1, 1), -5, 30) == date(2025, 1, 1)
