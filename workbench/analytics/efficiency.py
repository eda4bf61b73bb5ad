"""Allocated against active GPU time: how much of the time that jobs held GPUs for the GPUs were busy, idle, unknown.

A job has devices (GPUs or MIG slices) of a node; samples say what a device was doing. A sample stands until the next
one of its device, for `gap_s` at most, and never for a job that began after it was taken. Time of which no sample says
anything is unknown: it is neither active nor idle. So held = active + idle + unknown, exactly, in whole numbers.
"""

from typing import Any

import numpy as np
import pandas as pd

from workbench.analytics import efficiency_frames as frames
from workbench.analytics.efficiency_places import labelled, places_of, rows_on, unplaced
from workbench.analytics.efficiency_standing import PEAKS, STOP, SUMS, UNKNOWN_NUMBER, Stretches, measured
from workbench.analytics.frames import kind
from workbench.analytics.schema import JOB_KEY
from workbench.periods import Window
from workbench.units import BASIS_POINTS

USED_BP = 500
"""A device counts as used while its activity is 5% or more: what is below is a start, a check, a stray process."""
GAPS = 2
"""A sample stands for so many intervals at most: one may come late, two that are missing are a hole."""

KEY = list(JOB_KEY)
OF_JOB = ("project", "user_name", "partition", "gpu_model", "gpu_parts")
TIMES = ("start_at", "seen_until_at")


def by_device(jobs: Any, placed: Any, samples: Any, window: Window, gap_s: int, used_bp: int = USED_BP) -> pd.DataFrame:
    """What each device of each job was doing inside a window.

    Args:
        jobs: job frame. Frames may be pandas, cuDF, or Dask frames of either.
        placed: PLACED_COLUMNS. A job without rows there is joined by the samples that name it, if any do.
        samples: SAMPLE_COLUMNS, with those of `gap_s` before the window. Partitions of a Dask frame are cut by time:
            one day, or some hours, each.
        window: half-open, UTC epoch seconds. Windows that adjoin add up.
        gap_s: a sample stands for so many seconds at most.
        used_bp: from what activity on a device is used, hundredths of a percent.

    Returns:
        One row per job and device, by job and device: JOB_KEY, text `device` ("node-1:0", "node-1:0/1g.10gb/7/0"),
        int64 gpu_parts, held_s, known_s, active_bp_s (hundredths of a percent ×
        seconds), used_s; Int64 last_used_at (NA: not used), mem_peak_mib, mem_total_mib (NA: not said).
    """
    held = frames.collected(jobs, lambda part: _held(part, window))
    return _by_device(held, placed, samples, window, gap_s, used_bp)


def efficiency(
    jobs: Any, placed: Any, samples: Any, window: Window, gap_s: int, used_bp: int = USED_BP
) -> pd.DataFrame:
    """Held, known and active GPU time of each job inside a window.

    Args:
        jobs: as for `by_device`, and so are the others.

    Returns:
        One row per job that held GPUs, by JOB_KEY: JOB_KEY, OF_JOB, int64 held_part_seconds, known_part_seconds,
        active_bp_part_seconds (bp × part-seconds), devices (of which anything is known), used_devices.
    """
    held = frames.collected(jobs, lambda part: _held(part, window))
    return of_jobs(held, _by_device(held, placed, samples, window, gap_s, used_bp), window)


