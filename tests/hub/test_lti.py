"""A class opened from a course, through a real Hub: a platform on loopback signs, browsers follow, seats are given."""

import html
import re
import sys
import time

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.bare_hub import BareHub, who_is
from tests.lti_platform import CLAIM, CLIENT, DEPLOYMENT, INSTRUCTOR, Platform
from workbench.domain.training import APPROVED, ENDED, PLANNED, TrainingEvent, TrainingSeat, TrainingSession
from workbench.errors import NotInstalled
from workbench.hub import proxy
from workbench.settings import DEFAULT_FILE

BEGIN, LAUNCH = "/hub/lti13/oauth_login", "/hub/lti13/oauth_callback"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at through Linux's own means")


@pytest.fixture(scope="module")
def centre(tmp_path_factory):
    try:
        proxy.command()
    except NotInstalled as problem:
        pytest.skip(str(problem))
    platform = Platform()
    silent = {"authorize": f"{platform.url}/authorize", "jwks": "http://127.0.0.1:9/jwks"}
    made = BareHub(
        tmp_path_factory.mktemp("lti"),
        DEFAULT_FILE.read_text().replace("tries_per_minute = 10 ", "tries_per_minute = 1000 ")
        + platform.settings(projects=["open"], deployments=[DEPLOYMENT])
        + platform.settings(issuer="http://127.0.0.1:9", client_ids=["silent"], **silent),
    )
    made.platform = platform
    made.classes(
        ("now234", "open", APPROVED, -60, 2, 30, ()),
        ("full22", "open", APPROVED, -60, 2, 1, ()),
        ("othr22", "other", APPROVED, -60, 2, 2, ()),
        ("plan22", "open", PLANNED, -60, 2, 2, ()),
        ("over22", "open", ENDED, -7200, 1, 2, ()),
        ("ends22", "open", APPROVED, -60, 1, 2, ()),
        ("soon22", "open", APPROVED, 86_400, 1, 2, ()),
    )
    made.start()
    yield made
    made.stop()
    platform.close()


@pytest.fixture(autouse=True)
def _as_ever(centre):
    yield
    centre.platform.changed, centre.platform.key = {}, centre.platform.served


def to_class(handle):
    return {CLAIM + "custom": {"training": handle}}


def begin(centre, browser, who="ada", **given):
    asked = {"iss": centre.platform.url, "login_hint": who, "client_id": CLIENT, "target_link_uri": centre.url + LAUNCH}
    return browser.get(BEGIN, params=asked | given)


def signed(centre, browser, who="ada", **given):
    """What the platform lets the browser send to the Hub."""
    there = begin(centre, browser, who, **given)
    assert there.status_code == 302, there.text
    return httpx.get(there.headers["location"], trust_env=False).json()


def launch(centre, browser, who="ada", **given):
    sent = signed(centre, browser, who, **given)
    return browser.post(sent["to"], data=sent["form"])


def seat_of(browser, answer):
    assert answer.status_code == 302, answer.text
    return re.search(r"/(seat-[a-z0-9-]+)", answer.headers["location"]).group(1)


def logged_in(browser):
    """Whether the Hub gave the browser what it gives to who is logged in."""
    return "jupyterhub-hub-login" in browser.cookies


def refused(centre, answer, words):
    """That a page says these words, and an event that it was so; the event."""
    assert answer.status_code == 403
    assert words in answer.text
    event = centre.rows(TrainingEvent)[-1]
    assert event.kind == "refused"
    return event


def test_a_click_in_the_course_gives_a_seat_and_logs_in_there(centre):
    centre.platform.changed = to_class("now234")
    with centre.browser() as browser:
        answer = launch(centre, browser)
        name = seat_of(browser, answer)
        assert name.startswith("seat-now234-")
        (seat,) = [one for one in centre.rows(TrainingSeat) if one.name == name]
        assert seat.shown_name == "Ada L."
        assert seat.joined_at is not None
        assert seat.lti
        assert "ada" not in seat.lti
        assert who_is(browser) == name


