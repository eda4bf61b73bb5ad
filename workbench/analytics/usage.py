"""Usage: what jobs used in a window, by project, user, GPU model, partition, or any other name their rows have."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from workbench.analytics.sweep import Int64s, sweep
from workbench.units import GPU_PARTS, HOUR_S

SUMS = ("jobs_started", "gpu_part_seconds", "core_seconds", "wait_known_jobs", "wait_s")


def usage(swept: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Swept rows summed by name.

    Args:
        swept: rows of `sweep`, or what was rolled up of them.
        by: columns of theirs; none: one row in all.

    Returns:
        One row per group, in order (by project alone: largest use first): `by`, int64 jobs (started there),
        gpu_part_seconds, core_seconds (of jobs whose cores are known), wait_known_jobs, float64 gpu_hours, Float64
        wait_mean_s (NA: no submit time known).
    """
    if by:
        rows = swept.groupby(list(by), as_index=False, sort=True, dropna=False)[list(SUMS)].sum()
    else:
        rows = swept[list(SUMS)].sum().to_frame().T if len(swept) else swept[list(SUMS)]
    rows = rows.rename(columns={"jobs_started": "jobs"})
    rows["gpu_hours"] = rows["gpu_part_seconds"] / GPU_PARTS / HOUR_S
    known = rows["wait_known_jobs"].astype("Float64")
    rows["wait_mean_s"] = rows["wait_s"].astype("Float64") / known.where(known > 0)
    if list(by) == ["project"]:
        rows = rows.sort_values(["gpu_part_seconds", "project"], ascending=[False, True], ignore_index=True)
    columns = [*by, "jobs", "gpu_part_seconds", "core_seconds", "wait_known_jobs", "gpu_hours", "wait_mean_s"]
    return rows[columns].reset_index(drop=True)


def usage_of(jobs: Any, by: Sequence[str], window: Int64s) -> pd.DataFrame:
    """The same from jobs, for the window from the first to the last of these edges (UTC epoch seconds).

    Args:
        jobs: a job frame or one of the lake's, of pandas, cuDF, or Dask over either.
        by: any columns of theirs; none: one row in all.
        window: edges; only the first and the last count.
    """
    return usage(sweep(jobs, by, window[[0, -1]]), by)