def of_jobs(held: pd.DataFrame, devices: pd.DataFrame, window: Window) -> pd.DataFrame:
    """The rows of `by_device` summed by job; every job that held GPUs inside the window has a row."""
    held = _held(held, window)
    sums = devices.assign(
        known_part_seconds=devices["gpu_parts"] * devices["known_s"],
        active_bp_part_seconds=devices["gpu_parts"] * devices["active_bp_s"],
        devices=(devices["known_s"] > 0).astype("int64"),
        used_devices=(devices["used_s"] > 0).astype("int64"),
    )
    names = ["known_part_seconds", "active_bp_part_seconds", "devices", "used_devices"]
    sums = sums.groupby(KEY, as_index=False)[names].sum()
    rows = held.merge(sums, on=KEY, how="left")
    rows[names] = rows[names].fillna(0).astype("int64")
    seconds = rows["seen_until_at"].clip(upper=window.end_s) - rows["start_at"].clip(lower=window.start_s)
    rows["held_part_seconds"] = rows["gpu_parts"] * seconds
    columns = [*KEY, *OF_JOB, "held_part_seconds", *names]
    return rows.sort_values(KEY, ignore_index=True)[columns]


def idle_bp_part_seconds(rows: pd.DataFrame) -> pd.Series:
    """Known and not active: hundredths of a percent × part-seconds."""
    return rows["known_part_seconds"] * BASIS_POINTS - rows["active_bp_part_seconds"]


def _by_device(held: pd.DataFrame, placed: Any, samples: Any, window: Window, gap_s: int, used_bp: int) -> pd.DataFrame:
    near = Window(window.start_s - gap_s, window.end_s)
    mine = held[KEY].drop_duplicates()
    there = frames.collected(placed, lambda part: frames.like(part, mine).merge(part, on=KEY))
    nowhere = unplaced(held, there)
    told = frames.collected(samples, lambda part: labelled(part, nowhere, near)) if len(nowhere) else None
    places = places_of(held, there, told)
    stops = _firsts(samples, places, near) if kind(samples) == "dask" else None
    stretches = Stretches(
        places["number"].to_numpy(np.int64),
        places["start_at"].to_numpy(np.int64),
        places["start_at"].clip(lower=window.start_s).to_numpy(np.int64),
        places["seen_until_at"].clip(upper=window.end_s).to_numpy(np.int64),
    )

    def partial(part: Any) -> pd.DataFrame:
        rows = rows_on(part, places, near)
        if stops is not None:
            rows = frames.joined(rows, stops)
        return measured(rows, stretches, gap_s, used_bp)

    found = _summed(frames.collected(samples, partial))
    rows = places.join(found.set_index("stretch"), how="left")
    rows["held_s"] = stretches.end - stretches.start
    rows[list(SUMS)] = rows[list(SUMS)].fillna(0).astype("int64")
    for name in PEAKS:
        rows[name] = rows[name].where(rows[name] >= 0).astype("Int64")
    columns = [*KEY, "device", "gpu_parts", "held_s", *SUMS, *PEAKS]
    return rows.sort_values([*KEY, "device"], ignore_index=True)[columns]


def _held(jobs: Any, window: Window) -> Any:
    """Jobs that hold GPUs inside of the window, with what of them counts."""
    runs = (jobs["start_at"] < window.end_s) & (jobs["seen_until_at"] > window.start_s)
    some = runs & (jobs["seen_until_at"] > jobs["start_at"]) & (jobs["gpu_parts"] > 0)
    return jobs[some][[*KEY, *TIMES, *OF_JOB]]


def _firsts(samples: Any, places: pd.DataFrame, near: Window) -> pd.DataFrame:
    """Where each part of the samples begins on each device: there ends what stands from the part before."""

    def first(part: Any) -> Any:
        return rows_on(part, places, near).groupby("device")[["sampled_at"]].min().reset_index()

    found = frames.collected(samples, first)
    return found.assign(rank=STOP, active_bp=UNKNOWN_NUMBER, mem_used_mib=UNKNOWN_NUMBER, mem_total_mib=UNKNOWN_NUMBER)


def _summed(parts: pd.DataFrame) -> pd.DataFrame:
    """Results of parts of the samples as one: sums add up, of peaks the highest counts."""
    how = dict.fromkeys(SUMS, "sum") | dict.fromkeys(PEAKS, "max")
    return parts.groupby("stretch", as_index=False).agg(how)
