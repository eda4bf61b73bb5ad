"""Joining a class by its code, through a real Hub: the page, the seat, the way back, and codes that open nothing."""

import asyncio
import html
import re
import sys
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.bare_hub import BareHub, who_is
from workbench.domain.training import (
    APPROVED,
    CANCELLED,
    ENDED,
    TrainingEvent,
    TrainingSeat,
    TrainingSession,
    opens_first,
)
from workbench.errors import NotInstalled
from workbench.hub import authenticator, proxy
from workbench.hub.authenticator import CentreAuthenticator
from workbench.hub.training.tries import FOR_KNOWN, SLOWED_S
from workbench.services.training import codes
from workbench.settings import DEFAULT_FILE

XSRF = re.compile(r'name="_xsrf"[^>]*value="([^"]+)"')
FORM = re.compile(r'<form action="([^"]*/join[^"]*)"')
linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at through Linux's own means")


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    try:
        proxy.command()
    except NotInstalled as problem:
        pytest.skip(str(problem))
    toml = DEFAULT_FILE.read_text().replace("tries_per_minute = 10 ", "tries_per_minute = 40 ")
    made = BareHub(tmp_path_factory.mktemp("joining"), toml)
    made.classes(
        ("now234", "open", APPROVED, -60, 2, 30, ()),
        ("full22", "open", APPROVED, -60, 2, 1, ()),
        ("list22", "open", APPROVED, -60, 2, 3, ("Ada Lovelace",)),
        ("ends22", "open", APPROVED, -60, 1, 2, ()),
        ("over22", "open", ENDED, -7200, 1, 2, ()),
        ("soon22", "open", APPROVED, 86_400, 1, 2, ()),
    )
    made.start()
    yield made
    made.stop()


@pytest.fixture
def browser(hub):
    with hub.browser() as found:
        yield found


def code_of(hub, handle):
    """A new code of a class."""
    with hub.store.db(writes=True) as db:
        (number,) = db.query(TrainingSession.id).filter(TrainingSession.handle == handle).one()
        return codes.shown(codes.make(db, db.get(TrainingSession, number), int(time.time())))


def press(browser, code, name="Ada", **query):
    """Open the page of a code and press its button."""
    page = browser.get(f"/hub/join/{code}", params=query)
    found = XSRF.search(page.text)
    assert found is not None, page.text[:2000]
    where = html.unescape(FORM.search(page.text).group(1))
    return browser.post(where, data={"_xsrf": found.group(1), "code": code, "name": name})


def seat_in(answer):
    assert answer.status_code == 302, answer.text
    return re.search(r"/(seat-[a-z0-9]+-\d+)", answer.headers["location"]).group(1)


@linux
def test_a_code_and_a_name_give_a_seat_and_nothing_more(hub, browser):
    code = code_of(hub, "now234")
    page = browser.get(f"/hub/join/{code}")
    assert page.status_code == 200
    assert "Class now234" in page.text
    name = seat_in(press(browser, code, "  Ada   Lovelace "))
    assert who_is(browser) == name
    assert hub.of_the_hub(name) == (0, {"seats", "students"})
    (seat,) = [one for one in hub.rows(TrainingSeat) if one.name == name]
    assert seat.shown_name == "Ada Lovelace"
    assert browser.get("/hub/token").status_code == 403


@linux
def test_the_code_can_be_typed_as_it_is_read(hub, browser):
    page = browser.get("/hub/join")
    code = code_of(hub, "now234").replace("-", " ").lower()
    form = {"_xsrf": XSRF.search(page.text).group(1), "code": code, "name": "Bo"}
    assert seat_in(browser.post("/hub/join", data=form)).startswith("seat-now234-")


@linux
def test_the_same_browser_finds_its_seat_again_and_another_one_gets_another(hub, browser):
    code = code_of(hub, "now234")
    mine = seat_in(press(browser, code, "Cy"))
    browser.cookies.delete("jupyterhub-hub-login", path="/hub/")
    page = browser.get(f"/hub/join/{code}")
    assert "Cy, your seat is number" in page.text
    assert seat_in(press(browser, code, "")) == mine
    with hub.browser() as other:
        assert seat_in(press(other, code, "Cy")) != mine


