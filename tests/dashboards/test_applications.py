"""The pages of applications without a browser: what they show to whom, and what their forms take."""

import re

import pytest
from sqlalchemy import update

from dashboards.applications.desk import Making
from dashboards.applications.preview_view import step
from tests.builders import DATA_UNTIL_S, small_centre
from tests.services.scheme_people import NOW, a_draft, add_people, bring
from tests.serving_pages import PEOPLE, serving
from workbench.domain.awards import Application
from workbench.domain.projects import Person
from workbench.services.applications import meetings
from workbench.services.applications import steps as applications
from workbench.services.applications.files import file_of
from workbench.services.charging.rating import rate
from workbench.settings import load
from workbench.store.engine import open_store

TOKENS = {
    "ada": [],
    "bob": [],
    "sec": ["secretariat"],
    "rev": ["reviewers"],
    "rob": ["reviewers"],
    "com": ["committee"],
    "mai": ["committee"],
}
KNOWN = PEOPLE | {f"{name}-token": {"name": name, "groups": groups} for name, groups in TOKENS.items()}
DRAFT = {
    "title": "Speech <lab>",
    "slug": "speech-lab",
    "category": "university",
    "organisation": "University of Sai Wan",
    "members": "bob",
    "purpose": "Recognise speech.\n\nIn <b>clinics</b>.",
    "model_size": "7 billion parameters",
    "data": "1.2 TB of speech",
    "precision": "BF16",
    "gpu_model": "H800",
    "gpus": "64",
    "hours-1": "1,000",
    "hours-2": "3000",
    "months": "12",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    opened = small_centre(open_store(load(home=tmp_path_factory.mktemp("applications") / "state")))
    rate(opened, DATA_UNTIL_S)
    add_people(opened)
    with opened.db(writes=True) as db:
        db.add(Person("lou", "Lou", role="committee"))
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def pages(store):
    with serving(store, people=KNOWN) as running:
        yield running


class Browser:
    """Somebody with a cookie jar, who sends forms as a browser does."""

    def __init__(self, pages, name):
        self.client = pages.client(f"{name}-token")
        self.client.get("/applications/new")

    def get(self, path):
        return self.client.get(path)

    def send(self, path, fields, token=None, **headers):
        page = self.client.get("/applications/new").text
        token = re.search(r'name="_xsrf" value="([^"]+)"', page)[1] if token is None else token
        jar = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        own = f"{self.client.headers['Cookie']}; {jar}"
        sent = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Cookie": own} | headers
        return self.client.post(path, data={"_xsrf": token, **fields}, headers=sent)


@pytest.fixture(scope="module")
def as_(pages):
    made = {}

    def browser(name):
        if name not in made:
            made[name] = Browser(pages, name)
        return made[name]

    yield browser
    for one in made.values():
        one.client.close()


@pytest.fixture(scope="module")
def submitted(store):
    reference = applications.begin(store, a_draft(slug="submitted-one"), "ada", NOW)
    bring(store, reference, "submit", "check", "assess")
    return reference


def reference_of(answer):
    return re.search(r"/applications/([A-Z0-9-]+)", answer.headers["Location"])[1]


def test_a_draft_is_kept_with_all_that_was_typed(as_, store):
    answer = as_("ada").send("/applications/new", DRAFT)
    assert answer.status_code == 303, answer.text
    kept = file_of(store, reference_of(answer), "ada", NOW)
    assert kept.gpu_hours_by_month == (1000, 3000)
    assert kept.listed.requested_minor == 4000 * 2800 * 7 // 10, "left empty, it is the plan's subsidy"
    assert kept.members == ("bob",)
    page = as_("ada").get(f"/applications/{reference_of(answer)}").text
    assert "Speech &lt;lab&gt;" in page
    assert "In &lt;b&gt;clinics&lt;/b&gt;." in page
    assert "<lab>" not in page


def test_an_incomplete_draft_is_kept_and_not_submitted(as_, store):
    answer = as_("ada").send("/applications/new", DRAFT | {"slug": "half-done", "gpus": "", "step": "submit"})
    assert answer.headers["Location"].endswith("/edit?done=open")
    assert file_of(store, reference_of(answer), "ada", NOW).listed.stage == "draft"
    page = as_("ada").get(f"/applications/{reference_of(answer)}/edit?done=open").text
    assert "It cannot be submitted yet" in page
    assert "GPUs at the same time</li>" in page


def test_the_same_draft_sent_twice_is_one(as_):
    sent = DRAFT | {"slug": "sent-twice"}
    first, second = (as_("ada").send("/applications/new", sent) for _ in range(2))
    assert reference_of(first) == reference_of(second)
    other = as_("ada").send("/applications/new", sent | {"title": "Another"})
    assert other.status_code == 422
    assert reference_of(first) in other.text


def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(as_):
    bad = DRAFT | {"slug": "No Good", "hours-2": "many", "category": "", "members": "nobody-here", "months": "18"}
    answer = as_("ada").send("/applications/new", bad)
    assert answer.status_code == 422
    for name in ("slug", "hours-2", "category"):
        assert f'id="error-{name}"' in answer.text
    assert 'id="hours-18"' in answer.text
    for kept in ('value="many"', 'value="No Good"', "In &lt;b&gt;clinics&lt;/b&gt;.", 'value="nobody-here"'):
        assert kept in answer.text
    unknown = as_("ada").send("/applications/new", DRAFT | {"slug": "other-one", "members": "nobody-here"})
    assert 'id="error-members"' in unknown.text


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        ("", {}),
        ("junk", {}),
        (None, {"Sec-Fetch-Site": "cross-site"}),
        (None, {"Sec-Fetch-Site": "same-site"}),
    ],
)
def test_a_form_from_elsewhere_is_not_taken(as_, store, token, headers):
    before = [one.reference for one in applications_of(store)]
    answer = as_("ada").send("/applications/new", DRAFT | {"slug": "from-elsewhere"}, token=token, **headers)
    assert answer.status_code == 403
    assert "This form was not taken" in answer.text
    assert [one.reference for one in applications_of(store)] == before


