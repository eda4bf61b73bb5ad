"""The sample's applications have a history that the scheme allows, and something waits in each stage."""

from collections import Counter
from datetime import date

import pytest
from sqlalchemy import func, select

from workbench.domain.applications import STEPS, Applied, Conflict, Event, PlannedMonth, Score
from workbench.domain.award_actions import Action
from workbench.domain.awards import Application, Award
from workbench.domain.meetings import Attendance, Item, Meeting, Vote
from workbench.periods import moment, parse_moment
from workbench.sample.definition import definition
from workbench.sample.records import TRAINING, add_records
from workbench.services.applications import steps as service
from workbench.services.applications.awarding import Decided
from workbench.services.applications.community import funnel
from workbench.services.applications.files import file_of
from workbench.services.applications.minutes import minutes
from workbench.services.applications.pace import pace
from workbench.services.awards.versions import award_versions

PLAN = definition()


@pytest.fixture
def now(settings):
    return parse_moment("2026-11-22T10:00", settings.centre.zone)


@pytest.fixture
def centre(store, settings, now):
    """The sample's records without its jobs."""
    with store.db(writes=True) as db:
        add_records(db, PLAN, settings, now)
    return store


def test_something_waits_in_each_stage(centre):
    with centre.db() as db:
        stages = Counter(db.scalars(select(Application.stage)))
    assert stages == {
        "draft": 1,
        "submitted": 1,
        "secretariat-check": 1,
        "further": 1,
        "committee": 1,
        "onboarding": 1,
        "active": 28,
        "closed": 4,
        "declined": 8,
        "deferred": 1,
    }


def test_each_history_is_one_that_the_scheme_allows(centre, now):
    ways = {(step.action, step.from_stage): step for step in STEPS}
    with centre.db() as db:
        for application in db.scalars(select(Application)):
            events = list(db.scalars(select(Event).where(Event.application == application.id).order_by(Event.id)))
            assert [e.at for e in events] == sorted(e.at for e in events), application.reference
            assert all(e.at <= moment(now) for e in events), application.reference
            assert events[-1].to_stage == application.stage
            steps = [e for e in events if e.action not in ("begin", "score", "conflict")]
            for event in steps:
                assert ways[event.action, event.from_stage].to_stage == event.to_stage
                assert event.note or not ways[event.action, event.from_stage].needs_note
            actors = {e.action: e.actor for e in steps}
            assert actors.get("recommend") == application.recommended_by
            decided = {actors.get(action) for action in ("approve", "decline", "defer")}
            assert "recommend" not in actors or actors["recommend"] not in decided
            closed_to = set(db.scalars(select(Conflict.person).where(Conflict.application == application.id)))
            scorers = set(db.scalars(select(Score.reviewer).where(Score.application == application.id)))
            assert not scorers & closed_to


def test_plans_add_up_to_what_was_asked_and_awarded(centre):
    with centre.db() as db:
        asked = select(Applied.application, func.sum(Applied.gpu_hours)).group_by(Applied.application)
        spread = select(PlannedMonth.award, func.sum(PlannedMonth.subsidy_minor)).group_by(PlannedMonth.award)
        hours, planned = (dict(db.execute(ask).all()) for ask in (asked, spread))
        for application in db.scalars(select(Application)):
            assert hours[application.id] == application.gpu_hours
        for award in db.scalars(select(Award).where(Award.project != TRAINING)):
            assert planned[award.id] == award.ceiling_minor


def test_every_decision_was_taken_in_a_meeting_with_a_quorum(centre):
    with centre.db() as db:
        items = list(db.scalars(select(Item)))
        decided = set(db.scalars(select(Application.id).where(Application.decision.is_not(None))))
        assert {item.application for item in items} == decided
        for item in items:
            there = set(db.scalars(select(Attendance.person).where(Attendance.meeting == item.meeting)))
            votes = {
                v.person: v.vote
                for v in db.scalars(
                    select(Vote).where(Vote.meeting == item.meeting, Vote.application == item.application)
                )
            }
            assert set(votes) == there
            assert sum(vote != "withdrew" for vote in votes.values()) >= 3
        assert db.scalar(select(func.count()).select_from(Meeting).where(Meeting.closed_at.is_(None))) == 1
    assert "Sample data" in minutes(centre, items[0].meeting)


def test_one_award_was_made_longer_and_one_larger(centre, settings):
    with centre.read() as conn:
        said = award_versions(conn, frozenset({"maths-tutor", "rain-nowcast", TRAINING}), settings.centre.zone)
        kinds = Counter(conn.scalars(select(Action.kind)))
    longer, larger = said["maths-tutor"], said["rain-nowcast"]
    assert longer[0].end_s < longer[-1].end_s
    assert larger[-1].ceiling_minor - larger[0].ceiling_minor == 400_000_000
    assert len(said[TRAINING]) == 1
    assert (kinds["extension"], kinds["supplement"]) == (1, 1)
    assert kinds["progress-report"] > 40


def test_what_changed_awards_stands_in_the_minutes(centre):
    said = minutes(centre, 22)
    assert "| rain-nowcast | supplement | HK$4,000,000.00 |" in said
    assert "| maths-tutor | extension | until before 7 Oct 2027 |" in said
    assert "Changes of awards" not in minutes(centre, 21)


def test_the_committee_can_decide_what_waits_for_it(centre, now):
    award = Decided(7000, 1_000_000_000, date(2026, 12, 1), date(2027, 10, 7))
    service.decide(centre, "2026-011", "approve", "committee-01", now, award=award, note="Fair.")
    found = file_of(centre, "2026-011", "committee-02", now)
    assert found.listed.stage == "agreement"
    assert found.listed.awarded_minor == 1_000_000_000
    with centre.db() as db:
        withdrew = db.scalars(select(Vote.person).where(Vote.vote == "withdrew")).all()
    assert withdrew.count("committee-03") == 2


def test_the_community_is_as_large_as_was_published(centre, now):
    steps = {step.name: step for step in funnel(centre, now)}
    assert (steps["members"].organisations, steps["members"].new_members) == (412, 128)
    assert steps["members"].made_up
    counts = [steps[name].members for name in ("members", "applied", "approved", "active")]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] > 5


def test_days_to_decision_are_months_and_something_waits(centre, now):
    (found,) = pace(centre, now)
    assert (found.decided, found.open) == (42, 4)
    assert 60 < found.median_days < found.p90_days < found.worst_days
