"""All projects of a viewer: the picture and the table."""

from typing import Any

import pandas as pd

from dashboards._asked import Asked
from dashboards._dress import LOOK, rows_named, thousands, told_boxes
from dashboards._money import amount
from dashboards._page import (
    Cell,
    Column,
    Picture,
    Row,
    Table,
    unknown_cell,
)
from dashboards._pictures import bars, drawn
from dashboards.projects.many_data import AllData
from workbench.i18n import _, ngettext
from workbench.pages import words
from workbench.units import gpu_hours

SHOWN = 15
"""So many projects have a bar of their own."""


def used_bars(asked: Asked, data: AllData) -> Picture:
    title = _("GPU-hours by project")
    used = data.usage[data.usage["gpu_part_seconds"] > 0].reset_index(drop=True)
    if used.empty:
        return Picture(
            "used",
            title,
            "",
            empty=_("No project used a GPU in this period."),
            empty_next=_("Start a server, import a log, or choose an earlier period."),
        )
    top, rest = used.head(SHOWN), used.iloc[SHOWN:]
    labels = [_ellipsis(r.title or r.project or _("unknown project")) for r in top.itertuples()]
    values = list(top["gpu_hours"])
    if len(rest):
        labels.append(ngettext("{n} more project", "{n} more projects", len(rest)).format(n=len(rest)))
        values.append(float(rest["gpu_hours"].sum()))
    shown = pd.DataFrame({"hours": values})
    total = float(used["gpu_hours"].sum())
    n = len(shown)
    boxes = pd.DataFrame(
        {
            "left": 0,
            "right": shown["hours"],
            "bottom": [i - 0.4 for i in range(n)],
            "top": [i + 0.4 for i in range(n)],
            "name": labels,
            "percent": shown["hours"] / total * 100,
        }
    )
    height = max(160, 26 * n + 64)
    told_rows = {_("GPU-hours"): "@right{0,0}", _("Share"): "@percent{0.0}%"}
    json = drawn(
        bars(shown, ["hours"], [LOOK.series[0]]),
        height,
        rows_named(labels, _("GPU-hours")),
        thousands("x"),
        told_boxes(boxes, {k: k for k in ("left", "right", "bottom", "top")}, told_rows, "@name"),
    )
    three = float(used["gpu_hours"].head(3).sum()) / total
    said = (
        _("The three largest used {share} of all GPU time.").format(share=words.percent(three))
        if len(used) > 3
        else _("{project} used {share} of it.").format(
            project=labels[0], share=words.percent(float(used["gpu_hours"].iloc[0]) / total)
        )
    )
    columns = (Column(_("Project")), Column(_("GPU-hours"), right=True), Column(_("Share"), right=True))
    rows = tuple(
        Row(
            (
                Cell(r.title or r.project or _("unknown project")),
                Cell(f"{r.gpu_hours:,.1f}"),
                Cell(words.percent(r.gpu_hours / total)),
            )
        )
        for r in used.itertuples()
    )
    frame = used[["project", "title", "category", "organisation", "gpu_hours", "share"]]
    return Picture("used", title, said, height, json, Table("used", title, columns, rows, frame), asked.csv("used"))


def _ellipsis(text: str, length: int = 34) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def all_table(asked: Asked, data: AllData) -> Table:
    usage, period = data.usage, asked.period.label
    with_money = data.money is not None
    money = data.money.set_index("project") if data.money is not None else pd.DataFrame()
    columns = [
        Column(_("Project")),
        Column(_("Category"), hidden=True),
        Column(_("GPU-hours"), right=True, sorted="descending"),
        Column(_("Share"), right=True),
        Column(_("Against before"), right=True, title=_("Against as long a time before this period")),
        Column(_("Jobs started"), right=True),
        Column(_("Users"), right=True),
        Column(_("Mean wait"), right=True),
    ]
    if with_money:
        columns += [
            Column(name.format(currency=asked.symbol), right=True, title=period)
            for name in (_("List cost, {currency}"), _("Subsidy, {currency}"), _("Users' share, {currency}"))
        ]
    rows = tuple(_usage_row(asked, r, money if with_money else None) for r in usage.itertuples())
    total, jobs = int(usage["gpu_part_seconds"].sum()), int(usage["jobs"].sum())
    last = [
        Cell(_("All")),
        Cell(""),
        Cell(f"{gpu_hours(total):,.1f}"),
        Cell("100.0%" if total else ""),
        Cell(""),
        Cell(words.count(jobs)),
        Cell(words.count(int(usage["users"].sum()))),
        Cell(""),
    ]
    if with_money:
        shown = money.reindex(usage["project"]).fillna(0) if len(money) else money
        last += [amount(int(shown[column].sum())) for column in ("list_minor", "subsidy_minor", "user_minor")]
    frame = (
        usage.merge(data.money[["project", "list_minor", "subsidy_minor", "user_minor"]], how="left", on="project")
        if data.money is not None
        else usage
    )
    return Table(
        "usage-by-project",
        _("By project"),
        tuple(columns),
        rows,
        frame,
        Row(tuple(last)),
        period,
        asked.csv("usage-by-project"),
        _("No project yet."),
        _("Projects come with an award or an import."),
    )


def _usage_row(asked: Asked, r: Any, money: pd.DataFrame | None) -> Row:
    slug = r.project
    name = (
        Cell(r.title or slug, href=asked.href(project=slug), sub=r.organisation)
        if slug
        else Cell(_("unknown project"), unknown=True, sub=_("usage that names no project"))
    )
    wait = Cell(words.duration(r.wait_mean_s), order=float(r.wait_mean_s)) if r.wait_known_jobs else unknown_cell()
    before, ps = r.before_part_seconds, r.gpu_part_seconds
    change = ps / before - 1 if before else None
    share = None if pd.isna(r.share) else float(r.share)
    cells = [
        name,
        Cell(words.category(r.category)),
        Cell(f"{r.gpu_hours:,.1f}", order=r.gpu_hours),
        Cell(words.percent(share), order=share or 0.0, share=share),
        Cell("–", order="")
        if change is None
        else Cell(f"{change * 100:+,.0f}%".replace("-", words.MINUS), order=change),
        Cell(words.count(r.jobs), order=r.jobs),
        Cell(words.count(r.users), order=r.users),
        wait,
    ]
    if money is not None:
        mine = money.loc[slug] if slug in money.index else None
        cells += [
            amount(0 if mine is None else mine[column]) for column in ("list_minor", "subsidy_minor", "user_minor")
        ]
    return Row(tuple(cells))
