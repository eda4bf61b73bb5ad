"""The pages of applications against what no page of ours sends: huge numbers, far days, decisions about oneself."""

import logging

import pytest

from tests.dashboards.test_applications import DRAFT, as_, pages, reference_of, store, submitted  # noqa: F401
from tests.services.scheme_people import AWARD, NOW, a_draft, bring
from workbench.services.applications import meetings
from workbench.services.applications import steps as applications
from workbench.services.applications.files import file_of

HUGE = "9" * 5000
FORM = {"stage": "committee", "rate": "70", "ceiling": "200000", "starts": "2027-01-01", "term": "12"}


@pytest.fixture(scope="module")
def before_committee(store):  # noqa: F811
    reference = applications.begin(store, a_draft(slug="hostile-one"), "ada", NOW)
    bring(store, reference, "submit", "check", "assess", "assess", "recommend")
    return reference


@pytest.mark.parametrize("number", [HUGE, "1e999990", "\u0663", "-1", "0x10"])
@pytest.mark.parametrize("field", ["gpus", "hours-1", "requested"])
def test_what_is_no_number_is_said_beside_its_field(as_, field, number):  # noqa: F811
    answer = as_("ada").send("/applications/new", DRAFT | {"slug": "hostile-form", field: number})
    assert answer.status_code == 422
    assert f'id="error-{field}"' in answer.text


def test_months_that_are_no_number_are_the_usual_ones(as_):  # noqa: F811
    answer = as_("ada").send("/applications/new", DRAFT | {"slug": "hostile-months", "months": HUGE, "step": "more"})
    assert answer.status_code == 200
    assert 'id="hours-18"' in answer.text


def test_points_of_thousands_of_digits_are_refused(as_, submitted):  # noqa: F811
    sent = {"points-team": HUGE, "stage": "preliminary"}
    answer = as_("rev").send(f"/applications/{submitted}/score", sent)
    assert answer.status_code == 422
    assert 'id="error-points-team"' in answer.text


@pytest.mark.parametrize("amount", [HUGE, "9" * 14, "1e999990", "\u0663", "-5", ""])
def test_a_recommended_amount_that_is_none_is_refused(as_, store, amount):  # noqa: F811
    reference = applications.begin(store, a_draft(slug="hostile-amount"), "ada", NOW)
    bring(store, reference, "submit", "check", "assess", "assess")
    answer = as_("rev").send(f"/applications/{reference}/recommend", {"amount": amount, "note": "Sound."})
    assert answer.status_code == 422
    assert 'id="error-amount"' in answer.text


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("term", HUGE),
        ("term", "0"),
        ("rate", HUGE),
        ("ceiling", HUGE),
        ("ceiling", "1e999990"),
        ("starts", "9999-12-01"),
        ("starts", "9998-12-01"),
        ("starts", "0001-01-01"),
        ("starts", "1900-01-01"),
        ("starts", "2024-10-06"),
        ("starts", HUGE),
    ],
)
def test_an_award_out_of_bounds_is_said_beside_its_field(as_, store, before_committee, field, text):  # noqa: F811
    here = f"/applications/{before_committee}"
    answer = as_("com").send(f"{here}/decide", FORM | {field: text, "action": "approve"})
    assert answer.status_code == 422
    assert f'id="error-{field}"' in answer.text
    assert file_of(store, before_committee, "com", NOW).listed.stage == "committee"
    looked = {name: given for name, given in (FORM | {field: text}).items() if name != "stage"}
    for part in ("decide", "preview"):
        shown = as_("com").client.get(f"{here}/{part}", params=looked)
        assert shown.status_code == 200
        assert "Correct the award above" in shown.text


@pytest.mark.parametrize("kind", ["attend", "close"])
@pytest.mark.parametrize("number", [str(10**30), HUGE, "", "-1", "seven"])
def test_a_meeting_that_cannot_be_is_refused(as_, kind, number):  # noqa: F811
    answer = as_("sec").send(f"/applications/meetings/{kind}", {"meeting": number, "member": "kim"})
    assert answer.status_code == 422
    assert "There is no meeting 0" in answer.text


def test_control_characters_are_not_kept(as_, store):  # noqa: F811
    sent = DRAFT | {"slug": "hostile-text", "title": "a\x00b", "purpose": "one\x00two\x1b[31m"}
    answer = as_("ada").send("/applications/new", sent)
    kept = file_of(store, reference_of(answer), "ada", NOW)
    assert kept.listed.title == "a b"
    assert not [one for one in kept.need if ord(one) < 32 and one != "\n"]


def test_a_member_sees_no_poll_or_preview_of_their_own_application(as_, store):  # noqa: F811
    reference = applications.begin(store, a_draft(slug="of-a-member"), "mai", NOW)
    applications.act(store, reference, "submit", "mai", NOW)
    bring(store, reference, "check", "assess", "assess", "recommend")
    here = f"/applications/{reference}"
    meetings.vote(store, reference, "com", "against")
    assert as_("com").get(f"{here}/decide").status_code == 200
    shown = as_("mai").get(f"{here}/decide")
    assert (shown.status_code, shown.headers["Location"].rpartition("/")[2]) == (302, reference)
    assert as_("mai").get(f"{here}/preview").status_code == 404
    assert "/decide" not in as_("mai").get(here).text
    for action in ("vote-for", "approve", "decline", ""):
        answer = as_("mai").send(f"{here}/decide", FORM | {"action": action, "note": "Mine.", "rate": ""})
        assert answer.status_code == 403
        for hidden in ("Against", "com, ", "250,000", "quorum"):
            assert hidden not in answer.text
    meetings.attend(store, 1, ["lou"], "sec")
    applications.decide(store, reference, "decline", "com", NOW, note="Against it.")
    assert as_("mai").get("/applications/meetings/1/minutes.md").status_code == 403


def test_an_applicant_is_shown_no_poll_by_a_form_that_is_wrong(as_, before_committee):  # noqa: F811
    answer = as_("ada").send(f"/applications/{before_committee}/decide", FORM | {"action": "approve", "term": "x"})
    assert answer.status_code == 403
    assert "Meeting 1" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/applications", 405),
        ("DELETE", "/applications/new", 405),
        ("PUT", "/occupancy", 405),
        ("GET", "/applications?show=%ff", 400),
        ("GET", "/occupancy?period=%ff", 400),
        ("GET", "/occupancy/download/nothing.csv", 404),
        ("GET", "/applications/nothing/at/all", 404),
        ("POST", "/nothing", 404),
        ("GET", f"/occupancy?any={HUGE}", 414),
        ("GET", "/statements/csv/0001-01/speech", 404),
        ("GET", "/ledger?show=9999-12-31", 200),
        ("GET", "/ledger?show=0001-01-01", 200),
    ],
)
def test_what_the_sender_did_wrong_is_a_notice_and_no_error_of_ours(as_, caplog, method, path, status):  # noqa: F811
    with caplog.at_level(logging.INFO):
        answer = as_("com").client.request(method, path)
    assert answer.status_code == status
    assert "The fault is ours" not in answer.text
    assert "<h1>" in answer.text
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


def test_an_award_at_the_edges_of_the_days_is_taken(store):  # noqa: F811
    from dashboards.applications.decision_form import read

    scheme, rules = store.settings.scheme, store.settings.rules[0]
    for day in (scheme.starts_on.isoformat(), AWARD.starts_on.isoformat()):
        assert read(FORM | {"starts": day}, scheme, rules, AWARD.starts_on).award.starts_on.isoformat() == day
