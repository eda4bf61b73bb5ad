"""Training sessions: planned, decided, run live, and accounted for; each role sees and does what is theirs.

Plain HTML forms that work without JavaScript; a script asks for the live part of a running class every three seconds,
and on the page of one that is to come whether it begins.
No page here is cached: what stands on it follows from who asks, at that moment.
"""

from typing import Any

from dashboards.applications.desk import Desk
from dashboards.training.acts import ACTS, Act
from dashboards.training.lists import Classes
from dashboards.training.live import Live
from dashboards.training.planning import PlanPage
from dashboards.training.single import Single
from dashboards.training.statement import StatementFile, StatementPaper
from dashboards.training.work import BUNDLES, Bundle, Work

HANDLE = r"([a-z0-9]{4,12})"


def handlers(centre: Any) -> list[tuple[str, Any, dict[str, Any]]]:
    """The addresses below the service's prefix."""
    given = {"centre": centre, "desk": Desk(centre.store)}
    return [
        (r"/training/?", Classes, given),
        (r"/training/plan", PlanPage, given),
        (rf"/training/{HANDLE}", Single, given),
        (rf"/training/{HANDLE}/plan", PlanPage, given),
        (rf"/training/{HANDLE}/live", Live, given),
        (rf"/training/{HANDLE}/statement\.csv", StatementFile, given),
        (rf"/training/{HANDLE}/statement\.pdf", StatementPaper, given),
        (rf"/training/{HANDLE}/saved/([0-9]{{1,4}})\.zip", Work, given),
        (rf"/training/{HANDLE}/({'|'.join(BUNDLES)})\.zip", Bundle, given),
        (rf"/training/{HANDLE}/({'|'.join(ACTS)})", Act, given),
    ]
