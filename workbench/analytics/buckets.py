"""Edges of the buckets into which a window is cut: hours of UTC; days, weeks and months of the centre's zone."""

from datetime import timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from workbench.analytics.sweep import Int64s, day_edges, hour_edges
from workbench.periods import Window, day_of, day_start, hour_floor

Grain = Literal["hour", "day", "week", "month"]
GRAINS: tuple[Grain, ...] = ("hour", "day", "week", "month")


def edges_of(window: Window, grain: Grain, zone: ZoneInfo) -> Int64s:
    """The window's own two edges and those of the grain between them (UTC epoch seconds). Weeks begin on Monday.

    Raises:
        ValueError: the window is empty.
    """
    if not window.seconds:
        raise ValueError("an empty window has no buckets")
    whole = (
        hour_edges(window.start_s, window.end_s) if grain == "hour" else day_edges(window.start_s, window.end_s, zone)
    )
    if grain in ("week", "month"):
        days = [day_of(int(edge), zone) for edge in whole]
        keep = [day.weekday() == 0 if grain == "week" else day.day == 1 for day in days]
        whole = whole[np.array(keep, dtype=bool)]
    inside = whole[(whole > window.start_s) & (whole < window.end_s)]
    return np.concatenate(([window.start_s], inside, [window.end_s])).astype(np.int64)


def bucket_start(inside_s: int, grain: Grain, zone: ZoneInfo) -> int:
    """When the hour (of UTC), or the zone's day, week or month, that holds this second begins; UTC epoch seconds."""
    if grain == "hour":
        return hour_floor(inside_s)
    day = day_of(inside_s, zone)
    back = {"day": 0, "week": day.weekday(), "month": day.day - 1}[grain]
    return day_start(day - timedelta(days=back), zone)


def bucket_label(start_s: int, grain: Grain, zone: ZoneInfo) -> str:
    """The name of a bucket that starts then: 2026-10-14T08 (UTC hour), or 2026-10-14, 2026-W42, 2026-10 in the zone."""
    day = day_of(start_s, zone)
    if grain == "month":
        return f"{day:%Y-%m}"
    if grain == "week":
        return f"{day:%G-W%V}"
    return day.isoformat() if grain == "day" else f"{day_of(start_s, ZoneInfo('UTC'))}T{start_s // 3600 % 24:02d}"
