"""What the page of occupancy shows, asked of the services once."""

from dataclasses import dataclass

import pandas as pd

from dashboards._asked import Asked
from workbench.analytics import occupancy as occupancy_
from workbench.analytics.heat import heat_map
from workbench.analytics.occupancy import Summary
from workbench.services import reports
from workbench.services.reports import CentreNow, PlaceNow

PLACE = ("partition", "gpu_model")


@dataclass(frozen=True)
class PlaceTotal:
    """A partition and GPU model: GPUs now, and part-seconds of the window (None: capacity not known for all of it)."""

    now: PlaceNow
    used_ps: int
    capacity_ps: int | None

    @property
    def share(self) -> float | None:
        return self.used_ps / self.capacity_ps if self.capacity_ps else None


@dataclass(frozen=True)
class Data:
    """All that the page shows, asked of the services once.

    hours: every hour of the window; trend: the buckets drawn; layers: the same, split; days: by place and day; month:
    the last 30 days. All as services.reports.occupancy gives them.
    """

    now: CentreNow | None
    hours: pd.DataFrame
    whole: Summary | None
    before: Summary | None
    jobs: int
    trend: pd.DataFrame
    layers: pd.DataFrame
    days: pd.DataFrame
    month: pd.DataFrame
    heat: pd.DataFrame
    outages: pd.DataFrame
    places: tuple[PlaceTotal, ...]
    projects: pd.DataFrame | None


def ask(asked: Asked) -> Data:
    """One question to the services for each thing shown; what is drawn twice is asked once."""
    store, scope, window, before = asked.store, asked.scope, asked.window, asked.period.before
    only, last = asked.only(measured=True), asked.last30
    hours = reports.occupancy(store, scope, window.start_s, window.end_s, "hour", (), only)
    days = reports.occupancy(store, scope, window.start_s, window.end_s, asked.coarse_grain, PLACE, only)
    by_category = asked.filters.show == "category"
    if asked.grain == asked.coarse_grain and not by_category:
        layers = days
    else:
        split = ("category",) if by_category else PLACE
        layers = reports.occupancy(store, scope, window.start_s, window.end_s, asked.grain, split, only)
    now = reports.centre_now(store, scope, asked.now_s, only)
    chosen = bool(asked.filters.partition or asked.filters.model)
    whole = occupancy_.summary(hours) if len(hours) else None
    return Data(
        now=now,
        hours=hours,
        whole=whole,
        before=reports.occupancy_summary(store, scope, before.start_s, before.end_s, only) if before else None,
        jobs=int(reports.usage(store, scope, window.start_s, window.end_s, (), only)["jobs"].sum()),
        trend=hours
        if asked.grain == "hour"
        else reports.occupancy(store, scope, window.start_s, window.end_s, asked.grain, (), only),
        layers=layers,
        days=days,
        month=reports.occupancy(store, scope, last.start_s, last.end_s, "day", (), only),
        heat=heat_map(hours, asked.zone),
        outages=reports.outages(store, window.start_s, window.end_s, only),
        places=tuple(_total(days, place) for place in (now.places if now else ()) if place.installed is not None),
        projects=reports.usage(store, scope, window.start_s, window.end_s, ("project",), only) if chosen else None,
    )


def _total(days: pd.DataFrame, place: PlaceNow) -> PlaceTotal:
    mine = days[(days["partition"] == place.partition) & (days["gpu_model"] == place.gpu_model)]
    return PlaceTotal(place, int(mine["gpu_part_seconds"].sum()), known_sum(mine["capacity_part_seconds"]))


def known_sum(values: pd.Series) -> int | None:
    return None if values.isna().any() else int(values.sum())
