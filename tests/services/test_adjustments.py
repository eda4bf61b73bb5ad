"""Adjustments and write-offs: two people, both parts of what is undone, no more written off than is owed."""

from datetime import date

import pytest

from tests.builders import DATA_UNTIL_S, small_centre
from workbench.domain.other_charges import OtherCharge
from workbench.domain.projects import Person
from workbench.errors import AskRefused, UnknownProject
from workbench.services.beside_usage import adjustments
from workbench.services.beside_usage.adjustments import Wanted
from workbench.services.beside_usage.rows import of_project, record
from workbench.services.charging import rating
from workbench.services.ledger import posting

NOW = DATA_UNTIL_S
OWED = 336 * 2800 * 3 // 10
"""vision: 336 GPU-hours × HK$28.00, of which it pays 30%: HK$2,822.40."""


@pytest.fixture
def centre(store):
    small_centre(store)
    with store.db(writes=True) as db:
        db.add_all([Person("sec", "Sec", role="secretariat"), Person("eve", "Eve", role="operator")])
    rating.rate(store, NOW)
    posting.bring_up(store, NOW)
    return store


def rows(store):
    with store.read() as conn:
        return of_project(conn, "vision")


def test_one_asks_and_another_approves_and_it_counts_from_that_day(centre):
    made = adjustments.ask(centre, Wanted("vision", -12_050, "Old price in May"), "sec", NOW)
    assert (made.state, rows(centre)) == ("asked", [])
    with pytest.raises(AskRefused, match="Another person"):
        adjustments.decide(centre, made.id, "sec", NOW, grant=True)
    row = adjustments.decide(centre, made.id, "eve", NOW, grant=True)
    assert rows(centre) == [row]
    assert (row.key, row.kind, row.day, row.made_by) == ("adjustment/1", "adjustment", date(2026, 1, 19), "eve")
    assert (row.list_minor, row.subsidy_minor, row.user_minor, row.award_id) == (-12_050, 0, -12_050, None)
    assert row.memo == "Adjustment 1: Old price in May"
    with pytest.raises(AskRefused, match="granted already"):
        adjustments.decide(centre, made.id, "eve", NOW, grant=False)


def test_undoing_is_a_counter_adjustment_that_names_the_first_and_takes_back_both_parts(centre):
    paid = {"list_minor": 1000, "subsidy_minor": 700, "user_minor": 300, "award_id": 1}
    first = OtherCharge("reservation/9/2026-01-19", "reservation", "vision", date(2026, 1, 19), memo="Reservation 9",
                        made_by="sec", made_at=NOW, **paid)  # fmt: skip
    with centre.begin() as conn:
        record(conn, first)
    asked = adjustments.ask_undo(centre, first.key, "The wrong project", "sec", NOW)
    row = adjustments.decide(centre, asked.id, "eve", NOW, grant=True)
    assert (row.list_minor, row.subsidy_minor, row.user_minor, row.award_id) == (-1000, -700, -300, 1)
    assert row.refs["undoes"] == first.key
    assert row.memo == "Adjustment 1 of reservation/9/2026-01-19 (Reservation 9): The wrong project"
    with pytest.raises(AskRefused, match="adjustment 1 takes it back already"):
        adjustments.ask_undo(centre, first.key, "Again", "sec", NOW)
    # What was undone by mistake is brought back in the same way.
    again = adjustments.ask_undo(centre, row.key, "It was right", "sec", NOW)
    assert adjustments.decide(centre, again.id, "eve", NOW, grant=True).subsidy_minor == 700
    with pytest.raises(AskRefused, match="no such charge"):
        adjustments.ask_undo(centre, "nothing/1", "What?", "sec", NOW)


def test_no_more_is_written_off_than_is_owed(centre):
    with pytest.raises(AskRefused, match=r"HK\$2,822.40 are owed"):
        adjustments.ask_write_off(centre, Wanted("vision", OWED + 1, "Dissolved"), "sec", NOW)
    first = adjustments.ask_write_off(centre, Wanted("vision", OWED, "Dissolved"), "sec", NOW)
    row = adjustments.decide(centre, first.id, "eve", NOW, grant=True)
    assert (row.key, row.kind, row.list_minor, row.user_minor) == ("write-off/1", "write-off", -OWED, -OWED)
    with pytest.raises(AskRefused, match=r"HK\$0.00 are owed"):
        adjustments.ask_write_off(centre, Wanted("vision", 1, "Once more"), "sec", NOW)
    with pytest.raises(AskRefused, match="above zero"):
        adjustments.ask_write_off(centre, Wanted("vision", 0, "Nothing"), "sec", NOW)


def test_what_cannot_be_asked_or_decided_is_refused_with_the_reason(centre):
    with pytest.raises(AskRefused, match="neither secretariat nor operator"):
        adjustments.ask(centre, Wanted("vision", -1, "Cheaper, please"), "ana", NOW)
    with pytest.raises(AskRefused, match="of nothing"):
        adjustments.ask(centre, Wanted("vision", 0, "Nothing"), "sec", NOW)
    with pytest.raises(AskRefused, match="needs its reason"):
        adjustments.ask(centre, Wanted("vision", 1, " "), "sec", NOW)
    with pytest.raises(UnknownProject):
        adjustments.ask(centre, Wanted("nowhere", 1, "Where?"), "sec", NOW)
    with pytest.raises(AskRefused, match="none of this number"):
        adjustments.decide(centre, 99, "sec", NOW, grant=True)
    made = adjustments.ask(centre, Wanted("vision", 1, "A cent"), "sec", NOW)
    with pytest.raises(AskRefused, match="neither secretariat nor operator"):
        adjustments.decide(centre, made.id, "ana", NOW, grant=True)
    assert adjustments.decide(centre, made.id, "eve", NOW, grant=False) is None
    assert [one.state for one in adjustments.adjustments(centre, "vision", "refused")] == ["refused"]
    assert rows(centre) == []