@linux
def test_a_button_that_is_pressed_twice_takes_one_seat(hub, browser):
    code = code_of(hub, "now234")
    page = browser.get(f"/hub/join/{code}")
    form = {"_xsrf": XSRF.search(page.text).group(1), "code": code, "name": "Dee"}
    claim = dict(browser.cookies)
    first = seat_in(browser.post("/hub/join", data=form))
    with hub.browser() as same:
        same.cookies.update(claim)
        assert seat_in(same.post("/hub/join", data=form)) == first


@linux
def test_somebody_else_at_the_same_computer_gets_a_seat_of_their_own(hub, browser):
    code = code_of(hub, "now234")
    first = seat_in(press(browser, code, "Eve"))
    assert "Go to my seat" not in browser.get(f"/hub/join/{code}", params={"other": "1"}).text
    assert "Go to my seat" in browser.get(f"/hub/join/{code}").text, "looking has cost the seat"
    page = browser.get(f"/hub/join/{code}", params={"other": "1"}).text
    form = {"code": code, "name": "Flo"} | {
        field: re.search(rf'name="{field}"[^>]*value="([^"]+)"', page).group(1) for field in ("_xsrf", "claim")
    }
    where = html.unescape(FORM.search(page).group(1))
    before = dict(browser.cookies)
    second = seat_in(browser.post(where, data=form))
    assert second != first
    with hub.browser() as same:
        same.cookies.update(before)
        assert seat_in(same.post(where, data=form)) == second, "a second press has taken a second seat"
    assert who_is(browser) == second
    assert seat_in(press(browser, code, "")) == second


@linux
def test_whoever_sat_in_a_class_that_was_called_off_is_told_so(hub, browser):
    code = code_of(hub, "now234")
    seat_in(press(browser, code, "Gil"))
    assert "Go to my seat" in browser.get(f"/hub/join/{code}").text
    with hub.store.db(writes=True) as db:
        db.query(TrainingSession).filter(TrainingSession.handle == "now234").update({"state": CANCELLED})
    try:
        page = browser.get(f"/hub/join/{code}").text
    finally:
        with hub.store.db(writes=True) as db:
            db.query(TrainingSession).filter(TrainingSession.handle == "now234").update({"state": APPROVED})
    assert "This class is over" in page
    assert "Go to my seat" not in page


@linux
def test_without_a_name_nobody_sits_down(hub, browser):
    before = sum(seat.joined_at is not None for seat in hub.rows(TrainingSeat))
    answer = press(browser, code_of(hub, "now234"), " ")
    assert "name that you go by" in answer.text
    assert sum(seat.joined_at is not None for seat in hub.rows(TrainingSeat)) == before


@linux
def test_a_form_of_another_site_takes_no_seat(hub, browser):
    answer = browser.post("/hub/join", data={"code": code_of(hub, "now234"), "name": "Mal"})
    assert answer.status_code == 403
    assert who_is(browser) is None


@linux
@pytest.mark.parametrize(
    ("handle", "status", "words"),
    [
        ("over22", 403, "This class is over"),
        ("soon22", 403, "not open yet"),
        ("list22", 403, "not on it"),
        (None, 404, "no such code"),
    ],
)
def test_what_cannot_be_joined_says_why_and_is_an_event(hub, browser, handle, status, words):
    before = len(hub.rows(TrainingEvent))
    answer = press(browser, code_of(hub, handle) if handle else "ZZZZ-ZZZZ", "Mal")
    assert answer.status_code == status
    assert words in answer.text
    assert {event.kind for event in hub.rows(TrainingEvent)[before:]} == {"refused-code"}
    assert who_is(browser) is None


@linux
def test_who_is_on_the_list_has_the_seat_that_is_kept_for_them(hub, browser):
    assert seat_in(press(browser, code_of(hub, "list22"), "ada lovelace")) == "seat-list22-001"


@linux
def test_a_full_class_says_so_and_who_sits_there_comes_back(hub, browser):
    code = code_of(hub, "full22")
    name = seat_in(press(browser, code, "Ada"))
    with hub.browser() as late:
        answer = press(late, code, "Late")
        assert answer.status_code == 403
        assert "taken" in answer.text
    assert seat_in(press(browser, code, "")) == name


