"""Appeals against what was declined; those against a cut are in test_underuse. The award is that of an_award."""

import pytest

from tests.services.an_award import awarded, noon
from tests.services.scheme_people import a_draft, bring
from tests.services.test_award_actions import FEB, asked, on
from workbench.domain.awards import Application
from workbench.errors import StepRefused
from workbench.services.applications import steps as applications
from workbench.services.awards.actions import decide
from workbench.services.awards.appeals import appeal
from workbench.services.awards.effects import Given


@pytest.fixture
def award(store):
    return awarded(store)


def test_an_appeal_against_a_declined_action_is_decided_by_another_member(store, award):
    action = asked(store, award, "supplement", amount_minor=5_000_000)
    with pytest.raises(StepRefused, match="only what was declined"):
        appeal(store, action, "ada", "Too slow.", noon(FEB))
    decide(store, action, "decline", "com", noon(FEB), note="Not now.")
    number = appeal(store, action, "ada", "The model has doubled.", noon(FEB))
    with pytest.raises(StepRefused, match=f"action {number} is the appeal"):
        appeal(store, action, "ada", "Again.", noon(FEB))
    with pytest.raises(StepRefused, match="com decided what it is against"):
        decide(store, number, "approve", "com", noon(FEB))
    decide(store, number, "approve", "carl", noon(FEB), given=Given(amount_minor=3_000_000))
    assert on(store, award, FEB)[1] == 23_000_000


def test_an_appeal_against_a_declined_application_has_it_assessed_further(store, award):
    reference = applications.begin(store, a_draft(slug="second"), "ada", noon(FEB))
    bring(store, reference, "submit", "check", "assess", "assess", "recommend", now=noon(FEB))
    applications.decide(store, reference, "decline", "com", noon(FEB), note="Too large.")
    with pytest.raises(StepRefused, match="bob may not"):
        appeal(store, reference, "bob", "We need it.", noon(FEB))
    number = appeal(store, reference, "ada", "We halved it.", noon(FEB))
    with pytest.raises(StepRefused, match="com decided what it is against"):
        decide(store, number, "approve", "com", noon(FEB))
    decide(store, number, "approve", "carl", noon(FEB), note="Let us see.")
    with store.db() as db:
        found = db.query(Application).filter_by(reference=reference).one()
        assert (found.stage, found.decision, found.decided_on) == ("further", None, None)