def test_a_form_without_a_log_in_is_not_taken(pages):
    with pages.client() as client:
        assert client.post("/applications/new", data=DRAFT).status_code == 403


def applications_of(store):
    from workbench.services.applications.files import listed

    return listed(store, "ada", NOW)


def test_a_draft_of_somebody_else_is_not_confirmed(as_):
    reference = reference_of(as_("ada").send("/applications/new", DRAFT | {"slug": "hidden-one"}))
    for path in ("", "/edit", "/decide"):
        there = as_("bob").get(f"/applications/{reference}{path}")
        nothing = as_("bob").get(f"/applications/A-2026-999{path}")
        assert (there.status_code, nothing.status_code) == (404, 404)
        assert strip(there.text) == strip(nothing.text)
    assert as_("sec").get(f"/applications/{reference}").status_code == 404
    assert reference not in as_("sec").get("/applications").text
    assert as_("bob").send(f"/applications/{reference}/edit", DRAFT).status_code == 404
    assert as_("bob").send(f"/applications/{reference}/act", {"action": "submit"}).status_code == 404


def strip(text):
    """The page without what differs by its moment: the form's token stands in none of these."""
    return re.sub(r"\d+ (seconds|minutes?) ago|just now", "", text)


def test_the_list_shows_what_waits_and_no_recommendation_to_its_applicant(as_, submitted):
    mine, theirs = as_("ada").get("/applications").text, as_("rev").get("/applications?show=waiting").text
    assert f"/applications/{submitted}" in mine
    assert "Recommended" not in mine
    assert "wait" in theirs
    assert "Score it" in theirs
    assert "Recommended" in theirs


def test_a_student_is_refused(pages):
    answer = pages.get("stu-token", "/applications")
    assert answer.status_code == 403


def test_a_reviewer_sees_the_scores_of_others_after_their_own(as_, submitted):
    points = {f"points-{name}": "80" for name in ("alignment", "compute", "capability", "team", "outcomes")}
    here = f"/applications/{submitted}"
    assert as_("rob").send(f"{here}/score", points | {"stage": "preliminary"}).status_code == 303
    before = as_("rev").get(here).text
    assert "Weighted score" not in before
    assert "alignment 80" not in before
    assert "1 reviewer has scored it" in before
    wrong = as_("rev").send(f"{here}/score", points | {"points-team": "101", "stage": "preliminary"})
    assert wrong.status_code == 422
    assert 'id="error-points-team"' in wrong.text
    assert 'value="101"' in wrong.text
    low = points | {"points-compute": "20", "stage": "preliminary", "note": "Too much for that model."}
    assert as_("rev").send(f"{here}/score", low).status_code == 303
    after = as_("rev").get(here).text
    assert "Weighted score of 2 reviewers" in after
    assert "disputed" in after
    assert "Too much for that model." in after


