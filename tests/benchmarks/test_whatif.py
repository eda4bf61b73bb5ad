"""The benchmark of the simulated scheduler: its peer by hand starts jobs when the simulation does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.plain_scheduler import simulate as by_hand
from benchmarks.whatif import case, most_waiting, philly, sample
from workbench.analytics.ahead import demand
from workbench.analytics.simulate import POLICIES, Policy, simulate

rows = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 40), st.integers(1, 8)), min_size=1, max_size=40)


@given(rows.map(sorted), st.sampled_from(["fifo", "backfill"]), st.integers(1, 9))
@settings(max_examples=100)
def test_the_simulation_by_hand_starts_the_same_jobs(jobs, name, depth):
    columns = np.array(jobs, dtype=np.int64).T
    ours = simulate(demand(*columns), [(0, 8)], [], Policy(name, depth=depth), 10**6)
    theirs = by_hand(*(column.tolist() for column in columns), 8, backfill=name == "backfill", depth=depth)
    assert ours.tolist() == theirs


@pytest.mark.parametrize("make", [philly, sample])
def test_every_policy_is_timed_and_the_peer_agrees(make, capsys):
    jobs = make(400)
    assert len(jobs) == 400
    assert (np.diff(jobs.submit) >= 0).all()
    found = case(make.__name__, jobs, 0.95, 1, peer=True)
    assert [row["policy"] for row in found] == list(POLICIES)
    assert [row["equal"] for row in found if "equal" in row] == ([True, True] if make is philly else [])
    assert capsys.readouterr().out.count("\n") == len(POLICIES)


def test_the_longest_queue_is_counted():
    jobs = demand(*(np.array(column, dtype=np.int64) for column in ((0, 1, 2, 50), (10, 10, 10, 1), (8, 8, 8, 8))))
    start = simulate(jobs, [(0, 8)], [], POLICIES["fifo"], 1000)
    assert start.tolist() == [0, 10, 20, 50]
    assert most_waiting(jobs, start, 1000) == 2
