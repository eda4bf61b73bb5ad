"""The replay's queue: first come first served, never more GPUs than there are, and the past does not change."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.analytics.queue import HOLD_S, WAITING, start_times

HOUR = 3600


def starts(jobs, capacity=((0, 8),), outages=(), until=10**9):
    submit, duration, gpus = (np.array(column, dtype=np.int64) for column in zip(*jobs, strict=True))
    return start_times(submit, duration, gpus, capacity, outages, until).tolist()


def test_a_job_starts_at_once_where_gpus_are_free():
    assert starts([(5, HOUR, 8)]) == [5]


def test_a_job_waits_until_an_earlier_one_ends():
    assert starts([(0, HOUR, 8), (10, HOUR, 1)]) == [0, HOUR]


def test_a_later_job_that_fits_goes_past_one_that_does_not():
    assert starts([(0, HOUR, 6), (10, HOUR, 8), (20, HOUR, 2)]) == [0, HOUR + 20, 20]


def test_a_job_that_has_waited_long_holds_the_ones_behind_it():
    long = 3 * HOLD_S
    late = HOLD_S + 60
    jobs = [(0, long, 6), (10, HOUR, 8), (late, HOUR, 2)]
    assert starts(jobs) == [0, long, long + HOUR]


def test_more_gpus_let_waiting_jobs_start():
    assert starts([(0, 9 * HOUR, 8), (10, HOUR, 8)], capacity=((0, 8), (HOUR, 16))) == [0, HOUR]


def test_nothing_starts_before_there_is_any_gpu():
    assert starts([(0, HOUR, 1)], capacity=((HOUR, 8),)) == [HOUR]


def test_before_an_outage_only_what_it_leaves_goes_to_jobs_that_run_into_it():
    outage = (HOUR, 3 * HOUR, 6)
    jobs = [(0, 2 * HOUR, 2), (10, 2 * HOUR, 2), (20, HOUR // 2, 4)]
    assert starts(jobs, outages=(outage,)) == [0, 2 * HOUR, 20]


def test_what_has_not_started_by_the_end_of_the_replay_waits():
    assert starts([(0, HOUR, 8), (10, HOUR, 1)], until=HOUR) == [0, WAITING]


def test_a_job_larger_than_the_partition_waits_for_ever():
    assert starts([(0, HOUR, 9), (1, HOUR, 1)], until=HOUR) == [WAITING, 1]


jobs = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 40), st.integers(1, 8)), min_size=1, max_size=40).map(
    sorted
)
outages = st.lists(
    st.tuples(st.integers(1, 60), st.integers(1, 30), st.integers(1, 6)).map(lambda o: (o[0], o[0] + o[1], o[2])),
    max_size=1,
)


def free(at, capacity, windows):
    there = [gpus for since, gpus in capacity if since <= at][-1]
    return there - sum(gpus for start, end, gpus in windows if start <= at < end)


@settings(max_examples=60, deadline=None)
@given(jobs, outages, st.integers(8, 16))
def test_no_more_gpus_are_in_use_than_there_are(listed, windows, later):
    capacity = ((0, 8), (30, later))
    begun = starts(listed, capacity, windows, until=10_000)
    for at in range(200):
        used = sum(g for (_, d, g), s in zip(listed, begun, strict=True) if s != WAITING and s <= at < s + d)
        assert used <= free(at, capacity, windows)
    assert all(s == WAITING or s >= submitted for (submitted, _, _), s in zip(listed, begun, strict=True))


@settings(max_examples=60, deadline=None)
@given(jobs, outages, st.integers(0, 120))
def test_a_shorter_replay_is_the_beginning_of_a_longer_one(listed, windows, until):
    whole = starts(listed, outages=windows, until=10_000)
    part = starts(listed, outages=windows, until=until)
    assert part == [s if s != WAITING and s < until else WAITING for s in whole]
