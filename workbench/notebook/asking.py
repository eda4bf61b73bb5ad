"""Between a notebook and its source: parameters as text, answers as frames, lines for the person there."""

from datetime import date, datetime
from typing import Any

import pandas as pd

from workbench.notebook import plots
from workbench.services.answers import Answer

When = str | date | datetime | None
LOCAL_TIMES = {"day_start", "week_start", "month_start"}
"""Columns of days and longer, which are the centre's own."""
ATTRS = ("label", "zone", "currency", "method", "coverage", "says")
"""Facts of an answer that its frame carries along."""


def given(**params: When) -> dict[str, str]:
    """The parameters that are set, as text; a moment keeps its zone."""
    return {k: v if isinstance(v, str) else v.isoformat() for k, v in params.items() if v is not None}


def frame_of(said: Answer) -> pd.DataFrame:
    """The table of an answer, its days in the centre's zone, ready to be drawn."""
    frame = said.table
    assert frame is not None
    for name in set(frame.columns) & LOCAL_TIMES:
        frame[name] = frame[name].dt.tz_convert(said.facts["zone"])
    frame.attrs.update({key: said.facts[key] for key in ATTRS if key in said.facts})
    if in_notebook():
        plots.bring_hvplot(plots.this_cell())
    return frame


def shell() -> Any:
    """The IPython that this runs in, None outside of one."""
    try:
        return get_ipython()  # type: ignore[name-defined]
    except NameError:
        return None


def in_notebook() -> bool:
    """Whether somebody sees pictures and links here."""
    return getattr(shell(), "kernel", None) is not None


def say(line: str) -> None:
    """One line for the person at the notebook; an address in it becomes a link there."""
    if in_notebook():
        from IPython.display import display

        display(plots.Line(line))
    else:
        print(line, flush=True)  # noqa: T201  (a notebook's output)
