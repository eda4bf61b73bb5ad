"""Statements: what each project owed, used, was subsidised and owes, by month; and that of one project (`?project=…`).

Shown to whoever sees the whole centre, and to leads of their own projects. The figures are those of the ledger
(services.statements); a day opens the ledger's transactions behind it. Each statement can be taken away as PDF.
"""

from dashboards._asked import Asked
from dashboards._page import Page
from dashboards.statements.many import every
from dashboards.statements.single import one
from workbench.domain.access import OwnProjects
from workbench.services.statements.months import month_before, months_until


def build(asked: Asked) -> Page:
    """The list of a month, or the statement of the project chosen or the only one that the viewer leads.

    Raises:
        UnknownProject: the one chosen is not there or not theirs.
    """
    months = months_until(asked.store, asked.now_s)
    month = asked.filters.at if asked.filters.at in months else month_before(asked.store, asked.now_s)
    chosen = asked.filters.project
    if not chosen and isinstance(asked.scope, OwnProjects) and len(asked.scope.leads) == 1:
        chosen = next(iter(asked.scope.leads))
    return one(asked, chosen, month, months) if chosen else every(asked, month, months)
