"""GPUs allocated and wanted in the days ahead, against the capacity that is stated for them."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from workbench.analytics.capacity import KINDS, capacity_in, steps
from workbench.analytics.forecast import WEEK, Forecast, first_reached, forecast
from workbench.analytics.forecast_backtest import SHARE
from workbench.analytics.sweep import Int64s
from workbench.domain.access import Scope
from workbench.periods import Window, day_of
from workbench.services import reports
from workbench.services.filters import Only, wanted_places
from workbench.services.forecast.days import KEPT, Floats, calendar, check_scope, edges_from, months_of
from workbench.services.forecast.reached import Reached, by_month
from workbench.store.engine import Store
from workbench.store.facts import capacity_rows, data_until
from workbench.store.frames import used
from workbench.store.waiting import waiting
from workbench.store.wanted import Wanted
from workbench.units import GPU_PARTS

DAYS = 365
LOOKED_BACK = 60 * 7
"""Days of the past that are read: what a forecast looks back on, and a little more for the picture."""
MEASURED = Only(measured=True)
COLUMNS = ("busy_gpus", "demand_gpus", "capacity_gpus", "in_service_gpus", "share")
SAMPLE = "sample"
"""The cluster of the sample centre."""


@dataclass(frozen=True, slots=True)
class OccupancyMonth:
    """A month "2026-12" (the days of it that are looked at): occupancy, shares 0…1 of capacity; None: no capacity.

    chance: that by its end the GPUs wanted have reached those in service.
    """

    month: str
    share: float | None
    share_low: float | None
    share_high: float | None
    chance: float


@dataclass(frozen=True)
class OccupancyForecast:
    """The days from `first_on` on.

    history, ahead: a row per day, in order: day (datetime64[s]), float64 busy_gpus (mean of the day), demand_gpus
    (busy and waiting), capacity_gpus (in service less out), in_service_gpus, share (busy over capacity); NaN: unknown.
    ahead has busy_low_gpus, busy_high_gpus, demand_low_gpus, demand_high_gpus, share_low, share_high (80% intervals)
    beside them. busy, demand: the forecasts behind. full: when the GPUs wanted, on the mean of seven days, reach those
    in service. says: every assumption, a sentence each.
    """

    first_on: date
    history: pd.DataFrame
    ahead: pd.DataFrame
    busy: Forecast
    demand: Forecast
    full: Reached
    months: tuple[OccupancyMonth, ...]
    says: tuple[str, ...]


@dataclass(frozen=True)
class _Read:
    first_on: date
    history: pd.DataFrame
    in_service: Floats
    capacity: Floats
    told: float | None
    changes: tuple[tuple[date, int, int], ...]
    sample: bool


def occupancy_forecast(store: Store, scope: Scope, now: int, days: int = DAYS) -> OccupancyForecast:
    """Occupancy and demand ahead, by day.

    Args:
        store: the records.
        scope: of the whole centre.
        now: UTC epoch seconds; the day that has not ended, or not all of whose data are in, is the first one ahead.
        days: how many are looked at.

    Raises:
        NoAccess: own projects only. NotEnoughHistory: fewer than four weeks of days with stated capacity.
    """
    check_scope(scope)
    with store.read() as conn:
        read = _read(conn, store, scope, now, days)
    past = read.history
    room = np.concatenate((past["capacity_gpus"], read.capacity))
    values = (past["busy_gpus"].to_numpy(), past["demand_gpus"].to_numpy(), room, read.in_service)
    key = (str(store.engine.url), "occupancy", read.first_on, *values)
    return KEPT.get(key, lambda: _made(read, days, *values))


def _made(read: _Read, days: int, busy: Floats, demand: Floats, room: Floats, in_service: Floats) -> OccupancyForecast:
    ahead = forecast(busy, days, room=room)
    wanted = _at_least(forecast(demand, days, methods=(ahead.method,) if ahead.scores else ("level",)), ahead)
    reached = first_reached(wanted.paths, in_service)
    months = months_of(read.first_on, days)
    frame = pd.DataFrame(
        {
            "day": calendar(read.first_on, days),
            "busy_gpus": ahead.middle,
            "busy_low_gpus": ahead.low,
            "busy_high_gpus": ahead.high,
            "demand_gpus": wanted.middle,
            "demand_low_gpus": wanted.low,
            "demand_high_gpus": wanted.high,
            "capacity_gpus": read.capacity,
            "in_service_gpus": in_service,
            "share": _over(ahead.middle, read.capacity),
            "share_low": _over(ahead.low, read.capacity),
            "share_high": _over(ahead.high, read.capacity),
        }
    )
    chances = by_month(reached, months)
    return OccupancyForecast(
        first_on=read.first_on,
        history=read.history,
        ahead=frame,
        busy=ahead,
        demand=wanted,
        full=Reached.of(reached, read.first_on, days),
        months=tuple(
            _month(name, ahead.paths[:, first:after], read.capacity[first:after], chance)
            for (name, first, after), chance in zip(months, chances, strict=True)
        ),
        says=tuple(_says(read, ahead)),
    )


def _at_least(wanted: Forecast, busy: Forecast) -> Forecast:
    """Who has a GPU wanted it: course by course (both are drawn with one seed), no fewer than are allocated."""
    return replace(
        wanted,
        middle=np.maximum(wanted.middle, busy.middle),
        low=np.maximum(wanted.low, busy.low),
        high=np.maximum(wanted.high, busy.high),
        paths=np.maximum(wanted.paths, busy.paths),
    )


def _month(name: str, paths: Floats, capacity: Floats, chance: float) -> OccupancyMonth:
    if not capacity.sum() > 0:
        return OccupancyMonth(name, None, None, None, chance)
    shares = np.quantile(paths.sum(axis=1) / capacity.sum(), [0.5, (1 - SHARE) / 2, (1 + SHARE) / 2])
    middle, low, high = (float(share) for share in shares)
    return OccupancyMonth(name, middle, low, high, chance)


def _over(values: Floats, capacity: Floats) -> Floats:
    return np.divide(values, capacity, out=np.full(len(values), np.nan), where=capacity > 0)


def _read(conn: Connection, store: Store, scope: Scope, now: int, days: int) -> _Read:
    zone = store.settings.centre.zone
    wanted = wanted_places(conn, MEASURED)
    changes, outages = capacity_rows(conn, wanted)
    until = min(now, max(data_until(conn, set(changes["cluster"])).values(), default=now))
    first_on = day_of(until, zone)
    since = max(first_on - timedelta(days=LOOKED_BACK), store.settings.centre.opened_on)
    count = max(0, (first_on - since).days)
    edges = edges_from(min(since, first_on), count, zone)
    ahead = edges_from(first_on, days, zone)
    history = _history(conn, store, scope, edges, wanted, since)
    _, grid = capacity_in(steps(changes, outages), ahead, ())
    room = grid.sum(axis=1) / GPU_PARTS / np.diff(ahead)
    told = [
        (day_of(int(at), zone), int(before), int(after))
        for at, before, after in _moves(changes)
        if ahead[0] <= at < ahead[-1]
    ]
    return _Read(
        first_on=first_on,
        history=history,
        in_service=room[KINDS.index("in_service")],
        capacity=room[KINDS.index("capacity")],
        told=_told(conn, edges, wanted, zone),
        changes=tuple(told),
        sample=SAMPLE in set(changes["cluster"]),
    )


def _told(conn: Connection, edges: Int64s, wanted: Wanted, zone: ZoneInfo) -> float | None:
    """Share of the jobs whose submission is known; None: there is no job."""
    sums = used(
        conn, Window(int(edges[0]), int(edges[-1])), None, (), wanted, zone, ("jobs_started", "wait_known_jobs")
    )
    started = int(sums["jobs_started"].sum())
    return int(sums["wait_known_jobs"].sum()) / started if started else None


def _moves(changes: pd.DataFrame) -> list[tuple[int, int, int]]:
    """(moment, GPUs in service of all places before it, and from it on) of each change that is stated."""
    found, now = [], dict.fromkeys(changes.groupby(["cluster", "partition", "gpu_model"]).groups, 0)
    for at, rows in changes.sort_values("from_at").groupby("from_at"):
        before = sum(now.values())
        for row in rows.itertuples():
            now[row.cluster, row.partition, row.gpu_model] = int(row.in_service)
        found.append((int(at), before, sum(now.values())))
    return found


def _history(conn: Connection, store: Store, scope: Scope, edges: Int64s, wanted: Wanted, since: date) -> pd.DataFrame:
    """The days behind, from the first known one; a day whose capacity nobody stated, or past the data, is unknown."""
    days = pd.DataFrame({"day": calendar(since, len(edges) - 1)})
    if len(edges) < 2:
        return days.assign(
            **dict.fromkeys(("busy_gpus", "demand_gpus", "capacity_gpus", "in_service_gpus", "share"), np.nan)
        )
    rows = reports.occupancy(store, scope, int(edges[0]), int(edges[-1]), "day", (), MEASURED)
    seconds = np.diff(edges)
    known = rows["capacity_part_seconds"].notna().to_numpy()
    busy = np.where(known, rows["busy_gpus"].to_numpy(), np.nan)
    queued = waiting(conn, edges, wanted) / GPU_PARTS / seconds
    in_service = rows["in_service_part_seconds"].to_numpy("float64", na_value=np.nan) / GPU_PARTS / seconds
    first = int(known.argmax()) if known.any() else len(days)
    found = days.assign(
        busy_gpus=busy,
        demand_gpus=busy + queued,
        capacity_gpus=rows["capacity_gpus"].to_numpy("float64", na_value=np.nan),
        in_service_gpus=in_service,
        share=rows["share"].to_numpy("float64", na_value=np.nan),
    )
    return found.iloc[first:].reset_index(drop=True)


def _says(read: _Read, ahead: Forecast) -> list[str]:
    says = [
        "The GPUs allocated go on as they went: their level, their week, and how much both have wandered; nobody is "
        "taken to ask for more because there is more capacity.",
        f"The capacity is that which is stated for those days ({_moved(read)}); no course goes above it or below zero: "
        "what would is cut.",
        f"Used up: the GPUs wanted (allocated, and asked for by jobs that wait) are on the mean of {WEEK} days as many "
        "as are in service. Jobs that still wait today are not in the log yet and do not count.",
    ]
    if ahead.unknown:
        says.append(f"{ahead.unknown} days of the past are unknown; they count as neither busy nor idle.")
    if read.told is not None and read.told < 0.995:
        says.append(
            f"{1 - read.told:.0%} of the jobs do not say when they were submitted and count as not having waited."
        )
    if read.sample:
        says.append(
            "The sample centre replays the same fourteen weeks of a log over and over: a forecast of it looks better "
            "than one of a centre that does not repeat itself."
        )
    return says


def _moved(read: _Read) -> str:
    if not read.changes:
        return "no change is stated"
    return "; ".join(f"{after - before:+,} GPUs on {day:%-d %b %Y}" for day, before, after in read.changes)