def test_the_same_person_finds_the_same_seat_in_any_browser_and_nobody_else_does(centre):
    centre.platform.changed = to_class("now234")
    with centre.browser() as one, centre.browser() as other, centre.browser() as third:
        mine = seat_of(one, launch(centre, one, "bea"))
        assert seat_of(other, launch(centre, other, "bea")) == mine
        assert seat_of(one, launch(centre, one, "bea")) == mine
        assert seat_of(third, launch(centre, third, "Bea")) != mine


def test_the_address_of_the_link_can_name_the_class_too(centre):
    centre.platform.changed = {CLAIM + "target_link_uri": f"{centre.url}{LAUNCH}?training=NOW234"}
    with centre.browser() as browser:
        assert seat_of(browser, launch(centre, browser, "cy")).startswith("seat-now234-")


def test_who_teaches_the_course_gets_a_seat_and_no_other_right(centre):
    centre.platform.changed = to_class("now234") | {CLAIM + "roles": [INSTRUCTOR], "name": "Ina", "email": "ina@x.org"}
    with centre.browser() as browser:
        name = seat_of(browser, launch(centre, browser, "ina"))
        assert who_is(browser) == name
        assert centre.of_the_hub(name) == (0, {"seats", "students"})


def test_one_registration_needs_no_client_id_to_begin(centre):
    with centre.browser() as browser:
        there = begin(centre, browser, client_id="")
    assert f"client_id={CLIENT}&" in there.headers["location"]


NOT_ACCEPTED, STALE = "cannot be accepted here", "counts no more"


@pytest.mark.parametrize(
    ("changed", "words", "why"),
    [
        ({"iss": "https://elsewhere.example"}, NOT_ACCEPTED, "issuer"),
        ({"aud": "client-of-somebody-else"}, NOT_ACCEPTED, "udience"),
        ({"aud": [CLIENT, "other"]}, NOT_ACCEPTED, "azp"),
        ({"exp": int(time.time()) - 3600}, STALE, "expired"),
        ({"iat": int(time.time()) - 3600}, STALE, "too long ago"),
        ({"exp": None}, NOT_ACCEPTED, "exp"),
        ({"nonce": "of-another-launch"}, STALE, "nonce"),
        ({CLAIM + "version": "1.1.0"}, NOT_ACCEPTED, "version"),
        ({CLAIM + "resource_link": None}, NOT_ACCEPTED, "resource_link"),
        ({CLAIM + "message_type": "LtiDeepLinkingRequest"}, NOT_ACCEPTED, "context"),
        ({CLAIM + "deployment_id": "deployment-2"}, "may not open classes", ""),
        ({"sub": None}, "does not say who you are", ""),
        ({CLAIM + "custom": None}, "names no class", ""),
        ({CLAIM + "custom": ["training"]}, "names no class", ""),
        (to_class("nosuch"), "not there", ""),
        (to_class("plan22"), "not there", ""),
        (to_class("othr22"), "not there", ""),
    ],
)
def test_a_bad_launch_is_told_and_written_down_and_gives_nothing(centre, changed, words, why):
    centre.platform.changed = to_class("now234") | changed
    taken = [seat.joined_at for seat in centre.rows(TrainingSeat)]
    with centre.browser() as browser:
        event = refused(centre, launch(centre, browser, "mal"), words)
        assert why in event.says
        assert not logged_in(browser)
    assert [seat.joined_at for seat in centre.rows(TrainingSeat)] == taken


@pytest.mark.parametrize("handle", ["over22", "soon22"])
def test_outside_of_its_time_a_class_is_not_opened_and_its_events_say_so(centre, handle):
    centre.platform.changed = to_class(handle)
    with centre.browser() as browser:
        answer = launch(centre, browser, "mal")
        assert answer.status_code == 403
        (held,) = [one for one in centre.rows(TrainingSession) if one.handle == handle]
        assert centre.rows(TrainingEvent)[-1].session == held.id
        assert not logged_in(browser)


