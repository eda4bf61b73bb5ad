"""Who is looking is asked of the Hub, on the page and on the websocket."""

from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from bokeh.util.token import get_token_payload

from tests.builders import DATA_UNTIL_S, small_centre
from tests.serving_pages import ORIGIN, serving
from workbench.pages.identity import own_address, viewer_of
from workbench.services.charging.rating import rate
from workbench.settings import load
from workbench.store.engine import open_store


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    settings = load(home=tmp_path_factory.mktemp("pages") / "state")
    store = small_centre(open_store(settings))
    rate(store, DATA_UNTIL_S)
    with serving(store) as running:
        yield running
    store.engine.dispose()


def test_without_a_cookie_the_way_leads_to_the_hubs_login(pages):
    answer = pages.get(None, "/occupancy")
    assert answer.status_code == 302
    assert urlsplit(urljoin(f"{pages.address}/occupancy", answer.headers["Location"])).path == "/services/centre/login"
    login = pages.get(None, "/login?next=/services/centre/occupancy")
    there = urlsplit(login.headers["Location"])
    asked = parse_qs(there.query)
    assert there.path == "/hub/api/oauth2/authorize"
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["code_challenge"]
    assert asked["state"]
    cookie = login.headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_behind_https_the_cookie_is_for_https_only(pages):
    with pages.client() as client:
        login = client.get("/login", headers={"X-Forwarded-Proto": "https", "X-Scheme": "https"})
    assert "secure" in login.headers["Set-Cookie"].lower()


def test_a_forged_cookie_is_no_cookie(pages):
    with pages.client() as client:
        answer = client.get("/occupancy", headers={"Cookie": f"{pages.auth.cookie_name}=eve-token"})
    assert answer.status_code == 302


def test_a_callback_with_a_state_of_its_own_making_is_refused(pages):
    assert pages.get(None, "/oauth_callback?code=x&state=y").status_code == 403


@pytest.mark.parametrize(
    ("token", "viewer", "status"),
    [
        ("lee-token", "lee", 101),
        (None, "lee", 403),
        ("ana-token", "lee", 403),
        ("gone-token", "lee", 403),
        ("lee-token", "", 403),
    ],
)
def test_a_websocket_is_for_the_viewer_whose_page_it_is(pages, token, viewer, status):
    assert pages.knock(token, pages.session_token(viewer)) == status


def test_a_websocket_from_another_site_is_refused(pages):
    assert pages.knock("lee-token", pages.session_token("lee"), origin="http://elsewhere.example") == 403
    assert pages.knock("lee-token", pages.session_token("lee"), origin=f"http://{ORIGIN}") == 101


def test_the_session_token_in_the_page_holds_nothing_of_the_request(pages):
    text = pages.get("lee-token", "/projects").text
    token = text.split('"token":"')[1].split('"')[0]
    payload = get_token_payload(token)
    assert payload["viewer"] == "lee"
    assert not payload["cookies"]
    assert not payload["headers"]
    assert "lee-token" not in text


def test_a_session_that_the_address_names_is_not_taken_up(pages):
    text = pages.get("lee-token", "/projects?bokeh-session-id=mine").text
    assert "bokeh-session-id" not in text.split('"token":"')[1][:200]


CASES = [
    # who, page, status
    ("eve-token", "/occupancy", 200),
    ("eve-token", "/spend", 200),
    ("eve-token", "/projects", 200),
    ("eve-token", "/projects?project=speech", 200),
    ("eve-token", "/projects?project=nothing", 403),
    ("lee-token", "/occupancy", 403),
    ("lee-token", "/spend", 403),
    ("lee-token", "/projects", 200),
    ("lee-token", "/projects?project=speech", 200),
    ("lee-token", "/projects?project=vision", 403),
    ("lee-token", "/projects/download/users.csv?project=vision", 403),
    ("lee-token", "/spend/download/spend-by-project.csv", 403),
    ("ana-token", "/projects", 200),
    ("ana-token", "/projects?project=speech", 403),
    ("stu-token", "/projects", 403),
    ("stu-token", "/", 403),
    ("stu-token", "/about-data", 200),
    ("eve-token", "/nowhere", 404),
    ("eve-token", "/occupancy/autoload.js", 404),
    (None, "/health", 200),
]


@pytest.mark.parametrize(("token", "path", "status"), CASES)
def test_who_may_open_what(pages, token, path, status):
    assert pages.get(token, path).status_code == status


def test_a_refusal_says_which_role_is_needed_and_shows_nothing(pages):
    answer = pages.get("lee-token", "/projects?project=vision")
    assert "executives, the secretariat, the Committee and operators" in answer.text
    assert "operator for the role" in answer.text
    assert "Seeing machines" not in answer.text
    assert answer.text.count("vision") == 0


def test_not_yours_and_not_there_are_refused_in_the_same_words(pages):
    theirs = pages.get("lee-token", "/projects?project=vision").text
    nowhere = pages.get("lee-token", "/projects?project=nothing").text
    assert theirs == nowhere


def test_a_role_that_was_taken_away_opens_nothing_more(pages):
    before = pages.auth.people["eve-token"]
    assert pages.get("eve-token", "/spend").status_code == 200
    pages.auth.people["eve-token"] = {**before, "groups": []}
    try:
        assert pages.get("eve-token", "/spend").status_code == 403
        assert pages.get("eve-token", "/spend/download/burn-up.csv").status_code == 403
    finally:
        pages.auth.people["eve-token"] = before


def test_a_lead_sees_own_figures_only_whoever_looked_before(pages):
    everything = pages.get("eve-token", "/projects").text
    own = pages.get("lee-token", "/projects").text
    assert "Seeing machines" in everything
    assert "Hearing machines" in own
    assert "Seeing machines" not in own


def test_a_member_is_not_shown_what_it_costs(pages):
    assert "table-charges" in pages.get("lee-token", "/projects").text
    text = pages.get("ana-token", "/projects").text
    assert "table-charges" not in text
    assert "HK$" not in text


def test_a_page_says_what_the_browser_may_do_with_it(pages):
    headers = pages.get("eve-token", "/occupancy").headers
    assert headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_logging_out_forgets_the_token_and_goes_on_to_the_hub(pages):
    answer = pages.get("eve-token", "/logout")
    assert answer.headers["Location"].endswith("/hub/logout")
    assert f'{pages.auth.cookie_name}=""' in answer.headers["Set-Cookie"]


def test_an_error_has_a_number_and_no_inner_life(pages, monkeypatch, caplog):
    from dashboards import _centre

    def broken(_asked):
        raise ZeroDivisionError("the inner life")

    monkeypatch.setitem(_centre.BUILD, "spend", broken)
    answer = pages.get("eve-token", "/spend?period=7days")
    assert answer.status_code == 500
    assert "inner life" not in answer.text
    reference = answer.text.split("<code>")[1].split("</code>")[0]
    assert reference in caplog.text


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("/services/centre/spend?period=7days", "/services/centre/spend?period=7days"),
        ("https://elsewhere.example/services/centre/", "/services/centre/"),
        ("//elsewhere.example", "/services/centre/"),
        ("/services/centre/\\elsewhere.example", "/services/centre/"),
        ("/hub/home", "/services/centre/"),
        ("", "/services/centre/"),
    ],
)
def test_logging_in_leads_to_a_page_of_ours(wanted, given):
    assert own_address(wanted, "/services/centre/") == given


def test_a_model_without_groups_sees_no_figures_and_may_apply():
    assert viewer_of({"name": "new"}).pages == ("applications",)
    assert viewer_of({"name": "new"}).scope.projects == frozenset()
