"""Pictures: frames into HoloViews elements, and elements into what BokehJS draws, in our own look.

Times on an axis are the centre's wall clock (`wall`), since BokehJS knows no zones; the page names the zone. Colours are
the light tokens: the browser exchanges them for the dark ones (workbench.pages.tokens).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import holoviews as hv
import pandas as pd
from bokeh.embed import json_item
from bokeh.models import (
    BoxAnnotation,
    ColorBar,
    ColumnDataSource,
    CustomJSTickFormatter,
    DatetimeTickFormatter,
    FixedTicker,
    HoverTool,
    Label,
    NoOverlap,
    NumeralTickFormatter,
)
from bokeh.palettes import cividis
from bokeh.themes import Theme
from markupsafe import Markup

from dashboards._page import script_json
from workbench.i18n import _
from workbench.pages.tokens import bokeh_theme, tokens

hv.extension("bokeh", logo=False)

Hook = Callable[[Any, Any], None]
LOOK = tokens()
WIDE, HALF = 360, 300
"""Heights in px of the main picture and of a supporting one."""


@dataclass(frozen=True, slots=True)
class Band:
    """A hatched stretch of wall-clock time, and what it was."""

    start: pd.Timestamp
    end: pd.Timestamp
    label: str = ""


@cache
def _renderer() -> Any:
    return hv.renderer("bokeh").instance(theme=Theme(json=bokeh_theme("light")))


def drawn(element: hv.Element | hv.Overlay, height: int, *hooks: Hook) -> Markup:
    """The element as JSON for BokehJS: as wide as its card, `height` px high, dressed by our theme and these hooks."""
    plot = _renderer().get_plot(element)
    figure = plot.state
    for hook in (_undress, *hooks):
        hook(plot, element)
    figure.sizing_mode, figure.height, figure.width = "stretch_width", height, None
    item = json_item(figure, theme=Theme(json=bokeh_theme("light")))
    return script_json(json.dumps(item, separators=(",", ":")))


def wall(at_s: pd.Series, zone: ZoneInfo) -> pd.Series:
    """UTC epoch seconds as the centre's wall clock, without a zone: what a time axis is drawn with."""
    return pd.to_datetime(at_s, unit="s", utc=True).dt.tz_convert(zone).dt.tz_localize(None)


def stacked(frame: pd.DataFrame, x: str, columns: Sequence[str]) -> hv.Overlay:
    """Areas on top of one another.

    Args:
        frame: one row per moment (wall clock, column `x`), one column of numbers per layer, the lowest first.
    """
    parts, ground = [], pd.Series(0.0, index=frame.index)
    for name, colour in zip(columns, LOOK.series, strict=False):
        top = ground + frame[name].fillna(0).astype(float)
        layer = pd.DataFrame({x: frame[x], "ground": ground, "top": top})
        parts.append(hv.Area(layer, x, ["ground", "top"]).opts(color=colour, fill_alpha=0.8, line_width=0))
        ground = top
    return hv.Overlay(parts)


def stepped(frame: pd.DataFrame, x: str, y: str, *, dashed: bool = False, colour: str | None = None) -> hv.Curve:
    """A line that holds its value until the next moment, as a capacity does."""
    return hv.Curve(frame, x, y).opts(
        interpolation="steps-post",
        color=colour or LOOK.light["ink"],
        line_width=1.25 if dashed else 2,
        line_dash="dashed" if dashed else "solid",
        show_legend=False,
    )


def line(frame: pd.DataFrame, x: str, y: str, colour: str, *, width: float = 2, dashed: bool = False) -> hv.Curve:
    return hv.Curve(frame, x, y).opts(
        color=colour, line_width=width, line_dash="dashed" if dashed else "solid", show_legend=False
    )


def area(frame: pd.DataFrame, x: str, y: str, colour: str) -> hv.Overlay:
    """A line with the ground under it."""
    ground = hv.Area(frame, x, y).opts(color=colour, fill_alpha=0.16, line_width=0)
    return ground * line(frame, x, y, colour, width=2.5)


def heat(frame: pd.DataFrame, value: str, top: float) -> hv.HeatMap:
    """A map of hour (0 to 23) by weekday (0 = Monday), cividis from 0 to `top`.

    Args:
        frame: columns hour, weekday (int) and `value` (number, NaN where unknown).
    """
    return hv.HeatMap(frame, ["hour", "weekday"], value).opts(
        cmap=cividis(256), clim=(0, top), colorbar=True, colorbar_position="bottom", toolbar=None,
        line_color=LOOK.light["surface"], line_width=2, clipping_colors={"NaN": LOOK.light["line"]},
    )  # fmt: skip


