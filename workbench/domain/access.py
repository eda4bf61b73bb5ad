"""Who may see what: roles at the centre, places in a project, and the scope that follows from them.

A scope is always given; there is none that means "everything" by being left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass

ROLES = ("executive", "operator", "secretariat", "reviewer", "committee", "instructor", "student")
CENTRE_WIDE = frozenset({"executive", "operator", "secretariat", "committee"})

GROUP_OF_ROLE = {
    "executive": "executives",
    "operator": "operators",
    "secretariat": "secretariat",
    "reviewer": "reviewers",
    "committee": "committee",
    "instructor": "instructors",
    "student": "students",
}
ROLE_OF_GROUP = {group: role for role, group in GROUP_OF_ROLE.items()}
LEAD, MEMBER = "lead:", "member:"
"""Prefixes of the Hub's groups for a place in a project: lead:<slug>, member:<slug>."""


@dataclass(frozen=True, slots=True)
class WholeCentre:
    """Sees every project."""

    viewer: str


@dataclass(frozen=True, slots=True)
class OwnProjects:
    """Sees these projects and no other. Empty: sees nothing."""

    viewer: str
    projects: frozenset[str]
    leads: frozenset[str] = frozenset()


Scope = WholeCentre | OwnProjects


def groups_of(role: str | None, places: Iterable[tuple[str, str]]) -> list[str]:
    """The Hub's groups of a person with this role and these (project, 'lead' | 'member') places."""
    groups = [GROUP_OF_ROLE[role]] if role else []
    return sorted(groups + [f"{LEAD if place == 'lead' else MEMBER}{slug}" for slug, place in places])


def scope_of(viewer: str, groups: Iterable[str]) -> Scope:
    """What somebody in these Hub groups may see of the centre's usage; a student without a project sees nothing."""
    found = set(groups)
    if any(ROLE_OF_GROUP.get(group) in CENTRE_WIDE for group in found):
        return WholeCentre(viewer)
    leads = frozenset(g.removeprefix(LEAD) for g in found if g.startswith(LEAD))
    members = frozenset(g.removeprefix(MEMBER) for g in found if g.startswith(MEMBER))
    return OwnProjects(viewer, leads | members, leads)


def may_see(scope: Scope, project: str) -> bool:
    return isinstance(scope, WholeCentre) or project in scope.projects


PAGES = (
    "occupancy", "spend", "forecast", "what-if", "efficiency", "projects", "statements", "training", "applications",
    "ledger",
)  # fmt: skip
"""In tab order: those of the whole centre."""


def pages_of(scope: Scope, groups: Iterable[str]) -> tuple[str, ...]:
    """The pages this viewer may open, in tab order; none for a student.

    Everybody else may apply to the scheme; whose applications they see there is for domain.applications. Leads have the
    statements of their projects, instructors their classes.
    """
    if isinstance(scope, WholeCentre):
        return PAGES
    roles = {ROLE_OF_GROUP.get(group) for group in groups}
    if "student" in roles:
        return ()
    mine = ("projects", "efficiency") if scope.projects else ()
    led = ("statements",) if scope.leads else ()
    taught = ("training",) if "instructor" in roles else ()
    return (*mine, *led, *taught, "applications")