@linux
def test_a_code_that_was_revoked_opens_nothing_and_who_sits_there_comes_back(hub, browser):
    code = code_of(hub, "now234")
    name = seat_in(press(browser, code, "Gus"))
    codes.revoke(hub.store, "now234", code, "ina", int(time.time()))
    with hub.browser() as late:
        assert "does not count any more" in press(late, code, "Late").text
    assert seat_in(press(browser, code, "")) == name


def test_the_end_of_a_class_is_the_end_of_its_log_ins(hub, monkeypatch):
    class Seat:
        name = "seat-list22-003"

    asked = CentreAuthenticator(centre=hub.settings, allow_all=True, manage_groups=True)
    monkeypatch.setattr(authenticator, "store_of", lambda _settings: hub.store)
    assert asyncio.run(asked.refresh_user(Seat)) == {"name": Seat.name, "groups": ["seats", "students"]}
    later = time.time() + 3 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    assert asyncio.run(asked.refresh_user(Seat)) is False
    Seat.name = "seat-nosuch-001"
    assert asyncio.run(asked.refresh_user(Seat)) is False


@linux
def test_after_the_end_the_work_is_fetched_by_the_browser_that_sat_there_and_no_other(hub, browser):
    code = code_of(hub, "ends22")
    name = seat_in(press(browser, code, "Jo"))
    assert browser.get(f"/hub/join/{code}/work").status_code == 404
    saved = hub.settings.home / "training" / "work.zip"
    saved.parent.mkdir(exist_ok=True)
    saved.write_bytes(b"of Jo")
    with hub.store.db(writes=True) as db:
        db.query(TrainingSeat).filter(TrainingSeat.name == name).update({"archive": "training/work.zip"})
        db.query(TrainingSession).filter(TrainingSession.handle == "ends22").update({"state": ENDED})
    page = browser.get(f"/hub/join/{code}").text
    assert "Download my work" in page
    assert f"saved until {datetime.now(ZoneInfo('Asia/Hong_Kong')) + timedelta(days=14, minutes=59):%-d %b %Y}" in page
    answer = browser.get(f"/hub/join/{code}/work")
    assert answer.content == b"of Jo"
    assert answer.headers["content-disposition"] == 'attachment; filename="ends22-001.zip"'
    with hub.browser() as other:
        assert other.get(f"/hub/join/{code}/work").status_code == 403
        assert "over" in press(other, code, "Jo").text


@linux
def test_guessing_is_stopped_and_written_down_once_and_who_sits_is_not(hub, browser):
    code = code_of(hub, "now234")
    name = seat_in(press(browser, code, "Ida"))
    with hub.browser() as guesser:
        statuses = [guesser.get(f"/hub/join/ZZZZ{number:04d}").status_code for number in range(40 * FOR_KNOWN + 3)]
        assert statuses[0] == 404
        assert statuses[-1] == 429
        began = time.monotonic()
        assert guesser.get(f"/hub/join/{code}").status_code == 200, "who shares the address still gets in"
        assert time.monotonic() - began > SLOWED_S
        assert guesser.get("/hub/join/ZZZZ9999", headers={"X-Real-Ip": "203.0.113.9"}).status_code == 429
        assert guesser.get("/hub/join/ZZZZ9999", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 429
    (event,) = [event for event in hub.rows(TrainingEvent) if event.kind == "guessing"]
    assert event.who == "127.0.0.1"
    assert event.incident
    assert seat_in(press(browser, code, "")) == name


@pytest.mark.parametrize(
    ("materials", "first_page", "opens"),
    [("https://x.org/m.git", "a.ipynb", "class/a.ipynb"), ("", "a.ipynb", "a.ipynb"), ("https://x.org/m.git", "", "")],
)
def test_a_seat_opens_the_first_page_of_its_materials(materials, first_page, opens):
    held = TrainingSession(
        "h", "t", "p", "i", "i", 0, 0, 1, 1, 1, "cpu-small", materials=materials, first_page=first_page
    )
    assert opens_first(held) == opens
