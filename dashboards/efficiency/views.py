"""The pictures of the page of efficiency: by project, and by day."""

import pandas as pd

from dashboards._asked import Asked
from dashboards._dress import HALF, LOOK, calendar, from_zero, rows_named, thousands, told, told_boxes
from dashboards._page import Cell, Column, Key, Picture, Row, Table
from dashboards._pictures import bars, drawn, stacked
from dashboards.efficiency.data import PARTS, Data
from workbench.i18n import _
from workbench.pages import words
from workbench.units import GPU_PARTS, HOUR_S

SHOWN = 12


def key() -> tuple[Key, ...]:
    return (Key(_("Active"), "series-1"), Key(_("Idle"), "series-2"), Key(_("Unknown"), "muted"))


def colours() -> list[str]:
    return [LOOK.series[0], LOOK.series[1], LOOK.light["muted"]]


def by_project(asked: Asked, data: Data) -> Picture:
    """Lying bars: held GPU-hours in three parts, those with most idle time first."""
    title, names = _("Held GPU time by project"), dict(asked.choices.projects)
    frame = _hours(data.projects).head(SHOWN).reset_index(drop=True)
    labels = [_short(names.get(slug, slug) or _("unknown project")) for slug in frame["project"]]
    count = len(frame)
    boxes = frame.assign(
        left=0,
        right=frame[list(PARTS)].sum(axis=1),
        bottom=[i - 0.4 for i in range(count)],
        top=[i + 0.4 for i in range(count)],
        name=labels,
    )
    rows = {_("Active"): "@active{0,0}", _("Idle"): "@idle{0,0}", _("Unknown"): "@unknown{0,0}"}
    json = drawn(
        bars(frame, list(PARTS), colours()),
        max(160, 26 * count + 64),
        rows_named(labels, _("GPU-hours")),
        thousands("x"),
        told_boxes(boxes, {k: k for k in ("left", "right", "bottom", "top")}, rows, "@name"),
    )
    first = data.projects.iloc[0]
    said = _("Most idle time: {project}, {hours} GPU-hours, {share} of what it held.").format(
        project=labels[0],
        hours=words.hours_short(int(first["idle_part_seconds"])),
        share=words.percent(int(first["idle_part_seconds"]) / int(first["held_part_seconds"])),
    )
    table = _table("by-project", title, Column(_("Project")), [Cell(label) for label in labels], frame)
    return Picture("by-project", title, said, 0, json, table, asked.csv("by-project"), key())


def by_day(asked: Asked, data: Data) -> Picture:
    """Areas on one another: mean GPUs of each day."""
    title = _("Held GPUs by day")
    frame = _hours(data.days)
    frame[list(PARTS)] = frame[list(PARTS)] / 24
    frame["at"] = pd.to_datetime(frame["day"])
    if len(frame) < 2:
        few = _("There is one day with samples: too little for a line.")
        return Picture("by-day", title, "", empty=few, empty_next=_("Come back tomorrow."))
    frame["total"] = frame[list(PARTS)].sum(axis=1)
    rows = {_("Unknown"): "@unknown{0,0}", _("Idle"): "@idle{0,0}", _("Active"): "@active{0,0}"}
    grounds = stacked(frame, "at", list(PARTS))
    for layer, colour in zip(grounds, colours(), strict=True):
        layer.opts(color=colour)
    json = drawn(
        grounds,
        HALF,
        from_zero(float(frame["total"].max()), _("GPUs (mean of the day)"), 1.12),
        calendar(frame, "at"),
        thousands(),
        told(frame, "at", "total", rows, "@at{%-d %b %Y}", "datetime"),
    )
    said = _("The last day and the first may be days of which samples cover a part only.")
    cells = [Cell(f"{at:%-d %b %Y}") for at in frame["at"]]
    table = _table("by-day", title, Column(_("Day")), cells, frame.drop(columns=["at", "total"]))
    return Picture("by-day", title, said, HALF, json, table, asked.csv("by-day"), key())


def _hours(rows: pd.DataFrame) -> pd.DataFrame:
    """GPU-hours of the three parts beside the group."""
    group = [name for name in rows.columns if name in ("project", "day")]
    parts = {part: rows[f"{part}_part_seconds"] / GPU_PARTS / HOUR_S for part in PARTS}
    return pd.DataFrame({**{name: rows[name] for name in group}, **parts})


def _table(name: str, title: str, first: Column, cells: list[Cell], frame: pd.DataFrame) -> Table:
    columns = (first, *(Column(label, right=True) for label in (_("Active"), _("Idle"), _("Unknown"))))
    numbers = frame[list(PARTS)].itertuples(index=False, name=None)
    rows = tuple(Row((cell, *(Cell(f"{v:,.1f}") for v in values))) for cell, values in zip(cells, numbers, strict=True))
    return Table(name, title, columns, rows, frame)


def _short(text: str) -> str:
    return text if len(text) <= 28 else f"{text[:27].rstrip()}…"
