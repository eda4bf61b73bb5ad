"""A class in a real Chromium, from plan to statement: an instructor, a decider, and two students by its code."""

import re
import time
import zipfile
from datetime import datetime

import pytest

from tests.class_centre import INSTRUCTOR, PROJECT, SECRETARIAT, Held, class_hub
from workbench.domain.projects import Person
from workbench.domain.training import ENDED, TrainingSession
from workbench.services.charging.rating import rate
from workbench.services.people import hash_password
from workbench.services.training import codes
from workbench.services.training.statement import statement

pytestmark = [pytest.mark.browser, pytest.mark.isolation]
SOON_S = 10
"""Within so many seconds an error is on the instructor's page."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with class_hub(tmp_path_factory.mktemp("class") / "home") as running:
        with running.store.db(writes=True) as db:
            for name in (INSTRUCTOR, SECRETARIAT):
                db.get(Person, name).password_hash = hash_password("right")
        yield running


@pytest.fixture(scope="module")
def opened(browser):
    """A page of a browser of its own."""
    contexts = []

    def another(width=1440):
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}))
        page = contexts[-1].new_page()
        page.set_default_timeout(30_000)
        return page

    yield another
    for context in contexts:
        context.close()


def log_in(page, hub, name):
    page.goto(f"{hub.url}/hub/login")
    page.fill("#username_input", name)
    page.fill("#password_input", "right")
    page.click("#login_submit")
    page.wait_for_url(lambda url: "/hub/login" not in url)
    return page


def plan(page, hub):
    """Plan a class on its page; its handle."""
    begins = datetime.fromtimestamp(time.time() + 60, hub.settings.centre.zone)
    page.goto(f"{hub.url}/services/centre/training/plan")
    page.fill("#title", "Seeing with ten lines")
    page.fill("#project", PROJECT)
    page.fill("#starts", f"{begins:%Y-%m-%dT%H:%M}")
    page.fill("#seats", "3")
    page.fill("#warm", "2")
    page.click("#checks button[value=check]")
    page.wait_for_selector("#checks .state.good")
    page.click("button[value=send]:visible")
    page.wait_for_url(re.compile(r"done=planned"))
    return re.search(r"/training/([a-z0-9]+)", page.url).group(1)


def join(page, link, name):
    """Open the link, press the button, and see the Lab; the name of the seat."""
    page.goto(link)
    page.fill("#name", name)
    page.click("#join-form button")
    page.wait_for_selector(".jp-LauncherCard[data-category=Notebook]")
    return re.search(r"/user/(seat-[a-z0-9]+-\d+)/", page.url).group(1)


def work(page, *cells):
    """A new notebook with these cells, run one after the other, and saved."""
    page.click(".jp-LauncherCard[data-category=Notebook] >> nth=0")
    for number, code in enumerate(cells):
        cell = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell").nth(number)
        cell.locator(".cm-content").click()
        page.keyboard.type(code)
        until(lambda here=cell: ran(page, here), 60)
    page.keyboard.press("Control+s")
    page.click(".jp-Dialog .jp-mod-accept")  # the first save of a notebook asks for its name
    page.wait_for_selector(".jp-NotebookPanel.jp-mod-dirty, .lm-TabBar-tab.jp-mod-dirty", state="detached")


def ran(page, cell):
    """Run a cell; False where nothing came of it: until its kernel is there, the Lab runs nothing and says nothing."""
    cell.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    from playwright.sync_api import TimeoutError as PlaywrightTimeout

    output = cell.locator(".jp-OutputArea-output").first
    try:
        output.wait_for(timeout=5000)
    except PlaywrightTimeout:
        return False
    return True


def until(condition, within_s):
    deadline = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {within_s} s"
        time.sleep(0.2)
    return found


def test_a_class_from_its_plan_to_its_statement(hub, opened):
    teacher = log_in(opened(), hub, INSTRUCTOR)
    handle = plan(teacher, hub)
    decider = log_in(opened(), hub, SECRETARIAT)
    decider.goto(f"{hub.url}/services/centre/training/{handle}")
    decider.click("#decision form[action$=approve] button")
    decider.wait_for_url(re.compile(r"done=approve"))
    (code,) = codes.valid(hub.store, handle)
    hub.wait_until_warm(Held(handle, code, warm=2))

    teacher.goto(f"{hub.url}/services/centre/training/{handle}")
    link = teacher.get_attribute("[data-link]", "href")
    ada, bo, chi = opened(), opened(), opened(width=390)
    assert len({join(ada, link, "Ada"), join(bo, link, "Bo"), join(chi, link, "Chi")}) == 3
    teacher.wait_for_selector("#seats-joined[data-value='3']")
    chi.wait_for_selector(".wb-apart >> text=Chi")
    chi.wait_for_selector("#jp-left-stack", state="hidden")
    work(ada, "print(6 * 7)")
    work(bo, "print(6 * 7)", "1 / 0")
    began = time.monotonic()
    teacher.wait_for_selector("#needs >> text=ZeroDivisionError")
    assert time.monotonic() - began < SOON_S
    assert "Bo" in teacher.inner_text("#needs")

    teacher.fill("#text", "Look at the wall, please.")
    teacher.click("#say button")
    for student in (ada, bo, chi):
        student.wait_for_selector(".wb-note >> text=Look at the wall, please.")

    teacher.click("details:has(#end) summary")
    teacher.check("#end [name=sure]")
    teacher.click("#end button")
    until(lambda: session_of(hub, handle).state == ENDED, 60)
    rate(hub.store, int(time.time()))
    teacher.goto(f"{hub.url}/services/centre/training/{handle}")
    found = statement(hub.store, handle, int(time.time()))
    assert found.joined == 3
    assert teacher.get_attribute("#closing-list", "data-value") == str(found.list_minor)
    for row in found.rows[:2]:
        file = hub.settings.training_folder / handle / "work" / f"{row.number:03d}.zip"
        with zipfile.ZipFile(file) as saved:
            (name,) = (one for one in saved.namelist() if one == "Untitled.ipynb")
            assert b"6 * 7" in saved.read(name)
    ada.goto(link)
    with ada.expect_download() as fetched:
        ada.click("text=Download my work")
    assert fetched.value.suggested_filename.startswith(handle)


def session_of(hub, handle):
    with hub.store.db() as db:
        return db.query(TrainingSession).filter(TrainingSession.handle == handle).one()
