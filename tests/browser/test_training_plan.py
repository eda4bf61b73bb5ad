"""Classes that are not on yet, in Chromium: what a check found is seen; one that is to come begins on its page."""

import time
from dataclasses import replace

import pytest
from sqlalchemy import update

from tests.centre import four_free_ports
from tests.services.training_centre import PLAN, teaching
from tests.serving_pages import PEOPLE, serving
from workbench.domain.training import TrainingSession
from workbench.hub import walls
from workbench.services.training import deciding
from workbench.services.training.plan import propose
from workbench.settings import load
from workbench.store.engine import open_store

pytestmark = pytest.mark.browser
KNOWN = PEOPLE | {"ina-token": {"name": "ina", "groups": ["instructors", "lead:vision"]}}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    opened = teaching(open_store(load(home=tmp_path_factory.mktemp("class") / "state")))
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def pages(store):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(walls, "possible", lambda: "")
        with serving(store, four_free_ports(), KNOWN) as running:
            yield running


@pytest.fixture
def open_page(browser, pages):
    contexts = []

    def opened(path, width=1440, **more):
        contexts.append(browser.new_context(viewport={"width": width, "height": 844}, **more))
        name, value = pages.cookie("ina-token")["Cookie"].split("=", 1)
        contexts[-1].add_cookies([{"name": name, "value": value, "url": pages.address}])
        page = contexts[-1].new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.goto(f"{pages.address}/training/{path}")
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def coming(store, pages):
    """The handle of an approved class of tomorrow."""
    now = int(time.time())
    made = propose(store, replace(PLAN, starts_at=now + 86_400, ends_at=now + 90_000, seats=3), "ina", now)
    deciding.decide(store, made.handle, "sec", approve=True, now=now)
    return made.handle


def ask_now(page):
    """As when one comes back to the page; else it asks every 15 seconds."""
    with page.expect_response("**/live"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_a_class_that_begins_begins_on_its_page_and_takes_nothing_that_was_typed(open_page, store, coming):
    page = open_page(coming)
    assert "begins in" in page.inner_text("#live")
    ask_now(page)
    assert page.is_hidden("#stale")
    page.fill("#cancel-reason", "half a sentence")
    with store.db(writes=True) as db:
        now = int(time.time())
        db.execute(update(TrainingSession).where(TrainingSession.handle == coming).values(starts_at=now))
    ask_now(page)
    page.wait_for_selector("#stale >> text=The class has gone on")
    assert page.input_value("#cancel-reason") == "half a sentence"
    page.fill("#cancel-reason", "")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_selector("#say")
    assert page.problems == []


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
@pytest.mark.parametrize("width", [390, 1440])
def test_what_a_check_found_is_seen_and_has_the_focus(open_page, width, motion):
    page = open_page("plan", width, reduced_motion=motion)
    assert page.evaluate("document.activeElement === document.body"), "nothing was checked"
    page.fill("#title", "Seeing")
    page.fill("#project", "vision")
    page.fill("#seats", "3")
    page.click("#checks button[value=check]")
    page.wait_for_selector("#checks[data-found]")
    assert page.evaluate("document.activeElement.id") == "checks"
    page.wait_for_function(
        "checks.getBoundingClientRect().top >= 0 && checks.getBoundingClientRect().top < innerHeight / 2"
    )
    assert page.problems == []
