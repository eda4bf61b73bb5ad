"""Applications from draft to award, through the people who may take each step."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from tests.services.scheme_people import AWARD, NOW, POINTS, WAY, a_draft, add_people, bring
from workbench.domain.access import WholeCentre
from workbench.domain.applications import Event, PlannedMonth
from workbench.domain.awards import Application, Award
from workbench.domain.projects import Member, Project
from workbench.errors import ClosedByConflict, RuleBroken, StepRefused, UnknownApplication, UnknownPerson
from workbench.services import spend
from workbench.services.applications import steps as service
from workbench.services.applications.files import file_of, listed
from workbench.units import DAY_S


@pytest.fixture
def centre(store):
    add_people(store)
    return store


@pytest.fixture
def reference(centre):
    return service.begin(centre, a_draft(), "ada", NOW)


def stage(store, reference):
    with store.db() as db:
        return db.scalars(select(Application.stage).where(Application.reference == reference)).one()


def test_an_application_goes_from_draft_to_closed_and_its_history_says_how(centre, reference):
    bring(centre, reference, *WAY)
    history = file_of(centre, reference, "sec", NOW).history
    assert [happened.action for happened in history] == ["begin", *WAY]
    assert [happened.to_stage for happened in history] == [
        *("draft", "submitted", "secretariat-check", "preliminary", "further"),
        *("committee", "agreement", "onboarding", "active", "closed"),
    ]
    assert [h.actor for h in history][4:7] == ["sec", "rev", "com"]


def test_an_approval_makes_project_award_plan_and_members(centre, reference):
    bring(centre, reference, *WAY[:6])
    with centre.db() as db:
        award = db.scalars(select(Award)).one()
        assert (award.project, award.rate_bp, award.ceiling_minor) == ("speech-lab", 7000, 20_000_000)
        assert award.conditions == "Report in month 3."
        assert db.get(Project, "speech-lab").category == "university"
        assert {(m.person, m.role) for m in db.scalars(select(Member))} == {("ada", "lead"), ("bob", "member")}
        planned = {m.month: m.subsidy_minor for m in db.scalars(select(PlannedMonth))}
    assert list(planned.items())[:4] == [
        ("2026-02", 2_500_000),
        ("2026-03", 7_500_000),
        ("2026-04", 10_000_000),
        ("2026-05", 0),
    ]
    assert sum(planned.values()) == 20_000_000


def test_requested_recommended_and_awarded_are_three_numbers(centre, reference):
    bring(centre, reference, *WAY[:6])
    found = listed(centre, "sec", NOW)[0]
    assert (found.requested_minor, found.recommended_minor, found.awarded_minor) == (30_000_000, 25_000_000, 20_000_000)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"rate_bp": 7500}, 1),
        ({"rate_bp": 7500, "exceptional": True}, 1),
        ({"rate_bp": 9500, "exceptional": True, "reason": "Flagship"}, 1),
        ({"ceiling_minor": 290_000_000_001}, 2),
        ({"ceiling_minor": 0}, 2),
        ({"ends_on": date(2029, 2, 2)}, 5),
        ({"ends_on": date(2026, 2, 1)}, 5),
        ({"starts_on": date(1900, 1, 1), "ends_on": date(1901, 1, 1)}, 5),
        ({"starts_on": date(9999, 6, 1), "ends_on": date(9999, 12, 31)}, 5),
    ],
)
def test_an_approval_against_a_rule_leaves_nothing_behind(centre, reference, change, rule):
    bring(centre, reference, *WAY[:5])
    with pytest.raises(RuleBroken) as refused:
        service.decide(centre, reference, "approve", "com", NOW, award=replace(AWARD, **change))
    assert refused.value.rule == rule
    assert stage(centre, reference) == "committee"
    with centre.db() as db:
        assert [db.scalar(select(func.count()).select_from(kind)) for kind in (Award, Project, Member)] == [0, 0, 0]
        assert db.scalar(select(func.count()).select_from(Event)) == 6


def test_an_exceptional_rate_with_its_reason_is_possible(centre, reference):
    bring(centre, reference, *WAY[:5])
    granted = replace(AWARD, rate_bp=9000, exceptional=True, reason="Cancer care")
    service.decide(centre, reference, "approve", "com", NOW, award=granted)
    assert file_of(centre, reference, "com", NOW).award.reason == "Cancer care"


def test_a_conflict_closes_the_application_to_its_reviewer_in_every_way(centre, reference):
    bring(centre, reference, *WAY[:3])
    service.score(centre, reference, "rob", POINTS, NOW)
    service.declare_conflict(centre, reference, "rob", "Former employer", NOW)
    service.declare_conflict(centre, reference, "rob", "Former employer", NOW)
    for attempt in (
        lambda: file_of(centre, reference, "rob", NOW),
        lambda: service.score(centre, reference, "rob", POINTS, NOW),
        lambda: service.recommend(centre, reference, "rob", 1, "Good.", NOW),
    ):
        with pytest.raises(ClosedByConflict, match="declared conflict"):
            attempt()
    assert listed(centre, "rob", NOW) == []
    found = file_of(centre, reference, "sec", NOW)
    assert (found.conflicts, found.score) == (("rob",), None)  # nor do his former points count
    assert [h.action for h in found.history].count("conflict") == 1


def test_reviewers_score_by_weights_and_the_latest_counts(centre, reference):
    bring(centre, reference, *WAY[:3])
    service.score(centre, reference, "rev", dict.fromkeys(POINTS, 0), NOW)
    service.score(centre, reference, "rev", POINTS, NOW)
    service.score(centre, reference, "rob", POINTS | {"outcomes": 80}, NOW)
    found = file_of(centre, reference, "com", NOW).score
    assert found.total == 70  # (80·25 + 70·20 + 60·25 + 80·15 + 60·15) / 100
    assert [(c.criterion, c.spread) for c in found.criteria if c.disputed] == [("outcomes", 40)]


@pytest.mark.parametrize("who", ["ada", "sec", "com", "eve"])
def test_only_reviewers_score(centre, reference, who):
    bring(centre, reference, *WAY[:3])
    with pytest.raises(StepRefused):
        service.score(centre, reference, who, POINTS, NOW)


def test_the_applicant_reads_the_file_without_the_review(centre, reference):
    bring(centre, reference, *WAY[:3])
    service.score(centre, reference, "rev", POINTS, NOW)
    bring(centre, reference, "assess", "recommend")
    found = file_of(centre, reference, "ada", NOW)
    assert (found.score, found.listed.recommended_minor) == (None, None)
    assert {"score", "recommend"}.isdisjoint(h.action for h in found.history)


def test_others_do_not_see_it_and_nobody_sees_anothers_draft(centre, reference):
    for who in ("bob", "sec", "rev"):
        with pytest.raises(UnknownApplication):
            file_of(centre, reference, who, NOW)
    assert listed(centre, "sec", NOW) == []
    with pytest.raises(UnknownPerson):
        listed(centre, "nobody", NOW)


def test_a_draft_is_not_counted_as_received(centre, reference):
    counted = spend.applications(centre, WholeCentre("eve"), NOW)
    assert counted["received"].sum() == 0
    bring(centre, reference, "submit")
    assert spend.applications(centre, WholeCentre("eve"), NOW)["received"].sum() == 1


def test_days_run_from_submission_to_decision(centre, reference):
    later = NOW + 3 * DAY_S
    bring(centre, reference, *WAY[:5], now=later)
    assert listed(centre, "sec", later + 4 * DAY_S)[0].days == 4
    bring(centre, reference, "approve", now=later + 40 * DAY_S)
    assert listed(centre, "sec", later + 90 * DAY_S)[0].days == 40


def test_a_small_application_takes_the_fast_lane(centre):
    small = service.begin(centre, a_draft(gpus=50, gpu_hours_by_month=(2500, 2500)), "ada", NOW)
    bring(centre, small, "submit", "check", "assess", "recommend")
    assert stage(centre, small) == "committee"
    large = service.begin(centre, a_draft(gpus=50, gpu_hours_by_month=(2500, 2501)), "ada", NOW)
    bring(centre, large, "submit", "check", "assess")
    with pytest.raises(StepRefused, match="fast lane"):
        bring(centre, large, "recommend")


def test_a_withdrawn_or_deferred_application(centre, reference):
    bring(centre, reference, *WAY[:5])
    service.decide(centre, reference, "defer", "com", NOW, note="Budget unclear.")
    service.act(centre, reference, "resume", "sec", NOW)
    assert stage(centre, reference) == "further"
    service.act(centre, reference, "withdraw", "ada", NOW)
    counted = spend.applications(centre, WholeCentre("eve"), NOW)
    assert counted["open_at_end"].iloc[-1] == 0


def test_a_second_application_may_only_join_a_project_of_its_own_lead(centre, reference):
    bring(centre, reference, *WAY[:6])
    other = service.begin(centre, a_draft(members=()), "bob", NOW)
    service.act(centre, other, "submit", "bob", NOW)
    bring(centre, other, *WAY[1:5])
    with pytest.raises(StepRefused, match="does not lead it"):
        bring(centre, other, "approve")
    again = service.begin(centre, a_draft(), "ada", NOW)
    bring(centre, again, *WAY[:6])
    assert file_of(centre, again, "ada", NOW).project == "speech-lab"


@pytest.mark.parametrize("change", ["UPDATE application_events SET actor = 'eve'", "DELETE FROM application_events"])
def test_the_history_cannot_be_changed_even_by_hand(centre, reference, change):
    with pytest.raises(IntegrityError, match="never changed"), centre.begin() as conn:
        conn.execute(text(change))
    assert len(file_of(centre, reference, "ada", NOW).history) == 1
