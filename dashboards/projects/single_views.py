"""The pictures of one project."""

import pandas as pd

from dashboards._asked import Asked, mean_gpus
from dashboards._dress import (
    HALF,
    LOOK,
    WIDE,
    Named,
    calendar,
    from_zero,
    names,
    rows_named,
    thousands,
    told,
    told_boxes,
)
from dashboards._money import short
from dashboards._page import (
    Cell,
    Column,
    Key,
    Picture,
    Row,
    Table,
)
from dashboards._pictures import area, bars, drawn, line, stacked
from dashboards.projects.single_data import OneData
from dashboards.spend.data import MILLION
from workbench.i18n import _
from workbench.pages import words


def gpus_over_time(asked: Asked, data: OneData) -> Picture:
    title = _("GPUs at work")
    rows = data.trend
    if rows.empty or not rows["gpu_part_seconds"].sum():
        return Picture(
            "gpus",
            title,
            "",
            empty=_("No jobs of this project in this period."),
            empty_next=_("Start a server or import a log."),
        )
    wide = pd.DataFrame({"at": asked.local(rows["start_at"])})
    layers = []
    for key in dict.fromkeys(data.layers[["partition", "gpu_model"]].itertuples(index=False, name=None)):
        mine = data.layers[(data.layers["partition"] == key[0]) & (data.layers["gpu_model"] == key[1])]
        if mine["gpu_part_seconds"].sum():
            label = " · ".join(part or _("unknown") for part in key)
            wide[label] = mine["busy_gpus"].round(4).to_numpy()
            layers.append(label)
    wide["total"] = mean_gpus(rows["gpu_part_seconds"], rows).round(4)
    layers = sorted(layers, key=lambda name: -wide[name].sum())[: len(LOOK.series)]
    told_rows = {layer: f"@{{{layer}}}{{0,0.0}}" for layer in reversed(layers)} | (
        {_("All"): "@total{0,0.0}"} if len(layers) > 1 else {}
    )
    form = asked.bucket_format
    json = drawn(
        stacked(wide, "at", layers),
        WIDE,
        from_zero(float(wide["total"].max()), asked.gpus_title),
        calendar(wide, "at"),
        thousands(),
        told(wide, "at", "total", told_rows, f"@at{{{form}}}", "datetime"),
    )
    said = _("{mean} GPUs on average, {top} at most.").format(
        mean=words.gpus(round(float(wide["total"].mean()), 1)), top=words.gpus(round(float(wide["total"].max()), 1))
    )
    columns = (Column(_("From")), *(Column(name, right=True) for name in (*layers, _("All"))))
    table = Table(
        "gpus",
        title,
        columns,
        tuple(
            Row((Cell(f"{at:{form}}"), *(Cell(f"{v:,.1f}") for v in values)))
            for at, *values in wide[["at", *layers, "total"]].itertuples(index=False, name=None)
        ),
        wide.rename(columns={"at": "from", "total": "gpus"}),
    )
    return Picture(
        "gpus",
        title,
        said,
        WIDE,
        json,
        table,
        asked.csv("gpus"),
        tuple(Key(layer, f"series-{n}") for n, layer in enumerate(layers, 1)),
    )


