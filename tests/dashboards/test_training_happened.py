"""What happened in a class, as its page lists it: in words, and nothing left out without saying so."""

import re
import time
from dataclasses import replace

import pytest
from sqlalchemy import select

from tests.dashboards.test_training_live import KNOWN, as_
from tests.services.training_centre import PLAN, teaching
from tests.serving_pages import serving
from workbench.domain.training import TrainingSession
from workbench.hub import walls
from workbench.services.training import deciding, ending, events
from workbench.services.training.plan import propose
from workbench.settings import load
from workbench.store.engine import open_store

SEATS = 5


@pytest.fixture
def store(tmp_path):
    opened = teaching(open_store(load(home=tmp_path / "state")))
    yield opened
    opened.engine.dispose()


@pytest.fixture
def pages(store):
    with serving(store, people=KNOWN) as running:
        yield running


@pytest.fixture
def handle(store, monkeypatch):
    """A class that is on."""
    monkeypatch.setattr(walls, "possible", lambda: "")
    now = int(time.time())
    made = propose(store, replace(PLAN, starts_at=now, ends_at=now + 7200, seats=SEATS), "ina", now)
    deciding.decide(store, made.handle, "sec", approve=True, now=now)
    return made.handle


def what_happened(page):
    """The rows of the list on a class's page: (kind, what it says)."""
    (part,) = re.findall(r'id="events".*?</section>', page, re.S)
    return re.findall(r"<td>([^<]*)</td><td>([^<]*)</td></tr>", part)


def test_what_happened_is_said_in_words(pages, store, handle):
    with store.db(writes=True) as db:
        session = db.scalars(select(TrainingSession).where(TrainingSession.handle == handle)).one()
        session.starts_at, session.ends_at = int(time.time()) - 3600, int(time.time()) + 500
    assert ending.warn(store, session, int(time.time())) == 10
    with as_(pages, "ina", handle) as ina:
        assert what_happened(ina.get().text)[0] == ("warned", "10 minutes before the end")


def test_what_happened_by_seat_is_counted_and_what_went_wrong_is_listed(pages, store, handle):
    now = int(time.time())
    with store.db(writes=True) as db:
        session = db.scalars(select(TrainingSession).where(TrainingSession.handle == handle)).one()
        for number in range(40):
            events.note(db, "extended", now, session=session.id, says=f"{number} minutes")
        events.note(db, "not-saved", now, session=session.id, seat=1, says="No room", incident=True)
        for seat in range(1, SEATS):
            for kind in ("joined", "handed-in", "saved"):
                events.note(db, kind, now, session=session.id, seat=seat)
    with as_(pages, "ina", handle) as ina:
        page = ina.get().text
    rows = what_happened(page)
    assert (len(rows), rows[:2]) == (30, [("work not saved", "No room"), ("made longer", "39 minutes")])
    assert "not listed, seat by seat: joined (4), handed in (4), work saved (4)." in page
    unlisted = len(events.listed(store, handle)) - 30 - 3 * (SEATS - 1)
    assert f"{unlisted} earlier events are not listed." in page
