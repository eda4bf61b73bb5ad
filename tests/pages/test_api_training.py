"""A seat asks and tells through the API with its own server's token; nobody else may, and it sees nothing more."""

import time

import httpx
import pytest
import serving_api
from serving_api import ACCESS, serving
from sqlalchemy import select

from tests.services.training_centre import teaching
from workbench.domain.awards import Award
from workbench.domain.training import TrainingReport
from workbench.periods import day_of
from workbench.services.training import deciding, messages
from workbench.services.training.plan import Plan, propose
from workbench.units import DAY_S


@pytest.fixture
def lesson(store):
    """A class that is on now."""
    teaching(store)
    now = int(time.time())
    with store.db(writes=True) as db:
        db.scalars(select(Award)).one().ends_on = day_of(now + 9 * DAY_S, store.settings.centre.zone)
    made = propose(store, Plan("Now", "vision", "ina", now, now + 3600, 2, "cpu-small", warm=0), "ina", now)
    return deciding.decide(store, made.handle, "sec", approve=True, now=now)


@pytest.fixture
def ask(store, lesson, monkeypatch):
    seat = {"name": f"seat-{lesson.handle}-001", "groups": ["seats", "students"], "scopes": [ACCESS]}
    monkeypatch.setitem(serving_api.PEOPLE, "seat-token", seat)
    with serving(store) as address:

        def ask(what, body=None, who="seat", method=None):
            return httpx.request(
                method or ("GET" if body is None else "POST"),
                f"{address}/{what}",
                json=body,
                headers={"Authorization": f"token {who}-token"},
                timeout=20,
            )

        yield ask


def test_a_seat_is_told_of_its_class_and_tells_of_its_cells(store, lesson, ask):
    messages.say(store, lesson.handle, "ina", "Hello", int(time.time()))
    told = ask("training/seat").json()
    assert (told["number"], told["title"], told["messages"][0]["text"]) == (1, "Now", "Hello")
    row = {"notebook": "a.ipynb", "cell": "c1", "error": "ValueError: x", "at": int(time.time())}
    answer = ask("training/report", {"rows": [row], "denied": ["opened /elsewhere"]})
    assert answer.json() == {"rows": 1, "denied": 1}
    with store.db() as db:
        assert db.scalars(select(TrainingReport.error)).one() == "ValueError: x"


def test_a_seat_lets_the_instructor_look_and_hands_in(store, lesson, ask):
    home = store.settings.homes / f"seat-{lesson.handle}-001"
    home.mkdir(parents=True)
    (home / "work.txt").write_text("mine", encoding="utf-8")
    assert ask("training/share", {"on": True}).json()["shared_at"]
    assert ask("training/seat").json()["shared"] is True
    assert ask("training/share", {"on": False}).json() == {"shared_at": None}
    assert ask("training/share", {"on": "yes"}).status_code == 400
    assert ask("training/handin", {}).json()["files"] == 1
    assert ask("training/seat").json()["handed_in_at"]


REFUSED = (
    ("training/seat", None, "ana", None, 403),
    ("training/report", {"rows": []}, "ana", None, 403),
    ("training/seat", None, "nobody", None, 401),
    ("training/report", {"rows": [1]}, "seat", None, 400),
    ("training/report", [], "seat", None, 400),
    ("training/report", {"rows": ["x" * 300_000]}, "seat", None, 400),
    ("training/report", None, "seat", "GET", 405),
    ("training/seat", {}, "seat", "POST", 405),
    ("training/other", None, "seat", None, 404),
)


def test_nobody_else_and_nothing_else(ask):
    for what, body, who, method, status in REFUSED:
        answer = ask(what, body, who, method)
        assert answer.status_code == status, (what, answer.text)
    figures = ask("spend")  # of no project: nothing, or a refusal
    assert figures.status_code >= 400 or figures.json()["table"]["rows"] in (0, [])
