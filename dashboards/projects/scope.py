"""What the two pages of projects share: who sees money, the question behind the figures, the wait."""

import pandas as pd

from dashboards._asked import Asked
from dashboards._page import (
    Tile,
)
from workbench.domain.access import WholeCentre
from workbench.i18n import _
from workbench.pages import words
from workbench.periods import iso


def sees_money(asked: Asked, project: str = "") -> bool:
    """Whoever sees the centre sees what it costs; so does the lead of a project (of each, where none is named)."""
    scope = asked.scope
    if isinstance(scope, WholeCentre):
        return True
    return project in scope.leads if project else bool(scope.projects) and scope.projects <= scope.leads


def total_of(frame: pd.DataFrame | None, column: str) -> int | None:
    return None if frame is None else int(frame[column].sum())


def wait_tile(usage: pd.DataFrame, jobs: int, query: str, rows: str) -> Tile:
    """Mean wait over the jobs whose submission is known; unknown where it is for none."""
    known = int(usage["wait_known_jobs"].sum())
    definition = _(
        "Start less submission, mean over jobs of which both are known. Jobs of a log without "
        "submission times have an unknown wait, which is not 0."
    )
    of = _("known for {share} of jobs").format(share=words.percent(known / jobs if jobs else None))
    if not known:
        return Tile(
            "wait",
            _("Mean wait"),
            _("unknown"),
            words=True,
            of=_("no job says when it was submitted"),
            definition=definition,
            query=query,
            rows=rows,
        )
    total_s = float((usage["wait_mean_s"].astype("Float64") * usage["wait_known_jobs"]).sum())
    return Tile(
        "wait",
        _("Mean wait"),
        words.duration(total_s / known),
        exact=f"{total_s / known:.0f}",
        of=of,
        definition=definition,
        query=query,
        rows=rows,
    )


def query_of(asked: Asked, project: str = "") -> str:
    """What the figures were asked with, for whoever wants to ask again."""
    w = asked.window
    return f"workbench usage --by {'user' if project else 'project'} --from {iso(w.start_s)} --to {iso(w.end_s)}" + (
        f" project={project}" if project else ""
    )
