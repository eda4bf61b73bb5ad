"""What a student is told on top of the Lab, in Chromium: by whom and when, and read once in whichever tab.

The Lab itself is left out: the extension is started as the Lab starts it, on an empty page.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

import workbench.lab

pytestmark = pytest.mark.browser
SCRIPT = Path(workbench.lab.__file__).parent / "labextension/workbench-seat/static/remoteEntry.js"
NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
LAB = "http://seat.test/lab"
PAGE = """<!doctype html><meta charset="utf-8">
<script id="jupyter-config-data" type="application/json">{"baseUrl": "/"}</script>
<script src="/remoteEntry.js"></script>
<script>
const never = new Promise(() => {});
window._JUPYTERLAB["workbench-seat"].get("./extension").then((made) =>
  made().default.activate({ started: Promise.resolve(), restored: never, shell: {} }));
</script>"""


def message(number, text="Look at cell 2", author="Ina Lam", before_s=600):
    return {"id": number, "at": int(NOW.timestamp()) - before_s, "author": author, "text": text}


@pytest.fixture
def told():
    """The messages that the centre has for the seat."""
    return []


@pytest.fixture
def open_lab(browser, told):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, timezone_id="Asia/Hong_Kong", locale="en-GB"
    )  # fmt: skip

    def answer(route):
        now = int(NOW.timestamp())
        known = {"seat": "seat-abc234-001", "number": 1, "shown_name": "Chi", "shared": False, "messages": told}
        if route.request.url.endswith("/workbench/seat"):
            route.fulfill(json=known | {"server_now": now, "ends_at": now + 3600})
        elif route.request.url.endswith("/remoteEntry.js"):
            route.fulfill(path=SCRIPT, content_type="text/javascript")
        else:
            route.fulfill(body=PAGE, content_type="text/html")

    def opened():
        page = context.new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.clock.set_fixed_time(NOW)
        page.goto(LAB)
        page.wait_for_selector(".wb-seat")
        return page

    context.route("**/*", answer)
    yield opened
    context.close()


def shown(page):
    return [one.split("\n") for one in page.locator(".wb-note > div").all_inner_texts()]


def test_a_message_says_who_said_it_and_when_the_newest_first(open_lab, told):
    told += [message(1, "Welcome", before_s=86_400), message(2, "<b>Two"), message(3, "It ends", author="")]
    page = open_lab()
    assert shown(page) == [
        ["The clock · 14:20", "It ends"],
        ["Ina Lam · 14:20", "<b>Two"],
        ["Ina Lam · 22 Nov, 14:30", "Welcome"],
    ]
    assert page.problems == []


def test_many_messages_leave_room_for_the_lab(open_lab, told):
    told += [message(number, "long " * 100) for number in range(20)]
    page = open_lab()
    assert page.evaluate("document.querySelector('.wb-notes').getBoundingClientRect().bottom") < 844 * 0.7
    page.locator(".wb-note button").last.click()
    assert page.locator(".wb-note").count() == 19
    assert page.evaluate("document.activeElement.textContent") == "Read"


def test_what_was_read_in_one_tab_is_read_in_all_and_stays_so(open_lab, told):
    told += [message(1, "one"), message(2, "two"), message(3, "three")]
    here, there = open_lab(), open_lab()
    here.click(".wb-note[data-id='1'] button")
    there.wait_for_selector(".wb-note[data-id='1']", state="detached")
    there.click(".wb-note[data-id='2'] button")
    here.wait_for_selector(".wb-note[data-id='2']", state="detached")
    assert [said for _from, said in shown(open_lab())] == ["three"]
    assert here.problems == there.problems == []


def test_what_a_tab_wrote_of_which_another_heard_nothing_is_kept(open_lab, told):
    told += [message(1, "one"), message(2, "two"), message(3, "three")]
    page = open_lab()
    key = "workbench-seat:seat-abc234-001"
    page.evaluate("([key, ids]) => localStorage.setItem(key, ids)", [key, json.dumps([1])])
    page.click(".wb-note[data-id='2'] button")
    assert json.loads(page.evaluate("(key) => localStorage.getItem(key)", key)) == [1, 2]


def test_a_browser_that_keeps_something_else_there_still_shows_the_messages(open_lab, told):
    told.append(message(1, "one"))
    page = open_lab()
    page.evaluate("localStorage.setItem('workbench-seat:seat-abc234-001', '{')")
    page.reload()
    page.wait_for_selector(".wb-note >> text=one")
    page.click(".wb-note button")
    assert page.locator(".wb-note").count() == 0
    assert page.problems == []
