"""Centre occupancy: how much of the GPU time in service is allocated, now and over time, and where.

Occupancy is allocated ÷ capacity; capacity is GPUs in service less those out, never "installed". Clusters whose
capacity nobody stated (notebook servers of this machine, say) have no occupancy and are not in it.
"""

from dashboards._asked import Asked, context
from dashboards._page import (
    Note,
    Page,
)
from dashboards.occupancy.data import ask
from dashboards.occupancy.says import say, tiles
from dashboards.occupancy.tables import places_table, projects_table
from dashboards.occupancy.views import by_hour, by_place, trend
from workbench.i18n import _


def build(asked: Asked) -> Page:
    """The page of these filters."""
    data = ask(asked)
    pictures = (trend(asked, data), by_place(asked, data), by_hour(asked, data))
    table = projects_table(asked, data) if data.projects is not None else places_table(asked, data)
    unknown = data.whole is not None and data.whole.share is None
    note = Note(_("For part of this period nobody stated the capacity, so there is no share to show."))
    return Page(
        title=_("Centre occupancy"),
        heading=_("Centre occupancy"),
        kind=_("Allocated GPU time as a share of GPU time in service, {period}.").format(period=asked.period.label),
        sentence=say(asked, data),
        tiles=tiles(asked, data),
        pictures=pictures,
        tables=(table,),
        notes=(note,) if unknown else (),
        crumbs=crumbs(asked),
        frames={table.id: table.frame} | {p.id: p.table.frame for p in pictures if p.table},
        **context(asked, ("partition", "model", "category", "project")),  # type: ignore[arg-type]
    )


def crumbs(asked: Asked) -> tuple[tuple[str, str], ...]:
    place = " · ".join(part for part in (asked.filters.partition, asked.filters.model) if part)
    return ((_("Centre"), asked.href(partition="", model="")), (place, "")) if place else ()
