"""Every back end gives the same answer, to the bit: as counting gives it, and for real logs with their known totals."""

from functools import partial
from unittest.mock import patch

import dask
import dask.dataframe as dd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analytics.equal_cases import LOGS, Case, cases, check, check_log, counted, log_edges, log_jobs, same
from workbench.analytics import sweep_arrays
from workbench.analytics.frames import kind
from workbench.analytics.sweep import sweep, sweeps, swept


@pytest.fixture(autouse=True)
def in_this_thread():
    with dask.config.set(scheduler="synchronous"):
        yield


def itself(frame):
    return frame


def on_dask(frame, partitions):
    return dd.from_pandas(frame, npartitions=partitions, sort=False)


@given(cases())
@settings(max_examples=30)
def test_pandas_gives_what_counting_gives(case):
    check(case, itself)


@given(cases(), st.integers(1, 5))
@settings(max_examples=12)
def test_dask_gives_what_counting_gives(case, partitions):
    check(case, partial(on_dask, partitions=partitions))


@given(cases())
@settings(max_examples=50)
def test_sorting_a_cell_for_every_bucket_and_a_compiled_loop_give_the_same(case: Case):
    expected = counted(case.jobs, list(case.by), case.edges)
    for dense, compiled_from in ((True, 10**9), (True, 0), (False, 0)):
        with patch.object(sweep_arrays, "COMPILED_JOBS", compiled_from):
            same(swept(case.jobs, case.by, case.edges, dense=dense), expected)


@given(cases())
@settings(max_examples=25)
def test_categories_are_names_too(case: Case):
    named = case.jobs.astype(dict.fromkeys(case.by, "category"))
    same(sweep(named, case.by, case.edges), sweep(case.jobs, case.by, case.edges))


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.parametrize("make", [itself, partial(on_dask, partitions=3), partial(on_dask, partitions=40)])
def test_real_logs_give_their_known_totals(name, make):
    check_log(name, make)


@pytest.mark.parametrize("name", LOGS)
def test_real_logs_swept_in_both_ways(name):
    jobs, (hours, days) = log_jobs(name), log_edges(name)
    for by, edges in ((["partition"], hours), (["project", "user_name"], days)):
        same(swept(jobs, by, edges, dense=True), swept(jobs, by, edges, dense=False))


def test_several_questions_in_one_reading():
    jobs, (hours, days) = log_jobs("mit-supercloud"), log_edges("mit-supercloud")
    asked = [(["partition"], hours), (["user_name"], days)]
    for found, (by, edges) in zip(sweeps(on_dask(jobs, 20), asked), asked, strict=True):
        same(found, sweep(jobs, by, edges))


def test_what_is_no_frame_is_refused():
    with pytest.raises(TypeError, match="pandas, cuDF or Dask, not list"):
        kind([1, 2])


def test_a_frame_that_lacks_what_jobs_have_is_refused():
    jobs = log_jobs("philly")[["project", "start_at"]]
    with pytest.raises(ValueError, match=r"needs seen_until_at, gpu_parts \(or gpus\)"):
        sweep(jobs, ["project"], log_edges("philly")[0])
