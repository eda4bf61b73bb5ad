"""Pictures: frames into HoloViews elements, and elements into what BokehJS draws, in our own look.

Times on an axis are the centre's wall clock (`wall`), since BokehJS knows no zones; the page names the zone. Colours
are the light tokens: the browser exchanges them for the dark ones (workbench.pages.tokens).
"""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import holoviews as hv
import pandas as pd
from bokeh.embed import json_item
from bokeh.palettes import cividis
from bokeh.themes import Theme
from markupsafe import Markup

from dashboards._dress import LOOK, Hook, undress
from dashboards._page import script_json
from workbench.pages.tokens import bokeh_theme

hv.extension("bokeh", logo=False)


@cache
def _renderer() -> Any:
    return hv.renderer("bokeh").instance(theme=Theme(json=bokeh_theme("light")))


def drawn(element: hv.Element | hv.Overlay, height: int, *hooks: Hook) -> Markup:
    """The element as JSON for BokehJS: as wide as its card, `height` px high, dressed by our theme and these hooks."""
    plot = _renderer().get_plot(element)
    figure = plot.state
    for hook in (undress, *hooks):
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


def band(frame: pd.DataFrame, x: str, low: str, high: str, colour: str) -> hv.Area:
    """The ground between two columns: an interval about a line."""
    return hv.Area(frame, x, [low, high]).opts(color=colour, fill_alpha=0.18, line_width=0)


def heat(frame: pd.DataFrame, value: str, top: float) -> hv.HeatMap:
    """A map of hour (0 to 23) by weekday (0 = Monday), cividis from 0 to `top`.

    Args:
        frame: columns hour, weekday (int) and `value` (number, NaN where unknown).
    """
    return hv.HeatMap(frame, ["hour", "weekday"], value).opts(
        cmap=cividis(256),
        clim=(0, top),
        colorbar=True,
        colorbar_position="bottom",
        toolbar=None,
        line_color=LOOK.light["surface"],
        line_width=2,
        clipping_colors={"NaN": LOOK.light["line"]},
    )


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