def bars(frame: pd.DataFrame, columns: Sequence[str], colours: Sequence[str]) -> hv.Overlay:
    """Lying bars, one per row from the top, stacked from the left in the order of `columns`."""
    parts, left = [], pd.Series(0.0, index=frame.index)
    for column, colour in zip(columns, colours, strict=True):
        right = left + frame[column].astype(float)
        spans = pd.DataFrame({"y": range(len(frame)), "left": left, "right": right})
        rectangles = [(a, y - 0.32, b, y + 0.32) for y, a, b in spans.itertuples(index=False)]
        parts.append(hv.Rectangles(rectangles).opts(color=colour, line_width=0))
        left = right
    return hv.Overlay(parts)


# What dresses a figure ---------------------------------------------------------------------------------------------


def _undress(plot: Any, _element: Any) -> None:
    figure = plot.state
    figure.title = None
    figure.toolbar_location = None
    for legend in figure.legend:
        legend.visible = False
    figure.toolbar.tools = [tool for tool in figure.toolbar.tools if isinstance(tool, HoverTool)]
    figure.toolbar.active_drag = figure.toolbar.active_scroll = figure.toolbar.active_inspect = None
    figure.outline_line_color = None
    figure.xgrid.grid_line_color = None
    figure.ygrid.grid_line_color = LOOK.light["line"]
    figure.xaxis.axis_line_color = LOOK.light["line"]
    figure.yaxis.axis_line_color = None
    figure.yaxis.major_tick_line_color = None
    figure.xaxis.major_tick_line_color = LOOK.light["line"]
    figure.min_border_right, figure.min_border_top, figure.min_border_left = 12, 8, 8
    for axis in (*figure.xaxis, *figure.yaxis):
        axis.major_label_text_color = axis.axis_label_text_color = LOOK.light["muted"]
        axis.minor_tick_line_color = None
        axis.axis_label_text_font_size = axis.major_label_text_font_size = "12px"
        axis.major_label_text_font = axis.axis_label_text_font = LOOK.family


def from_zero(top: float, title: str, room: float = 1.06) -> Hook:
    """The y axis from 0 to a little over `top`, with its title, which carries the unit."""

    def hook(plot: Any, _element: Any) -> None:
        plot.state.y_range.start, plot.state.y_range.end = 0, max(top, 1e-9) * room
        plot.state.yaxis.axis_label = title

    return hook


def calendar(frame: pd.DataFrame, x: str) -> Hook:
    """The x axis as a calendar that says its year, from the first row to the last."""

    def hook(plot: Any, _element: Any) -> None:
        figure = plot.state
        figure.xaxis.axis_label = None
        figure.xaxis.major_label_policy = NoOverlap(min_distance=10)
        figure.xaxis.formatter = DatetimeTickFormatter(
            minutes="%H:%M", hourmin="%H:%M", hours="%H:%M", days="%-d %b", months="%b %Y", years="%Y",
            context=DatetimeTickFormatter(hours="%-d %b", days="%Y", months="", years=""), context_which="start", hide_repeats=True,
        )
        if len(frame):
            figure.x_range.start, figure.x_range.end = frame[x].iloc[0], frame[x].iloc[-1]

    return hook


def thousands(which: str = "y", pattern: str = "0,0") -> Hook:
    def hook(plot: Any, _element: Any) -> None:
        axis = getattr(plot.state, f"{which}axis")
        axis.formatter = NumeralTickFormatter(format=pattern)
        axis.major_label_policy = NoOverlap(min_distance=8)

    return hook


def hatched(bands: Sequence[Band]) -> Hook:
    """Stretches of time behind the picture, hatched."""

    def hook(plot: Any, _element: Any) -> None:
        for band in bands:
            plot.state.add_layout(
                BoxAnnotation(
                    left=band.start, right=band.end, fill_color=LOOK.light["muted"], fill_alpha=0.1, line_color=None,
                    hatch_pattern="right_diagonal_line", hatch_color=LOOK.light["muted"], hatch_alpha=0.6, hatch_scale=8,
                    hatch_weight=1, level="underlay",
                )
            )

    return hook


@dataclass(frozen=True, slots=True)
class Named:
    """A name written into the picture beside what it names, at the right end: `y` in data units; above it, below it, or (None) on it."""

    text: str
    y: float
    colour: str
    above: bool | None = True


def names(x: Any, entries: Sequence[Named]) -> Hook:
    """Direct labels, ending at `x`."""

    def hook(plot: Any, _element: Any) -> None:
        for entry in entries:
            plot.state.add_layout(
                Label(
                    x=x, y=entry.y, text=entry.text, text_align="right", x_offset=-8,
                    y_offset=0 if entry.above is None else 5 if entry.above else -5,
                    text_baseline="middle" if entry.above is None else "bottom" if entry.above else "top", text_font_style="bold", text_font_size="12px",
                    text_font=LOOK.family, text_color=entry.colour, background_fill_color=LOOK.light["surface"],
                    background_fill_alpha=0.82, border_radius=3, padding=3,
                )
            )

    return hook


