"""The first picture of each kind of frame: named axes with units, and the label of sample data.

The drawing library's scripts are put into the notebook itself: a server in the centre has no way to the internet.
"""

import html
import sys
from typing import Any

import pandas as pd

from workbench.errors import BadQuestion

SERIES = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#7A869A")
"""The series colours of the pages."""
BLUE, ORANGE, GREEN, GREY = SERIES[0], SERIES[1], SERIES[2], SERIES[-1]
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
    draw = next((draw for columns, draw in DRAWN.items() if set(columns) <= _measures(frame)), None)
    if draw is None:
        raise BadQuestion("this frame has no picture of its own", "draw it yourself: frame.hvplot.line(x=…, y=…)")
    # No tool is active at first: the wheel scrolls the notebook, not the picture.
    return draw(frame, options).opts(active_tools=[])


def _over_time(frame: pd.DataFrame, options: dict[str, Any]) -> Any:
    """Busy GPUs under the GPUs in service."""
    drawn, axes = _dated(frame, "Allocated GPUs")
    axes |= {"ylabel": "GPUs (mean)", "ylim": (0, None), "where": "post", **options}
    split = [name for name in SPLITS if name in frame.columns]
    if split:
        drawn = _largest(_named(drawn, split[0]), split[0], axes["x"])
        colours = list(SERIES[: drawn[split[0]].nunique()])
        look = {"color": colours if len(colours) > 1 else BLUE, "legend": "right"}
        return drawn.hvplot.step(y="busy_gpus", by=split, **look, **axes)
    names = {"busy_gpus": "allocated", "in_service_gpus": "in service"}
    lines = drawn.rename(columns=names)
    return lines.hvplot.step(y=list(names.values()), color=[BLUE, GREY], group_label="GPUs", legend="top_left", **axes)


def _by_cost(frame: pd.DataFrame, options: dict[str, Any]) -> Any:
    """The subsidy's part and the user's part, stacked."""
    currency = str(frame.attrs.get("currency", "HKD"))
    parts = {f"subsidy_{currency.lower()}": "subsidy", f"user_{currency.lower()}": "user's share"}
    look = {"stacked": True, "color": [GREEN, ORANGE], "ylabel": currency, "legend": "top_left"}
    if _time_of(frame):
        drawn, axes = _dated(frame.rename(columns=parts), "Who pays")
        look |= {"yformatter": _large(), "line_width": 0, "group_label": "paid by"}
        return drawn.hvplot.area(y=list(parts.values()), **{**axes, **look, **options})
    drawn, axes = _ranked(frame, "Who pays", f"list_{currency.lower()}")
    rows = drawn.rename(columns=parts)[[axes["x"], *parts.values()]]
    return rows.hvplot.barh(**{**axes, **look, "legend": "bottom_right", "group_label": "paid by", **options})


def _by_gpu_hours(frame: pd.DataFrame, options: dict[str, Any]) -> Any:
    look = {"y": "gpu_hours", "ylabel": "GPU-hours", "color": BLUE}
    if _time_of(frame):
        drawn, axes = _dated(frame, "GPU time used")
        return drawn.hvplot.step(where="post", **{**axes, **look, "ylim": (0, None), "yformatter": _large(), **options})
    drawn, axes = _ranked(frame, "GPU time used", "gpu_hours")
    return drawn.hvplot.barh(**{**axes, **look, "hover_cols": [], **options})


def _dated(frame: pd.DataFrame, title: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The frame with wall-clock times of the centre, which Bokeh draws as they are, and an axis that names the zone."""
    when, zone = _time_of(frame), frame.attrs.get("zone", "UTC")
    times = frame[when]
    drawn = frame.assign(**{when: times.dt.tz_convert(zone).dt.tz_localize(None)}) if times.dt.tz else frame
    return drawn, SHARED | {
        "x": when,
        "xlabel": f"{TIMES[when]} ({zone})",
        "height": 320,
        "title": _title(title, frame),
    }


def _ranked(frame: pd.DataFrame, title: str, measure: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The largest at the top."""
    key = str(frame.columns[0])
    drawn = _named(frame, key).sort_values(measure).tail(MOST_BARS)
    height = 110 + 26 * max(len(drawn), 2)
    look = {"x": key, "xlabel": key.replace("_", " "), "height": height, "title": _title(title, frame)}
    return drawn, SHARED | look | {"xformatter": _large()}


def _named(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    """Names for a reader: what nobody knows is called unknown."""
    return frame.assign(**{key: frame[key].astype("object").where(frame[key].notna(), "unknown")})


def _largest(frame: pd.DataFrame, key: str, when: str) -> pd.DataFrame:
    """As many lines as there are colours: the largest by name, the rest as one."""
    order = frame.groupby(key)["busy_gpus"].sum().sort_values(ascending=False).index
    if len(order) > len(SERIES):
        frame = frame.assign(**{key: frame[key].where(frame[key].isin(order[: len(SERIES) - 1]), "all others")})
    return frame.groupby([key, when], as_index=False, sort=False)["busy_gpus"].sum()


def _large() -> Any:
    """Numbers of an axis as 4.6m, and as they are below a thousand."""
    from bokeh.models import NumeralTickFormatter

    return NumeralTickFormatter(format="0.[0]a")


def _title(what: str, frame: pd.DataFrame) -> str:
    label = frame.attrs.get("label", "")
    return f"{what} ({label})" if label else what


def _time_of(frame: pd.DataFrame) -> str:
    return next((name for name in TIMES if name in frame.columns), "")


def _measures(frame: pd.DataFrame) -> set[str]:
    """The frame's columns, those of money without their currency."""
    money = str(frame.attrs.get("currency", "HKD")).lower()
    return {str(name).removesuffix(f"_{money}") for name in frame.columns}


TIMES = {"hour_start": "Hour", "day_start": "Day", "week_start": "Week", "month_start": "Month", "day": "Day"}
SPLITS = ("partition", "gpu_model", "project")
SHARED = {"responsive": True, "grid": True}
DRAWN = {
    ("busy_gpus", "in_service_gpus"): _over_time,
    ("subsidy", "user"): _by_cost,
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
        # Between two dollar signs JupyterLab sees a formula, unless each stands in an element of its own.
        words = (html.escape(word).replace("$", "<span>$</span>") for word in self.text.split(" "))
        return " ".join(f'<a href="{w}" target="_blank">{w}</a>' if _is_address(w) else w for w in words)


def _is_address(word: str) -> bool:
    return word.startswith(("http://127.0.0.1:", "/user/")) and word.endswith("/status")
