"""Forecast: GPUs allocated and wanted in the months ahead against those in service, and how long the fund lasts.

Everything comes from services.forecast: middle, 80% interval, and how good such forecasts have been. The period of the
page is the future; what is chosen is how much of it the pictures show.
"""

from dashboards._asked import Asked
from dashboards._page import Note, Page
from dashboards.forecast.data import ask
from dashboards.forecast.fund_view import fund
from dashboards.forecast.occupancy_view import occupancy
from dashboards.forecast.prose import prose
from dashboards.forecast.says import notes, say, tiles
from dashboards.forecast.tables import back_test_table, months_table
from workbench.i18n import _
from workbench.pages import words


def build(asked: Asked) -> Page:
    """The page of these filters."""
    data = ask(asked)
    if data.occupancy is None and data.fund is None:
        return _nothing(data.why)
    pictures = (occupancy(asked, data), fund(asked, data))
    tables = (months_table(asked, data), back_test_table(asked, data))
    first = (data.occupancy or data.fund).first_on  # type: ignore[union-attr]
    return Page(
        title=_("Forecast"),
        heading=_("Forecast"),
        kind=_("From {day}: the middle of what is likely, and the range that holds 80% of it.").format(
            day=words.day(first)
        ),
        sentence=say(data),
        tiles=tiles(asked, data),
        pictures=pictures,
        tables=tables,
        notes=notes(data),
        prose=prose(data),
        frames={t.id: t.frame for t in tables} | {p.id: p.table.frame for p in pictures if p.table},
    )


def _nothing(why: str) -> Page:
    return Page(
        title=_("Forecast"),
        heading=_("Forecast"),
        kind=_("What is likely in the months ahead."),
        notes=(Note(why),),
    )
