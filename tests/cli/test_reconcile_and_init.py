"""`workbench reconcile` and `workbench init`: exit status like diff's, three formats, a file is never lost."""

import csv
import io
import json
import time

import pytest
from click.testing import CliRunner

from tests.services.test_reconcile import HOUR, T0, AddsUp
from workbench.cli import main
from workbench.errors import SlurmSilent
from workbench.services.slurm import follow
from workbench.settings import DEFAULT_FILE
from workbench.slurm.runner import Runner
from workbench.store.engine import open_store


@pytest.fixture
def slurm(workbench_home, tmp_path, monkeypatch):
    """A fake Slurm with one ended job in the last hours, followed; what settings name it."""
    fake = AddsUp()
    fake.job("1", HOUR - 9000, HOUR - 5400, "COMPLETED")
    text = DEFAULT_FILE.read_text(encoding="utf-8").replace('\ncluster = ""', '\ncluster = "alpha"')
    file = tmp_path / "centre.toml"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("WORKBENCH_CONFIG", str(file))
    monkeypatch.setattr(time, "time", lambda: float(T0))
    monkeypatch.setattr(Runner, "of", lambda _settings: fake)
    from workbench.settings import load

    store = open_store(load())
    fake.now = T0
    follow.poll(store, fake, T0)
    store.engine.dispose()
    return fake


def run(*words):
    said = CliRunner().invoke(main, words)
    return said.exit_code, said.stdout, said.stderr


def test_no_difference_is_status_0(slurm):
    status, said, _ = run("reconcile")
    assert status == 0
    assert said.startswith("2026-11, cluster alpha: 2026-10-31T16:00:00Z to 2026-11-20T10:00:00Z")
    assert said.endswith("No differences.\n")
    assert "7,200" in said


def test_differences_are_status_1_and_listed_by_job(slurm):
    slurm.jobs["1"]["end"] += 60
    status, said, _ = run("reconcile", "--month", "2026-11", "--format", "json")
    found = json.loads(said)
    assert (status, found["differences"], found["jobs_seen"]) == (1, 2, 1)
    assert found["jobs"][0]["difference"] == -120
    assert found["jobs"][0]["fields"] == [["end_at", "2026-11-20T08:30:00Z", "2026-11-20T08:31:00Z"]]
    assert (found["accounts"][0]["account"], found["accounts"][0]["project"]) == ("vision", None)
    assert run("reconcile")[1].endswith("2 differences.\n")


def test_csv_has_every_account_and_every_difference(slurm):
    slurm.jobs["1"]["end"] += 60
    rows = list(csv.DictReader(io.StringIO(run("reconcile", "--format", "csv")[1])))
    assert [(row["kind"], row["difference"]) for row in rows] == [("account", "-120"), ("job", "-120")]
    assert (rows[1]["job_id"], rows[1]["ours"], rows[1]["slurm"]) == ("1", "7200", "7320")


def test_what_cannot_be_compared_is_one_sentence(slurm, monkeypatch):
    assert run("reconcile", "--month", "2026-13")[0] == 2
    status, _, said = run("reconcile", "--month", "2027-01")
    assert status == 1
    assert said.startswith("Nothing of 2027-01 can be compared yet")
    slurm.silent = True
    assert run("reconcile")[2].startswith("Slurm's sreport gave no answer")


def test_without_a_slurm_there_is_nothing_to_do(workbench_home):
    status, _, said = run("reconcile")
    assert status == 1
    assert "init --slurm" in said


def test_init_says_from_what_and_what_did_not_answer(workbench_home, monkeypatch):
    assert "init --slurm" in run("init")[2]

    def silent(*_words, **_more):
        raise SlurmSilent("scontrol", "there is no scontrol")

    monkeypatch.setattr(Runner, "run", silent)
    status, said, problem = run("init", "--slurm")
    assert (status, said) == (1, "")
    assert problem.startswith("Slurm's scontrol gave no answer")


def test_a_file_that_is_there_is_written_over_only_by_force(workbench_home, tmp_path, monkeypatch):
    told = {
        ("scontrol", "config"): "ClusterName = centre\nSLURM_VERSION = 24.05.4\n",
        ("scontrol", "node"): "NodeName=n1 State=IDLE CPUTot=64 RealMemory=512000 Gres=gpu:h800:8 Partitions=gpu\n",
        ("scontrol", "partition"): "PartitionName=gpu Default=YES MaxTime=1-00:00:00 State=UP\n",
    }

    def answers(_runner, program, *words, **_more):
        if program == "sacctmgr":
            raise SlurmSilent("sacctmgr", "a test")
        return told[program, words[1]]

    monkeypatch.setattr(Runner, "run", answers)
    out = tmp_path / "mine.toml"
    out.write_text("mine")
    assert "--force writes over it" in run("init", "--slurm", "--out", str(out))[2]
    assert out.read_text() == "mine"
    status, said, notes = run("init", "--slurm", "--out", str(out), "--force")
    assert (status, "slurmdbd did not answer" in notes) == (0, True)
    assert f"WORKBENCH_CONFIG={out} workbench slurm check" in said
    assert 'cluster = "centre"' in out.read_text()
    assert run("init", "--slurm")[1] == out.read_text()
    assert "No such file or directory" in run("init", "--slurm", "--out", str(tmp_path / "no" / "f.toml"))[2]
