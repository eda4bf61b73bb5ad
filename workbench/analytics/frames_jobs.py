"""What an analysis reads of jobs: of a job frame, or of a frame of the lake, whichever it is given, on any back end.

A job frame has seconds and parts of a GPU (schema.JOB_COLUMNS); the lake has timestamps and GPUs (schema.LAKE_COLUMNS).
Here, and nowhere else, the one is made the other: int64 arrays that lie where the frame lies. A column that a frame
lacks and that may be unknown (cores, waits) is unknown in every row.
"""

from typing import Any

import numpy as np

from workbench.analytics.frames import ints, kind, namespace, only
from workbench.units import GPU_PARTS

SPAN = ("start_at", "seen_until_at")
WEIGHT = ("gpu_parts", "gpus", "cpu_cores")
WAIT = ("submit_at", "submit_known", "wait_s")
PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def needed(frame: Any, *names: str) -> Any:
    """The frame with these columns, those of them that it has.

    Raises:
        ValueError: it has not what every frame of jobs has.
    """
    held = set(frame.columns)
    lacking = [name for name in names if name not in held and name not in {*WEIGHT, *WAIT}]
    if not held & {"gpu_parts", "gpus"} and "gpu_parts" in names:
        lacking.append("gpu_parts (or gpus)")
    if lacking:
        raise ValueError(f"a frame of jobs needs {', '.join(lacking)}; this one has {', '.join(map(str, held))}")
    return only(frame, names)


def spans(jobs: Any) -> tuple[Any, Any]:
    """When each job began and until when it was seen, UTC epoch seconds."""
    start, end = (_seconds(jobs[name]) for name in SPAN)
    return start, end


def weights(jobs: Any) -> dict[str, Any]:
    """What each job held: parts of a GPU, and cores (0: not known, and in no sum)."""
    # parts ÷ GPU_PARTS in float64 is nearer to that fraction than to any other: rounding gives the parts back.
    whole = "gpu_parts" in jobs.columns
    parts = ints(jobs["gpu_parts"] if whole else (jobs["gpus"] * GPU_PARTS).round())
    known = "cpu_cores" in jobs.columns
    cores = ints(jobs["cpu_cores"]) if known else namespace(jobs).zeros(len(jobs), dtype=np.int64)
    return {"gpu_part_seconds": parts, "core_seconds": cores}


def waits(jobs: Any) -> tuple[Any, Any]:
    """Whether each job's wait is known, and how long it was in seconds (0 where not known)."""
    xp = namespace(jobs)
    if "submit_known" in jobs.columns:
        known = ints(jobs["submit_known"].astype("int64")) != 0
        wait = _seconds(jobs["start_at"]) - _seconds(jobs["submit_at"])
    elif "wait_s" in jobs.columns:
        wait = ints(jobs["wait_s"], unknown=-1)
        known = wait >= 0
    else:
        wait = xp.zeros(len(jobs), dtype=np.int64)
        known = wait > 0
    known = known & (wait >= 0)
    return known, xp.where(known, wait, 0)


def _seconds(column: Any) -> Any:
    """Whole UTC epoch seconds of a column that has those, or timestamps of any unit."""
    name = str(column.dtype)
    if not name.startswith("datetime64"):
        return ints(column)
    unit, _, zone = name.removeprefix("datetime64[").removesuffix("]").partition(",")
    naive = column.dt.tz_convert(None) if zone else column
    counted = naive.to_numpy().view(np.int64) if kind(column) == "pandas" else naive.astype("int64").values
    return counted // PER_SECOND[unit]
