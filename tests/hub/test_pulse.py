"""The pulse's round: what is done each time, and what once a day."""

from datetime import date

import pytest
from sqlalchemy import update

from tests.services.an_award import awarded, noon, stored, use
from workbench.hub.pulse import beat
from workbench.store.tables import freshness

DAY = date(2026, 4, 2)


@pytest.fixture
def centre(store):
    awarded(store)
    use(store, date(2026, 2, 10), 500, noon(DAY))
    with store.begin() as conn:
        conn.execute(update(freshness).values(data_until_at=noon(date(2026, 4, 1))))
    return store


def test_awards_are_reviewed_once_a_day(centre):
    assert beat(centre, centre.settings, noon(DAY)) == []
    assert stored(centre, "SELECT kind FROM award_actions") == []
    assert beat(centre, centre.settings, noon(DAY), new_day=True) == []
    assert stored(centre, "SELECT kind, quarter FROM award_actions") == [("under-use-cut", "2026Q1")]
    assert beat(centre, centre.settings, noon(DAY), new_day=True) == []
    assert len(stored(centre, "SELECT id FROM award_actions")) == 1
