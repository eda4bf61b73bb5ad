"""`workbench telemetry`: collect, ingest, status; exit statuses and sentences."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from workbench.cli import main
from workbench.services.telemetry import collect, exporters

CAPTURE = Path(__file__).parents[1] / "fixtures" / "nvidia-smi" / "linux-x86_64__nvidia-h200__590.48.01.txt"


@pytest.fixture
def run(workbench_home):
    return lambda *words: CliRunner().invoke(main, ("telemetry", *map(str, words)))


def test_a_capture_comes_in_and_is_seen(run):
    said = run("ingest", CAPTURE, "--node", "gpu1", "--format", "json")
    assert said.exit_code == 0, said.output
    (file,) = json.loads(said.stdout)
    assert (file["nodes"], file["rejected"], file["active_unknown"]) == (["gpu1"], 0, 0)
    said = run("status", "--format", "json")
    (node,) = json.loads(said.stdout)
    assert (node["node"], node["newest"], node["late"]) == ("gpu1", "2026-07-03T22:11:14Z", True)
    assert "1 day from 2026-07-03 to 2026-07-03 (UTC): 13 samples" in run("status").stdout


def test_for_a_person_the_rejected_lines_are_shown(run, tmp_path):
    file = tmp_path / "gpu9.csv"
    file.write_text(
        "timestamp, index, utilization.gpu [%]\n2026/07/03 22:11:09, 0, 5 %\n2026/07/03 22:11:09, 1, lots\n"
    )
    said = run("ingest", file)
    assert said.exit_code == 0
    assert "gpu9" in said.stdout
    assert "line 3: 'lots'" in said.stdout


def test_a_file_without_any_sample_is_exit_status_1(run, tmp_path):
    (tmp_path / "notes.txt").write_text("hello\n")
    said = run("ingest", tmp_path)
    assert said.exit_code == 1
    assert "neither nvidia-smi" in said.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("ingest",),
        ("ingest", "absent.xml"),
        ("ingest", CAPTURE, "--time-zone", "Mars"),
        ("ingest", CAPTURE, "--at", "x"),
    ],
)
def test_wrong_usage(run, words):
    assert run(*words).exit_code == 2


def test_without_an_exporter_there_is_nobody_to_ask(run):
    said = run("collect", "--once")
    assert said.exit_code == 1
    assert "[telemetry]" in said.stderr


def test_a_round_in_which_nobody_answers_is_exit_status_1(run, monkeypatch):
    monkeypatch.setattr(collect, "_own", lambda now: exporters.Heard("NVML", error="no NVIDIA driver answers"))
    said = run("collect", "--once", "--nvml")
    assert said.exit_code == 1
    assert "0 of 1 sources" in said.stdout
    assert "no NVIDIA driver" in said.stderr


def test_an_empty_lake_says_what_to_do(run):
    said = run("status")
    assert said.exit_code == 0
    assert "workbench telemetry collect" in said.stderr
