"""What dresses a drawn figure in our look: axes, names, outages, what is said where the pointer is.

A hook takes the plot of HoloViews and its element and changes the Bokeh figure under it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
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

from workbench.i18n import _
from workbench.pages.tokens import tokens

Hook = Callable[[Any, Any], None]


LOOK = tokens()


@dataclass(frozen=True, slots=True)
class Band:
    """A hatched stretch of wall-clock time, and what it was."""

    start: pd.Timestamp
    end: pd.Timestamp
    label: str = ""


WIDE, HALF = 360, 300
"""Heights in px of the main picture and of a supporting one."""


def undress(plot: Any, _element: Any) -> None:
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
            minutes="%H:%M",
            hourmin="%H:%M",
            hours="%H:%M",
            days="%-d %b",
            months="%b %Y",
            years="%Y",
            context=DatetimeTickFormatter(hours="%-d %b", days="%Y", months="", years=""),
            context_which="start",
            hide_repeats=True,
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
                    left=band.start,
                    right=band.end,
                    fill_color=LOOK.light["muted"],
                    fill_alpha=0.1,
                    line_color=None,
                    hatch_pattern="right_diagonal_line",
                    hatch_color=LOOK.light["muted"],
                    hatch_alpha=0.6,
                    hatch_scale=8,
                    hatch_weight=1,
                    level="underlay",
                )
            )

    return hook


@dataclass(frozen=True, slots=True)
class Named:
    """A name in the picture, at the right end of what it names, `y` in data units; above, below or (None) on it."""

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
                    x=x,
                    y=entry.y,
                    text=entry.text,
                    text_align="right",
                    x_offset=-8,
                    y_offset=0 if entry.above is None else 5 if entry.above else -5,
                    text_baseline="middle" if entry.above is None else "bottom" if entry.above else "top",
                    text_font_style="bold",
                    text_font_size="12px",
                    text_font=LOOK.family,
                    text_color=entry.colour,
                    background_fill_color=LOOK.light["surface"],
                    background_fill_alpha=0.82,
                    border_radius=3,
                    padding=3,
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


def _hover(
    renderers: list[Any], rows: Mapping[str, str], title: str, formatters: dict[str, str], mode: str
) -> HoverTool:
    lines = "".join(
        '<div style="display:flex;justify-content:space-between;gap:16px">'
        f'<span style="color:var(--muted)">{label}</span><b>{value}</b></div>'
        for label, value in rows.items()
    )
    html = (
        '<div style="font:13px/1.5 var(--family);font-variant-numeric:tabular-nums;color:var(--ink);min-width:160px">'
        f'<div style="font-weight:650;margin-bottom:2px">{title}</div>{lines}</div>'
    )
    return HoverTool(
        renderers=renderers,
        tooltips=html,
        formatters=formatters,
        mode=mode,
        attachment="horizontal",
        point_policy="snap_to_data",
    )


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
