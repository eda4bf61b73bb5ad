"""What the Committee's pages show of meetings, and to whom."""

import pytest

from tests.services.scheme_people import NOW, TODAY, a_draft, add_people, bring
from workbench.domain.projects import Person
from workbench.errors import ClosedByConflict, UnknownMeeting
from workbench.services.applications import meetings
from workbench.services.applications import steps as applications
from workbench.services.applications.agenda import agenda, minutes_for, poll


@pytest.fixture
def reference(store):
    add_people(store)
    made = applications.begin(store, a_draft(), "ada", NOW)
    bring(store, made, "submit", "check", "assess", "assess", "recommend")
    return made


def test_the_agenda_is_what_is_before_the_committee(store, reference):
    found = agenda(store, "com", NOW)
    assert [line.reference for line in found.before] == [reference]
    assert found.now_open.present == ("com", "kim", "mai")
    assert (found.now_open.held_on, found.now_open.decided, found.past) == (TODAY, 0, ())
    bring(store, reference, "approve")
    meetings.close_meeting(store, found.now_open.number, "sec", NOW)
    after = agenda(store, "sec", NOW)
    assert (after.now_open, after.before, after.past[0].decided) == (None, (), 1)


@pytest.mark.parametrize("who", ["ada", "rev"])
def test_meetings_are_not_for_applicants_and_reviewers(store, reference, who):
    with pytest.raises(UnknownMeeting):
        agenda(store, who, NOW)
    with pytest.raises(UnknownMeeting):
        minutes_for(store, 1, who)


def test_the_poll_leaves_out_who_withdrew(store, reference):
    meetings.vote(store, reference, "kim", "for")
    applications.declare_conflict(store, reference, "mai", "A friend.", NOW)
    found = poll(store, reference, NOW)
    assert (found.deciding, found.withdrew, dict(found.votes)) == (("com", "kim"), ("mai",), {"kim": "for"})


def test_minutes_are_closed_by_a_conflict_in_what_was_decided(store, reference):
    meetings.attend(store, 1, (), "sec")
    applications.declare_conflict(store, reference, "eve", "A friend.", NOW)
    assert minutes_for(store, 1, "eve"), "nothing of it was decided yet"
    bring(store, reference, "approve")
    with pytest.raises(ClosedByConflict):
        minutes_for(store, 1, "eve")
    assert minutes_for(store, 1, "com").startswith("# Minutes of meeting 1")


def test_minutes_are_closed_to_a_member_whose_own_application_was_decided(store, reference):
    own = applications.begin(store, a_draft(slug="kims-lab"), "kim", NOW)
    applications.act(store, own, "submit", "kim", NOW)
    bring(store, own, "check", "assess", "assess", "recommend")
    assert minutes_for(store, 1, "kim"), "nothing of it was decided yet"
    with store.db(writes=True) as db:
        db.add(Person("lou", "Lou", role="committee"))
    meetings.attend(store, 1, ["lou"], "sec")
    applications.decide(store, own, "decline", "com", NOW, note="Too early.")
    with pytest.raises(ClosedByConflict):
        minutes_for(store, 1, "kim")
    assert "Too early." in minutes_for(store, 1, "mai")
