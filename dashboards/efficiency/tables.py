"""The tables of the page of efficiency: projects, and the jobs of one with advice."""

from typing import Any

import pandas as pd

from dashboards._asked import Asked
from dashboards._money import amount
from dashboards._page import Cell, Column, Row, Table
from dashboards.efficiency.data import Data
from workbench.i18n import _, ngettext
from workbench.pages import words
from workbench.units import GPU_PARTS, HOUR_S

MOST = 200
"""Jobs that are shown; all of them are in the CSV."""


def projects_table(asked: Asked, data: Data) -> Table:
    """One row a project; the total is the tiles'."""
    names = dict(asked.choices.projects)
    dearest = data.projects.sort_values(["idle_subsidy_minor", "idle_user_minor"], ascending=False, kind="stable")
    rows = tuple(
        Row((_project(asked, row.project, names), *_parts(data, row._asdict()))) for row in dearest.itertuples()
    )
    sums = {name: data.sum_of(name) for name in data.projects.columns if name != "project"}
    return Table(
        "projects",
        _("By project"),
        (Column(_("Project")), *_columns(data)),
        rows,
        shown(data, data.projects),
        Row((Cell(_("All")), *_parts(data, sums))),
        data.days_words,
        asked.csv("projects"),
    )


def jobs_table(asked: Asked, data: Data) -> Table:
    """One row a job of the chosen project, most idle money first, with advice."""
    assert data.jobs is not None
    rows = tuple(
        Row(
            (
                Cell(row.job_id, sub=row.user_name or _("unknown")),
                Cell(f"{row.gpu_parts / GPU_PARTS:g}", order=row.gpu_parts),
                *_parts(data, row._asdict()),
                Cell(row.advice),
            )
        )
        for row in data.jobs.head(MOST).itertuples()
    )
    count = len(data.jobs)
    says = ngettext("{n} job", "{n} jobs", count).format(n=words.count(count))
    if count > MOST:
        says += _(", the {most} with most idle money shown").format(most=MOST)
    return Table(
        "jobs",
        _("Jobs, and what to ask for next time"),
        (Column(_("Job")), Column(_("GPUs"), right=True), *_columns(data), Column(_("Advice"))),
        rows,
        shown(data, data.jobs),
        says=says,
        csv=asked.csv("jobs"),
    )


def shown(data: Data, frame: pd.DataFrame) -> pd.DataFrame:
    """What may be taken away: without money for whoever does not see what a project costs."""
    return frame if data.money else frame.drop(columns=["idle_subsidy_minor", "idle_user_minor"])


def _columns(data: Data) -> tuple[Column, ...]:
    money = (
        Column(_("Subsidy idle"), right=True, sorted="descending"),
        Column(_("Own money idle"), right=True),
    )
    return (
        Column(_("Held, GPU-hours"), right=True),
        Column(_("Active"), right=True),
        Column(_("Idle"), right=True),
        Column(_("Unknown"), right=True, title=_("Share of the held time that no sample covers")),
        *(money if data.money else ()),
    )


def _parts(data: Data, row: dict[str, Any]) -> tuple[Cell, ...]:
    held = int(row["held_part_seconds"])
    shares = [int(row[f"{part}_part_seconds"]) / held if held else 0.0 for part in ("active", "idle", "unknown")]
    return (
        Cell(f"{held / GPU_PARTS / HOUR_S:,.1f}", order=held),
        *(Cell(words.percent(share), order=share, share=share) for share in shares),
        *((amount(row["idle_subsidy_minor"]), amount(row["idle_user_minor"])) if data.money else ()),
    )


def _project(asked: Asked, slug: str, names: dict[str, str]) -> Cell:
    if not slug:
        return Cell(_("unknown project"), unknown=True)
    return Cell(names.get(slug, slug), href=asked.href(project=slug))
