"""`workbench slurm`, against a fake Slurm: status like diff's, a plan before it is applied, brakes at once."""

import json

import pytest
from click.testing import CliRunner

from tests.builders import small_centre
from tests.services.test_holds import NOW
from tests.slurm.fake_accounts import FakeSlurm
from workbench.cli import main
from workbench.cli import slurm as commands
from workbench.domain.projects import Person
from workbench.settings import SlurmSettings, load
from workbench.slurm.runner import Runner


@pytest.fixture
def slurm(store, monkeypatch):
    fake = FakeSlurm()
    small_centre(store)
    with store.db(writes=True) as db:
        db.add(Person("op", "Operator", role="operator"))
    there = load().model_copy(update={"slurm": SlurmSettings(cluster="centre")})
    monkeypatch.setattr(commands, "load", lambda: there)
    monkeypatch.setattr(commands.time, "time", lambda: NOW)
    monkeypatch.setattr(Runner, "of", lambda _settings: fake)
    return fake


def run(*words, given=None):
    said = CliRunner().invoke(main, ["slurm", *words], input=given)
    return said.exit_code, said.stdout, said.stderr


def test_a_plan_says_by_its_status_whether_changes_are_wanted(slurm):
    status, said, _ = run("plan", "--format", "json")
    first = json.loads(said)[0]
    assert status == 2
    assert (first["account"], first["what"]) == ("speech", "account")
    assert first["command"][:4] == ["sacctmgr", "-i", "add", "account"]
    assert slurm.told == []
    assert run("apply", "--yes")[0] == 0
    assert run("plan") == (0, "", "Slurm has what the books want.\n")


def test_apply_shows_the_plan_and_asks(slurm):
    status, said, _ = run("apply", given="n\n")
    assert status == 1
    assert "Make these 6 changes?" in said
    assert slurm.told == []
    status, said, _ = run("apply", given="y\n")
    assert status == 0
    assert "vision: users none → ana" in said


def test_what_slurm_refuses_ends_with_status_one(slurm):
    slurm.refuses = "speech"
    status, _, problem = run("apply", "--yes")
    assert status == 1
    assert "speech: users was refused: Access denied" in problem


def test_brakes_reach_slurm_at_once_and_are_kept_with_who_and_why(slurm):
    run("apply", "--yes")
    by = ["--by", "op", "--reason", "Fills the disk"]
    assert run("pause", "vision", *by)[1] == "vision: pause runs → paused\nvision is paused.\n"
    assert run("downscale", "vision", "--gpus", "1", *by)[1].endswith("vision may use 1 GPU at a time.\n")
    assert slurm.rows["vision", ""]["GrpJobs"] == "0"
    assert slurm.rows["vision", ""]["GrpTRES"] == "gres/gpu=1"
    run("resume", "vision", *by)
    assert (slurm.rows["vision", ""]["GrpJobs"], slurm.rows["vision", ""]["GrpTRES"]) == ("", "")
    kept = json.loads(run("brakes", "--format", "json")[1])
    assert [(one["kind"], one["who"], one["reason"]) for one in kept] == [
        (kind, "op", "Fills the disk") for kind in ("resume", "downscale", "pause")
    ]
    assert run("pause", "nowhere", *by)[0] == 1


def test_a_brake_is_kept_where_slurm_cannot_follow_yet(slurm):
    slurm.config["AccountingStorageEnforce"] = "associations"
    status, said, problem = run("pause", "vision", "--by", "op", "--reason", "Fills the disk")
    assert (status, said) == (1, "")
    assert problem.startswith("It is kept, but Slurm does not follow yet; then run: workbench slurm apply\n")
    slurm.config["AccountingStorageEnforce"] = "associations,limits,qos,safe"
    assert "vision: pause runs → paused" in run("apply", "--yes")[1]


def test_check_says_what_is_wrong_and_ends_with_status_one(slurm):
    assert run("check")[0] == 0
    slurm.config["AccountingStorageEnforce"] = "associations"
    status, said, _ = run("check", "--format", "csv")
    assert status == 1
    assert "lacks limits, qos, safe" in said
    assert run("apply", "--yes")[0] == 1
    assert slurm.told == []


def test_without_a_slurm_it_is_said_where_to_name_one(store):
    status, _, problem = run("plan")
    assert (status, "[slurm] cluster" in problem) == (1, True)
