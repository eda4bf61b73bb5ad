"""Demand ahead: weeks repeated weekday on weekday, newcomers drawn to the very amount, and what a queue makes of it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workbench.analytics.ahead import WEEK_S, both, busy, demand, drawn, repeated, waits
from workbench.analytics.queue import WAITING
from workbench.periods import Window

MONTH = Window(10 * WEEK_S, 14 * WEEK_S)


def jobs(*rows, new=False):
    return demand(*(np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)), new=new)


def test_what_was_is_repeated_on_the_same_weekday_until_a_moment():
    again = repeated(jobs((100, 60, 4), (WEEK_S + 5, 70, 2)), weeks=2, until=4 * WEEK_S + 101)
    assert again.submit.tolist() == [100, WEEK_S + 5, 2 * WEEK_S + 100, 3 * WEEK_S + 5, 4 * WEEK_S + 100]
    assert again.parts.tolist() == [4, 2, 4, 2, 4]


def test_jobs_of_no_length_ask_for_nothing_and_the_rest_stand_by_submission():
    assert jobs((9, 60, 4), (5, 0, 4), (1, 60, 2)).submit.tolist() == [1, 9]


def test_of_two_demands_the_first_comes_first_in_the_same_second():
    joined = both(jobs((5, 1, 1)), jobs((5, 2, 2), (4, 3, 3), new=True))
    assert list(zip(joined.submit.tolist(), joined.new.tolist(), strict=True)) == [(4, True), (5, False), (5, True)]


@given(st.integers(0, 10**9), st.integers(0, 2**31))
def test_what_is_drawn_adds_up_to_what_was_asked_within_one_part_of_its_last_job(amount, seed):
    donors = jobs((100, 3600, 4), (WEEK_S + 5000, 86_400, 2), (77, 60, 8))
    found = drawn(donors, [(MONTH, amount)], seed, new=True)
    assert amount - 8 < int((found.duration * found.parts).sum()) <= max(amount, 8)
    assert ((found.submit >= MONTH.start_s) & (found.submit < MONTH.end_s)).all()
    assert found.new.all()
    assert set((found.submit % WEEK_S).tolist()) <= {100, 5000, 77}


def test_the_same_lot_draws_the_same_jobs():
    donors = jobs((100, 3600, 4), (200, 60, 8))
    one, two = (drawn(donors, [(MONTH, 10**7)], seed=7) for _ in range(2))
    assert (one.submit == two.submit).all()
    assert len(drawn(donors, [(MONTH, 0)], seed=7)) == 0


def test_busy_time_is_cut_at_the_window_and_waits_are_of_its_own_jobs():
    queue = jobs((0, 100, 2), (10, 100, 1), (20, 100, 1), (500, 10, 1))
    start = np.array([0, 100, WAITING, 500], dtype=np.int64)
    assert busy(queue, start, Window(50, 150)) == 2 * 50 + 1 * 50
    assert waits(queue, start, Window(0, 100), until=1020) == (90, 909)  # waits 0, 90 and, still waiting, 1000
    assert waits(queue, start, Window(600, 700), until=1020) is None
    assert waits(queue, start, Window(0, 100), until=1020, new=True) is None
