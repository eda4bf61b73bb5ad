"""What the page of spend shows, asked of the services once."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from dashboards._asked import Asked
from workbench.periods import Window, day_of
from workbench.services import spend
from workbench.services.applications.community import Step, funnel
from workbench.services.applications.pace import Pace, pace

MILLION = 100_000_000
"""Minor units of a million: what the pictures' axes count in."""


@dataclass(frozen=True)
class Data:
    """All that the page shows. burn, projects, categories, applications: frames of services.spend.

    pace: days to decision of all, paces: by category. funnel: community to users.
    """

    envelope: spend.Envelope
    burn: pd.DataFrame
    projects: pd.DataFrame
    categories: pd.DataFrame
    applications: pd.DataFrame
    month: pd.DataFrame
    drawn_minor: int
    before_minor: int | None
    today: date
    pace: Pace
    paces: list[Pace]
    funnel: list[Step]

    @property
    def available_minor(self) -> int:
        return (self.envelope.budget_minor or 0) - (self.envelope.reserve_minor or 0)


def ask(asked: Asked) -> Data:
    """One question to the services for each thing shown."""
    store, scope, now, window, before = asked.store, asked.scope, asked.until_s, asked.window, asked.period.before

    def subsidy(of: Window | None) -> int | None:
        if of is None:
            return None
        rows = spend.daily(store, scope, now, of.start_s, of.end_s)
        return int(rows["subsidy_minor"].sum())

    return Data(
        envelope=spend.envelope(store, scope, now),
        burn=spend.burn(store, scope, now),
        projects=spend.by_project(store, scope, now, window.start_s, window.end_s),
        categories=spend.by_category(store, scope, now, window.start_s, window.end_s),
        applications=spend.applications(store, scope, now),
        month=spend.daily(store, scope, now, asked.last30.start_s, asked.last30.end_s),
        drawn_minor=subsidy(window) or 0,
        before_minor=subsidy(before),
        today=day_of(asked.until_s, asked.zone),
        pace=pace(store, now)[0],
        paces=pace(store, now, "category"),
        funnel=funnel(store, now),
    )


def at_the_end(asked: Asked, data: Data) -> int:
    """What will have been drawn when the scheme ends, at the pace of the last 90 days, in minor units."""
    days_left = max(0, (asked.store.settings.scheme.ends_on - data.today).days)
    return data.envelope.drawn_minor + data.envelope.pace_minor_per_day * days_left