def against_ceiling(asked: Asked, data: OneData) -> Picture:
    """Subsidy drawn, cumulative, under the award's ceiling."""
    title, lines, award = _("Subsidy drawn, against the ceiling"), data.to_date, data.award
    if award is None or lines is None or not lines["subsidy_minor"].fillna(0).sum():
        return Picture(
            "ceiling",
            title,
            "",
            empty=_("No subsidy is drawn yet."),
            empty_next=_("It appears when the award has begun and the project uses the centre."),
        )
    own = lines[lines["award_id"] == award.award_id].sort_values("day")
    rows = pd.DataFrame(
        {"at": own["day"], "drawn": (own["subsidy_minor"].fillna(0).cumsum() / MILLION).astype(float).round(6)}
    ).drop_duplicates("at", keep="last", ignore_index=True)
    if len(rows) < 2:
        return Picture("ceiling", title, "", empty=_("There is one day of charges so far: too little for a line."))
    start, end, ceiling = pd.Timestamp(award.starts_on), pd.Timestamp(award.ends_on), award.ceiling_minor / MILLION
    axis = pd.DataFrame({"at": [start, end], "ceiling": [ceiling, ceiling], "plan": [0.0, ceiling]})
    element = (
        area(rows, "at", "drawn", LOOK.series[0])
        * line(axis, "at", "ceiling", LOOK.light["ink"])
        * line(axis, "at", "plan", LOOK.light["muted"], width=1.25, dashed=True)
    )
    label = Named(
        _("Ceiling {amount}").format(amount=short(asked, award.ceiling_minor)), ceiling, LOOK.light["ink"], above=True
    )
    json = drawn(
        element,
        HALF,
        from_zero(ceiling, _("{currency} million, cumulative").format(currency=asked.symbol), 1.14),
        calendar(axis, "at"),
        names(end, [label]),
        told(rows, "at", "drawn", {_("Drawn"): f"{asked.symbol}@drawn{{0,0.000}}m"}, "@at{%-d %b %Y}", "datetime"),
    )
    said = _("{drawn} of {ceiling} drawn, {share}.").format(
        drawn=short(asked, award.drawn_minor),
        ceiling=short(asked, award.ceiling_minor),
        share=words.percent(award.drawn_minor / award.ceiling_minor if award.ceiling_minor else None),
    )
    columns = (Column(_("Day")), Column(_("Drawn to date, {currency}").format(currency=asked.symbol), right=True))
    ends = rows[rows["at"].dt.is_month_end | (rows["at"] == rows["at"].max())]
    table = Table(
        "ceiling",
        title,
        columns,
        tuple(Row((Cell(words.day(r.at.date())), Cell(f"{r.drawn * 1e6:,.2f}"))) for r in ends.itertuples()),
        own[["day", "subsidy_minor"]],
    )
    return Picture(
        "ceiling",
        title,
        said,
        HALF,
        json,
        table,
        asked.csv("ceiling"),
        (Key(_("Drawn"), "series-1"), Key(_("Drawn evenly over the term"), "muted", "dash")),
    )


def by_user(asked: Asked, data: OneData) -> Picture:
    title = _("GPU-hours by user")
    users = data.users[data.users["gpu_part_seconds"] > 0].reset_index(drop=True)
    if users.empty:
        return Picture("by-user", title, "", empty=_("Nobody used a GPU in this period."))
    top = users.head(10)
    labels = [name or _("unknown user") for name in top["user_name"]]
    shown = pd.DataFrame({"hours": top["gpu_hours"].astype(float)})
    n, total = len(shown), float(users["gpu_hours"].sum())
    boxes = pd.DataFrame(
        {
            "left": 0,
            "right": shown["hours"],
            "bottom": [i - 0.4 for i in range(n)],
            "top": [i + 0.4 for i in range(n)],
            "name": labels,
            "jobs": top["jobs"],
        }
    )
    height = max(HALF + 22, 26 * n + 64)
    json = drawn(
        bars(shown, ["hours"], [LOOK.series[0]]),
        height,
        rows_named(labels, _("GPU-hours")),
        thousands("x"),
        told_boxes(
            boxes,
            {k: k for k in ("left", "right", "bottom", "top")},
            {_("GPU-hours"): "@right{0,0.0}", _("Jobs"): "@jobs{0,0}"},
            "@name",
        ),
    )
    said = _("{name} used {share} of it.").format(
        name=labels[0], share=words.percent(float(top["gpu_hours"].iloc[0]) / total)
    )
    columns = (Column(_("User")), Column(_("GPU-hours"), right=True))
    table = Table(
        "by-user",
        title,
        columns,
        tuple(Row((Cell(r.user_name or _("unknown user")), Cell(f"{r.gpu_hours:,.1f}"))) for r in users.itertuples()),
        users[["user_name", "gpu_hours", "jobs"]],
    )
    return Picture("by-user", title, said, height, json, table, asked.csv("by-user"))
