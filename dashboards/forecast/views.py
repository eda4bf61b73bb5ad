"""The pictures of the page of the forecast: frames into what is drawn."""

from datetime import timedelta

import pandas as pd

from dashboards._asked import Asked
from dashboards._dress import LOOK, WIDE, Named, calendar, from_zero, names, thousands, told
from dashboards._money import short
from dashboards._page import Cell, Column, Key, Picture, Row, Table
from dashboards._pictures import area, band, drawn, line, stepped
from dashboards.forecast.data import Data
from dashboards.forecast.says import chance, range_words
from workbench.i18n import _
from workbench.pages import words
from workbench.services.forecast import FundForecast, OccupancyForecast

SHOWN = {"": 91, "year": 365}
"""Days ahead that the picture of occupancy shows, and at most as many behind."""
MILLION = 100_000_000


def occupancy(asked: Asked, data: Data) -> Picture:
    """History, the forecast dashed with its band, the stepped line of GPUs in service."""
    title = _("GPUs allocated, and what is likely ahead")
    show = asked.filters.show if asked.filters.show in SHOWN else ""
    options = (
        (_("Three months"), asked.href(show="") + "#picture-occupancy", show == ""),
        (_("A year"), asked.href(show="year") + "#picture-occupancy", show == "year"),
    )
    found = data.occupancy
    if found is None:
        return Picture("occupancy", title, "", empty=data.why, empty_next=_("Days count where capacity is stated."))
    past, ahead = found.history.tail(SHOWN[show]), found.ahead.head(SHOWN[show])
    joined = pd.concat([past.tail(1).assign(busy_low_gpus=past["busy_gpus"], busy_high_gpus=past["busy_gpus"]), ahead])
    service = pd.concat([past, ahead])[["day", "in_service_gpus"]].ffill()
    blue, ink = LOOK.series[0], LOOK.light["ink"]
    element = area(past, "day", "busy_gpus", blue)
    element = element * band(joined, "day", "busy_low_gpus", "busy_high_gpus", blue)
    element = element * line(joined, "day", "busy_gpus", blue, dashed=True)
    element = element * stepped(service, "day", "in_service_gpus", colour=ink)
    top = max(
        float(service["in_service_gpus"].max()), float(past["busy_gpus"].max()), float(ahead["busy_high_gpus"].max())
    )
    shown = {
        _("Allocated, middle"): "@busy_gpus{0,0}",
        _("80% from"): "@busy_low_gpus{0,0}",
        _("80% to"): "@busy_high_gpus{0,0}",
        _("Wanted, middle"): "@demand_gpus{0,0}",
        _("In service"): "@in_service_gpus{0,0}",
    }
    was = {
        _("Allocated"): "@busy_gpus{0,0}",
        _("Wanted"): "@demand_gpus{0,0}",
        _("In service"): "@in_service_gpus{0,0}",
    }
    labels = [Named(_("In service"), float(service["in_service_gpus"].iloc[-1]), ink)]
    json = drawn(
        element,
        WIDE,
        from_zero(top, _("GPUs (mean of the day)"), 1.12),
        calendar(pd.concat([past, ahead]), "day"),
        thousands(),
        names(ahead["day"].iloc[-1], labels),
        told(past, "day", "busy_gpus", was, "@day{%-d %b %Y}", "datetime"),
        told(ahead, "day", "busy_gpus", shown, "@day{%-d %b %Y}", "datetime"),
    )
    key = (
        Key(_("Allocated"), "series-1"),
        Key(_("Forecast, with the range that holds 80%"), "series-1", "dash"),
        Key(_("In service"), "ink", "line", words.count(round(float(service["in_service_gpus"].iloc[-1])))),
    )
    return Picture(
        "occupancy",
        title,
        _says(found),
        WIDE,
        json,
        _days(found, len(ahead)),
        asked.csv("occupancy"),
        key,
        options,
    )


def _says(found: OccupancyForecast) -> str:
    last, month = found.ahead.iloc[min(90, len(found.ahead) - 1)], found.full
    said = _("On {day} {n} GPUs are likely to be allocated, 80% between {low} and {high}.").format(
        day=words.day(last["day"].date()),
        n=words.count(round(last["busy_gpus"])),
        low=words.count(round(last["busy_low_gpus"])),
        high=words.count(round(last["busy_high_gpus"])),
    )
    full = _("GPUs in service used up: {range}; chance within a year {chance}.").format(
        range=range_words(month), chance=chance(month.chance)
    )
    return f"{said} {full}"


