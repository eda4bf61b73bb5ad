"""The API as a notebook meets it: a real server, a stand-in for the Hub's answer to "whose token is this?"."""

import io

import httpx
import pandas as pd
import pytest
from builders import VISION_GPU_HOURS, small_centre
from serving_api import serving

from workbench.analytics.wire import from_table
from workbench.store.lake import refresh


@pytest.fixture
def api(store):
    """Address of the running API."""
    small_centre(store)
    refresh(store)
    with serving(store) as address:
        yield address


def get(api, question, who="ana", **params):
    headers = {"Authorization": f"token {who}-token"} if who else {}
    return httpx.get(f"{api}/{question}", params=params, headers=headers, timeout=20)


def test_whoami_is_what_the_hub_says_of_the_token(api):
    facts = get(api, "whoami").json()
    assert (facts["viewer"], facts["projects"], facts["whole_centre"]) == ("ana", ["vision"], False)
    assert get(api, "whoami", "kim").json()["whole_centre"] is True


@pytest.mark.parametrize("header", [None, "", "token", "token wrong-token", "Basic YW5hOng=", "ana-token"])
def test_without_a_good_token_nothing_is_said(api, header):
    headers = {} if header is None else {"Authorization": header}
    refused = httpx.get(f"{api}/usage", headers=headers)
    assert refused.status_code == 401
    assert set(refused.json()) == {"error", "what_to_do", "reference"}


def test_a_token_in_the_address_or_a_cookie_is_not_looked_at(api):
    assert httpx.get(f"{api}/usage?token=kim-token").status_code == 401
    assert httpx.get(f"{api}/usage", cookies={"jupyterhub-services": "kim-token"}).status_code == 401


@pytest.mark.parametrize("who", ["stu", "svc"])
def test_students_and_services_are_not_let_in(api, who):
    refused = get(api, "usage", who)
    assert refused.status_code == 403
    assert "may not see" in refused.json()["error"]


def test_somebody_without_a_project_sees_empty_tables(api):
    for question in ("usage", "lake"):
        assert get(api, question, "new").json()["table"]["rows"] == []


def test_a_table_arrives_as_a_frame(api):
    rows = from_table(get(api, "usage").json()["table"])
    assert rows["project"].tolist() == ["vision"]
    assert rows["gpu_hours"].tolist() == [VISION_GPU_HOURS]


@pytest.mark.parametrize("question", ["usage", "lake", "cost", "charges"])
def test_a_foreign_project_is_refused_and_not_confirmed(api, question):
    foreign, missing = (get(api, question, project=name) for name in ("speech", "no-such"))
    assert foreign.status_code == missing.status_code == 403
    assert foreign.json()["error"] == missing.json()["error"].replace("no-such", "speech")


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("usage", {"by": "x"}, 400),
        ("usage", {"start": "soon"}, 400),
        ("usage", {"nothing": "1"}, 400),
        ("nothing", {}, 404),
        ("", {}, 404),
        ("lake/../usage", {}, 200),  # httpx writes it as /api/usage
        ("lake/file", {"path": "../workbench.db"}, 400),
        ("lake/file", {"path": "/etc/passwd"}, 400),
        ("lake/file", {}, 400),
    ],
)
def test_other_addresses_are_answered_in_words(api, path, params, status):
    answered = get(api, path, **params)
    assert answered.status_code == status
    if status != 200:
        assert answered.json()["error"].endswith((".", "?"))
        assert answered.json()["what_to_do"].endswith(".")
        assert len(answered.json()["reference"]) == 8


def test_a_parameter_given_twice_is_refused(api):
    refused = httpx.get(f"{api}/usage?by=project&by=user", headers={"Authorization": "token ana-token"})
    assert (refused.status_code, "by is given 2 times" in refused.json()["error"]) == (400, True)


def test_it_only_answers_get(api):
    refused = httpx.post(f"{api}/usage", headers={"Authorization": "token ana-token"})
    assert (refused.status_code, refused.json()["what_to_do"]) == (405, "Ask with GET.")


def test_nothing_is_cached_on_the_way(api):
    assert get(api, "usage").headers["Cache-Control"] == "no-store"


def test_a_file_of_the_lake_comes_to_those_who_may_see_it(api):
    files = from_table(get(api, "lake").json()["table"])
    assert files["project"].tolist() == ["vision"]
    name = files["name"][0]
    got = get(api, "lake/file", path=name)
    frame = pd.read_parquet(io.BytesIO(got.content))
    assert frame["gpu_hours"].sum() == VISION_GPU_HOURS
    assert files["version"][0] in got.headers["Etag"]
    assert get(api, "lake/file", "lee", path=name).status_code == 400


def test_only_the_whole_centre_sees_files_that_belong_to_nobody(api):
    files = from_table(get(api, "lake", "kim").json()["table"])
    assert sorted(files["project"]) == ["", "speech", "vision"]
