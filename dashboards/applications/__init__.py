"""Applications to the subsidy scheme, from draft to active: pages with forms, for each role what is theirs to do.

Plain HTML forms that work without JavaScript; a script helps with live figures. No page here is cached: what stands on
it follows from who asks, at that moment.
"""

from typing import Any

from dashboards.applications.decisions import Decide, PreviewPart
from dashboards.applications.desk import Desk
from dashboards.applications.drafts import Edit, EstimatePart, New
from dashboards.applications.lists import Applications
from dashboards.applications.meetings import Meetings, Minutes
from dashboards.applications.single import Single
from dashboards.applications.steps import Take

REFERENCE = r"([A-Za-z0-9-]{1,40})"


def handlers(centre: Any) -> list[tuple[str, Any, dict[str, Any]]]:
    """The addresses below the service's prefix."""
    given = {"centre": centre, "desk": Desk(centre.store)}
    return [
        (r"/applications/?", Applications, given),
        (r"/applications/new", New, given),
        (r"/applications/estimate", EstimatePart, given),
        (r"/applications/meetings", Meetings, given),
        (r"/applications/meetings/(open|attend|close)", Meetings, given),
        (r"/applications/meetings/([0-9]{1,9})/minutes\.md", Minutes, given),
        (rf"/applications/{REFERENCE}", Single, given),
        (rf"/applications/{REFERENCE}/edit", Edit, given),
        (rf"/applications/{REFERENCE}/(act|score|recommend|conflict)", Take, given),
        (rf"/applications/{REFERENCE}/decide", Decide, given),
        (rf"/applications/{REFERENCE}/preview", PreviewPart, given),
    ]
