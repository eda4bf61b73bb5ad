"""The tables of the page of spend."""

from typing import Any

import pandas as pd

from dashboards._asked import Asked
from dashboards._money import amount, award_words
from dashboards._page import (
    Cell,
    Column,
    Row,
    Table,
)
from dashboards.spend.data import Data
from workbench.i18n import _
from workbench.pages import words
from workbench.units import GPU_PARTS, HOUR_S

AWARD_WORDS = {"live": "good", "exhausted": "act", "ahead": "", "lapsed": "", "none": ""}


def projects_table(asked: Asked, data: Data) -> Table:
    """Every project with an award or a charge; the total of *drawn in the period* is the tile."""
    frame, period = data.projects, asked.period.label
    columns = (
        Column(_("Project")),
        Column(_("Award")),
        Column(_("Rate"), right=True),
        Column(_("Ceiling, {currency}").format(currency=asked.symbol), right=True),
        Column(_("Drawn, {currency}").format(currency=asked.symbol), right=True, title=_("Of this award, to date")),
        Column(_("Left, {currency}").format(currency=asked.symbol), right=True),
        Column(_("Drawn in the period"), right=True, title=period, sorted="descending"),
        Column(_("Paid by users in the period"), right=True, title=period, hidden=True),
        Column(_("GPU-hours in the period"), right=True, title=period, hidden=True),
        Column(_("Last 30 days"), right=True, title=_("Subsidy drawn")),
        Column(_("At this pace until")),
    )
    ordered = frame.sort_values(["subsidy_minor", "list_minor", "project"], ascending=[False, False, True])
    rows = tuple(project_row(asked, r) for r in ordered.itertuples())
    total = Row(
        (
            Cell(_("All")),
            Cell(""),
            Cell(""),
            Cell(""),
            Cell(""),
            Cell(""),
            amount(int(frame["subsidy_minor"].sum())),
            amount(int(frame["user_minor"].sum())),
            Cell(words.hours(int(frame["gpu_part_seconds"].sum()))),
            amount(int(frame["last30_subsidy_minor"].sum())),
            Cell(""),
        )
    )
    export = frame.assign(gpu_hours=frame["gpu_part_seconds"] / GPU_PARTS / HOUR_S)
    return Table(
        "spend-by-project",
        _("By project"),
        columns,
        rows,
        export,
        total,
        period,
        asked.csv("spend-by-project"),
        _("No project has an award or a charge yet."),
        _("Awards are entered by the secretariat; charges follow from usage."),
    )


def project_row(asked: Asked, r: Any) -> Row:
    slug, ceiling, drawn_minor = r.project, r.ceiling_minor, r.drawn_minor
    known = not pd.isna(ceiling)
    used = int(drawn_minor) / int(ceiling) if known and int(ceiling) else None
    name = (
        Cell(
            r.title or slug,
            href=asked.href("projects", project=slug),
            sub=" · ".join(p for p in (r.organisation, words.category(r.category)) if p),
        )
        if slug
        else Cell(_("unknown project"), unknown=True)
    )
    state = r.award_state
    near = used is not None and used >= 0.9 and state == "live"
    until = r.lasts_until
    ends = "" if pd.isna(r.ends_on) else _("until {day}").format(day=words.day(r.ends_on.date()))
    return Row(
        (
            name,
            Cell(
                _("nearly used up") if near else award_words(state),
                state="watch" if near else AWARD_WORDS[state],
                sub=ends,
            ),
            Cell(
                "" if pd.isna(r.rate_bp) else f"{r.rate_bp / 100:g}%",
                order="" if pd.isna(r.rate_bp) else int(r.rate_bp),
            ),
            amount(ceiling) if known else Cell("–", order=""),
            Cell(
                f"{int(drawn_minor) / 100:,.2f}",
                order=int(drawn_minor),
                share=used,
                share_state="act" if state == "exhausted" else "watch" if near else "",
            )
            if known
            else Cell("–", order=""),
            amount(r.left_minor) if known else Cell("–", order=""),
            amount(r.subsidy_minor),
            amount(r.user_minor),
            Cell(words.hours(r.gpu_part_seconds), order=r.gpu_part_seconds),
            amount(r.last30_subsidy_minor),
            Cell(
                "–" if pd.isna(until) else words.day(until.date()),
                order="" if pd.isna(until) else str(until.date()),
                state="" if pd.isna(until) else "watch",
                title="" if pd.isna(until) else _("Nothing is left then, before the term ends"),
            ),
        )
    )


def categories_table(asked: Asked, data: Data) -> Table:
    """By kind of applicant; the totals are the tiles *Committed* and *Drawn*."""
    frame = data.categories
    names_ = (
        _("Projects"),
        _("Awards"),
        _("Committed, {currency}"),
        _("Drawn, {currency}"),
        _("Drawn in the period"),
        _("Paid by users in the period"),
        _("GPU-hours in the period"),
    )
    columns = (Column(_("Category")), *(Column(name.format(currency=asked.symbol), right=True) for name in names_))

    def cells(r: pd.Series) -> tuple[Cell, ...]:
        return (
            Cell(words.count(int(r["projects"])), order=int(r["projects"])),
            Cell(words.count(int(r["awards"])), order=int(r["awards"])),
            amount(r["committed_minor"]),
            amount(r["drawn_minor"]),
            amount(r["subsidy_minor"]),
            amount(r["user_minor"]),
            Cell(words.hours(int(r["gpu_part_seconds"])), order=int(r["gpu_part_seconds"])),
        )

    rows = tuple(Row((Cell(words.category(str(r["category"]))), *cells(r))) for _i, r in frame.iterrows())
    total = Row((Cell(_("All")), *cells(frame.select_dtypes("number").sum()))) if len(frame) else None
    return Table(
        "spend-by-category",
        _("By kind of applicant"),
        columns,
        rows,
        frame,
        total,
        asked.period.label,
        asked.csv("spend-by-category"),
        _("No project is known yet."),
    )
