"""Queue wait: start less submit, of jobs whose log has a submit time of its own; the rest are counted as unknown."""

from collections.abc import Sequence

import pandas as pd

from workbench.analytics.schema import UNKNOWN


def wait(jobs: pd.DataFrame, by: Sequence[str] = ("project",)) -> pd.DataFrame:
    """Waits of jobs by group.

    Args:
        jobs: a job frame; of it submit_at, start_at, submit_known and the columns of `by`.
        by: columns to group by; NA becomes UNKNOWN.

    Returns:
        One row per group, in order: `by`, int64 jobs, known_jobs (a job that starts before it is submitted is not
        known), Float64 mean_s, median_s, p95_s (linear; NA where none is known).
    """
    seconds = (jobs["start_at"] - jobs["submit_at"]).astype("Float64")
    known = jobs["submit_known"].astype(bool) & (seconds >= 0)
    rows = jobs[list(by)].fillna(UNKNOWN).assign(wait_s=seconds.where(known))
    groups = rows.groupby(list(by))["wait_s"]
    return pd.DataFrame(
        {
            "jobs": groups.size(),
            "known_jobs": groups.count(),
            "mean_s": groups.mean(),
            "median_s": groups.median(),
            "p95_s": groups.quantile(0.95),
        }
    ).reset_index()
