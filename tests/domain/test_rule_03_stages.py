"""Rule 3: the stages, who may take each step, two people for a decision, conflicts of interest."""

from datetime import date

import pytest

from workbench.domain.applications import STAGES, STEPS, Actor, check_open, days_to_decision, may_see, next_step
from workbench.domain.awards import Application
from workbench.errors import ClosedByConflict, StepRefused

ACTORS = {
    "applicant": Actor("ada", None),
    "secretariat": Actor("sec", "secretariat"),
    "reviewer": Actor("rev", "reviewer"),
    "committee": Actor("com", "committee"),
    "operator": Actor("eve", "operator"),
    "stranger": Actor("bob", None),
}


def an_application(stage, **given):
    made = Application("A-1", "university", "U", "T", date(2026, 1, 5), 100, stage=stage, applicant="ada")
    for name, value in given.items():
        setattr(made, name, value)
    return made


# stage → {action: (next stage, who)}; s: secretariat, r: reviewer, c: committee, o: operator, a: applicant.
TABLE = {
    "draft": {"submit": ("submitted", "a"), "withdraw": ("withdrawn", "a")},
    "submitted": {"check": ("secretariat-check", "s"), "withdraw": ("withdrawn", "a")},
    "secretariat-check": {
        "assess": ("preliminary", "s"),
        "return": ("draft", "s"),
        "withdraw": ("withdrawn", "a"),
    },
    "preliminary": {"assess": ("further", "s"), "recommend": ("committee", "rs"), "withdraw": ("withdrawn", "a")},
    "further": {"recommend": ("committee", "rs"), "withdraw": ("withdrawn", "a")},
    "committee": {
        "approve": ("agreement", "c"),
        "decline": ("declined", "c"),
        "defer": ("deferred", "c"),
        "withdraw": ("withdrawn", "a"),
    },
    "agreement": {"agree": ("onboarding", "a")},
    "onboarding": {"activate": ("active", "so")},
    "active": {"close": ("closed", "s")},
    "deferred": {"resume": ("further", "s"), "withdraw": ("withdrawn", "a")},
    "closed": {},
    "declined": {},
    "withdrawn": {},
}


@pytest.mark.parametrize("stage", STAGES)
def test_rule_3_from_each_stage_these_steps_by_these_people_and_no_others(stage):
    for action in {step.action for step in STEPS}:
        for role, actor in ACTORS.items():
            application = an_application(stage, fast_lane=True)
            to_stage, who = TABLE[stage].get(action, (None, ""))
            if role[0] in who and role != "stranger":
                assert next_step(application, action, actor, "a reason").to_stage == to_stage
            else:
                with pytest.raises(StepRefused, match="A-1: cannot"):
                    next_step(application, action, actor, "a reason")


@pytest.mark.parametrize("action", ["approve", "decline", "defer"])
def test_rule_3_who_recommends_cannot_decide(action):
    with pytest.raises(StepRefused, match="one person cannot do both"):
        next_step(an_application("committee", recommended_by="com"), action, ACTORS["committee"], "a reason")


def test_rule_3_staff_take_no_step_of_their_own_application():
    own = an_application("submitted", applicant="sec")
    with pytest.raises(StepRefused, match="their own application"):
        next_step(own, "check", ACTORS["secretariat"])


@pytest.mark.parametrize(("stage", "action"), [("secretariat-check", "return"), ("further", "recommend")])
def test_rule_3_a_step_that_needs_a_reason_is_refused_without(stage, action):
    with pytest.raises(StepRefused, match="reason is missing"):
        next_step(an_application(stage), action, ACTORS["secretariat"], "  ")


def test_rule_3_a_refusal_says_what_can_be_done():
    with pytest.raises(StepRefused, match="From there one can: agree"):
        next_step(an_application("agreement"), "withdraw", ACTORS["applicant"])


def test_rule_3_a_conflict_closes_it():
    application = an_application("further")
    assert may_see(application, ACTORS["reviewer"], ())
    assert not may_see(application, ACTORS["reviewer"], {"rev"})
    assert not may_see(an_application("draft"), ACTORS["secretariat"], ())
    assert not may_see(application, ACTORS["stranger"], ())
    with pytest.raises(ClosedByConflict):
        check_open(application, ACTORS["reviewer"], {"rev"})


def test_rule_4_days_to_decision():
    assert days_to_decision(date(2026, 1, 5), date(2026, 3, 1), date(2026, 9, 9)) == 55
    assert days_to_decision(date(2026, 1, 5), None, date(2026, 1, 15)) == 10


@pytest.mark.parametrize(
    ("decision", "stage"),
    [(None, "submitted"), ("approved", "active"), ("declined", "declined"), ("deferred", "deferred")],
)
def test_an_application_without_a_stage_stands_where_its_decision_put_it(decision, stage):
    assert Application("A-1", "u", "U", "T", date(2026, 1, 5), 1, decision=decision).stage == stage
