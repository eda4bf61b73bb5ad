"""Meetings of the Committee in the records: one is open at a time, members attend, vote and decide in it."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from tests.services.scheme_people import AWARD, MEMBERS, NOW, TODAY, WAY, a_draft, add_people, bring
from workbench.domain.meetings import Item, Vote
from workbench.domain.projects import Person
from workbench.errors import ClosedByConflict, MeetingRefused, RuleBroken, StepRefused, UnknownMeeting
from workbench.services.applications import meetings
from workbench.services.applications import steps as service


@pytest.fixture
def centre(store):
    add_people(store)
    return store


@pytest.fixture
def reference(centre):
    made = service.begin(centre, a_draft(), "ada", NOW)
    bring(centre, made, *WAY[:5])
    return made


def test_a_decision_is_kept_with_amounts_and_how_each_member_stood(centre, reference):
    meetings.vote(centre, reference, "mai", "against")
    meetings.vote(centre, reference, "mai", "for")
    service.decide(centre, reference, "approve", "com", NOW, award=AWARD)
    with centre.db() as db:
        item = db.scalars(select(Item)).one()
        stood = {vote.person: vote.vote for vote in db.scalars(select(Vote))}
    assert (item.meeting, item.decision, item.decided_by) == (1, "approved", "com")
    assert (item.requested_minor, item.recommended_minor, item.awarded_minor) == (30_000_000, 25_000_000, 20_000_000)
    assert stood == {"com": "no vote", "mai": "for", "kim": "no vote"}


def test_a_conflict_takes_the_quorum_away_and_one_more_member_gives_it_back(centre, reference):
    service.declare_conflict(centre, reference, "kim", "A cousin leads it", NOW)
    with pytest.raises(RuleBroken, match="2 members of the Committee can decide it; 1 withdrew"):
        service.decide(centre, reference, "approve", "com", NOW, award=AWARD)
    with pytest.raises(ClosedByConflict):
        meetings.vote(centre, reference, "kim", "for")
    with centre.db(writes=True) as db:
        db.add(Person("lou", "Lou", role="committee"))
    assert meetings.attend(centre, 1, ["lou"], "sec") == ("com", "kim", "lou", "mai")
    service.decide(centre, reference, "approve", "com", NOW, award=AWARD)
    with centre.db() as db:
        assert db.scalars(select(Vote.vote).where(Vote.person == "kim")).one() == "withdrew"


def test_the_votes_bind_and_a_refused_decision_leaves_nothing(centre, reference):
    for name in MEMBERS:
        meetings.vote(centre, reference, name, "against")
    with pytest.raises(RuleBroken, match="do not carry"):
        service.decide(centre, reference, "approve", "com", NOW, award=AWARD)
    service.decide(centre, reference, "decline", "com", NOW, note="Not fair to the model size.")
    with centre.db() as db:
        assert db.scalars(select(Item.decision)).all() == ["declined"]


def test_without_a_meeting_or_from_outside_of_it_nothing_is_decided(centre, reference):
    with centre.db(writes=True) as db:
        db.add(Person("lou", "Lou", role="committee"))
    with pytest.raises(MeetingRefused, match="lou is not at meeting 1"):
        service.decide(centre, reference, "approve", "lou", NOW, award=AWARD)
    meetings.close_meeting(centre, 1, "sec", NOW)
    with pytest.raises(MeetingRefused, match="the quorum is 3 and no meeting is open"):
        service.decide(centre, reference, "approve", "com", NOW, award=AWARD)
    with pytest.raises(MeetingRefused, match="no meeting is open"):
        meetings.vote(centre, reference, "com", "for")


def test_who_recommended_does_not_decide_in_a_meeting_either(centre):
    made = service.begin(centre, a_draft(), "ada", NOW)
    bring(centre, made, *WAY[:4])
    service.recommend(centre, made, "sec", 1, "Small.", NOW)
    with pytest.raises(StepRefused):
        service.decide(centre, made, "approve", "sec", NOW, award=AWARD)


def test_one_meeting_is_open_at_a_time_and_a_closed_one_stands(centre, reference):
    with pytest.raises(MeetingRefused, match="meeting 1 is still open"):
        meetings.open_meeting(centre, TODAY, "com", (), "sec", NOW)
    meetings.vote(centre, reference, "com", "for")
    meetings.close_meeting(centre, 1, "sec", NOW)
    with centre.db() as db:
        assert db.scalars(select(Vote)).all() == []  # it was not decided: the vote lapses
    for change in (
        lambda: meetings.close_meeting(centre, 1, "sec", NOW),
        lambda: meetings.attend(centre, 1, ["kim"], "sec"),
        lambda: service.decide(centre, reference, "approve", "com", NOW, award=AWARD, meeting=1),
    ):
        with pytest.raises(MeetingRefused, match="it is closed"):
            change()
    with pytest.raises(UnknownMeeting):
        meetings.close_meeting(centre, 9, "sec", NOW)
    assert meetings.open_meeting(centre, TODAY, "mai", ["com", "com"], "sec", NOW) == 2


@pytest.mark.parametrize(("who", "chair"), [("ada", "com"), ("rev", "com"), ("com", "com"), ("sec", "sec")])
def test_the_secretariat_calls_it_and_members_chair_it(centre, who, chair):
    meetings.close_meeting(centre, 1, "sec", NOW)
    with pytest.raises(MeetingRefused):
        meetings.open_meeting(centre, TODAY, chair, (), who, NOW)


def test_where_the_rules_ask_for_no_quorum_no_meeting_is_needed(centre, reference):
    rules = replace(centre.settings.rules[0], committee_quorum=0)
    free = replace(centre, settings=centre.settings.model_copy(update={"rules": (rules,)}))
    meetings.close_meeting(centre, 1, "sec", NOW)
    service.decide(free, reference, "approve", "com", NOW, award=AWARD)
    with centre.db() as db:
        assert db.scalars(select(Item)).all() == []