def test_who_comes_back_after_the_end_is_given_their_work_and_nobody_else(centre):
    centre.platform.changed = to_class("ends22")
    with centre.browser() as browser:
        name = seat_of(browser, launch(centre, browser, "bea"))
        (centre.settings.home / "training").mkdir(exist_ok=True)
        (centre.settings.home / "training" / "bea.zip").write_bytes(b"of Bea")
        with centre.store.db(writes=True) as db:
            db.query(TrainingSeat).filter(TrainingSeat.name == name).update({"archive": "training/bea.zip"})
            db.query(TrainingSession).filter(TrainingSession.handle == "ends22").update({"state": ENDED})
        answer = launch(centre, browser, "bea")
        assert answer.status_code == 200, answer.text
        assert "Your work is saved until" in answer.text
        link = html.unescape(re.search(r'href="([^"]*/join/work[^"]*)"', answer.text).group(1))
        assert browser.get(link).content == b"of Bea"
        assert browser.get(link[:-3]).status_code == 403
        refused(centre, launch(centre, browser, "cai"), "over")
        assert "Join with a code" not in launch(centre, browser, "cai").text


def test_who_comes_when_all_seats_are_taken_is_told(centre):
    centre.platform.changed = to_class("full22")
    with centre.browser() as first, centre.browser() as late:
        name = seat_of(first, launch(centre, first, "ada"))
        refused(centre, launch(centre, late, "bea"), "")
        assert not logged_in(late)
        assert seat_of(late, launch(centre, late, "ada")) == name


def test_a_launch_counts_once_even_with_its_cookies_copied(centre):
    centre.platform.changed = to_class("now234")
    with centre.browser() as browser, centre.browser() as thief:
        sent = signed(centre, browser, "dan")
        cookies = dict(browser.cookies)
        seat_of(browser, browser.post(sent["to"], data=sent["form"]))
        thief.cookies.update(cookies)
        refused(centre, thief.post(sent["to"], data=sent["form"]), STALE)
        assert not logged_in(thief)


def test_a_launch_of_another_browser_is_refused(centre):
    centre.platform.changed = to_class("now234")
    with centre.browser() as browser, centre.browser() as other:
        sent = signed(centre, browser, "mal")
        refused(centre, other.post(sent["to"], data=sent["form"]), STALE)
        begin(centre, other, "eve")
        refused(centre, other.post(sent["to"], data=sent["form"]), STALE)
        assert not logged_in(other)


def test_what_another_key_signed_is_refused(centre):
    centre.platform.changed = to_class("now234")
    centre.platform.key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    with centre.browser() as browser:
        assert "ignature" in refused(centre, launch(centre, browser, "mal"), NOT_ACCEPTED).says


def test_a_platform_whose_keys_cannot_be_had_opens_nothing(centre):
    centre.platform.changed = to_class("now234") | {"iss": "http://127.0.0.1:9"}
    with centre.browser() as browser:
        answer = launch(centre, browser, "mal", iss="http://127.0.0.1:9", client_id="silent")
        assert "url" in refused(centre, answer, NOT_ACCEPTED).says


@pytest.mark.parametrize("given", [{"iss": "https://elsewhere.example"}, {"client_id": "nobody"}, {"login_hint": ""}])
def test_a_platform_that_nobody_named_begins_nothing(centre, given):
    with centre.browser() as browser:
        refused(centre, begin(centre, browser, **given), NOT_ACCEPTED)


def test_what_the_platform_refuses_is_told(centre):
    with centre.browser() as browser:
        begin(centre, browser)
        event = refused(centre, browser.post(LAUNCH, data={"error": "login_required"}), NOT_ACCEPTED)
        assert "login_required" in event.says


def test_over_tls_the_cookies_come_back_with_a_form_of_another_site(centre):
    asked = {"iss": centre.platform.url, "login_hint": "ada", "target_link_uri": centre.url}
    with centre.browser() as browser:
        answer = browser.get(BEGIN, params=asked, headers={"X-Forwarded-Proto": "https"})
    cookies = [line for line in answer.headers.get_list("set-cookie") if line.startswith("lti13")]
    assert len(cookies) == 2
    for line in cookies:
        assert "samesite=none" in line.lower()
        assert "secure" in line.lower()
        assert "httponly" in line.lower()