def _days(found: OccupancyForecast, days: int) -> Table:
    columns = (
        Column(_("Day")),
        *(
            Column(name, right=True)
            for name in (_("Allocated"), _("80% from"), _("80% to"), _("Wanted"), _("In service"))
        ),
    )
    few = ["busy_gpus", "busy_low_gpus", "busy_high_gpus", "demand_gpus", "in_service_gpus"]
    rows = tuple(
        Row((Cell(words.day(at.date())), *(Cell(f"{value:,.0f}") for value in values)))
        for at, *values in found.ahead[["day", *few]].head(days).itertuples(index=False, name=None)
    )
    return Table("occupancy", _("GPUs ahead, by day"), columns, rows, found.ahead)


def fund(asked: Asked, data: Data) -> Picture:
    """Drawn to date, what is likely to be drawn, what the awards as decided can draw, and the envelope."""
    title = _("Fund drawn, and what is likely ahead")
    found = data.fund
    if found is None:
        return Picture("fund", title, "", empty=data.why, empty_next=_("Charges appear when projects use the centre."))
    past = pd.DataFrame({"day": found.history["day"], "drawn": (found.history["drawn_total_minor"] / MILLION).round(4)})
    ahead = _in_millions(found)
    envelope = found.available_minor / MILLION
    end = ahead["day"].iloc[-1]
    edge = pd.DataFrame({"day": [past["day"].iloc[0], end], "envelope": [envelope, envelope]})
    blue, green, ink = LOOK.series[0], LOOK.series[2], LOOK.light["ink"]
    element = area(past, "day", "drawn", blue)
    element = element * band(ahead, "day", "decided_low", "decided_high", green)
    element = element * line(ahead, "day", "decided_total", green, dashed=True)
    element = element * band(ahead, "day", "drawn_low", "drawn_high", blue)
    element = element * line(ahead, "day", "drawn_total", blue, dashed=True)
    element = element * line(edge, "day", "envelope", ink)
    shown = {
        _("If usage goes on"): "@drawn_total{0,0.0}m",
        _("80% from"): "@drawn_low{0,0.0}m",
        _("80% to"): "@drawn_high{0,0.0}m",
        _("Awards as decided"): "@decided_total{0,0.0}m",
    }
    labels = [
        Named(
            _("Budget less reserve {amount}").format(amount=short(asked, found.available_minor)),
            envelope,
            ink,
            above=False,
        )
    ]
    json = drawn(
        element,
        WIDE,
        from_zero(
            max(envelope, float(ahead["drawn_high"].max())),
            _("{currency} million, cumulative").format(currency=asked.symbol),
            1.08,
        ),
        calendar(edge, "day"),
        thousands(),
        names(end, labels),
        told(past, "day", "drawn", {_("Drawn"): "@drawn{0,0.0}m"}, "@day{%-d %b %Y}", "datetime"),
        told(ahead, "day", "drawn_total", shown, "@day{%-d %b %Y}", "datetime"),
    )
    last = found.months[-1]
    said = _(
        "By {day}, {drawn} is likely to be drawn (80%: {low} to {high}); by the awards as decided, {decided}."
    ).format(
        day=words.day((end + timedelta(days=1)).date()),
        drawn=short(asked, last.drawn_minor),
        low=short(asked, last.low_minor),
        high=short(asked, last.high_minor),
        decided=short(asked, last.decided_minor),
    )
    key = (
        Key(_("Drawn"), "series-1", "", short(asked, found.drawn_minor)),
        Key(_("If usage goes on, with the range that holds 80%"), "series-1", "dash", short(asked, last.drawn_minor)),
        Key(_("Awards as decided, nothing more awarded"), "series-3", "dash", short(asked, last.decided_minor)),
    )
    return Picture("fund", title, said, WIDE, json, _fund_table(asked, found), asked.csv("fund"), key)


def _in_millions(found: FundForecast) -> pd.DataFrame:
    names_ = ("drawn_total", "drawn_low", "drawn_high", "decided_total", "decided_low", "decided_high")
    columns = {name: (found.ahead[f"{name}_minor"] / MILLION).round(4) for name in names_}
    return pd.DataFrame({"day": found.ahead["day"], **columns})


def _fund_table(asked: Asked, found: FundForecast) -> Table:
    columns = (
        Column(_("Month")),
        *(
            Column(name, right=True)
            for name in (_("Drawn by its end if usage goes on"), _("80% from"), _("80% to"), _("Awards as decided"))
        ),
    )
    rows = tuple(
        Row(
            (
                Cell(month.month),
                *(
                    Cell(short(asked, minor))
                    for minor in (month.drawn_minor, month.low_minor, month.high_minor, month.decided_minor)
                ),
            )
        )
        for month in found.months
    )
    return Table("fund", _("Fund ahead, by month"), columns, rows, found.ahead)
