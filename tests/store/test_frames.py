"""Usage out of the rollups is exact for any window, in any zone, and equals what the jobs themselves say."""

import tempfile
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.builders import OPENING_S, a_job
from workbench.analytics.buckets import edges_of
from workbench.analytics.schema import job_frame
from workbench.analytics.sweep import sweep
from workbench.periods import Window
from workbench.settings import load
from workbench.store import facts
from workbench.store.engine import open_store
from workbench.store.frames import SUMS, used
from workbench.store.jobs import upsert_jobs
from workbench.store.wanted import KEYS, Wanted
from workbench.units import DAY_S, GPU_PARTS

ZONES = ("Asia/Hong_Kong", "Asia/Kolkata", "America/New_York")  # the last changes its clocks on 8 March 2026


def some_jobs():
    chance = np.random.default_rng(3)
    jobs = []
    for number in range(300):
        start = OPENING_S + int(chance.integers(0, 80 * DAY_S))
        jobs.append(
            a_job(
                job_id=str(number),
                submit_at=start - int(chance.integers(0, 4000)),
                submit_known=bool(chance.integers(0, 2)),
                start_at=start,
                end_at=start + int(chance.exponential(40_000)),
                project=["a", "b", None][chance.integers(0, 3)],
                user_name=["ana", "bo", None][chance.integers(0, 3)],
                partition=["main", "small"][chance.integers(0, 2)],
                gpu_parts=int(chance.integers(0, 9)) * GPU_PARTS // 7,
            )
        )
    return job_frame(jobs)


JOBS = some_jobs()


@pytest.fixture(scope="module")
def stores():
    """The same jobs in three centres, each with its own zone."""
    with tempfile.TemporaryDirectory() as folder:
        found = {}
        for name in ZONES:
            store = open_store(load(home=Path(folder) / name.replace("/", "-")))
            with store.begin() as conn:
                upsert_jobs(conn, JOBS, ZoneInfo(name))
            found[name] = store
        yield found
        for store in found.values():
            store.engine.dispose()


@hypothesis_settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(ZONES),
    st.integers(-DAY_S, 82 * DAY_S),
    st.one_of(st.integers(0, 3 * DAY_S), st.integers(0, 70 * DAY_S)),
    st.sampled_from([None, "hour", "day", "week", "month"]),
    st.lists(st.sampled_from(KEYS), unique=True, max_size=3),
    st.sampled_from([Wanted(), Wanted(projects=("a", "")), Wanted(users=("ana",)), Wanted(partitions=("small",))]),
)
def test_any_window_equals_the_jobs_themselves(stores, zone, start, length, grain, by, wanted):
    window = Window(OPENING_S + start, OPENING_S + start + length)
    with stores[zone].read() as conn:
        found = used(conn, window, grain, by, wanted, ZoneInfo(zone))
    jobs = JOBS
    for name, values in wanted.sets().items():
        jobs = jobs[jobs[name].fillna("").isin(values)]
    if not length:
        assert found.empty
        return
    edges = edges_of(window, grain, ZoneInfo(zone)) if grain else np.array([window.start_s, window.end_s])
    expected = sweep(jobs, by, edges)[[*by, "bucket", *SUMS]]
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_splitting_a_window_never_changes_the_total(stores):
    zone = ZoneInfo("Asia/Hong_Kong")
    cuts = [OPENING_S, OPENING_S + 1, OPENING_S + 86_399, OPENING_S + 9 * DAY_S + 7, OPENING_S + 100 * DAY_S]
    with stores["Asia/Hong_Kong"].read() as conn:
        parts = [used(conn, Window(a, b), None, ["project"], Wanted(), zone) for a, b in pairwise(cuts)]
        whole = used(conn, Window(cuts[0], cuts[-1]), None, ["project"], Wanted(), zone)
    summed = pd.concat(parts).groupby("project", as_index=False)[list(SUMS)].sum()
    assert summed.to_dict("records") == whole.drop(columns="bucket").to_dict("records")
    assert whole["jobs_started"].sum() == len(JOBS)


def test_wanting_none_of_something_gives_nothing(stores):
    with stores["Asia/Hong_Kong"].read() as conn:
        window = Window(OPENING_S, OPENING_S + DAY_S)
        assert used(conn, window, None, ["project"], Wanted(projects=()), ZoneInfo("UTC")).empty


def test_extent_is_from_the_first_hour_to_the_last(stores):
    with stores["Asia/Hong_Kong"].read() as conn:
        window = facts.extent(conn, Wanted())
    assert window.start_s <= JOBS["start_at"].min() < window.start_s + 3600
    assert window.end_s - 3600 < JOBS["end_at"].max() <= window.end_s


def test_at_a_moment_only_what_runs_then_is_counted(store):
    running = a_job(job_id="r", end_at=None, seen_until_at=OPENING_S + 50, gpu_parts=3)
    ended = a_job(job_id="e", end_at=OPENING_S + 40, gpu_parts=5)
    later = a_job(job_id="l", start_at=OPENING_S + 60, gpu_parts=7)
    with store.begin() as conn:
        upsert_jobs(conn, job_frame([running, ended, later]), ZoneInfo("UTC"))
    with store.read() as conn:
        parts = [facts.at_moment(conn, Wanted(), OPENING_S + s)["gpu_parts"].sum() for s in (-1, 0, 39, 40, 55, 60)]
    assert parts == [0, 8, 8, 3, 3, 10]
