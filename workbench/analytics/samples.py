"""The frames of telemetry: samples of GPUs, and which GPUs a job had. Columns and dtypes, in one place.

A sample says what one device (a GPU, or a MIG slice of one) was doing when it was asked. What it does not say is NA,
never 0: a GPU with MIG on gives no utilisation by itself, a driver without the right to profile gives none of a slice.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from workbench.units import BASIS_POINTS

SAMPLE_COLUMNS: dict[str, str] = {
    "sampled_at": "int64",
    "node": "str",
    "gpu_index": "Int64",
    "gpu_uuid": "str",
    "mig": "str",
    "gpu_model": "str",
    "active_bp": "Int64",
    "measure": "str",
    "mem_used_mib": "Int64",
    "mem_total_mib": "Int64",
    "power_mw": "Int64",
    "job_id": "str",
    "source": "str",
}
"""`sampled_at`: UTC epoch seconds. `node`: its short name as Slurm knows it. `gpu_index`, `gpu_uuid`: of the whole GPU,
either may be NA. `mig`: the slice's profile and place, "1g.10gb/7/0" (profile, GPU instance, compute instance), "?" for
a profile that its source does not say; NA: the whole GPU. `active_bp`: utilisation in hundredths of a percent, 0 to
10,000. `measure`: what that is, one of MEASURES.
`job_id`: as the exporter labels it. `source`: one of SOURCES."""

MEASURES = ("gr_engine_active", "gpu_util")
"""Share of time in which any compute or graphics engine was busy (DCGM_FI_PROF_GR_ENGINE_ACTIVE; whole GPUs and MIG);
share of time in which any kernel ran (NVML's utilization.gpu, DCGM_FI_DEV_GPU_UTIL; whole GPUs only)."""

SOURCES = ("dcgm", "nvidia-smi", "nvml", "sample")
"""`sample`: made up, for the sample centre; a page that shows it says so."""

PLACED_COLUMNS: dict[str, str] = {
    "cluster": "str",
    "job_id": "str",
    "submit_at": "int64",
    "node": "str",
    "gpu_index": "Int64",
    "gpu_uuid": "str",
    "mig": "str",
    "gpu_parts": "int64",
}
"""One row for each device of a job (key: cluster, job_id, submit_at as in JOB_KEY): by index, or uuid, or both; with
`mig` as in a sample. `gpu_parts`: of one GPU, 1/420,000 (workbench.units). A job without rows: nobody said where."""

SAMPLE_KEY = ("sampled_at", "node", "gpu_index", "gpu_uuid", "mig", "measure", "source")
"""What makes a sample: two rows with the same are one look at one device."""


def sample_frame(samples: pd.DataFrame | Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Samples as a frame: the columns of SAMPLE_COLUMNS in that order and with those dtypes, index 0…n-1.

    Args:
        samples: a frame, or one mapping per sample. What is left out is unknown; sampled_at, node and source are not.

    Raises:
        ValueError: a column is missing, unknown, or holds what it may not.
    """
    frame = _frame(samples, SAMPLE_COLUMNS, ("sampled_at", "node", "source"))
    active = frame["active_bp"]
    if ((active < 0) | (active > BASIS_POINTS)).fillna(False).any():
        raise ValueError(f"active_bp of a sample is 0 to {BASIS_POINTS}, or unknown")
    if (active.notna() & ~frame["measure"].isin(MEASURES)).any():
        raise ValueError(f"a sample with active_bp says its measure, one of {', '.join(MEASURES)}")
    if not frame["source"].isin(SOURCES).all():
        raise ValueError(f"the source of a sample is one of {', '.join(SOURCES)}")
    return frame


def placed_frame(placed: pd.DataFrame | Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Placements as a frame: the columns of PLACED_COLUMNS in that order and with those dtypes, index 0…n-1.

    Raises:
        ValueError: a column is missing, unknown, or holds what it may not.
    """
    return _frame(placed, PLACED_COLUMNS, ("cluster", "job_id", "submit_at", "node", "gpu_parts"))


def _frame(
    given: pd.DataFrame | Iterable[Mapping[str, Any]], columns: Mapping[str, str], known: Sequence[str]
) -> pd.DataFrame:
    rows = given if isinstance(given, pd.DataFrame) else pd.DataFrame(list(given))
    if rows.empty:
        return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in columns.items()})
    extra, missing = set(rows.columns) - set(columns), set(known) - set(rows.columns)
    if missing or extra:
        raise ValueError(f"a frame of telemetry lacks the columns {sorted(missing)} and does not know {sorted(extra)}")
    for name in known:
        if rows[name].isna().any():
            raise ValueError(f"column {name} of a frame of telemetry may not be unknown")
    unknown = pd.Series([None] * len(rows), dtype=object)
    try:
        return pd.DataFrame(
            {
                name: (rows[name].reset_index(drop=True) if name in rows.columns else unknown).astype(dtype)
                for name, dtype in columns.items()
            }
        )
    except (TypeError, ValueError) as problem:
        raise ValueError(f"a frame of telemetry holds what it may not: {problem}") from problem
