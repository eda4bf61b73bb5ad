"""The first picture of each kind of frame: named axes with units, and the label of sample data.

The drawing library's scripts are put into the notebook itself: a server in the centre has no way to the internet.
"""

import html
import sys
from typing import Any

import pandas as pd

from workbench.errors import BadQuestion

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#E69F00", "#009E73", "#7A869A"
"""Of the series colours of the pages."""
MOST_BARS = 20


_brought_by: str | None = None


def bring_hvplot(cell: str = "") -> None:
    """Give frames their `.hvplot`, with its scripts inside of the notebook.

    Args:
        cell: id of the notebook's cell that asks. The scripts are some megabytes in the output of the first one, and
            are put there again only when that one runs again, since its output is then a new one.
    """
    global _brought_by
    if _brought_by not in (None, cell):
        return
    import hvplot
    import panel

    if _brought_by is None:
        # Defaults, since every `import hvplot.…` loads the scripts: from the internet, unless told so here.
        hvplot.extension.inline = panel.config.inline = True
        panel.viewable.Viewable._preprocessing_hooks.append(_with_own_styles)
    _brought_by = cell
    sys.modules.pop("hvplot.pandas", None)
    import hvplot.pandas


def _with_own_styles(_viewable: Any, root: Any, *_more: Any) -> None:
    """Style sheets in the picture too: HoloViews leaves addresses in it, which Panel alone would have replaced."""
    from bokeh.models import UIElement
    from panel.io.notebook import patch_inline_stylesheets

    for model in root.select({"type": UIElement}):
        patch_inline_stylesheets(model)


def plot(frame: pd.DataFrame, **options: Any) -> Any:
    """A picture of a frame from `occupancy`, `usage` or `charges`; options go to hvPlot.

    Raises:
        BadQuestion: the frame is none of those (its columns were changed); draw it with frame.hvplot.
    """
    if frame.empty:
        return Line("Nothing to draw: no usage in this window yet. Start a server, or choose another window.")
    bring_hvplot(this_cell())
    shared = {"responsive": True, "height": 320, "grid": True}
    for columns, draw in DRAWN.items():
        if set(columns) <= set(frame.columns):
            return draw(frame, shared | {"title": _title(columns[-1], frame)} | options)
    raise BadQuestion("this frame has no picture of its own", "draw it yourself: frame.hvplot.line(x=…, y=…)")


def _over_time(frame: pd.DataFrame, options: dict[str, Any]) -> Any:
    """Busy GPUs under the GPUs in service."""
    when = next(name for name in TIMES if name in frame.columns)
    zone = frame.attrs.get("zone", "UTC")
    # Bokeh draws wall-clock times: hand it those of the centre, and name the zone.
    drawn = frame.assign(**{when: frame[when].dt.tz_convert(zone).dt.tz_localize(None)})
    split = [name for name in SPLITS if name in frame.columns]
    axes = {"x": when, "xlabel": f"{TIMES[when]} ({zone})", "ylabel": "GPUs (mean)"}
    if split:
        return drawn.hvplot.line(y="busy_gpus", by=split, **axes, **options)
    names = {"busy_gpus": "allocated", "in_service_gpus": "in service"}
    lines = drawn.rename(columns=names).astype(dict.fromkeys(names.values(), "float64"))
    colours = {"color": [BLUE, GREY], "group_label": "GPUs", "legend": "top_left", "ylim": (0, None)}
    return lines.hvplot.step(y=list(names.values()), where="post", **colours, **axes, **options)


def _by_cost(frame: pd.DataFrame, options: dict[str, Any]) -> Any:
    """The subsidy's part and the user's part, stacked."""
    key = _key(frame)
    currency = str(frame.attrs.get("currency", "HKD"))
    parts = {f"subsidy_{currency.lower()}": "subsidy", f"user_{currency.lower()}": "user's share"}
    drawn = _named(frame, key).head(MOST_BARS).rename(columns=parts)[[key, *parts.values()]].iloc[::-1]
    colours = [GREEN, ORANGE]
    axes = {"ylabel": f"{currency}", "xlabel": key.replace("_", " ")}
    return drawn.hvplot.barh(x=key, stacked=True, color=colours, **axes, **options)


def _by_gpu_hours(frame: pd.DataFrame, options: dict[str, Any]) -> Any:
    key = _key(frame)
    if key in TIMES:
        return frame.hvplot.line(x=key, y="gpu_hours", ylabel="GPU-hours", color=BLUE, **options)
    drawn = _named(frame, key).sort_values("gpu_hours").tail(MOST_BARS)
    axes = {"ylabel": "GPU-hours", "xlabel": key.replace("_", " ")}
    return drawn.hvplot.barh(x=key, y="gpu_hours", color=BLUE, **axes, **options)


def _named(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    """Names for a reader: what nobody knows is called so."""
    return frame.assign(**{key: frame[key].astype("object").where(frame[key].notna(), "unknown")})


def _title(measure: str, frame: pd.DataFrame) -> str:
    label = frame.attrs.get("label", "")
    return f"{TITLES[measure]} ({label})" if label else TITLES[measure]


def _key(frame: pd.DataFrame) -> str:
    return str(frame.columns[0])


TIMES = {"hour_start": "Hour", "day_start": "Day", "month_start": "Month"}
SPLITS = ("partition", "gpu_model", "project")
TITLES = {"in_service_gpus": "Allocated GPUs", "user_hkd": "Who pays", "gpu_hours": "GPU time used"}
DRAWN = {
    ("busy_gpus", "in_service_gpus"): _over_time,
    ("subsidy_hkd", "user_hkd"): _by_cost,
    ("gpu_hours",): _by_gpu_hours,
}


def this_cell() -> str:
    """The id of the notebook's cell that runs now, '' where there is none."""
    try:
        parent = get_ipython().kernel.get_parent()  # type: ignore[name-defined]
    except (NameError, AttributeError):
        return ""
    return str(parent.get("metadata", {}).get("cellId", ""))


class Line:
    """One line that is text anywhere and has its address as a link in a notebook."""

    def __init__(self, text: str):
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        words = (html.escape(word) for word in self.text.split(" "))
        return " ".join(f'<a href="{w}" target="_blank">{w}</a>' if _is_address(w) else w for w in words)


def _is_address(word: str) -> bool:
    return word.startswith(("http://127.0.0.1:", "/user/")) and word.endswith("/status")
