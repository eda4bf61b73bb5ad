"""Who may see what, as a table."""

import pytest

from workbench.domain.access import OwnProjects, WholeCentre, groups_of, may_see, pages_of, scope_of

ALL = (
    "occupancy", "spend", "forecast", "what-if", "efficiency", "projects", "statements", "training", "applications",
    "ledger",
)  # fmt: skip
OWN = ("projects", "efficiency", "applications")
LEADS = ("projects", "efficiency", "statements", "applications")


@pytest.mark.parametrize(
    ("role", "places", "pages", "sees_a", "sees_b"),
    [
        ("executive", [], ALL, True, True),
        ("operator", [], ALL, True, True),
        ("secretariat", [], ALL, True, True),
        ("committee", [], ALL, True, True),
        ("reviewer", [], ("applications",), False, False),
        ("reviewer", [("a", "member")], OWN, True, False),
        (None, [("a", "lead")], LEADS, True, False),
        (None, [("a", "member")], OWN, True, False),
        (None, [("a", "lead"), ("b", "member")], LEADS, True, True),
        (None, [], ("applications",), False, False),
        ("student", [], (), False, False),
        ("student", [("a", "member")], (), True, False),
        ("instructor", [], ("training", "applications"), False, False),
        ("instructor", [("a", "lead")], (*LEADS[:-1], "training", "applications"), True, False),
    ],
)
def test_roles_and_places_decide_pages_and_projects(role, places, pages, sees_a, sees_b):
    groups = groups_of(role, places)
    scope = scope_of("someone", groups)
    assert pages_of(scope, groups) == pages
    assert (may_see(scope, "a"), may_see(scope, "b")) == (sees_a, sees_b)


def test_a_project_named_like_a_role_gives_no_role():
    assert isinstance(scope_of("x", groups_of(None, [("executives", "lead")])), OwnProjects)
    assert isinstance(scope_of("x", ["executives"]), WholeCentre)
