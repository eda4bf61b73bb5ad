"""What pages, notebooks and commands read about usage and occupancy. From the rollups only; a scope is always given.

All windows are half-open [start_s, end_s) in UTC epoch seconds and counted exactly, to the second. In frames, GPU
amounts are int64 `gpu_part_seconds` (1/420,000 GPU × s; workbench.units converts), in `usage` with float64 `gpu_hours`
beside them; moments are timestamps in UTC; shares are 0…1; an unknown name is '' (show it as "unknown"); an unknown
number is NA, never 0. All of it is imported from here, whichever module it lies in.

  Only(cluster=, partition=, gpu_model=, project=, category=, measured=)   the filters; hashable: part of a cache key
  usage(store, scope, start_s, end_s, by=("project",), only=Only())        one row per group (and period)
  occupancy(store, scope, start_s, end_s, by="hour", split=(), only=Only())  busy against capacity, idle buckets too
  occupancy_summary(store, scope, start_s, end_s, only=Only())             mean, median, p95, largest busy hour, share
  heat(store, scope, start_s, end_s, only=Only())                          168 rows: weekday × hour of the centre's day
  centre_now(store, scope, now_s, only=Only())                             busy and capacity now, by place and in all
  capacity_steps(store, start_s, end_s, only=Only())                       the stepped capacity line, by place
  outages(store, start_s, end_s, only=Only())                              the hatched bands
  projects(store, scope, start_s, end_s, only=Only())                      one row per project, with the period before
  project_users(store, scope, project, start_s, end_s)                     one row per user of a project
  wait(store, scope, start_s, end_s, only=Only())                          queue wait per project: mean, median, p95
  data_window(store, scope, only=Only())                                   from the first to the last hour with data
  freshness(store, scope, now_s)                                           data until when, per cluster
  choices(store, scope)                                                    what the filters can be set to
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from workbench.analytics import capacity as stated
from workbench.analytics import occupancy as measured
from workbench.analytics.buckets import Grain, edges_of
from workbench.analytics.heat import heat_map
from workbench.analytics.occupancy import Summary
from workbench.analytics.schema import UNKNOWN
from workbench.domain.access import Scope
from workbench.periods import Window, hour_ceil
from workbench.services.centre import CentreNow, Fresh, PlaceNow, capacity_steps, centre_now, freshness, outages
from workbench.services.filters import EVERYTHING, Choices, Only, choices, wanted_rows, zone_of
from workbench.services.project_usage import check_project, project_users, projects, wait
from workbench.services.usage import NAMES, usage
from workbench.store import facts, frames
from workbench.store.engine import Store

__all__ = [
    "EVERYTHING",
    "NAMES",
    "UNKNOWN",
    "CentreNow",
    "Choices",
    "Fresh",
    "Only",
    "PlaceNow",
    "Scope",
    "Summary",
    "capacity_steps",
    "centre_now",
    "check_project",
    "choices",
    "data_window",
    "freshness",
    "heat",
    "occupancy",
    "occupancy_summary",
    "outages",
    "project_users",
    "projects",
    "usage",
    "wait",
]


def occupancy(
    store: Store,
    scope: Scope,
    start_s: int,
    end_s: int,
    by: Grain = "hour",
    split: Sequence[str] = (),
    only: Only = EVERYTHING,
) -> pd.DataFrame:
    """Busy GPUs against capacity in each bucket of the window, idle buckets included.

    Args:
        store: the records.
        scope: who asks. Own projects: only their GPU time is counted, against the same capacity.
        start_s: window start; the first bucket begins here.
        end_s: window end; the last bucket ends here.
        by: hour (of UTC), or day, week, month of the centre's zone.
        split: out of cluster, partition, gpu_model, project, category: a row for each (a project or category divides
            the busy time only: each of its rows repeats the capacity it is part of).
        only: filters. `Only(measured=True)` leaves out clusters without stated capacity (pages want it).

    Returns:
        Rows in order of split and bucket, none for an empty window: `split`, UTC timestamps start_at and end_at, int64
        gpu_part_seconds, Int64 installed_/in_service_/allocatable_/out_/capacity_part_seconds (capacity: in service
        less out; NA unless known for all GPU time of the bucket, and NA after the last hour with data), float64
        busy_gpus, Float64 capacity_gpus, share.
    """
    window, zone = Window(start_s, end_s), zone_of(store)
    edges = edges_of(window, by, zone) if window.seconds else np.array([start_s], dtype=np.int64)
    keys = list(dict.fromkeys(["cluster", *("project" if n == "category" else n for n in split)]))
    with store.read() as conn:
        wanted = wanted_rows(conn, scope, only)
        busy = frames.used(conn, window, by, keys, wanted, zone, ("gpu_part_seconds",))
        changes, out = facts.capacity_rows(conn, wanted)
        until = {cluster: hour_ceil(end) for cluster, end in facts.data_until(conn, set(changes["cluster"])).items()}
        if "category" in split:
            known = facts.project_rows(conn)
            busy["category"] = busy["project"].map(dict(zip(known["slug"], known["category"], strict=True))).fillna("")
    since = stated.known_since(changes)
    known = {cluster: Window(since[cluster], end) for cluster, end in until.items() if since.get(cluster, end) < end}
    return measured.occupancy(busy, stated.steps(changes, out), known, edges, split)


def occupancy_summary(store: Store, scope: Scope, start_s: int, end_s: int, only: Only = EVERYTHING) -> Summary | None:
    """Busy GPUs over the hours of a window (see analytics.occupancy.Summary); None for an empty one."""
    rows = occupancy(store, scope, start_s, end_s, "hour", (), only)
    return None if rows.empty else measured.summary(rows)


def heat(store: Store, scope: Scope, start_s: int, end_s: int, only: Only = EVERYTHING) -> pd.DataFrame:
    """Mean occupancy by weekday and hour of the centre's own clock.

    Returns:
        168 rows: int64 weekday (0 Monday … 6), hour (0 … 23), hours (how many in the window), float64 busy_gpus (their
        mean; NaN where there was none), Float64 share (of capacity; NA where it is unknown in any of them).
    """
    rows = occupancy(store, scope, start_s, end_s, "hour", (), only)
    return heat_map(rows, zone_of(store))


def data_window(store: Store, scope: Scope, only: Only = EVERYTHING) -> Window | None:
    """From the beginning of the first hour with data to the end of the last; None where there are none."""
    with store.read() as conn:
        return facts.extent(conn, wanted_rows(conn, scope, only))
