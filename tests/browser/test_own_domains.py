"""Seats at domains of their own, in Chromium: consent, the instructor in the seat, and what a page there cannot do."""

import time

import pytest

from tests.browser.conftest import ARGUMENTS
from tests.centre import four_free_ports
from tests.class_centre import INSTRUCTOR, a_class, class_hub
from tests.named_hosts import DOMAIN, RESOLVED_HERE, settings_file
from workbench.domain.projects import Person
from workbench.services.people import hash_password

pytestmark = [pytest.mark.browser, pytest.mark.isolation]
READS = """url => fetch(url, {credentials: "include"}).then((answer) => answer.text(), () => "nothing")"""
"""What a script of the page finds at an address."""
SHARED_WITHIN_S = 30


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("domains"), four_free_ports()
    with class_hub(folder / "home", settings_file(folder, f"http://{DOMAIN}:{port}"), port) as running:
        with running.store.db(writes=True) as db:
            db.get(Person, INSTRUCTOR).password_hash = hash_password("right")
        yield running


@pytest.fixture
def opened(chromium):
    """A page of a browser of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*ARGUMENTS, RESOLVED_HERE])

        def another():
            page = browser.new_context().new_page()
            page.set_default_timeout(30_000)
            page.asked = []
            page.on("dialog", lambda dialog: (page.asked.append(dialog.message), dialog.accept()))
            return page

        yield another
        browser.close()


@pytest.mark.timeout(240)
def test_the_instructor_opens_a_seat_that_cannot_reach_the_centre(hub, opened):
    held = a_class(hub, seats=1, warm=1)
    hub.wait_until_warm(held)
    teacher, student = opened(), opened()
    teacher.goto(f"{hub.url}/hub/login?next=/services/centre/training/{held.handle}")
    teacher.fill("#username_input", INSTRUCTOR)
    teacher.fill("#password_input", "right")
    teacher.click("#login_submit")

    student.goto(teacher.get_attribute("[data-link]", "href"))
    student.fill("#name", "Ada")
    student.click("#join-form button")
    student.wait_for_selector(".jp-LauncherCard[data-category=Notebook]")
    (seat,) = [one.name for one in hub.seats(held.handle)]
    lab = f"http://{seat}.{DOMAIN}:{hub.settings.hub.port}/user/{seat}/lab"
    assert student.url.startswith(lab)
    student.click(".wb-seat > button")
    student.click("text=Let the instructor look")

    with teacher.expect_popup() as there:
        teacher.click("#seats a >> text=Open the seat")
    seen = there.value
    seen.wait_for_load_state()
    deadline = time.monotonic() + SHARED_WITHIN_S
    while not (yes := seen.query_selector("[type=submit]")):  # the Hub hears of the student's word a moment later
        assert time.monotonic() < deadline, seen.inner_text("body")
        seen.wait_for_timeout(500)
        seen.goto(lab)
    yes.click()
    seen.wait_for_selector(".jp-LauncherCard[data-category=Notebook]")
    assert seen.url.startswith(lab)
    assert teacher.asked == []
    assert held.handle in teacher.evaluate(READS, f"{hub.url}/services/centre/training")
    assert "started" in seen.evaluate(READS, lab.removesuffix("lab") + "api/status")
    for secret in ("/hub/api/user", "/hub/home", "/services/centre/training"):
        assert seen.evaluate(READS, hub.url + secret) == "nothing"
    at_centre, at_seat = (
        {cookie["name"] for cookie in teacher.context.cookies([one + "/hub/", one + "/services/centre/"])}
        for one in (hub.url, lab.partition("/user/")[0])
    )
    assert {"jupyterhub-hub-login", "service-centre"} <= at_centre
    assert at_seat.isdisjoint({"jupyterhub-hub-login", "service-centre"})
    teacher.goto(f"{hub.url}/services/centre/projects")
    teacher.wait_for_selector("body[data-drawn]")  # drawn by what came over its websocket
    teacher.click("header >> text=Notebooks")
    teacher.wait_for_url(f"{hub.url}/hub/home")
    teacher.click("header >> text=Training")
    teacher.wait_for_url(f"{hub.url}/services/centre/training")
