"""The tables of one project."""

from typing import Any

import pandas as pd

from dashboards._asked import Asked
from dashboards._money import amount
from dashboards._page import (
    Cell,
    Column,
    Row,
    Table,
    unknown_cell,
)
from dashboards.projects.single_data import OneData
from workbench.domain.pricelist import nano_text
from workbench.i18n import _
from workbench.pages import words
from workbench.units import gpu_hours

LINES = 62
"""So many charge lines stand on the page; all of them are in the CSV."""


def users_table(asked: Asked, data: OneData) -> Table:
    """One row per user; the total of GPU-hours is the tile."""
    users, total = data.users, int(data.users["gpu_part_seconds"].sum())
    columns = (
        Column(_("User")),
        Column(_("GPU-hours"), right=True, sorted="descending"),
        Column(_("Share"), right=True),
        Column(_("Jobs started"), right=True),
        Column(_("Mean wait"), right=True),
    )
    rows = tuple(
        Row(
            (
                Cell(r.user_name) if r.user_name else Cell(_("unknown user"), unknown=True),
                Cell(f"{r.gpu_hours:,.1f}", order=r.gpu_hours),
                Cell(
                    words.percent(r.gpu_part_seconds / total if total else None),
                    order=r.gpu_part_seconds,
                    share=r.gpu_part_seconds / total if total else None,
                ),
                Cell(words.count(r.jobs), order=r.jobs),
                Cell(words.duration(r.wait_mean_s), order=float(r.wait_mean_s))
                if r.wait_known_jobs
                else unknown_cell(),
            )
        )
        for r in users.itertuples()
    )
    last = Row(
        (
            Cell(_("All")),
            Cell(f"{gpu_hours(total):,.1f}"),
            Cell("100.0%" if total else ""),
            Cell(words.count(int(users["jobs"].sum()))),
            Cell(""),
        )
    )
    return Table(
        "users",
        _("By user"),
        columns,
        rows,
        users,
        last,
        asked.period.label,
        asked.csv("users"),
        _("No jobs yet for this project."),
        _("Start a server or import a log."),
    )


def charges_table(asked: Asked, data: OneData) -> Table:
    """The charge lines behind the amounts, newest first; the total is of all lines of the period."""
    assert data.charges is not None
    lines = data.charges
    shown = lines.head(LINES)
    names_ = (
        _("Price per GPU-hour"),
        _("List cost, {currency}"),
        _("Subsidy, {currency}"),
        _("Your share, {currency}"),
    )
    columns = (
        Column(_("Day"), sorted="descending"),
        Column(_("Partition and GPU model")),
        Column(_("GPU-hours"), right=True),
        *(Column(name.format(currency=asked.symbol), right=True) for name in names_),
    )
    rows = tuple(
        Row(
            (
                Cell(words.day(r.day.date()), order=str(r.day.date())),
                Cell(" · ".join(p or _("unknown") for p in (r.partition, r.gpu_model))),
                Cell(f"{gpu_hours(r.gpu_part_seconds):,.2f}", order=r.gpu_part_seconds),
                _price(r.price_nano_per_hour),
                *(amount(v) for v in (r.list_minor, r.subsidy_minor, r.user_minor)),
            )
        )
        for r in shown.itertuples()
    )
    sums = [Cell(f"{int(lines[c].sum()) / 100:,.2f}") for c in ("list_minor", "subsidy_minor", "user_minor")]
    last = Row(
        (Cell(_("All")), Cell(""), Cell(f"{gpu_hours(int(lines['gpu_part_seconds'].sum())):,.2f}"), Cell(""), *sums)
    )
    says = (
        asked.period.label
        if len(shown) == len(lines)
        else _("{period}; the latest {n} of {all}, all in the CSV").format(
            period=asked.period.label, n=len(shown), all=words.count(len(lines))
        )
    )
    return Table(
        "charges",
        _("Charges"),
        columns,
        rows,
        lines,
        last if len(lines) else None,
        says,
        asked.csv("charges"),
        _("No charge in this period."),
        _("Charges follow from usage, day by day."),
    )


def _price(nano: Any) -> Cell:
    """An hour's list price; unknown where there is none."""
    return unknown_cell() if pd.isna(nano) else Cell(nano_text(int(nano)), order=int(nano))
