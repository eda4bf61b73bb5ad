"""The picture of the fund: drawn to date, likely to be drawn, and what is there to draw."""

import pandas as pd

from dashboards._asked import Asked
from dashboards._dress import LOOK, WIDE, Named, calendar, from_zero, names, thousands, told
from dashboards._money import short
from dashboards._page import Cell, Column, Key, Picture, Row, Table
from dashboards._pictures import area, band, drawn, line
from dashboards.forecast.data import Data
from dashboards.forecast.says import month_words
from workbench.i18n import _
from workbench.services.forecast import FundForecast

MILLION = 100_000_000
"""Minor units of a million: what the axis counts in."""
CURVES = ("drawn_total", "drawn_low", "drawn_high", "decided_total", "decided_low", "decided_high")


def fund(asked: Asked, data: Data) -> Picture:
    """Drawn to date, what is likely to be drawn, what the awards as decided can draw, and the envelope."""
    title, close = _("Fund drawn, and what is likely ahead"), asked.filters.show == "close"
    options = (
        (_("Envelope"), asked.href(show="") + "#picture-fund", not close),
        (_("Close up"), asked.href(show="close") + "#picture-fund", close),
    )
    found = data.fund
    if found is None:
        return Picture("fund", title, "", empty=data.why, empty_next=_("Charges appear when projects use the centre."))
    past = pd.DataFrame({"day": found.history["day"], "drawn": (found.history["drawn_total_minor"] / MILLION).round(4)})
    ahead = pd.DataFrame({name: (found.ahead[f"{name}_minor"] / MILLION).round(4) for name in CURVES})
    ahead.insert(0, "day", found.ahead["day"])
    past = past.tail(len(ahead)) if close else past
    ends = pd.DataFrame({"day": [past["day"].iloc[0], ahead["day"].iloc[-1]]})
    blue, green, ink = LOOK.series[0], LOOK.series[2], LOOK.light["ink"]
    element = area(past, "day", "drawn", blue) * band(ahead, "day", "decided_low", "decided_high", green)
    element = element * line(ahead, "day", "decided_total", green, dashed=True)
    element = element * band(ahead, "day", "drawn_low", "drawn_high", blue)
    element = element * line(ahead, "day", "drawn_total", blue, dashed=True)
    top, labels, envelope = float(ahead["drawn_high"].max()), [], found.available_minor / MILLION
    if not close or envelope <= top:
        element = element * line(ends.assign(envelope=envelope), "day", "envelope", ink)
        whole = _("Budget less reserve {amount}").format(amount=short(asked, found.available_minor))
        top, labels = max(top, envelope), [Named(whole, envelope, ink, above=False)]
    shown = {
        _("If usage goes on"): "@drawn_total{0,0.0}m",
        _("80% from"): "@drawn_low{0,0.0}m",
        _("80% to"): "@drawn_high{0,0.0}m",
        _("Awards as decided"): "@decided_total{0,0.0}m",
    }
    json = drawn(
        element,
        WIDE,
        from_zero(top, _("{currency} million, cumulative").format(currency=asked.symbol), 1.08),
        calendar(ends, "day"),
        thousands(),
        names(ends["day"].iloc[-1], labels),
        told(past, "day", "drawn", {_("Drawn"): "@drawn{0,0.0}m"}, "@day{%-d %b %Y}", "datetime"),
        told(ahead, "day", "drawn_total", shown, "@day{%-d %b %Y}", "datetime"),
    )
    last = found.months[-1]
    said = _(
        "In {month}, where this ends, {drawn} will be drawn if usage goes on (80%: {low} to {high}), {decided} by the "
        "awards as they are decided."
    ).format(
        month=month_words(last.month),
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
    return Picture("fund", title, said, WIDE, json, _table(asked, found), asked.csv("fund"), key, options)


def _table(asked: Asked, found: FundForecast) -> Table:
    """The months' ends; the CSV holds every day."""
    labels = (_("Drawn by its end if usage goes on"), _("80% from"), _("80% to"), _("Awards as decided"))
    columns = (Column(_("Month")), *(Column(label, right=True) for label in labels))
    rows = tuple(
        Row(
            (
                Cell(month_words(month.month)),
                *(
                    Cell(short(asked, minor))
                    for minor in (month.drawn_minor, month.low_minor, month.high_minor, month.decided_minor)
                ),
            )
        )
        for month in found.months
    )
    return Table("fund", _("Fund ahead, by month"), columns, rows, found.ahead)