def test_a_step_sent_twice_is_taken_once(as_, store):
    reference = applications.begin(store, a_draft(slug="twice-one"), "ada", NOW)
    bring(store, reference, "submit", "check")
    sent = {"action": "assess", "stage": "secretariat-check"}
    for _ in range(2):
        assert as_("sec").send(f"/applications/{reference}/act", sent).status_code == 303
    assert file_of(store, reference, "sec", NOW).listed.stage == "preliminary"


def test_the_conflicted_reviewer_is_told_clearly_and_shown_nothing(as_, store):
    reference = applications.begin(store, a_draft(slug="secret-one", title="Hidden title"), "ada", NOW)
    bring(store, reference, "submit", "check", "assess")
    here = f"/applications/{reference}"
    assert as_("rev").send(f"{here}/conflict", {"note": ""}).status_code == 422
    assert as_("rev").send(f"{here}/conflict", {"note": "I was her supervisor."}).status_code == 303
    refused = as_("rev").get(here)
    assert refused.status_code == 403
    assert "You declared a conflict of interest on" in refused.text
    for hidden in ("Hidden title", "Sai Wan", "supervisor", "ada"):
        assert hidden not in refused.text
    assert as_("rev").send(f"{here}/score", {"points-team": "1"}).status_code == 403
    assert "Hidden title" not in as_("rev").get("/applications").text
    assert as_("rob").get(here).status_code == 200


def test_who_recommends_is_told_why_they_cannot_decide(as_, store):
    reference = applications.begin(store, a_draft(slug="two-people"), "ada", NOW)
    bring(store, reference, "submit", "check", "assess", "assess", "recommend")
    with store.db(writes=True) as db:
        db.execute(update(Application).where(Application.reference == reference).values(recommended_by="com"))
    page = as_("com").get(f"/applications/{reference}/decide")
    assert page.status_code == 200
    assert "one person cannot do both" in page.text
    assert 'value="approve"' not in page.text


def test_a_decision_says_what_is_wrong_and_keeps_what_was_typed(as_, store):
    reference = applications.begin(store, a_draft(slug="decide-one"), "ada", NOW)
    bring(store, reference, "submit", "check", "assess", "assess", "recommend")
    here = f"/applications/{reference}/decide"
    vote = {"stage": "committee", "rate": "75", "ceiling": "200000", "starts": "2027-01-01", "term": "12"}
    over = as_("com").send(here, vote | {"action": "approve", "conditions": "Report <soon>."})
    assert over.status_code == 422
    assert 'id="error-rate"' in over.text
    assert "Report &lt;soon&gt;." in over.text
    assert as_("com").send(here, vote | {"action": "decline"}).status_code == 422
    assert as_("sec").send(here, vote | {"action": "decline", "note": "No."}).status_code == 403
    approved = vote | {"action": "approve", "rate": "70", "conditions": "Report in month 3."}
    for _ in range(2):
        assert as_("com").send(here, approved).status_code == 303
    assert file_of(store, reference, "ada", NOW).award.ceiling_minor == 20_000_000


def test_the_preview_is_there_before_the_vote(as_, store):
    reference = applications.begin(store, a_draft(slug="preview-one"), "ada", NOW)
    bring(store, reference, "submit", "check", "assess", "assess", "recommend")
    address = f"/applications/{reference}/preview?rate=70&ceiling=200000&starts=2027-01-01&term=12"
    for _ in range(100):
        answer = as_("com").get(address)
        if answer.status_code == 200:
            break
    assert "The fund lasts until" in answer.text
    assert "<svg" in answer.text
    assert as_("ada").get(address).status_code == 404


def test_a_preview_in_the_making_says_its_step():
    making = Making()
    assert "some seconds" in step(making.step)
    for what, said in (("replay without", "Step 1 of 2"), ("replay with", "Step 2 of 2")):
        making.tell(what, 0, 2)
        assert said in step(making.step)


