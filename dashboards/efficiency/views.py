"""The pictures of the page of efficiency: by project, and by day."""

from datetime import date

import pandas as pd

from dashboards._asked import Asked
from dashboards._dress import LOOK, rows_named, thousands, told_boxes
from dashboards._page import Cell, Column, Key, Picture, Row, Table
from dashboards._pictures import bars, drawn
from dashboards.efficiency.data import PARTS, Data
from workbench.i18n import _
from workbench.pages import words
from workbench.units import GPU_PARTS, HOUR_S

SHOWN = 12
MOST_DAYS = 31


def key() -> tuple[Key, ...]:
    return (Key(_("Active"), "series-1"), Key(_("Idle"), "series-2"), Key(_("Unknown"), "muted"))


def colours() -> list[str]:
    return [LOOK.series[0], LOOK.series[1], LOOK.light["muted"]]


def by_project(asked: Asked, data: Data) -> Picture:
    """Lying bars: held GPU-hours in three parts, those with most idle time first."""
    title, names = _("Held GPU time by project"), dict(asked.choices.projects)
    frame = _hours(data.projects).head(SHOWN).reset_index(drop=True)
    labels = [_short(names.get(slug, slug) or _("unknown project")) for slug in frame["project"]]
    first = data.projects.iloc[0]
    said = _("Most idle time: {project}, {hours} GPU-hours, {share} of what it held.").format(
        project=names.get(first["project"], first["project"]) or _("unknown project"),
        hours=words.hours_short(int(first["idle_part_seconds"])),
        share=words.percent(int(first["idle_part_seconds"]) / int(first["held_part_seconds"])),
    )
    if len(data.projects) > SHOWN:
        said += " " + _("The {n} projects with most of it are drawn, all are in the table.").format(n=SHOWN)
    return _barred(asked, "by-project", title, said, labels, frame, _("Project"))


def by_day(asked: Asked, data: Data) -> Picture:
    """The same for each day, the last one on top."""
    frame = _hours(data.days).iloc[::-1].head(MOST_DAYS).reset_index(drop=True)
    labels = [words.day(date.fromisoformat(day)) for day in frame["day"]]
    said = _("The first and the last day may be covered by samples in part only.")
    return _barred(asked, "by-day", _("Held GPU time by day"), said, labels, frame, _("Day"))


def _barred(
    asked: Asked, name: str, title: str, said: str, labels: list[str], frame: pd.DataFrame, first: str
) -> Picture:
    count = len(frame)
    boxes = frame.assign(
        left=0,
        right=frame[list(PARTS)].sum(axis=1),
        bottom=[i - 0.4 for i in range(count)],
        top=[i + 0.4 for i in range(count)],
        name=labels,
    )
    rows = {_("Active"): "@active{0,0}", _("Idle"): "@idle{0,0}", _("Unknown"): "@unknown{0,0}"}
    height = max(160, 26 * count + 64)
    json = drawn(
        bars(frame, list(PARTS), colours()),
        height,
        rows_named(labels, _("GPU-hours")),
        thousands("x"),
        told_boxes(boxes, {k: k for k in ("left", "right", "bottom", "top")}, rows, "@name"),
    )
    table = _table(name, title, Column(first), [Cell(label) for label in labels], frame)
    return Picture(name, title, said, height, json, table, asked.csv(name), key())


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
