"""A class in an environment of its own, in Chromium: chosen in the plan, and no student is asked for a kernel."""

import json

import pytest

from tests.browser.test_class import log_in, ran, until
from tests.class_centre import INSTRUCTOR, PROJECT, a_class, class_hub
from tests.course_kernel import KERNEL, TITLE, course_kernel
from tests.hub.test_class_live import LESSON
from workbench.domain.projects import Person
from workbench.services.people import hash_password

pytestmark = [pytest.mark.browser, pytest.mark.isolation]


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with course_kernel(), class_hub(tmp_path_factory.mktemp("class") / "home") as running:
        with running.store.db(writes=True) as db:
            db.get(Person, INSTRUCTOR).password_hash = hash_password("right")
        yield running


@pytest.fixture
def page(browser):
    window = browser.new_context(viewport={"width": 1440, "height": 900})
    found = window.new_page()
    found.set_default_timeout(30_000)
    yield found
    window.close()


def test_the_plan_offers_the_kernels_of_this_machine(hub, page):
    log_in(page, hub, INSTRUCTOR)
    page.goto(f"{hub.url}/services/centre/training/plan")
    assert page.locator("#environment option").all_inner_texts()[0] == "All that are installed"
    page.fill("#title", "In its own environment")
    page.fill("#project", PROJECT)
    page.select_option("#environment", label=f"{TITLE} ({KERNEL})")
    page.click("#checks button[value=check]")
    page.wait_for_selector("#checks .state.good")
    assert page.input_value("#environment") == KERNEL
    page.click("button[value=send]:visible")
    page.wait_for_url("**/training/*done=planned*")
    assert page.locator("dt:has-text('Kernel') + dd, th:has-text('Kernel') + td").first.inner_text() == KERNEL


def test_a_notebook_that_names_another_kernel_runs_in_it_and_nobody_is_asked(hub, page):
    folder = hub.settings.homes / INSTRUCTOR / "lesson"
    folder.mkdir(parents=True)
    (folder / "lesson.ipynb").write_text(json.dumps(LESSON))
    held = a_class(hub, seats=1, warm=1, environment=KERNEL, materials=str(folder), first_page="lesson.ipynb")
    hub.wait_until_warm(held)
    page.goto(f"{hub.url}/hub/join/{held.code}")
    page.fill("#name", "Ana")
    page.click("#join-form button")
    shown = page.locator(".jp-NotebookPanel .jp-Toolbar-kernelName")
    until(lambda: shown.inner_text() == TITLE, 60)
    assert page.locator(".jp-Dialog").count() == 0
    until(lambda: ran(page, page.locator(".jp-CodeCell").nth(2)), 60)
    assert "NameError" in page.locator(".jp-CodeCell").nth(2).locator(".jp-OutputArea-output").first.inner_text()
