"""Planning a class on its page, deciding about it, and what each viewer sees of it, without a browser."""

import re
import time
from datetime import datetime

import pytest

from tests.services.training_centre import teaching
from tests.serving_pages import PEOPLE, serving
from workbench.domain.training import APPROVED, ENDED, PLANNED, TrainingSession
from workbench.hub import walls
from workbench.services.training import codes, deciding
from workbench.settings import load
from workbench.store.engine import open_store

TOKENS = {
    "ina": ["instructors", "lead:vision"],
    "ivo": ["instructors"],
    "sec": ["secretariat"],
    "eve": ["operators"],
    "stu": ["students"],
    "seat-abc234-001": ["seats", "students"],
}
KNOWN = PEOPLE | {f"{name}-token": {"name": name, "groups": groups} for name, groups in TOKENS.items()}
XSRF = re.compile(r'name="_xsrf" value="([^"]+)"')
ROOT = "/services/centre/training"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    opened = teaching(open_store(load(home=tmp_path_factory.mktemp("classes") / "state")))
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def pages(store):
    with serving(store, people=KNOWN) as running:
        yield running


@pytest.fixture(autouse=True)
def _isolated(monkeypatch):
    monkeypatch.setattr(walls, "possible", lambda: "")


class Browser:
    """Somebody who opens pages and sends their forms."""

    def __init__(self, client):
        self.client = client

    def get(self, path="", **given):
        return self.client.get(f"/training{path}", **given)

    def live(self, handle):
        token = XSRF.search(self.get(f"/{handle}").text).group(1)
        return self.get(f"/{handle}/live", headers={"X-XSRFToken": token}).json()

    def send(self, path, form, of=None):
        found = XSRF.search(self.get(of or path).text)
        jar = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        sent = {"Sec-Fetch-Site": "same-origin", "Cookie": f"{self.client.headers['Cookie']}; {jar}"}
        return self.client.post(
            f"/training{path}", data={"_xsrf": found.group(1) if found else "", **form}, headers=sent
        )


@pytest.fixture
def as_(pages):
    opened = []

    def someone(name):
        client = pages.client(f"{name}-token")
        opened.append(client)
        return Browser(client)

    yield someone
    for client in opened:
        client.close()


def form(store, **given):
    begins = datetime.fromtimestamp(time.time() + 2 * 86_400, store.settings.centre.zone)
    return {
        "title": "Seeing <fast>",
        "project": "vision",
        "instructor": "ina",
        "starts": f"{begins:%Y-%m-%dT10:00}",
        "minutes": "120",
        "seats": "3",
        "profile": "cpu-small",
        "roster": "Ada\nBo\n",
        "walk_ins": "yes",
        "hand_in": "copy",
        "step": "check",
    } | given


def classes(store):
    with store.db() as db:
        return list(db.query(TrainingSession).order_by(TrainingSession.id))


def planned(store, as_, **given):
    """The handle of a class that was planned by its form."""
    answer = as_("ina").send("/plan", form(store, step="send", **given))
    assert answer.status_code == 303, answer.text[:3000]
    return re.fullmatch(rf"{ROOT}/([a-z0-9]+)\?done=planned", answer.headers["location"]).group(1)


def test_the_checks_are_shown_before_anything_is_kept(store, as_):
    before = len(classes(store))
    answer = as_("ina").send("/plan", form(store))
    assert answer.status_code == 200
    assert "Nothing speaks against it" in answer.text
    assert "HK$1.35" in answer.text  # 3 seats × 2.25 h × HK$0.20
    assert "Send for approval" in answer.text
    assert 'value="Seeing &lt;fast&gt;"' in answer.text
    assert len(classes(store)) == before


def test_what_speaks_against_it_is_said_and_it_cannot_be_sent(store, as_):
    before = len(classes(store))
    for step in ("check", "send"):
        answer = as_("ina").send("/plan", form(store, step=step, project="speech", seats="2000"))
        assert "So it cannot be accepted" in answer.text
        assert "Send for approval" not in answer.text
    assert answer.status_code == 422
    assert len(classes(store)) == before


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("minutes", "9" * 5000),
        ("seats", "three"),
        ("seats", "\u0663"),
        ("starts", "soon"),
        ("title", " "),
        ("warm", "-1"),
    ],
)
def test_what_cannot_be_read_is_said_beside_its_field(store, as_, field, text):
    answer = as_("ina").send("/plan", form(store, step="send", **{field: text}))
    assert answer.status_code == 422
    assert f'id="error-{field}"' in answer.text


