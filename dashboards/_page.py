"""What a page is made of, before it is HTML: tiles, pictures, tables, and the sentence over them.

A dashboard builds a `Page` from frames by plain functions; document.html lays it out. Nothing here asks the store.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from workbench.i18n import _
from workbench.pages.words import NO_CHANGE, Change


@dataclass(frozen=True)
class Spark:
    """The last 30 days as two SVG paths on a field of 100 × 32: the line, and the ground under it."""

    line: str
    under: str


@dataclass(frozen=True)
class Tile:
    """One key figure. `value` is for reading, `exact` for who compares (data-value, with its unit in the name).

    of: the denominator. state: 'good', 'watch', 'act' with `state_text`, in place of the change. words: the value is a
    text rather than a number. definition, query, rows: what the *i* opens.
    """

    id: str
    label: str
    value: str
    unit: str = ""
    exact: str = ""
    exact_text: str = ""
    change: Change = NO_CHANGE
    spark: Spark | None = None
    spark_says: str = ""
    of: str = ""
    definition: str = ""
    query: str = ""
    rows: str = ""
    rows_label: str = ""
    state: str = ""
    state_text: str = ""
    words: bool = False


@dataclass(frozen=True)
class Column:
    """A column of a table. `right`: a number. `hidden`: there to be chosen. `sorted`: how the rows come."""

    label: str
    right: bool = False
    title: str = ""
    hidden: bool = False
    sorted: str = ""


@dataclass(frozen=True)
class Cell:
    """`order`: what it sorts by where that is not its text ('': unknown, which stays last). `share`: a bar, 0 to 1."""

    text: str
    order: float | str | None = None
    href: str = ""
    sub: str = ""
    title: str = ""
    share: float | None = None
    share_state: str = ""
    state: str = ""
    unknown: bool = False


@dataclass(frozen=True)
class Row:
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """Rows with a heading; `total` equals the tile of the same name. `frame` is what the CSV holds."""

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    frame: pd.DataFrame
    total: Row | None = None
    says: str = ""
    csv: str = ""
    empty: str = ""
    empty_next: str = ""


@dataclass(frozen=True)
class Key:
    """One entry of a picture's key; `shape`: '' (a field), 'line', 'dash', 'hatch'; `colour`: a CSS property's name."""

    label: str
    colour: str
    shape: str = ""
    value: str = ""


@dataclass(frozen=True)
class Picture:
    """A drawn picture (`json` for BokehJS), the sentence that says what it shows, and the rows it was drawn from."""

    id: str
    title: str
    says: str
    height: int = 320
    json: Markup = Markup("")  # noqa: RUF009 (immutable)
    table: Table | None = None
    csv: str = ""
    key: tuple[Key, ...] = ()
    options: tuple[tuple[str, str, bool], ...] = ()
    empty: str = ""
    empty_next: str = ""

    @property
    def numbers(self) -> Markup:
        """The rows as JSON, for the table that is made when somebody asks for it."""
        columns = self.table.columns if self.table else ()
        rows = self.table.rows if self.table else ()
        return script_json(
            {
                "columns": [[c.label, c.right] for c in columns],
                "rows": [[cell.text for cell in row.cells] for row in rows],
            }
        )


@dataclass(frozen=True)
class Segment:
    """Part of the bar over the tiles. `share` of it; `colour` a CSS property's name, `shape` '', 'open' or 'hatch'."""

    label: str
    value: str
    exact: str
    share: float
    colour: str
    shape: str = ""


@dataclass(frozen=True)
class Note:
    text: str | Markup
    level: str = "watch"


@dataclass(frozen=True)
class Pick:
    """A filter of the context bar: its name in the address, what is chosen, what can be."""

    name: str
    label: str
    all: str
    value: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Page:
    title: str
    heading: str
    kind: str = ""
    sentence: Markup = Markup("")  # noqa: RUF009 (immutable)
    strip: tuple[Segment, ...] = ()
    strip_label: str = ""
    tiles: tuple[Tile, ...] = ()
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[Note, ...] = ()
    crumbs: tuple[tuple[str, str], ...] = ()
    periods: tuple[tuple[str, str, bool], ...] = ()
    period_label: str = ""
    stepped: bool = False
    earlier: str | None = None
    later: str | None = None
    picks: tuple[Pick, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()
    prose: Markup = Markup("")  # noqa: RUF009 (immutable)
    actions: tuple[tuple[str, str], ...] = ()
    """What can be taken away beside the heading: (words, address); the first is the one that most want."""
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    """What can be taken away as CSV, by the name in its address."""


def linked(text: str, href: str) -> Markup:
    """A number of the sentence, which opens what stands behind it."""
    return Markup('<a href="{}">{}</a>').format(href, text)


def sentence(*parts: str | Markup) -> Markup:
    """Whole sentences, one after the other; those that are empty are left out."""
    return Markup(" ").join(escape(part) for part in parts if part)


def spark(values: Iterable[float | None]) -> Spark | None:
    """A line of the values from 0 to their largest; gaps where unknown; None where there is nothing to draw."""
    known = [None if v is None or pd.isna(v) else float(v) for v in values]
    top = max((v for v in known if v is not None), default=0.0)
    if len(known) < 2 or top <= 0:
        return None
    step = 100 / (len(known) - 1)
    points = [None if v is None else (round(i * step, 2), round(31 - 29 * v / top, 2)) for i, v in enumerate(known)]
    line, under, run = "", "", []
    for point in [*points, None]:
        if point is not None:
            run.append(point)
        elif run:
            path = "M" + "L".join(f"{x:g},{y:g}" for x, y in run)
            line += path
            under += f"{path}L{run[-1][0]:g},32L{run[0][0]:g},32Z"
            run = []
    return Spark(line, under)


def unknown_cell() -> Cell:
    return Cell(_("unknown"), order="", unknown=True)


def script_json(value: Any) -> Markup:
    """JSON that may stand inside of a <script>: no "<" can end it."""
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))  # noqa: S704
