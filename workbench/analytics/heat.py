"""The heat map: mean occupancy by weekday and hour of the centre's own clock, weighted by time."""

from zoneinfo import ZoneInfo

import pandas as pd

from workbench.units import GPU_PARTS


def heat_map(hourly: pd.DataFrame, zone: ZoneInfo) -> pd.DataFrame:
    """Hours of a window folded into a week.

    Args:
        hourly: rows of `occupancy` by hour without split.
        zone: the centre's.

    Returns:
        168 rows, in order: int64 weekday (0 Monday … 6), hour (0 … 23), hours (how many fell there), float64 busy_gpus
        (NaN where none did), Float64 share (NA where none did, or the capacity of any is unknown).
    """
    local = hourly["start_at"].dt.tz_convert(zone)
    seconds = (hourly["end_at"] - hourly["start_at"]).dt.total_seconds()
    folded = pd.DataFrame(
        {
            "weekday": local.dt.dayofweek.astype("int64"),
            "hour": local.dt.hour.astype("int64"),
            "seconds": seconds,
            "busy": hourly["gpu_part_seconds"],
            "capacity": hourly["capacity_part_seconds"].fillna(0),
            "unknown": hourly["capacity_part_seconds"].isna(),
        }
    )
    cells = folded.groupby(["weekday", "hour"]).agg(
        hours=("seconds", "size"),
        seconds=("seconds", "sum"),
        busy=("busy", "sum"),
        capacity=("capacity", "sum"),
        unknown=("unknown", "any"),
    )
    week = pd.MultiIndex.from_product((range(7), range(24)), names=["weekday", "hour"])
    cells = cells.reindex(week)
    known = (cells["unknown"] == False) & (cells["capacity"].fillna(0) > 0)  # noqa: E712  (NaN is neither)
    cells["busy_gpus"] = cells["busy"] / GPU_PARTS / cells["seconds"]
    share = cells["busy"].astype("Float64") / cells["capacity"].astype("Float64")
    cells["share"] = share.where(known.astype(bool))
    cells["hours"] = cells["hours"].fillna(0).astype("int64")
    return cells[["hours", "busy_gpus", "share"]].reset_index()
