"""`workbench spend`, `prices` and `sample`, on a small centre."""

import csv
import io
import json

import pytest
from click.testing import CliRunner

from tests.builders import DATA_UNTIL_S, small_centre
from workbench.cli import main
from workbench.services.charging.rating import rate


@pytest.fixture
def run(workbench_home):
    def run(*words):
        said = CliRunner().invoke(main, words)
        return said.exit_code, said.stdout, said.stderr

    return run


@pytest.fixture
def centre(store):
    small_centre(store)
    rate(store, DATA_UNTIL_S)
    return store


def test_spend_by_project_as_json_is_exact(run, centre):
    code, out, _ = run("spend", "--format", "json")
    rows = {row["project"]: row for row in json.loads(out)}
    assert code == 0
    assert rows["vision"]["list_minor"] == 336 * 2800
    assert rows["vision"]["left_minor"] == 100_000_000 - 336 * 1960
    assert rows["speech"]["ceiling_minor"] is None
    assert rows[None]["award_state"] == "none"


@pytest.mark.parametrize("by", ["project", "category", "partition", "model", "day"])
def test_every_cut_adds_up_to_the_same(run, centre, by):
    _, out, _ = run("spend", "--by", by, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert sum(int(row["list_minor"]) for row in rows) == 343 * 2800
    assert sum(float(row["gpu_hours"]) for row in rows) == 343


def test_the_table_has_a_total_and_says_the_currency(run, centre):
    _, out, _ = run("spend", "--by", "category")
    assert "HK$" in out
    assert "total" in out
    assert "9,604" in out  # 343 GPU-hours at HK$28


def test_a_window_in_nonsense_is_wrong_usage(run, centre):
    code, _, err = run("spend", "--from", "nonsense")
    assert code == 2
    assert "--from" in err


def test_an_empty_store_says_so_and_prints_an_empty_answer(run, workbench_home):
    code, out, err = run("spend", "--format", "json")
    assert (code, json.loads(out)) == (0, [])
    assert "No charges" in err


def test_prices_are_listed(run, centre):
    _, out, _ = run("prices", "--format", "csv")
    since = "2024-12-31T16:00:00Z"
    assert out.splitlines() == [
        "resource,from,per_hour,version",
        f"H800,{since},28.00,prices of 2025-01-01",
        f"cpu,{since},0.20,prices of 2025-01-01",
    ]


def test_the_sample_is_loaded_continued_described_and_its_logins_forgotten(run, workbench_home):
    code, _, err = run("sample", "top-up")
    assert code == 1
    assert "workbench sample load" in err
    code, out, _ = run("sample", "load", "--until", "2024-12-15")
    assert code == 0
    assert "jobs new" in out
    assert (workbench_home / "secrets" / "sample_logins.json").exists()
    assert run("sample", "forget-logins")[1] == "13 sample logins taken away.\n"
    assert not (workbench_home / "secrets" / "sample_logins.json").exists()


def test_the_sample_has_no_future(run, workbench_home):
    code, _, err = run("sample", "load", "--until", "2999-01-01")
    assert code == 2
    assert "ahead" in err


def test_describe_says_what_is_real_and_what_is_not(run, workbench_home):
    _, out, _ = run("sample", "describe")
    for part in ("82,247", "79,083", "CC-BY-4.0", "invented", "2025-10-06: 2,848, 2,808, 2,776"):
        assert part in out