def told(frame: pd.DataFrame, x: str, anchor: str, rows: Mapping[str, str], title: str, x_format: str = "") -> Hook:
    """What is said where the pointer is: a title and one line per row (label → Bokeh's "@column{format}")."""

    def hook(plot: Any, _element: Any) -> None:
        figure = plot.state
        source = ColumnDataSource({name: frame[name] for name in frame.columns})
        glyph = figure.line(x=x, y=anchor, source=source, line_alpha=0, line_width=1)
        figure.add_tools(_hover([glyph], rows, title, {f"@{x}": "datetime"} if x_format else {}, "vline"))

    return hook


def told_boxes(frame: pd.DataFrame, box: Mapping[str, str], rows: Mapping[str, str], title: str) -> Hook:
    """The same for bars: `box` names the columns that hold left, right, bottom and top."""

    def hook(plot: Any, _element: Any) -> None:
        source = ColumnDataSource({name: frame[name] for name in frame.columns})
        glyph = plot.state.quad(**box, source=source, fill_alpha=0, line_alpha=0)
        plot.state.add_tools(_hover([glyph], rows, title, {}, "mouse"))

    return hook


def _hover(renderers: list[Any], rows: Mapping[str, str], title: str, formatters: dict[str, str], mode: str) -> HoverTool:
    lines = "".join(
        f'<div style="display:flex;justify-content:space-between;gap:16px"><span style="color:var(--muted)">{label}</span>'
        f"<b>{value}</b></div>"
        for label, value in rows.items()
    )
    html = (
        '<div style="font:13px/1.5 var(--family);font-variant-numeric:tabular-nums;color:var(--ink);min-width:160px">'
        f'<div style="font-weight:650;margin-bottom:2px">{title}</div>{lines}</div>'
    )
    return HoverTool(renderers=renderers, tooltips=html, formatters=formatters, mode=mode, attachment="horizontal", point_policy="snap_to_data")


def weekdays(unit: str) -> Hook:
    """The heat map's axes: Monday on top, every third hour named; its scale below, in `unit`."""

    def hook(plot: Any, _element: Any) -> None:
        figure = plot.state
        day_names = [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]
        figure.y_range.start, figure.y_range.end = 6.5, -0.5
        figure.x_range.start, figure.x_range.end = -0.5, 23.5
        figure.yaxis.ticker = FixedTicker(ticks=list(range(7)))
        figure.yaxis.major_label_overrides = dict(enumerate(day_names))
        figure.yaxis.axis_label = None
        figure.xaxis.axis_label = _("Hour of the day")
        figure.xaxis.ticker = FixedTicker(ticks=list(range(0, 24, 3)))
        figure.xaxis.formatter = CustomJSTickFormatter(code="return String(tick).padStart(2, '0') + ':00'")
        figure.xaxis.major_label_policy = NoOverlap(min_distance=8)
        figure.xaxis.axis_line_color = figure.ygrid.grid_line_color = None
        figure.toolbar.tools = []
        for scale in figure.select(ColorBar):
            scale.title, scale.height, scale.padding, scale.margin = unit, 8, 0, 8
            scale.bar_line_color = None
            scale.major_tick_line_color = None
            scale.label_standoff, scale.title_standoff = 4, 4
            scale.title_text_font_style, scale.title_text_color = "normal", LOOK.light["muted"]
            scale.title_text_font = scale.major_label_text_font = LOOK.family
            scale.title_text_font_size = scale.major_label_text_font_size = "12px"
            scale.major_label_text_color = LOOK.light["muted"]
            scale.background_fill_color = None

    return hook


def rows_named(texts: Sequence[str], x_title: str) -> Hook:
    """The axes of lying bars: one name per row, the first on top; the unit below."""

    def hook(plot: Any, _element: Any) -> None:
        figure = plot.state
        figure.y_range.start, figure.y_range.end = len(texts) - 0.4, -0.6
        figure.yaxis.ticker = FixedTicker(ticks=list(range(len(texts))))
        figure.yaxis.major_label_overrides = dict(enumerate(texts))
        figure.yaxis.major_label_text_color = LOOK.light["ink"]
        figure.yaxis.axis_label, figure.xaxis.axis_label = None, x_title
        figure.xgrid.grid_line_color = LOOK.light["line"]
        figure.ygrid.grid_line_color = None
        figure.xaxis.axis_line_color = None
        figure.x_range.start = 0

    return hook


