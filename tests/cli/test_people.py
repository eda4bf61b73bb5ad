"""`workbench people`: somebody is let in, put into a project, taken out."""

import json

import pytest
from click.testing import CliRunner

from tests.builders import small_centre
from workbench.cli import main
from workbench.services import people


@pytest.fixture
def run(workbench_home):
    def run(*words, given=None, status=0):
        said = CliRunner().invoke(main, ["people", *words], input=given)
        assert said.exit_code == status, said.output
        return said.output

    return run


@pytest.fixture
def centre(store):
    small_centre(store)
    return store


def test_somebody_is_let_in_and_put_into_a_project(run, centre):
    said = run("add", "dan", "--display", "Dan Ho", "--password-stdin", given="a long password\n")
    assert "workbench people join dan PROJECT" in said
    assert people.check_password(centre, "dan", "a long password")
    assert people.check_password(centre, "dan", "another password") is None
    assert run("join", "dan", "vision") == "dan is a member of vision.\n"
    run("join", "dan", "vision", "--lead")
    (dan,) = [one for one in json.loads(run("list", "--project", "vision", "--format", "json")) if one["name"] == "dan"]
    assert dan == {"name": "dan", "display": "Dan Ho", "role": "", "projects": "vision (lead)", "password": "yes"}


def test_a_password_is_asked_for_twice(run, centre):
    said = run("add", "dan", given="a long password\nanother one here\n", status=1)
    assert "do not match" in said
    run("password", "ana", "--no-password")
    assert people.check_password(centre, "ana", "right") is None


def test_somebody_leaves_but_never_the_only_lead(run, centre):
    run("leave", "ana", "vision")
    assert people.places(centre, "ana") == []
    assert "not in project vision" in run("leave", "ana", "vision", status=1)
    run("join", "ana", "vision", "--lead")
    leads = [one["name"] for one in json.loads(run("list", "--project", "vision", "--format", "json"))
             if "vision (lead)" in one["projects"]]  # fmt: skip
    for name in leads[:-1]:
        run("leave", name, "vision")
    assert "the only lead of vision" in run("leave", leads[-1], "vision", status=1)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("add", "Dan", "--no-password"), "lower-case letters"),
        (("add", "dan;id", "--no-password"), "lower-case letters"),
        (("add", "seat-k7m2q9-001", "--no-password"), "seats of classes"),
        (("add", "ana", "--no-password"), "somebody of this name already"),
        (("add", "dan", "--role", "king", "--no-password"), "'king' is no role"),
        (("add", "dan", "--display", "two\nlines", "--no-password"), "one line"),
        (("join", "nobody", "vision"), "no person 'nobody'"),
        (("join", "ana", "nothing"), "nothing"),
        (("list", "--project", "nothing"), "nothing"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(run, centre, words, says):
    said = run(*words, status=1)
    assert says in said
    assert "Traceback" not in said


def test_a_short_password_is_refused_and_nobody_is_added(run, centre):
    assert "at least 10 characters" in run("add", "dan", "--password-stdin", given="short\n", status=1)
    assert "dan" not in [one["name"] for one in json.loads(run("list", "--format", "json"))]


def test_under_slurm_the_next_step_is_named(run, centre, tmp_path, monkeypatch):
    from workbench.settings import DEFAULT_FILE

    file = tmp_path / "slurm.toml"
    file.write_text(DEFAULT_FILE.read_text().replace('cluster = ""', 'cluster = "alpha"'))
    monkeypatch.setenv("WORKBENCH_CONFIG", str(file))
    assert run("join", "ana", "vision").endswith("In Slurm: workbench slurm apply\n")
