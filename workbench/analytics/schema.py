"""The frames that pass between parsing, the store and the analytics: their columns and dtypes, checked in one place.

A job frame has one row per job, times in UTC epoch seconds, GPUs in parts (1/420,000 GPU, workbench.units). A missing
text is NA, never ''; `end_at` NA: it still runs; `cpu_cores`, `mem_mib`, `suspended_s` NA: the source does not say. See
workbench.domain.jobs.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

JOB_COLUMNS: dict[str, str] = {
    "cluster": "str",
    "job_id": "str",
    "submit_at": "int64",
    "start_at": "int64",
    "end_at": "Int64",
    "seen_until_at": "int64",
    "project": "str",
    "user_name": "str",
    "partition": "str",
    "gpu_model": "str",
    "gpu_parts": "int64",
    "cpu_cores": "Int64",
    "state": "str",
    "name": "str",
    "source": "str",
    "submit_known": "bool",
    "kind": "str",
    "server_id": "str",
    "dask_id": "str",
    "mem_mib": "Int64",
    "qos": "str",
    "reservation": "str",
    "suspended_s": "Int64",
    "capture_id": "Int64",
}

JOB_KEY = ("cluster", "job_id", "submit_at")
"""What makes a job: Slurm reuses ids and a requeue resets the submit time, so each attempt is a row."""

OPTIONAL = frozenset(
    {
        "project", "user_name", "partition", "gpu_model", "cpu_cores", "state", "name", "end_at", "capture_id",
        "kind", "server_id", "dask_id", "mem_mib", "qos", "reservation", "suspended_s",
    }
)  # fmt: skip
"""Columns that may hold NA, and may be left out of what is given to `job_frame`: then they are unknown in every row."""

NEVER_BELOW_0 = ("cpu_cores", "mem_mib", "suspended_s")

LAKE_COLUMNS: dict[str, str] = {
    "cluster": "string",
    "project": "string",
    "job_id": "string",
    "submit_at": "datetime64[us, UTC]",
    "start_at": "datetime64[us, UTC]",
    "end_at": "datetime64[us, UTC]",
    "seen_until_at": "datetime64[us, UTC]",
    "user_name": "string",
    "partition": "string",
    "gpu_model": "string",
    "gpus": "float64",
    "gpu_part_seconds": "int64",
    "gpu_hours": "float64",
    "cpu_cores": "Int64",
    "state": "string",
    "wait_s": "Int64",
    "duration_s": "int64",
    "source": "string",
    "kind": "string",
    "qos": "string",
}
"""The lake's columns: cluster and project in a file's path, the rest in the file. What is NA has not come or is not
known: `end_at` while the job runs, `submit_at` and `wait_s` where the log has no submit time. `gpu_part_seconds`
(1/420,000 GPU × s) and `duration_s` reach until `seen_until_at`."""

LAKE_KEYS = ("cluster", "project")

UNKNOWN = ""
"""What stands for an unknown name in the key of a rollup; faces show it as "unknown"."""


def job_frame(jobs: pd.DataFrame | Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Jobs as a job frame: the columns of JOB_COLUMNS in that order and with those dtypes, index 0…n-1.

    Args:
        jobs: a frame, or one mapping per job. Columns of OPTIONAL may be missing.

    Raises:
        ValueError: a column is missing, unknown, or holds what it may not; or a job ends, or is last seen, before
            it starts, or has less than no GPUs or cores.
    """
    given = jobs if isinstance(jobs, pd.DataFrame) else pd.DataFrame(list(jobs))
    if given.empty:
        return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in JOB_COLUMNS.items()})
    missing = [c for c in JOB_COLUMNS if c not in given.columns and c not in OPTIONAL]
    extra = [c for c in given.columns if c not in JOB_COLUMNS]
    if missing or extra:
        raise ValueError(f"a job frame lacks the columns {missing} and does not know {extra}")
    frame = pd.DataFrame(
        {name: _typed(given, name, dtype) for name, dtype in JOB_COLUMNS.items()}, columns=list(JOB_COLUMNS)
    )
    # A job that has ended was seen until its end: one of the two says it.
    frame["seen_until_at"] = frame["end_at"].fillna(frame["seen_until_at"]).astype("int64")
    _check(frame)
    return frame


def _typed(given: pd.DataFrame, name: str, dtype: str) -> pd.Series:
    if name not in given.columns:
        return pd.Series(pd.NA, index=range(len(given)), dtype=dtype)
    column = given[name].reset_index(drop=True)
    if column.dtype == dtype:
        return column
    try:
        return column.astype(dtype)
    except (TypeError, ValueError) as problem:
        raise ValueError(f"column {name} of a job frame must be {dtype}: {problem}") from problem


def _check(frame: pd.DataFrame) -> None:
    for name, dtype in JOB_COLUMNS.items():
        if dtype == "str" and name not in OPTIONAL and frame[name].isna().any():
            raise ValueError(f"column {name} of a job frame may not be unknown")
    ends_early = (frame["end_at"] < frame["start_at"]).fillna(False).any()
    if ends_early or (frame["seen_until_at"] < frame["start_at"]).any():
        raise ValueError("a job frame holds a job that ends, or is last seen, before it starts")
    if (frame["gpu_parts"] < 0).any() or any((frame[name] < 0).fillna(False).any() for name in NEVER_BELOW_0):
        raise ValueError("a job frame holds a job with less than no GPUs, cores, memory or suspended time")
