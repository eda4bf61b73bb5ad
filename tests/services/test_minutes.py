"""The minutes of a meeting say who was there, who withdrew, the three amounts, the scores, the votes and why."""

import pytest

from tests.services.scheme_people import AWARD, NOW, POINTS, WAY, a_draft, add_people, bring
from workbench.domain.projects import Person
from workbench.errors import UnknownMeeting
from workbench.services.applications import meetings
from workbench.services.applications import steps as service
from workbench.services.applications.minutes import minutes


@pytest.fixture
def centre(store):
    add_people(store)
    with store.db(writes=True) as db:
        db.add(Person("lou", "Lou | Lee", role="committee"))
    meetings.attend(store, 1, ["lou"], "sec")
    return store


def test_minutes_of_a_meeting_with_one_decision(centre):
    reference = service.begin(centre, a_draft(title="Speech | lab"), "ada", NOW)
    bring(centre, reference, *WAY[:4])
    service.score(centre, reference, "rev", POINTS, NOW)
    service.score(centre, reference, "rob", POINTS | {"outcomes": 80}, NOW)
    bring(centre, reference, "recommend")
    service.declare_conflict(centre, reference, "lou", "A cousin leads it", NOW)
    meetings.vote(centre, reference, "com", "for")
    meetings.vote(centre, reference, "mai", "for")
    meetings.vote(centre, reference, "kim", "against")
    service.decide(centre, reference, "approve", "com", NOW, award=AWARD, note="Fair to the model size.")
    said = minutes(centre, 1)
    for line in (
        "# Minutes of meeting 1 of the Committee, 5 January 2026",
        "these are its minutes so far",
        "- Com (chair)\n- Kim\n- Lou \\| Lee\n- Mai",
        f"| {reference} | Lou \\| Lee | A cousin leads it | withdrew |",
        f"## 1. {reference}: Speech \\| lab",
        "| HK$300,000.00 | HK$250,000.00 | HK$200,000.00 |",
        "| outcomes | 15% | 60.0 | 40 (disputed) |",
        "| **total** | 100% | **70.0** | 2 reviewers |",
        "**Approved** by Com. 70% of the list price, up to HK$200,000.00, from 1 Feb 2026 until before 1 Feb 2027.",
        "Votes: 2 for, 1 against, 0 abstained. Withdrew: Lou \\| Lee.",
        "Reason: Fair to the model size.",
        "Conditions: Report in month 3.",
    ):
        assert line in said
    meetings.close_meeting(centre, 1, "sec", NOW)
    assert "so far" not in minutes(centre, 1)


def test_minutes_of_a_meeting_that_decided_nothing(centre):
    assert "None was declared." in minutes(centre, 1)
    assert minutes(centre, 1).endswith("Nothing has been decided in this meeting.\n")
    with pytest.raises(UnknownMeeting):
        minutes(centre, 2)
