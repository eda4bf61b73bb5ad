"""Waits are told of the jobs that know them, and the others are counted."""

import pandas as pd

from tests.builders import OPENING_S, a_job
from workbench.analytics.schema import job_frame
from workbench.analytics.wait import wait


def queued(number, wait_s, **given):
    return a_job(job_id=str(number), submit_at=OPENING_S - wait_s, submit_known=True, **given)


def test_mean_median_and_95th_percentile_are_of_the_known_waits():
    jobs = [queued(n, 100 * n) for n in range(1, 5)] + [a_job(job_id="x"), queued(9, 7, project=None)]
    frame = wait(job_frame(jobs))
    assert frame["project"].tolist() == ["", "vision"]
    assert frame.iloc[1][["jobs", "known_jobs", "mean_s", "median_s", "p95_s"]].tolist() == [5, 4, 250, 250, 385]


def test_a_job_that_starts_before_it_is_submitted_has_no_known_wait():
    frame = wait(job_frame([queued(1, -5)]))
    assert frame[["jobs", "known_jobs"]].values.tolist() == [[1, 0]]
    assert frame[["mean_s", "median_s", "p95_s"]].isna().all(axis=None)


def test_no_jobs_have_no_waits():
    assert wait(job_frame([])).empty
    assert isinstance(wait(job_frame([])), pd.DataFrame)
