"""`workbench whatif`, as somebody types it."""

import json
import time

import pytest
from click.testing import CliRunner

from tests.builders import DATA_UNTIL_S, small_centre
from workbench.cli import main


@pytest.fixture
def run(workbench_home, store, monkeypatch):
    small_centre(store)
    monkeypatch.setattr(time, "time", lambda: DATA_UNTIL_S + 3600.5)
    return lambda *words: CliRunner().invoke(main, ["whatif", *words])


def test_the_table_has_both_sides_and_every_assumption(run):
    said = run("--gpus", "+8", "--from", "2026-05-01", "--approve", "5")
    assert said.exit_code == 0, said.output
    assert "2026-02" in said.output
    assert "main, H800: 8 GPUs in service." in said.output
    assert "12.8% / 6.4%" in said.output
    assert "- 8 GPUs more are in service and for jobs from 1 May 2026 on" in said.output
    assert "The fund lasts until" in said.output


def test_json_is_exact_and_whole(run):
    said = run("--gpus", "+8", "--class-gpus", "2", "--class-at", "2026-02-03T14:00", "--class-once", "--json")
    found = json.loads(said.output)
    assert found["scenario"]["reservation"] == {"gpus": 2, "starts_at": 1770098400, "hours": 3, "weekly": False}
    assert found["scenario"]["from_on"] == "2026-02-01"
    assert found["changed"]["months"][0]["kept"] == 2 * 3 * 3600 * 420_000
    assert found["changed"]["whole"]["there"] == 2 * found["base"]["whole"]["there"]
    assert len(found["changed"]["fund_left_minor"]) == 12


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--policy", "lottery", "--approve", "9"], 1, "the policy is one of as-now"),
        (["--policy", "lottery", "--approve", "9"], 1, "approve from 0 to 5"),
        (["--gpus", "many"], 2, "not a valid integer"),
        (["--class-gpus", "4"], 2, "both --class-gpus and --class-at"),
        (["--class-gpus", "4", "--class-at", "soon"], 2, "neither a date"),
        (["--from", "2031-01-01"], 1, "the day lies from 1 Feb 2026 to 31 Jan 2027"),
        (["--pool", "x"], 1, "the pool is one of main, H800"),
    ],
)
def test_what_cannot_be_tried_is_one_sentence(run, words, status, said):
    found = run(*words)
    assert found.exit_code == status
    assert said in found.output


def test_help_says_how(run):
    found = run("--help")
    assert found.exit_code == 0
    assert "Example: workbench whatif --gpus +500" in found.output
