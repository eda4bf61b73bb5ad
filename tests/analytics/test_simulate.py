"""The simulated scheduler: against an obvious slow one, and against what each policy promises."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analytics.slow_scheduler import slow
from workbench.analytics.ahead import Demand, demand
from workbench.analytics.queue import WAITING, start_times
from workbench.analytics.replayed import best_of, busy_hours, self_replay
from workbench.analytics.simulate import POLICIES, Policy, simulate
from workbench.periods import Window
from workbench.settings import ROOT

HOUR, DAY = 3600, 86_400
FIFO, EASY, FAIR = (POLICIES[name] for name in ("fifo", "backfill", "fair-share"))
PHILLY = ROOT / "workbench" / "sample" / "philly-2017" / "philly_jobs.parquet"


def asked(jobs):
    """Of rows (submit, duration, gpus[, owner[, limit]])."""
    columns = [np.array([row[k] if k < len(row) else 0 for row in jobs], dtype=np.int64) for k in range(5)]
    submit, duration, gpus, owner, limit = columns
    return Demand(submit, duration, gpus, np.zeros(len(jobs), bool), owner, np.maximum(limit, duration))


def starts(jobs, policy, capacity=((0, 8),), outages=(), until=10**9, shares=None):
    return simulate(asked(jobs), capacity, outages, policy, until, shares).tolist()


def test_first_come_first_served_lets_nobody_past():
    assert starts([(0, HOUR, 6), (10, HOUR, 8), (20, 60, 2)], FIFO) == [0, HOUR, 2 * HOUR]


def test_a_short_job_goes_past_one_that_waits_where_it_does_not_delay_it():
    assert starts([(0, HOUR, 6), (10, HOUR, 8), (20, HOUR - 20, 2)], EASY) == [0, HOUR, 20]


def test_a_job_that_would_delay_the_one_before_it_does_not_go_past():
    assert starts([(0, HOUR, 6), (10, HOUR, 8), (20, HOUR, 2)], EASY) == [0, HOUR, 2 * HOUR]


def test_a_long_job_goes_past_on_gpus_that_the_one_before_it_does_not_need():
    assert starts([(0, HOUR, 6), (10, HOUR, 6), (20, 9 * HOUR, 2)], EASY) == [0, HOUR, 20]


def test_a_promise_is_made_by_time_limits_and_kept_earlier_when_jobs_end_earlier():
    jobs = [(0, HOUR, 6, 0, 3 * HOUR), (10, HOUR, 8), (20, 2 * HOUR, 2)]
    assert starts(jobs, EASY) == [0, 2 * HOUR + 20, 20]


def test_who_used_little_of_late_comes_before_who_used_much():
    jobs = [(0, DAY, 8, 0), (10, HOUR, 8, 0), (20, HOUR, 8, 1)]
    assert starts(jobs, FAIR) == [0, DAY + HOUR, DAY]
    assert starts(jobs, EASY) == [0, DAY, DAY + HOUR]


def test_a_larger_share_weighs_the_same_use_less():
    jobs = [(0, DAY, 4, 0), (0, DAY, 4, 1), (10, HOUR, 8, 0), (20, HOUR, 8, 1)]
    assert starts(jobs, FAIR, shares=np.array([1, 2])) == [0, 0, DAY + HOUR, DAY]


def test_use_of_long_ago_is_forgotten():
    long_ago = [(0, DAY, 8, 0), (100 * DAY, DAY, 2, 1), (100 * DAY, DAY, 6, 2)]
    assert starts([*long_ago, (100 * DAY + 1, HOUR, 8, 1), (100 * DAY + 2, HOUR, 8, 0)], FAIR)[3:] == [
        101 * DAY + HOUR,
        101 * DAY,
    ]


def test_nobody_waits_for_ever_under_fair_share():
    policy = Policy("fair-share", hold_s=2 * HOUR)
    greedy = [(k * 60, HOUR, 8, 1) for k in range(40)]
    jobs = [(0, HOUR * 9, 8, 0), *sorted([*greedy, (30, HOUR, 8, 0)])]
    begun = dict(zip([row[:1] + row[3:] for row in jobs], starts(jobs, policy), strict=True))
    assert begun[30, 0] <= begun[600, 1]


def test_before_an_outage_only_what_it_leaves_goes_to_jobs_that_run_into_it():
    outage = (HOUR, 3 * HOUR, 6)
    jobs = [(0, 2 * HOUR, 2), (10, 2 * HOUR, 2), (20, HOUR // 2, 4)]
    assert starts(jobs, EASY, outages=(outage,)) == [0, 2 * HOUR, 20]


def test_more_gpus_from_a_day_on_let_waiting_jobs_start():
    for policy in POLICIES.values():
        assert starts([(0, 9 * HOUR, 8), (10, HOUR, 8)], policy, capacity=((0, 8), (HOUR, 16))) == [0, HOUR]


def test_what_never_fits_waits_and_holds_nobody_under_backfill():
    for policy in (EASY, FAIR):
        assert starts([(0, HOUR, 9), (1, HOUR, 1)], policy, until=HOUR) == [WAITING, 1]


rows = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 40), st.integers(1, 8), st.integers(0, 3), st.integers(0, 60)),
    min_size=1,
    max_size=30,
).map(sorted)
steps = st.sampled_from([((0, 8),), ((0, 4), (30, 8)), ((10, 8), (50, 5), (70, 12))])
outs = st.sampled_from([(), ((20, 40, 3),), ((15, 25, 4), (60, 90, 2))])
policies = st.sampled_from([FIFO, EASY, FAIR, Policy("backfill", depth=3), Policy("fair-share", hold_s=20, each=1)])


@given(rows, steps, outs, policies)
@settings(max_examples=150)
def test_it_starts_jobs_when_the_slow_one_does(jobs, capacity, outages, policy):
    assert starts(jobs, policy, capacity, outages, 300) == slow(jobs, capacity, outages, policy, 300)


@given(rows, steps, policies, outs)
def test_no_more_gpus_are_in_use_than_there_are(jobs, capacity, policy, outages):
    begun = starts(jobs, policy, capacity, outages, 300)
    for now in range(200):
        there = [gpus for at, gpus in capacity if at <= now][-1:] or [0]
        out = sum(gpus for start, end, gpus in outages if start <= now < end)
        used = sum(row[2] for row, at in zip(jobs, begun, strict=True) if 0 <= at <= now < at + row[1])
        started_now = any(at == now for at in begun)
        assert not started_now or used <= there[0] - out
        if capacity == ((0, 8),):
            assert used <= there[0] - out
    assert all(at == WAITING or at >= row[0] for row, at in zip(jobs, begun, strict=True))


@given(rows, st.integers(0, 29), policies, outs)
def test_what_happened_until_a_moment_does_not_depend_on_later_jobs(jobs, cut, policy, outages):
    known = jobs[: cut + 1]
    later = known[-1][0]
    whole, part = starts(jobs, policy, until=300, outages=outages), starts(known, policy, until=300, outages=outages)
    for before, after in zip(part, whole, strict=False):
        assert (before if 0 <= before < later else None) == (after if 0 <= after < later else None)


@given(rows, steps)
def test_first_come_first_served_starts_in_order(jobs, capacity):
    begun = starts(jobs, FIFO, capacity, until=300)
    done = [at for at in begun if at != WAITING]
    assert done == sorted(done)
    assert begun[: len(done)] == done


@given(rows, steps, outs)
def test_greedy_is_the_sample_centres_own_queue(jobs, capacity, outages):
    of = asked(jobs)
    theirs = start_times(of.submit, of.duration, of.parts, capacity, outages, 300)
    assert starts(jobs, POLICIES["greedy"], capacity, outages, 300) == theirs.tolist()


def test_the_busy_curve_is_by_hour():
    of = asked([(0, HOUR + 600, 2), (0, 100, 1)])
    hours = busy_hours(of, np.array([1800, WAITING]), Window(0, 3 * HOUR))
    assert hours.tolist() == [2 * 1800, 2 * 2400, 0]


@pytest.fixture(scope="module")
def philly():
    log = pd.read_parquet(PHILLY)
    at = pd.to_datetime(log["timestamp"]).astype("datetime64[s]").astype("int64").to_numpy()
    owner = pd.factorize(log["cluster"])[0].astype(np.int64)
    duration, gpus = (log[name].to_numpy(np.int64) for name in ("duration", "num_gpus"))
    return demand(at, duration, gpus, owner=owner)


def test_a_log_without_waits_is_its_own_replay(philly):
    whole = Window(int(philly.submit[0]) // HOUR * HOUR, int(philly.submit[-1]) + DAY)
    change = np.concatenate((philly.parts, -philly.parts))
    when = np.concatenate((philly.submit, philly.submit + philly.duration))
    most = int(np.cumsum(change[np.lexsort((change, when))]).max())
    for policy in POLICIES.values():
        assert self_replay(philly, philly.submit, [(0, most)], [], policy, whole).error == 0


@pytest.mark.parametrize(("policy", "least"), [("backfill", 0.02), ("fair-share", 0.02)])
def test_the_busy_curve_of_a_full_machine_is_reproduced_by_another_rule(philly, policy, least):
    """The log on so few GPUs that jobs wait, started by the sample centre's rule; replayed by another."""
    whole = Window(int(philly.submit[0]) // HOUR * HOUR, int(philly.submit[-1]))
    capacity = [(0, 850)]
    real = simulate(philly, capacity, [], POLICIES["greedy"], whole.end_s)
    found = self_replay(philly, real, capacity, [], POLICIES[policy], whole)
    assert found.error is not None
    assert found.error <= least
    assert self_replay(philly, real, capacity, [], POLICIES["fifo"], whole).error > found.error


def test_the_policy_that_made_a_log_is_found_again(philly):
    whole = Window(int(philly.submit[0]) // HOUR * HOUR, int(philly.submit[-1]))
    capacity = [(0, 850)]
    for name in POLICIES:
        real = simulate(philly, capacity, [], POLICIES[name], whole.end_s)
        tries = [self_replay(philly, real, capacity, [], one, whole) for one in POLICIES.values()]
        assert best_of(tries).policy.name == name
        assert best_of(tries).error == 0
