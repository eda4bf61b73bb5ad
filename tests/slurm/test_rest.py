"""slurmrestd, without one: which version of its API is asked, and how; a refusal and a silence each say so."""

import httpx
import pytest

from workbench.errors import SlurmRefused, SlurmSilent, SlurmUnreadable
from workbench.slurm.rest import Rest


class Tokens:
    """A scontrol that makes tokens."""

    def run(self, *words):
        assert words[:2] == ("scontrol", "token")
        return "SLURM_JWT=made-up\n"


def spoken(*versions, asks=("start_time", "end_time", "step")):
    parameters = [{"name": name} for name in asks]
    paths = {
        f"/slurmdb/{version}/jobs{end}": {"get": {"parameters": parameters}}
        for version in versions
        for end in ("", "/")
    }
    return {"paths": {"/slurm/v9.9.9/jobs": {}, "/slurmdb/v0.0.40/job/{id}": {}} | paths}


@pytest.fixture
def asked(monkeypatch):
    """What was asked; `asked.says`: what is answered, by path."""

    class Asked(list):
        says: dict = {}  # noqa: RUF012

    log = Asked()

    def get(url, params, headers, timeout, trust_env):
        assert not trust_env
        log.append((url, params, headers))
        answer = log.says[httpx.URL(url).path]
        if isinstance(answer, Exception):
            raise answer
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        return httpx.Response(status, json=body)

    monkeypatch.setattr(httpx, "get", get)
    return log


@pytest.fixture
def rest(tmp_path):
    return Rest("http://127.0.0.1:1/", tmp_path / "token", Tokens())


def test_the_newest_version_is_asked_and_for_every_attempt_where_it_must_be_said(asked, rest):
    asks = ("start_time", "end_time", "step", "skip_steps", "show_duplicates")
    newest = "/slurmdb/v0.0.41/jobs/"
    asked.says = {"/openapi/v3": spoken("v0.0.9", "v0.0.41", asks=asks), newest: {"jobs": []}}
    asked.says[newest.rstrip("/")] = {"jobs": []}
    rest.window(10, 20)
    url, params, headers = asked[-1]
    assert url.startswith("http://127.0.0.1:1/slurmdb/v0.0.41/jobs")
    assert params == {"start_time": "uts10", "end_time": "uts20", "skip_steps": "true", "show_duplicates": "true"}
    assert headers["X-SLURM-USER-TOKEN"] == "made-up"


def test_a_token_of_the_secrets_is_taken_first(asked, rest):
    rest.token_file.write_text("ours\n")
    asked.says = {"/openapi/v3": spoken("v0.0.38"), "/slurmdb/v0.0.38/jobs": {"jobs": []}}
    asked.says["/slurmdb/v0.0.38/jobs/"] = {"jobs": []}
    assert list(rest.jobs(["7", "8"], 10, 20)) == [b'{"jobs":[]}']
    assert asked[-1][1]["step"] == "7,8"
    assert asked[-1][2]["X-SLURM-USER-TOKEN"] == "ours"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((401, {}), SlurmRefused),
        (httpx.ConnectError("nobody there"), SlurmSilent),
        ({"paths": {}}, SlurmUnreadable),
        ([], SlurmUnreadable),
    ],
)
def test_what_is_no_answer_says_so(asked, rest, answer, error):
    asked.says = {"/openapi/v3": answer}
    with pytest.raises(error, match="slurmrestd"):
        rest.window(10, 20)
