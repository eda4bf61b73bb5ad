"""What the page of efficiency shows, asked of the services once."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from dashboards._asked import Asked
from dashboards.projects.scope import sees_money
from workbench.pages import words
from workbench.periods import Window, day_of
from workbench.services.efficiency import report
from workbench.services.efficiency.report import Sampled
from workbench.services.project_usage import check_project

PARTS = ("active", "idle", "unknown")


@dataclass(frozen=True)
class Data:
    """window: the days of the period that have samples. projects, days: rows of report.efficiency; jobs: of
    report.jobs where one project is chosen, else None. money: whether the viewer sees what it cost.
    """

    sampled: Sampled
    window: Window
    projects: pd.DataFrame
    days: pd.DataFrame
    jobs: pd.DataFrame | None
    days_words: str
    sampled_words: str
    money: bool

    def sum_of(self, name: str) -> int:
        return int(self.projects[name].sum())

    @property
    def held_ps(self) -> int:
        return self.sum_of("held_part_seconds")

    def share(self, part: str) -> float:
        """Of the held time, 0 to 1."""
        return self.sum_of(f"{part}_part_seconds") / max(1, self.held_ps)


def ask(asked: Asked) -> Data:
    """The figures of the sampled days within the period."""
    only, project = asked.only(), asked.filters.project
    if project:
        check_project(asked.store, asked.scope, project)
    money = sees_money(asked, project)
    sampled = report.sampled(asked.store)
    there = report.sampled_window(asked.store, sampled)
    start_s, end_s = max(asked.window.start_s, there.start_s), min(asked.window.end_s, there.end_s)
    if not sampled.first or end_s <= start_s:
        nothing = pd.DataFrame({name: pd.Series(dtype="int64") for name in report.SUMS})
        return Data(sampled, Window(0, 0), nothing, nothing, None, "", _span(sampled), money)
    window = Window(start_s, end_s)
    of = (asked.store, asked.scope, start_s, end_s)
    jobs = report.jobs(asked.store, asked.scope, project, start_s, end_s, only, in_money=money) if project else None
    days = words.span(day_of(window.start_s, asked.zone), day_of(window.end_s - 1, asked.zone))
    by_day = report.efficiency(*of, "day", only)
    return Data(sampled, window, report.efficiency(*of, "project", only), by_day, jobs, days, _span(sampled), money)


def _span(sampled: Sampled) -> str:
    if not sampled.first:
        return ""
    return words.span(date.fromisoformat(sampled.first), date.fromisoformat(sampled.last))
