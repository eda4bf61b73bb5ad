"""Charges beside usage: once for all, never changed, split as usage is, and seen by rating."""

from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from tests.builders import DATA_UNTIL_S, small_centre
from tests.starts import HOUR_MINOR, a_start, cover
from workbench.domain.other_charges import OtherCharge, Split
from workbench.errors import ChargeTaken
from workbench.services.beside_usage.rows import drawn_elsewhere, of_project, record, split
from workbench.services.charging.rating import rate
from workbench.services.holds.holds import place
from workbench.store.tables import dirty

NOW = DATA_UNTIL_S
DAY = date(2026, 1, 20)


def a_charge(**given):
    made = {
        "key": "storage/vision/2026-01",
        "kind": "storage",
        "project": "vision",
        "day": DAY,
        "list_minor": 1000,
        "subsidy_minor": 700,
        "user_minor": 300,
        "memo": "Storage in January 2026",
        "made_by": "rule 14",
        "made_at": NOW,
        "award_id": 1,
    }
    return OtherCharge(**(made | given))


@pytest.fixture
def centre(store):
    small_centre(store)
    rate(store, NOW)
    return store


def test_a_charge_is_recorded_once_and_another_content_under_its_key_is_refused(centre):
    with centre.begin() as conn:
        assert record(conn, a_charge())
        assert not record(conn, a_charge(made_by="somebody else", made_at=NOW + 60))
        with pytest.raises(ChargeTaken, match="never changed"):
            record(conn, a_charge(list_minor=1001, user_minor=301))
        assert of_project(conn, "vision", DAY) == [a_charge()]
        assert of_project(conn, "vision", None, DAY) == of_project(conn, "speech") == []
        assert drawn_elsewhere(conn, ["vision"]) == {1: 700}
        assert drawn_elsewhere(conn, ["vision"], DAY) == {}


def test_recording_marks_the_project_for_rating_and_posting(centre):
    with centre.begin() as conn:
        conn.execute(text("DELETE FROM dirty"))
        record(conn, a_charge(day=date(2026, 1, 10)))
        marks = conn.execute(select(dirty.c.kind, dirty.c.period)).all()
    assert sorted(map(tuple, marks)) == [("charges", "2026-01-10"), ("posting", "2026-01-10")]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE other_charges SET memo = 'x'",
        "DELETE FROM other_charges",
        "INSERT OR REPLACE INTO other_charges SELECT * FROM other_charges",
        "INSERT INTO other_charges SELECT 'k2', kind, project, day, award_id, list_minor + 1, subsidy_minor,"
        " user_minor, quantity, unit, memo, refs, made_by, made_at FROM other_charges",
    ],
)
def test_a_charge_cannot_be_changed_or_removed_even_by_hand(centre, change):
    with centre.begin() as conn:
        record(conn, a_charge())
    with pytest.raises(DBAPIError, match=r"never changed|adds_up"), centre.begin() as conn:
        conn.execute(text(change))


def test_a_charge_that_does_not_add_up_cannot_even_be_made():
    with pytest.raises(ValueError, match="add up"):
        a_charge(user_minor=301)
    with pytest.raises(ValueError, match="needs the award"):
        a_charge(award_id=None)
    with pytest.raises(ValueError, match="no kind"):
        a_charge(kind="gift")


def test_an_award_pays_its_rate_until_its_ceiling_in_its_term(centre):
    zone = centre.settings.centre.zone
    # 336 GPU-hours × HK$28.00 × 70% = HK$6,585.60 are drawn of HK$1,000,000.00.
    left = 100_000_000 - 658_560
    with centre.begin() as conn:
        assert split(conn, zone, "vision", DAY, 1000) == Split(700, 300, 1)
        assert split(conn, zone, "vision", DAY, 2 * left) == Split(left, left, 1)
        assert split(conn, zone, "vision", date(2027, 1, 1), 1000) == Split(0, 1000, None)
        assert split(conn, zone, "speech", DAY, 1000) == Split(0, 1000, None)
        record(conn, a_charge(list_minor=left, subsidy_minor=left, user_minor=0))
        assert split(conn, zone, "vision", DAY, 1000) == Split(0, 1000, None)


def test_what_is_held_for_running_work_is_not_promised_again(centre):
    cover(centre, 2, 336 * HOUR_MINOR)
    place(centre, a_start(hours=1), NOW)
    with centre.begin() as conn:
        found = split(conn, centre.settings.centre.zone, "vision", DAY, 10_000)
    assert found == Split(HOUR_MINOR, 10_000 - HOUR_MINOR, 1)
