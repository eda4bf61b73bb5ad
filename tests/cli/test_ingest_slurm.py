"""`workbench ingest slurm`: what it says, what it keeps, and what it says where there is no Slurm."""

import json

import pytest
from click.testing import CliRunner

from tests.services.test_slurm_capacity import FakeControl
from tests.services.test_slurm_follow import T0, FakeSlurm
from workbench.cli import main
from workbench.settings import DEFAULT_FILE
from workbench.slurm.runner import Runner


class Fake(FakeSlurm):
    """sacct and scontrol."""

    def run(self, program, *words, **more):
        return FakeControl().run(program, *words) if program == "scontrol" else super().run(program, *words, **more)


@pytest.fixture
def slurm(workbench_home, tmp_path, monkeypatch):
    file = tmp_path / "workbench.toml"
    text = DEFAULT_FILE.read_text(encoding="utf-8")
    file.write_text(text.replace('\ncluster = "" ', '\ncluster = "alpha" '), encoding="utf-8")
    monkeypatch.setenv("WORKBENCH_CONFIG", str(file))
    monkeypatch.setattr("workbench.cli.ingest_slurm.time.time", lambda: T0)
    fake = Fake()
    fake.job("1", T0 - 900, T0 - 600, "COMPLETED")
    fake.job("2", T0 - 900, AllocTRES="gres/gpu=many")
    monkeypatch.setattr(Runner, "of", classmethod(lambda *_: fake))
    return fake


def said(*words):
    done = CliRunner().invoke(main, ["ingest", "slurm", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_it_says_what_came_and_where_the_rejected_rows_are(slurm):
    text = said("--since", "2026-11-20")
    assert "Slurm → cluster alpha" in text
    assert "inserted             1" in text
    assert "workbench ingest rejects --capture 1" in text


def test_json_is_one_line_and_a_second_time_brings_nothing(slurm):
    first, second = (json.loads(said("--format", "json", "--since", "2026-11-20")) for _ in range(2))
    assert (first["rows"], first["inserted"], first["rejected"]) == (2, 1, 1)
    assert (second["inserted"], second["updated"], second["captures"]) == (0, 0, [])


def test_a_dry_run_keeps_nothing(slurm):
    assert "nothing was kept" in said("--dry-run")
    assert json.loads(said("--format", "json"))["inserted"] == 1


def test_without_a_slurm_it_says_what_to_do(workbench_home):
    done = CliRunner().invoke(main, ["ingest", "slurm"])
    assert done.exit_code == 1
    assert "The settings name no Slurm" in done.stderr


def test_to_follow_a_dry_run_is_refused(slurm):
    done = CliRunner().invoke(main, ["ingest", "slurm", "--follow", "--dry-run"])
    assert done.exit_code == 2
