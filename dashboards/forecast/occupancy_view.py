"""The picture of GPUs allocated and likely ahead: three months by the day, or a year by the week."""

import numpy as np
import pandas as pd

from dashboards._asked import Asked
from dashboards._dress import LOOK, WIDE, Named, calendar, from_zero, names, thousands, told
from dashboards._page import Cell, Column, Key, Picture, Row, Table
from dashboards._pictures import area, band, drawn, line, stepped
from dashboards.forecast.data import Data
from dashboards.forecast.says import chance, range_words
from workbench.analytics.forecast import WEEK
from workbench.analytics.forecast_backtest import SHARE
from workbench.i18n import _
from workbench.pages import words
from workbench.services.forecast import OccupancyForecast

DAYS, WEEKS = 91, 52
"""Shown ahead, and at most as many behind."""
COLUMNS = ("busy_gpus", "demand_gpus", "in_service_gpus")
RANGE = ("busy_low_gpus", "busy_high_gpus")


def occupancy(asked: Asked, data: Data) -> Picture:
    """History, the forecast dashed with its band, the stepped line of GPUs in service."""
    title, year = _("GPUs allocated, and what is likely ahead"), asked.filters.show == "year"
    options = (
        (_("Three months"), asked.href(show="") + "#picture-occupancy", not year),
        (_("A year"), asked.href(show="year") + "#picture-occupancy", year),
    )
    found = data.occupancy
    if found is None:
        return Picture("occupancy", title, "", empty=data.why, empty_next=_("Days count where capacity is stated."))
    past, ahead = _weeks(found) if year else (found.history.tail(DAYS), found.ahead.head(DAYS))
    whole = pd.concat([past, ahead])
    last = past.tail(1)
    joined = pd.concat([last.assign(**dict.fromkeys(RANGE, last["busy_gpus"])), ahead])
    service = whole[["day", "in_service_gpus"]].ffill()
    blue, ink, now = LOOK.series[0], LOOK.light["ink"], float(service["in_service_gpus"].iloc[-1])
    element = area(past, "day", "busy_gpus", blue) * band(joined, "day", *RANGE, blue)
    element = element * line(joined, "day", "busy_gpus", blue, dashed=True)
    element = element * stepped(service, "day", "in_service_gpus", colour=ink)
    tops = (service["in_service_gpus"], past["busy_gpus"], ahead["busy_high_gpus"])
    when = _("week of") + " @day{%-d %b %Y}" if year else "@day{%-d %b %Y}"
    json = drawn(
        element,
        WIDE,
        from_zero(
            max(float(one.max()) for one in tops),
            _("GPUs (mean of the week)") if year else _("GPUs (mean of the day)"),
            1.12,
        ),
        calendar(whole, "day"),
        thousands(),
        names(ahead["day"].iloc[-1], [Named(_("In service"), now, ink)]),
        told(past, "day", "busy_gpus", _told(COLUMNS), when, "datetime"),
        told(ahead, "day", "busy_gpus", _told((*COLUMNS[:1], *RANGE, *COLUMNS[1:])), when, "datetime"),
    )
    key = (
        Key(_("Allocated"), "series-1"),
        Key(_("Forecast, with the range that holds 80%"), "series-1", "dash"),
        Key(_("In service"), "ink", "line", words.count(round(now))),
    )
    table = _table(found, ahead, year=year)
    return Picture("occupancy", title, _says(found), WIDE, json, table, asked.csv("occupancy"), key, options)


def _weeks(found: OccupancyForecast) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Means of whole weeks, back and ahead from the first day ahead; the range is that of the weeks' means."""
    frames = []
    for frame, count in ((found.history, min(WEEKS, len(found.history) // WEEK)), (found.ahead, WEEKS)):
        part = frame.tail(count * WEEK) if frame is found.history else frame.head(count * WEEK)
        week = np.arange(len(part)) // WEEK
        means = part[list(COLUMNS)].groupby(week).mean()
        frames.append(means.assign(day=part["day"].to_numpy()[::WEEK]))
    past, ahead = frames
    paths = found.busy.paths[:, : WEEKS * WEEK].reshape(-1, WEEKS, WEEK).mean(axis=2)
    low, high = np.quantile(paths, [(1 - SHARE) / 2, (1 + SHARE) / 2], axis=0)
    return past, ahead.assign(busy_low_gpus=low, busy_high_gpus=high)


def _labels() -> dict[str, str]:
    return {
        "busy_gpus": _("Allocated"),
        "busy_low_gpus": _("80% from"),
        "busy_high_gpus": _("80% to"),
        "demand_gpus": _("Wanted"),
        "in_service_gpus": _("In service"),
    }


def _told(columns: tuple[str, ...]) -> dict[str, str]:
    return {_labels()[name]: f"@{name}{{0,0}}" for name in columns}


def _says(found: OccupancyForecast) -> str:
    last, full = found.ahead.iloc[min(DAYS, len(found.ahead)) - 1], found.full
    likely = _("On {day}, {n} GPUs are likely to be allocated, 80% between {low} and {high}.").format(
        day=words.day(last["day"].date()),
        n=words.count(round(last["busy_gpus"])),
        low=words.count(round(last["busy_low_gpus"])),
        high=words.count(round(last["busy_high_gpus"])),
    )
    used_up = _("GPUs in service used up: {range}; chance within a year {chance}.").format(
        range=range_words(full), chance=chance(full.chance)
    )
    return f"{likely} {used_up}"


def _table(found: OccupancyForecast, ahead: pd.DataFrame, *, year: bool) -> Table:
    """What the picture shows ahead; the CSV holds every day."""
    labels = _labels()
    columns = (Column(_("Week of") if year else _("Day")), *(Column(label, right=True) for label in labels.values()))
    rows = tuple(
        Row((Cell(words.day(at.date())), *(Cell(f"{value:,.0f}") for value in values)))
        for at, *values in ahead[["day", *labels]].itertuples(index=False, name=None)
    )
    return Table("occupancy", _("GPUs ahead"), columns, rows, found.ahead)
