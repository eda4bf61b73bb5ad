"""The tables of the page of occupancy."""

from dataclasses import replace

import pandas as pd

from dashboards._asked import Asked
from dashboards._page import (
    Cell,
    Column,
    Row,
    Table,
    unknown_cell,
)
from dashboards.occupancy.data import Data, PlaceTotal, known_sum
from workbench.i18n import _
from workbench.pages import words
from workbench.services.reports import PlaceNow
from workbench.units import GPU_PARTS, gpu_hours


def places_table(asked: Asked, data: Data) -> Table:
    """One row per partition and model; the total is the tile *Allocated*."""
    columns = (
        Column(_("Partition and GPU model")),
        Column(_("GPU-hours allocated"), right=True, sorted="descending"),
        Column(_("Occupancy"), right=True, title=_("Allocated GPU time ÷ GPU time in service, less outages")),
        Column(_("Mean GPUs"), right=True),
        Column(_("Allocated now"), right=True),
        Column(_("In service"), right=True),
        Column(_("Installed"), right=True),
        Column(_("Allocatable"), right=True),
        Column(_("Out now"), right=True),
    )
    ordered = sorted(data.places, key=lambda place: -place.used_ps)
    rows = tuple(_place_row(asked, place, _place_name(place.now)) for place in ordered)
    total = None
    if data.now and len(data.hours):
        capacity_ps = known_sum(data.hours["capacity_part_seconds"])
        every = PlaceTotal(data.now.total, int(data.hours["gpu_part_seconds"].sum()), capacity_ps)
        total = _place_row(asked, every, Cell(_("All")))
    seconds = max(asked.window.seconds, 1)
    frame = pd.DataFrame(
        {
            "partition": p.now.partition,
            "gpu_model": p.now.gpu_model,
            "gpu_hours": gpu_hours(p.used_ps),
            "occupancy": p.share,
            "mean_gpus": p.used_ps / GPU_PARTS / seconds,
            "allocated_now": p.now.busy,
            "in_service": p.now.in_service,
            "installed": p.now.installed,
            "allocatable": p.now.allocatable,
            "out": p.now.out,
        }
        for p in ordered
    )
    return Table(
        "places",
        _("By partition and GPU model"),
        columns,
        rows,
        frame,
        total,
        asked.period.label,
        asked.csv("places"),
        _("No partition has a stated capacity yet."),
        _("The operator states it, or the sample centre brings it."),
    )


def _place_name(place: PlaceNow) -> Cell:
    return Cell(f"{place.partition} · {place.gpu_model}")


def _place_row(asked: Asked, place: PlaceTotal, name: Cell) -> Row:
    now, mean = place.now, place.used_ps / GPU_PARTS / max(asked.window.seconds, 1)
    href = asked.href(partition=now.partition, model=now.gpu_model) if now.partition else ""
    share = (
        Cell(words.percent(place.share), order=place.share, share=place.share)
        if place.share is not None
        else unknown_cell()
    )
    return Row(
        (
            replace(name, href=href),
            Cell(f"{gpu_hours(place.used_ps):,.0f}", order=place.used_ps),
            share,
            Cell(f"{mean:,.1f}", order=mean),
            Cell(f"{now.busy:,.1f}", order=now.busy),
            *(
                unknown_cell() if value is None else Cell(words.count(value), order=value)
                for value in (now.in_service, now.installed, now.allocatable, now.out)
            ),
        )
    )


def projects_table(asked: Asked, data: Data) -> Table:
    """The level below a partition: whose jobs they were."""
    assert data.projects is not None
    frame = data.projects[data.projects["gpu_part_seconds"] > 0]
    titles, total_ps = dict(asked.choices.projects), int(frame["gpu_part_seconds"].sum())
    columns = (
        Column(_("Project")),
        Column(_("GPU-hours allocated"), right=True, sorted="descending"),
        Column(_("Share"), right=True),
        Column(_("Jobs started"), right=True),
    )
    rows = tuple(
        Row(
            (
                project_cell(asked, row.project, titles),
                Cell(f"{row.gpu_hours:,.0f}", order=row.gpu_hours),
                Cell(words.percent(part := row.gpu_part_seconds / total_ps), order=part, share=part),
                Cell(words.count(row.jobs), order=row.jobs),
            )
        )
        for row in frame.itertuples()
    )
    jobs = Cell(words.count(int(frame["jobs"].sum())))
    total = Row((Cell(_("All")), Cell(f"{gpu_hours(total_ps):,.0f}"), Cell("100.0%" if total_ps else ""), jobs))
    return Table(
        "projects",
        _("Projects on it"),
        columns,
        rows,
        frame,
        total,
        asked.period.label,
        asked.csv("projects"),
        _("No project used it in this period."),
        _("Choose an earlier period."),
    )


def project_cell(asked: Asked, slug: str, titles: dict[str, str], sub: str = "") -> Cell:
    """A project's name, which opens the project."""
    if not slug:
        return Cell(_("unknown project"), unknown=True, sub=sub)
    href = asked.href("projects", project=slug, partition="", model="", category="", show="")
    return Cell(titles.get(slug, slug), href=href, sub=sub)
