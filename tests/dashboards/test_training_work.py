"""Whoever runs a class fetches its work, while it is on, after it and after it was called off; nobody else does."""

import io
import re
import time
import zipfile
from dataclasses import replace

import pytest
from sqlalchemy import select

from tests.dashboards.test_training_live import KNOWN
from tests.services.training_centre import PLAN, teaching
from tests.serving_pages import serving
from workbench.domain.training import CANCELLED, ENDED, NO_COPY, TrainingSeat, TrainingSession
from workbench.hub import walls
from workbench.services.training import archive, deciding, ending, handin
from workbench.services.training.plan import propose
from workbench.settings import load
from workbench.store.engine import open_store
from workbench.units import DAY_S

WORK = "/handed-in.zip", "/saved.zip"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    opened = teaching(open_store(load(home=tmp_path_factory.mktemp("work") / "state")))
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def pages(store):
    with serving(store, people=KNOWN) as running:
        yield running


@pytest.fixture
def handle(store, monkeypatch):
    """A class that is on, of two seats; in the first one somebody has worked and handed in."""
    monkeypatch.setattr(walls, "possible", lambda: "")
    now = int(time.time())
    made = propose(store, replace(PLAN, starts_at=now, ends_at=now + 7200, seats=2), "ina", now)
    deciding.decide(store, made.handle, "sec", approve=True, now=now)
    name = f"seat-{made.handle}-001"
    (store.settings.homes / name).mkdir(parents=True)
    (store.settings.homes / name / "mine.ipynb").write_text("mine")
    with store.db(writes=True) as db:
        seat = db.scalars(select(TrainingSeat).where(TrainingSeat.name == name)).one()
        seat.joined_at, seat.shown_name = now, "<b>陳大文"
    handin.hand_in(store, name, now)
    return made.handle


def ends(store, handle, state, ended_at, hand_in="copy"):
    """The class is over, its first seat's work is saved."""
    name = f"seat-{handle}-001"
    with store.db(writes=True) as db:
        session = db.scalars(select(TrainingSession).where(TrainingSession.handle == handle)).one()
        session.state, session.ended_at, session.ends_at, session.hand_in = state, ended_at, ended_at, hand_in
        seat = db.scalars(select(TrainingSeat).where(TrainingSeat.name == name)).one()
    work = archive.save(store.settings, handle, 1, store.settings.homes / name)
    ending.close_seat(store, seat.id, work, ended_at)


def asks(pages, who, handle, path=""):
    with pages.client(f"{who}-token") as client:
        return client.get(f"/training/{handle}{path}")


def offered(page):
    return [f"/{path}" for path in re.findall(r'href="[^"]*/(handed-in\.zip|saved\.zip)" download', page)]


def names(answer):
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        return packed.namelist()


def test_while_it_is_on_there_is_what_was_handed_in(pages, handle):
    page = asks(pages, "ina", handle).text
    assert offered(page) == ["/handed-in.zip"]
    assert "Handed in (1)" in page
    assert "Handed in (1)" in asks(pages, "ina", handle, "/live").json()["html"]
    found = asks(pages, "ina", handle, "/handed-in.zip")
    assert found.headers["Content-Disposition"] == f'attachment; filename="{handle}-handed-in.zip"'
    assert [name.split("/")[:2] for name in names(found)] == [["submitted", "001-b-陳大文"]] * 2
    assert asks(pages, "ina", handle, "/saved.zip").status_code == 404


@pytest.mark.parametrize("state", [ENDED, CANCELLED])
def test_after_it_there_is_all_of_it(pages, store, handle, state):
    ends(store, handle, state, int(time.time()))
    page = asks(pages, "ina", handle).text
    assert sorted(offered(page)) == sorted(WORK)
    assert "Saved work of 1 seat, 1 kB" in page
    assert "until" in page[page.index('id="work"') :]
    assert names(asks(pages, "ina", handle, "/saved.zip")) == [f"{handle}/001-b-陳大文.zip"]
    assert len(names(asks(pages, "sec", handle, "/handed-in.zip"))) == 2


def test_where_nothing_is_collected_there_is_what_was_handed_in_alone(pages, store, handle):
    ends(store, handle, ENDED, int(time.time()), NO_COPY)
    assert offered(asks(pages, "ina", handle).text) == ["/handed-in.zip"]
    assert asks(pages, "ina", handle, "/saved.zip").status_code == 404


def test_after_its_time_there_is_nothing(pages, store, handle):
    ends(store, handle, ENDED, int(time.time()) - 999 * DAY_S)
    page = asks(pages, "ina", handle).text
    assert offered(page) == []
    assert 'id="work"' not in page
    assert [asks(pages, "ina", handle, path).status_code for path in WORK] == [404, 404]


def test_nobody_else_is_offered_it_or_gets_it(pages, store, handle):
    ends(store, handle, ENDED, int(time.time()))
    for who in ("exe", "ivo", "lee"):
        assert offered(asks(pages, who, handle).text) == []
        assert not {asks(pages, who, handle, path).status_code for path in WORK} & {200}