def test_a_member_votes_and_a_decision_against_the_votes_is_refused(as_, store):
    reference = applications.begin(store, a_draft(slug="vote-one"), "ada", NOW)
    bring(store, reference, "submit", "check", "assess", "assess", "recommend")
    here = f"/applications/{reference}/decide"
    award = {"stage": "committee", "rate": "70", "ceiling": "200000", "starts": "2027-01-01", "term": "12"}
    voted = as_("com").send(here, award | {"action": "vote-against"})
    assert voted.status_code == 303
    assert "ceiling=200000" in voted.headers["Location"], "what was looked at is kept"
    assert "Against" in as_("com").get(here).text
    refused = as_("com").send(here, award | {"action": "approve"})
    assert refused.status_code == 422
    assert "0 voted for it and 1 against" in refused.text


def test_meetings_are_for_the_committee_and_its_secretariat(as_, pages):
    assert as_("ada").get("/applications/meetings").status_code == 403
    assert as_("rev").get("/applications/meetings/1/minutes.md").status_code == 403
    page = as_("sec").get("/applications/meetings").text
    assert "Meeting 1 is open" in page
    minutes = as_("sec").get("/applications/meetings/1/minutes.md")
    assert minutes.headers["Content-Disposition"] == 'attachment; filename="minutes-1.md"'
    assert minutes.text.startswith("# Minutes of meeting 1")


def test_minutes_are_closed_to_a_member_with_a_conflict_in_them(as_, store):
    reference = applications.begin(store, a_draft(slug="minutes-one"), "ada", NOW)
    bring(store, reference, "submit", "check", "assess", "assess", "recommend")
    assert as_("mai").send(f"/applications/{reference}/conflict", {"note": "My sister works there."}).status_code == 303
    kim = meetings.attend(store, 1, ["lou"], "sec")
    assert "lou" in kim
    bring(store, reference, "approve")
    assert as_("mai").get("/applications/meetings/1/minutes.md").status_code == 403
    assert as_("com").get("/applications/meetings/1/minutes.md").status_code == 200


def test_one_meeting_is_closed_and_the_next_opened_on_the_page(as_):
    assert as_("sec").send("/applications/meetings/close", {"meeting": "1"}).status_code == 303
    assert "Open a meeting" in as_("sec").get("/applications/meetings").text
    wrong = as_("sec").send("/applications/meetings/open", {"held_on": "soon", "chair": "com"})
    assert wrong.status_code == 422
    assert 'id="error-held_on"' in wrong.text
    opened = {"held_on": "2026-02-02", "chair": "com", "member": ["kim", "mai"], "note": "Room <7>"}
    assert as_("sec").send("/applications/meetings/open", opened).status_code == 303
    page = as_("sec").get("/applications/meetings").text
    assert "Room &lt;7&gt;" in page
    assert "com, kim, mai" in page


def test_the_forms_token_travels_with_our_own_pages_only(pages):
    with pages.client("ada-token") as client:
        cookie = client.get("/applications/new").headers["Set-Cookie"].lower()
    assert cookie.startswith("_xsrf=")
    assert "samesite=lax" in cookie
    assert "httponly" in cookie


def test_who_is_not_logged_in_comes_back_to_the_page_after(pages):
    answer = pages.get(None, "/applications?show=waiting")
    assert answer.status_code == 302
    assert "next=%2Fservices%2Fcentre%2Fapplications%3Fshow%3Dwaiting" in answer.headers["Location"]


def test_more_months_are_asked_for_without_losing_any(as_):
    answer = as_("ada").send("/applications/new", DRAFT | {"step": "more", "title": ""})
    assert answer.status_code == 200
    assert 'id="hours-18"' in answer.text
    assert 'value="3000"' in answer.text
    assert 'class="error"' not in answer.text


def test_the_estimate_follows_what_is_typed(as_):
    part = as_("ada").get("/applications/estimate?gpu_model=H800&hours-1=1000&months=12").text
    assert "HK$28,000.00" in part
    assert "HK$19,600.00" in part
    assert "choose a GPU model" in as_("ada").get("/applications/estimate?hours-1=1000").text