def test_a_plan_is_kept_changed_and_decided_by_somebody_else(store, as_):
    handle = planned(store, as_)
    seen = as_("ina").get(f"/{handle}")
    assert "waits for a decision" in seen.text
    assert "Approve class" not in seen.text
    again = as_("ina").get(f"/{handle}/plan")
    assert "Ada\nBo" in again.text
    answer = as_("ina").send(f"/{handle}/plan", form(store, step="send", seats="4"))
    assert answer.headers["location"] == f"{ROOT}/{handle}?done=planned"
    kept = next(one for one in classes(store) if one.handle == handle)
    assert (kept.state, kept.seats, kept.title) == (PLANNED, 4, "Seeing <fast>")
    to_decide = as_("sec").get(f"/{handle}").text
    assert "Approve class" in to_decide
    assert "HK$1.80" in to_decide
    assert "1 plan waits for your decision" in as_("sec").get("").text


def test_an_approved_class_shows_its_code_to_who_teaches_it_only(store, as_):
    handle = planned(store, as_)
    deciding.decide(store, handle, "sec", approve=True, now=int(time.time()))
    (code,) = codes.valid(store, handle)
    page = as_("ina").get(f"/{handle}").text
    assert codes.shown(code) in page
    assert f"/hub/join/{codes.shown(code)}" in page
    assert as_("ina").get(f"/{handle}/plan").status_code == 409
    assert codes.shown(code) not in as_("ivo").get(f"/{handle}").text


def test_the_page_of_a_class_to_come_asks_until_it_is_another_one(store, as_):
    handle = planned(store, as_)
    assert "data-every" not in as_("ina").get(f"/{handle}").text, "nobody has decided"
    deciding.decide(store, handle, "sec", approve=True, now=int(time.time()))
    page = as_("ina").get(f"/{handle}").text
    assert 'data-every="15"' in page
    assert re.search(r"begins in \d+ (h|days) \d+", page)
    assert 'id="needs"' not in page
    (key,) = re.findall(r'data-key="(approved-coming-[^"]+)"', page)
    before = as_("ina").live(handle)
    assert (before["key"], "begins in" in before["html"], "needs" in before["html"]) == (key, True, False)
    with store.db(writes=True) as db:
        session = db.query(TrainingSession).filter(TrainingSession.handle == handle).one()
        session.starts_at = int(time.time())
    after = as_("ina").live(handle)
    assert (after["key"] != key, 'id="needs"' in after["html"]) == (True, True)
    assert "data-every" not in as_("ina").get(f"/{handle}").text


def test_a_class_of_somebody_else_is_not_there(store, as_):
    handle = planned(store, as_)
    assert as_("ivo").get(f"/{handle}").status_code == 404
    assert handle not in as_("ivo").get("").text
    assert as_("ivo").get("/nosuch").status_code == 404


@pytest.mark.parametrize("name", ["stu", "seat-abc234-001"])
@pytest.mark.parametrize("path", ["", "/plan"])
def test_students_and_seats_see_no_page_of_classes(as_, name, path):
    assert as_(name).get(path).status_code == 403


def test_a_form_that_no_page_of_ours_sent_keeps_nothing(store, as_):
    before = len(classes(store))
    answer = as_("ina").client.post("/training/plan", data=form(store, step="send"))
    assert answer.status_code == 403
    assert len(classes(store)) == before


def test_the_states_are_said_in_words(store, as_):
    handle = planned(store, as_)
    for state, words in ((APPROVED, "approved"), (ENDED, "over")):
        with store.db(writes=True) as db:
            db.query(TrainingSession).filter(TrainingSession.handle == handle).update({"state": state})
        page = as_("ina").get("").text
        assert words in page[page.index(handle) :][:600]
