"""What the page of all projects shows, asked of the services once."""

from dataclasses import dataclass

import pandas as pd

from dashboards._asked import Asked
from workbench.services import reports
from workbench.services.reports import Only


@dataclass(frozen=True)
class AllData:
    """usage: services.reports.projects; money: services.spend.by_project, None for whom it is not; days: by day."""

    usage: pd.DataFrame
    money: pd.DataFrame | None
    before: pd.DataFrame | None
    days: pd.DataFrame


def _before(asked: Asked, only: Only) -> pd.DataFrame | None:
    before = asked.period.before
    return reports.usage(asked.store, asked.scope, before.start_s, before.end_s, (), only) if before else None
