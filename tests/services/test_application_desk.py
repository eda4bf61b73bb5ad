"""Drafts written anew, what they cost, and what waits for whom."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from tests.builders import add_prices
from tests.services.scheme_people import NOW, POINTS, a_draft, add_people, bring
from workbench.domain.awards import Application
from workbench.domain.need import Need, need_text
from workbench.errors import ClosedByConflict, RuleBroken, StepRefused, UnknownApplication, UnknownPerson
from workbench.services.applications import steps as service
from workbench.services.applications.desk import desk, ways
from workbench.services.applications.drafts import begun, drafts_of, missing, revise
from workbench.services.applications.estimate import estimate, gpu_prices
from workbench.services.applications.files import conflict_of, file_of

WHOLE = need_text(Need("To train.", "7 billion parameters", "1 TB", "BF16"))


@pytest.fixture
def centre(store):
    add_people(store)
    add_prices(store, {"2026-01-01": {"H800": "28.00", "cpu": "0.20"}})
    return store


@pytest.fixture
def reference(centre):
    return service.begin(centre, a_draft(), "ada", NOW)


def todo(store, who):
    return {line.listed.reference: line.todo for line in desk(store, who, NOW)}


def test_a_draft_is_written_anew_whole(centre, reference):
    changed = a_draft(title="Another", gpu_hours_by_month=(5,), members=(), requested_minor=7)
    revise(centre, reference, changed, "ada", NOW)
    assert begun(centre, reference, "ada").draft == changed
    assert [event.action for event in file_of(centre, reference, "ada", NOW).history] == ["begin", "revise"]


def test_the_same_draft_again_changes_nothing(centre, reference):
    revise(centre, reference, a_draft(), "ada", NOW)
    assert [event.action for event in file_of(centre, reference, "ada", NOW).history] == ["begin"]
    assert [one.reference for one in drafts_of(centre, "ada")] == [reference]


def test_only_its_applicant_writes_a_draft_and_only_while_it_is_one(centre, reference):
    for nobodys in (reference, "A-2026-999"):
        with pytest.raises(UnknownApplication):
            revise(centre, nobodys, a_draft(), "bob", NOW)
    with pytest.raises(UnknownPerson):
        revise(centre, reference, a_draft(members=("nobody",)), "ada", NOW)
    with pytest.raises(RuleBroken):
        revise(centre, reference, a_draft(requested_minor=0), "ada", NOW)
    bring(centre, reference, "submit")
    with pytest.raises(StepRefused):
        revise(centre, reference, a_draft(), "ada", NOW)


def test_a_returned_draft_says_why(centre, reference):
    assert begun(centre, reference, "ada").returned == ""
    bring(centre, reference, "submit", "check")
    service.act(centre, reference, "return", "sec", NOW, "Say more of the data.")
    assert begun(centre, reference, "ada").returned == "Say more of the data."


def test_what_is_missing_is_said_in_the_order_of_the_form():
    assert missing(a_draft(need=WHOLE)) == ()
    assert missing(a_draft(need="To train.", gpus=None)) == ("model_size", "data", "precision", "gpus")
    assert missing(replace(a_draft(need=WHOLE), gpu_model=None, gpu_hours_by_month=())) == ("gpu_model", "gpu_hours")


def test_an_estimate_is_the_list_price_split_at_the_rate(centre):
    found = estimate(centre, "H800", (1000, 3000), NOW)
    assert (found.list_minor, found.subsidy_minor, found.user_minor) == (11_200_000, 7_840_000, 3_360_000)
    assert found.by_month == (2_800_000, 8_400_000)
    assert estimate(centre, "H800", (1000,), NOW, 9000).subsidy_minor == 2_520_000


def test_what_has_no_price_has_no_estimate(centre):
    assert list(gpu_prices(centre, NOW)) == ["H800"]
    unknown = estimate(centre, "B300", (1000,), NOW)
    assert (unknown.gpu_hours, unknown.list_minor, unknown.user_minor) == (1000, None, None)


def test_what_waits_for_whom_follows_the_stage(centre, reference):
    assert todo(centre, "ada") == {reference: "submit"}
    assert todo(centre, "sec") == {}
    bring(centre, reference, "submit")
    assert (todo(centre, "sec"), todo(centre, "rev")) == ({reference: "check"}, {reference: ""})
    bring(centre, reference, "check", "assess", "assess")
    assert todo(centre, "rev") == {reference: "score"}
    service.score(centre, reference, "rev", POINTS, NOW)
    assert (todo(centre, "rev"), todo(centre, "rob")) == ({reference: "recommend"}, {reference: "score"})
    bring(centre, reference, "recommend")
    assert (todo(centre, "com"), todo(centre, "rev")) == ({reference: "decide"}, {reference: ""})
    bring(centre, reference, "approve")
    assert todo(centre, "ada") == {reference: "agree"}
    bring(centre, reference, "agree")
    assert (todo(centre, "eve"), todo(centre, "com")) == ({reference: "activate"}, {reference: ""})


def test_who_recommended_is_not_waited_for_and_is_told_why(centre, reference):
    bring(centre, reference, "submit", "check", "assess", "assess", "recommend")
    with centre.db(writes=True) as db:
        db.execute(update(Application).values(recommended_by="com"))
    assert todo(centre, "com") == {reference: ""}
    blocked = {way.action: way.why for way in ways(centre, reference, "com").steps}
    assert set(blocked) == {"approve", "decline", "defer"}
    assert all("one person cannot do both" in why for why in blocked.values())
    assert ways(centre, reference, "mai").can("approve")


def test_a_step_that_cannot_be_taken_yet_says_why(centre, reference):
    bring(centre, reference, "submit", "check", "assess")
    found = ways(centre, reference, "rev")
    assert found.may_score
    assert not found.can("recommend")
    assert "fast lane" in found.steps[0].why
    assert ways(centre, reference, "com").steps == ()


def test_a_conflict_takes_the_application_off_the_desk(centre, reference):
    bring(centre, reference, "submit", "check", "assess")
    service.declare_conflict(centre, reference, "rev", "A friend.", NOW)
    assert todo(centre, "rev") == {}
    assert conflict_of(centre, reference, "rev").reason == "A friend."
    assert conflict_of(centre, reference, "rob") is None
    with pytest.raises(ClosedByConflict):
        ways(centre, reference, "rev")


def test_somebody_elses_draft_has_no_ways(centre, reference):
    with pytest.raises(UnknownApplication):
        ways(centre, reference, "sec")
    assert ways(centre, reference, "ada").can("submit")
