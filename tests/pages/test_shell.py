"""Who may open what, as tabs; and what somebody is, in words."""

import pytest

from workbench.domain.access import OwnProjects, WholeCentre
from workbench.pages.cache import ScopedCache, scope_key
from workbench.pages.shell import role_words, tabs, viewer

ALL = [
    "occupancy", "spend", "forecast", "what-if", "efficiency", "projects", "statements", "training", "applications",
    "ledger",
]  # fmt: skip
CASES = [
    # groups, pages
    (["executives"], ALL),
    (["operators"], ALL),
    (["secretariat"], ALL),
    (["lead:speech"], ["projects", "efficiency", "statements", "applications"]),
    (["member:speech"], ["projects", "efficiency", "applications"]),
    (["students"], []),
    (["students", "member:speech"], []),
    (["committee"], ALL),
    (["reviewers"], ["applications"]),
    (["instructors"], ["training", "applications"]),
    (["instructors", "students"], []),
    ([], ["applications"]),
    (["centre-viewers"], ["applications"]),
]


@pytest.mark.parametrize(("groups", "pages"), CASES)
def test_tabs_are_the_pages_this_person_may_open_and_no_others(groups, pages):
    found = [tab.id for tab in tabs(viewer("ana", groups))]
    assert found == [*pages, "home"]


def test_a_viewer_says_who_they_are():
    assert role_words(viewer("eve", ["executives"])) == "Executive"
    assert role_words(viewer("lee", ["lead:speech", "member:vision"])) == "Leads speech · Member of vision"
    assert role_words(viewer("new", [])) == "No role yet"


@pytest.mark.parametrize(("name", "initials"), [("executive-01", "E"), ("ana-lee", "AL"), ("ada", "A"), ("7", "?")])
def test_initials(name, initials):
    assert viewer(name, []).initials == initials


def test_what_was_made_for_one_scope_is_not_given_to_another():
    cache = ScopedCache()
    speech = OwnProjects("lee", frozenset({"speech"}), frozenset({"speech"}))
    cache.put(speech, "page", "of speech")
    assert cache.get(speech, "page") == "of speech"
    assert cache.get(WholeCentre("eve"), "page") is None
    assert cache.get(OwnProjects("ana", frozenset({"vision"})), "page") is None
    assert cache.get(OwnProjects("bo", frozenset({"speech"})), "page") is None, "a member is shown less than a lead"


def test_two_viewers_of_the_same_scope_share_a_page():
    assert scope_key(WholeCentre("eve")) == scope_key(WholeCentre("adam"))


def test_the_cache_forgets_what_was_not_asked_for_the_longest():
    cache, scope = ScopedCache(size=2), WholeCentre("eve")
    for asked in ("a", "b"):
        cache.put(scope, asked, asked)
    cache.get(scope, "a")
    cache.put(scope, "c", "c")
    assert cache.get(scope, "b") is None
    assert cache.get(scope, "a") == "a"
