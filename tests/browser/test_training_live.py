"""The live page of a class in Chromium: an error is seen within 10 s, and nobody is disturbed by the page's renewal."""

import time
from dataclasses import replace

import pytest
from sqlalchemy import select

from tests.centre import four_free_ports
from tests.services.training_centre import PLAN, teaching
from tests.serving_pages import PEOPLE, serving
from workbench.domain.training import TrainingReport, TrainingSeat
from workbench.hub import walls
from workbench.services.training import deciding, messages
from workbench.services.training.plan import propose
from workbench.settings import load
from workbench.store.engine import open_store

pytestmark = pytest.mark.browser
KNOWN = PEOPLE | {"ina-token": {"name": "ina", "groups": ["instructors", "lead:vision"]}}
SEEN_WITHIN_MS = 10_000


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    opened = teaching(open_store(load(home=tmp_path_factory.mktemp("class") / "state")))
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def handle(store):
    now = int(time.time())
    made = propose(store, replace(PLAN, starts_at=now, ends_at=now + 7200, seats=12), "ina", now)
    deciding.decide(store, made.handle, "sec", approve=True, now=now)
    with store.db(writes=True) as db:
        for seat in db.scalars(select(TrainingSeat)):
            seat.asked_at = seat.ready_at = seat.joined_at = now
            seat.shown_name = f"Student with a rather long name {seat.number}"
            db.add(TrainingReport(seat.id, "class/intro.ipynb", "c1", now))
    return made.handle


@pytest.fixture(scope="module")
def pages(store):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(walls, "possible", lambda: "")
        with serving(store, four_free_ports(), KNOWN) as running:
            yield running


@pytest.fixture
def open_page(browser, pages, handle):
    contexts = []

    def opened(width=1440, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        name, value = pages.cookie("ina-token")["Cookie"].split("=", 1)
        context.add_cookies([{"name": name, "value": value, "url": pages.address}])
        page = context.new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.goto(f"{pages.address}/training/{handle}")
        return page

    yield opened
    for context in contexts:
        context.close()


def restart_asked(store, handle, number):
    with store.db() as db:
        return (
            db.scalars(select(TrainingSeat).where(TrainingSeat.name == f"seat-{handle}-{number:03d}")).one().restart_at
        )


def test_an_error_appears_and_what_one_is_doing_stays(open_page, store, handle):
    page = open_page()
    page.click("details.as-rows summary")
    page.fill("#text", "half a sentence")
    page.evaluate("window.mine = document.querySelector(`tr[data-seat='7'] button`); mine.focus(); true")
    with store.db(writes=True) as db:
        seat = db.scalars(select(TrainingSeat).where(TrainingSeat.name == f"seat-{handle}-007")).one()
        db.add(TrainingReport(seat.id, "class/intro.ipynb", "c2", int(time.time()), "ZeroDivisionError: division by 0"))
    page.wait_for_selector("#needs [data-key='needy-7']", timeout=SEEN_WITHIN_MS)
    assert "ZeroDivisionError: division by 0" in page.inner_text("tr[data-seat='7']")
    assert page.evaluate("document.activeElement === mine && document.contains(mine)"), "the focus was lost"
    assert page.evaluate("document.querySelector('details.as-rows').open"), "what was folded open was closed"
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.click("tr[data-seat='7'] button")
    assert asked == ["Restart seat 7? What its kernel has in memory is lost; saved files stay."]
    assert restart_asked(store, handle, 7) is None
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("tr[data-seat='7'] button")
    page.wait_for_selector("#told:not([hidden])")
    assert restart_asked(store, handle, 7) is not None
    assert page.input_value("#text") == "half a sentence"
    page.fill("#text", "Look at cell 2")
    page.click("#say button")
    page.wait_for_selector("#messages >> text=Look at cell 2", timeout=SEEN_WITHIN_MS)
    assert page.input_value("#text") == ""
    assert messages.said(store, handle)[-1].text == "Look at cell 2"
    assert page.problems == []


@pytest.mark.parametrize("button", ["left", "middle"])
def test_a_seat_is_opened_when_one_has_agreed_to_what_that_means(open_page, store, handle, button):
    with store.db(writes=True) as db:
        seat = db.scalars(select(TrainingSeat).where(TrainingSeat.name == f"seat-{handle}-003")).one()
        seat.shared_at = int(time.time()) - 60
    page, asked, opened = open_page(), [], []
    page.context.on("page", lambda one: opened.append(one))
    page.context.route("**/user/**", lambda route: route.fulfill(body="the Lab"))
    link = page.locator("tr[data-seat='3'] a[data-ask]")
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    link.click(button=button)
    page.wait_for_timeout(500)
    assert "at the centre's own address" in asked[0]
    assert opened == []
    page.once("dialog", lambda dialog: dialog.accept())
    with page.context.expect_page() as seen:
        link.click(button=button)
    seen.value.wait_for_url(f"**/user/seat-{handle}-003/lab")
    assert page.problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_is_wider_than_the_window(open_page, width, scheme):
    page = open_page(width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    code = page.locator("[data-code]")
    assert code.evaluate("it => parseFloat(getComputedStyle(it).fontSize)") >= (90 if width > 1000 else 36)
    assert page.problems == []
