"""What the page of one project shows, asked of the services once."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from dashboards._asked import Asked
from dashboards.projects.scope import sees_money
from workbench.periods import Window, day_of
from workbench.services import reports, spend
from workbench.services.awards import history as award_history
from workbench.services.awards.history import AwardFile
from workbench.services.holds.outlook import warned
from workbench.services.reports import Only


@dataclass(frozen=True)
class OneData:
    """row: its line of services.reports.projects; trend, layers: GPUs by bucket; charges, awards: none where hidden.

    warning: how little of its award is free and when it is gone, in words; '' where there is nothing to say.
    """

    row: pd.Series
    before: pd.DataFrame | None
    trend: pd.DataFrame
    layers: pd.DataFrame
    users: pd.DataFrame
    days: pd.DataFrame
    award: spend.AwardNow | None
    charges: pd.DataFrame | None
    to_date: pd.DataFrame | None
    awards: Sequence[AwardFile]
    warning: str


def ask_one(asked: Asked, project: str) -> OneData:
    store, scope, w, last, only = asked.store, asked.scope, asked.window, asked.last30, Only(project=project)
    rows = reports.projects(store, scope, asked.days.start_s, asked.days.end_s, only)
    before = asked.period.before
    paid = sees_money(asked, project)
    charges = spend.project_charges(store, scope, project, asked.until_s) if paid else None
    return OneData(
        row=rows[rows["project"] == project].iloc[0],
        before=reports.usage(store, scope, before.start_s, before.end_s, (), only) if before else None,
        trend=reports.occupancy(store, scope, w.start_s, w.end_s, asked.grain, (), only),
        layers=reports.occupancy(store, scope, w.start_s, w.end_s, asked.grain, ("partition", "gpu_model"), only),
        users=reports.project_users(store, scope, project, asked.days.start_s, asked.days.end_s),
        days=reports.usage(store, scope, last.start_s, last.end_s, ("day",), only),
        award=spend.award_now(store, scope, project, asked.until_s) if paid else None,
        charges=_lines_in(charges, asked.days, asked) if charges is not None else None,
        to_date=charges,
        awards=award_history.history(store, scope, project, asked.now_s) if paid else (),
        warning=warned(store, [project], asked.now_s).get(project, "") if paid else "",
    )


def _lines_in(lines: pd.DataFrame, w: Window, asked: Asked) -> pd.DataFrame:
    """The charge lines of the days that the window touches."""
    first, last = (
        pd.Timestamp(day_of(w.start_s, asked.zone)),
        pd.Timestamp(day_of(max(w.end_s - 1, w.start_s), asked.zone)),
    )
    return lines[(lines["day"] >= first) & (lines["day"] <= last)].reset_index(drop=True)
