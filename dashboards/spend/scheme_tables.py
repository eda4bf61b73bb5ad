"""The tables of the page of spend about the scheme's work: days to decision, and from the community to its users."""

from dataclasses import asdict

import pandas as pd

from dashboards._asked import Asked
from dashboards._page import Cell, Column, Row, Table
from dashboards.spend.data import Data
from workbench.i18n import _
from workbench.pages import words
from workbench.services.applications.pace import Pace


def decisions_table(asked: Asked, data: Data) -> Table:
    """Days from submission to decision by kind of applicant; the total is the tile."""
    names = (
        _("Decided"),
        _("Median, days"),
        _("Nine of ten within, days"),
        _("Longest, days"),
        _("Waiting"),
        _("Longest wait so far, days"),
    )
    columns = (Column(_("Category")), *(Column(name, right=True) for name in names))
    return Table(
        "days-to-decision",
        _("Days from submission to decision"),
        columns,
        tuple(Row((Cell(words.category(pace.group)), *_days(pace))) for pace in data.paces),
        pd.DataFrame([asdict(pace) for pace in data.paces]),
        Row((Cell(_("All")), *_days(data.pace))) if data.paces else None,
        _("To date; deferred ones count as decided, drafts and withdrawn ones do not."),
        asked.csv("days-to-decision"),
        _("No application has been handed in yet."),
    )


def _days(pace: Pace) -> tuple[Cell, ...]:
    values = (pace.decided, pace.median_days, pace.p90_days, pace.worst_days, pace.open, pace.longest_open_days)
    return tuple(Cell("–", order="") if value is None else Cell(f"{value:g}", order=value) for value in values)


def community_table(asked: Asked, data: Data) -> Table:
    """Members of the community, and how many of them applied, were approved, are active, use it."""
    titles = {
        "members": (_("Members of the community"), ""),
        "applied": (_("Applied"), _("handed in an application")),
        "approved": (_("Approved"), _("were awarded")),
        "active": (_("Active"), _("have an award in force")),
        "using": (_("Using"), _("were charged for usage in the last 90 days")),
    }
    columns = (
        Column(_("Step")),
        Column(_("Members of the community"), right=True),
        Column(_("of these new in a year"), right=True),
        Column(_("All organisations"), right=True),
        Column(_("Latest since"), right=True),
    )
    rows = tuple(
        Row(
            (
                Cell(titles[step.name][0], sub=titles[step.name][1]),
                Cell(words.count(step.members), order=step.members),
                Cell(words.count(step.new_members), order=step.new_members),
                Cell(words.count(step.organisations), order=step.organisations),
                Cell(words.day(step.on) if step.on else "–", order=str(step.on or "")),
            )
        )
        for step in data.funnel
    )
    made_up = any(step.made_up for step in data.funnel)
    said = _("Published: over 400 members, more than 120 of them new in a year (F). Names and days are made up (P).")
    known = bool(data.funnel and data.funnel[0].organisations)
    return Table(
        "community",
        _("From the community to its users"),
        columns,
        rows if known else (),
        pd.DataFrame([asdict(step) for step in data.funnel]),
        None,
        said if made_up else "",
        asked.csv("community"),
        _("No member of the community is known yet."),
        _("Bring them in: workbench applications community FILE"),
    )
