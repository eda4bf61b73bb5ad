"""An application from draft to active in a real Chromium, through the Hub's own log-in of everybody who has a part."""

import re

import pytest

from workbench.services.applications import meetings
from workbench.services.applications.meetings import open_one
from workbench.services.spend_days import today_of
from workbench.store.engine import open_store

pytestmark = pytest.mark.browser
PREVIEW_MS = 90_000


@pytest.fixture
def address(running_centre):
    return f"{running_centre.url.rstrip('/')}/services/centre/applications"


@pytest.fixture
def committee_meets(running_centre):
    """A meeting that is open, as the sample has one; its members are the sample's Committee."""
    import time

    from sqlalchemy import select

    from workbench.domain.projects import Person

    store, now = open_store(running_centre.settings), int(time.time())
    with store.db() as db:
        there = open_one(db)
        members = list(db.scalars(select(Person.name).where(Person.role == "committee").order_by(Person.name)))
    if there is None:
        chair = running_centre.login("committee").name
        secretary = running_centre.login("secretariat").name
        meetings.open_meeting(store, today_of(store, now), chair, members, secretary, now)
    store.engine.dispose()


def fill(page, **fields):
    for name, text in fields.items():
        page.fill(f"#{name.replace('_', '-') if name.startswith(('hours', 'points', 'note_')) else name}", text)


def press(page, words):
    """Press the button with these words and wait for the page that answers."""
    with page.expect_navigation():
        page.click(f".button:visible:has-text('{words}')")
    assert page.problems == []


def stage(page):
    return page.inner_text(".track [aria-current=step]")


def test_an_application_goes_from_draft_to_active_through_four_log_ins(
    log_in, address, running_centre, committee_meets
):
    # The applicant writes it: what is wrong is said beside its field, and the cost follows what is typed.
    applicant = log_in("applicant")
    applicant.goto(f"{address}/new")
    fill(applicant, title="Speech for clinics", organisation="University of Sai Wan", purpose="Speech of patients.")
    fill(applicant, hours_1="2,000", hours_2="4000", model_size="7 billion parameters", data="1 TB of speech")
    applicant.select_option("#gpu_model", "H800")
    applicant.wait_for_selector("#sum-subsidy")
    assert applicant.inner_text("#sum-hours") == "6,000"
    press(applicant, "Save draft")
    assert applicant.inner_text("#error-category") == "Choose who is applying."
    assert applicant.input_value("#hours-2") == "4000"
    applicant.select_option("#category", "university")
    applicant.select_option("#precision", "BF16")
    press(applicant, "Save draft")
    assert "Draft saved." in applicant.inner_text("[role=status]")
    assert "GPUs at the same time" in applicant.inner_text(".checks")
    reference = re.search(r"A-\d{4}-\d{3}", applicant.url)[0]
    fill(applicant, gpus="64")
    press(applicant, "Submit application")
    assert stage(applicant) == "Submitted"

    # The secretariat checks it and passes it on.
    secretariat = log_in("secretariat")
    secretariat.goto(f"{address}?show=waiting")
    secretariat.click("text=Speech for clinics")
    press(secretariat, "Take it up")
    press(secretariat, "Pass on to the reviewers")
    assert stage(secretariat) == "Preliminary assessment"

    # One reviewer scores it; the other has a conflict, declares it, and is shown nothing more.
    reviewer, conflicted = log_in("reviewer"), log_in("reviewer2")
    reviewer.goto(f"{address}/{reference}")
    fill(reviewer, points_alignment="85", points_compute="70", points_capability="75", points_team="80")
    fill(reviewer, points_outcomes="60")
    press(reviewer, "Keep my score")
    assert "Weighted score of 1 reviewer" in reviewer.inner_text("main")
    conflicted.goto(f"{address}/{reference}")
    conflicted.click("text=Declare a conflict of interest")
    fill(conflicted, note_conflict="I supervise the applicant.")
    press(conflicted, "Declare conflict")
    refused = conflicted.goto(f"{address}/{reference}")
    assert refused.status == 403
    assert "You declared a conflict of interest on" in conflicted.inner_text("main")
    assert "Speech for clinics" not in conflicted.content()
    press(secretariat, "Assess further")
    reviewer.reload()
    fill(reviewer, amount="100000", note_recommend="Sound, at a smaller scale.")
    press(reviewer, "Recommend to the Committee")

    # The Committee sees what it would do, looks at another ceiling, and approves that one.
    committee = log_in("committee")
    committee.goto(f"{address}/{reference}")
    committee.click("text=Preview and decide")
    committee.wait_for_selector("#preview svg.chart", timeout=PREVIEW_MS)
    assert "The fund lasts until" in committee.inner_text("#preview")
    fill(committee, ceiling="90000")
    press(committee, "Preview again")
    committee.wait_for_selector("#preview svg.chart", timeout=PREVIEW_MS)
    assert len(committee.query_selector_all("#preview svg.chart")) == 3
    fill(committee, conditions="Report in month 3.", note="As recommended, at a lower ceiling.")
    press(committee, "Approve award")
    assert stage(committee) == "Agreement"

    # The applicant accepts it, the secretariat brings the project on board.
    applicant.goto(f"{address}/{reference}")
    assert "HK$90,000.00" in applicant.inner_text(".amounts")
    assert "Report in month 3." in applicant.inner_text("main")
    assert "85" not in applicant.inner_text("main"), "the scores are not for the applicant"
    press(applicant, "Accept award")
    secretariat.goto(f"{address}/{reference}")
    press(secretariat, "Activate project")
    assert stage(secretariat) == "Active"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_no_page_of_applications_is_wider_than_the_window(log_in, address, width, scheme):
    page = log_in("secretariat", width=width, scheme=scheme)
    page.goto(address)
    first = page.get_attribute(".applications-table tbody a", "href").rsplit("/", 1)[-1]
    for path in ("", "/new", "/meetings", f"/{first}"):
        page.goto(f"{address}{path}")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path


def test_a_form_is_sent_by_the_keyboard_alone(log_in, address):
    page = log_in("applicant")
    page.goto(f"{address}/new")
    page.focus("#title")
    page.keyboard.type("Typed by hand")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "errors", "what is wrong is announced"
    assert page.input_value("#title") == "Typed by hand"
    assert page.get_attribute("#organisation", "aria-invalid") == "true"
