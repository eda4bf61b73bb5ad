"""Project usage: what each project used, what it cost, who used it; and one project on its own (`?project=…`).

A viewer of own projects sees these and no other, whatever the address says; what it costs is shown to whoever leads the
project or sees the whole centre.
"""

from dashboards._asked import Asked
from dashboards._page import (
    Page,
)
from dashboards.projects.many import every
from dashboards.projects.single import one
from workbench.domain.access import OwnProjects
from workbench.services import reports


def build(asked: Asked) -> Page:
    """All projects of this viewer, or the one chosen, or the only one there is.

    Raises:
        UnknownProject: the one chosen is not there or not theirs.
    """
    chosen = asked.filters.project
    if chosen:
        reports.check_project(asked.store, asked.scope, chosen)
        return one(asked, chosen)
    mine = asked.choices.projects
    if isinstance(asked.scope, OwnProjects) and len(mine) == 1:
        return one(asked, mine[0][0])
    return every(asked)
