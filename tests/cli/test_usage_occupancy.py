"""`usage`, `occupancy` and `db` as a person or a program meets them."""

import csv
import io
import json

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from tests.builders import small_centre
from workbench.cli import main


@pytest.fixture
def run(store):
    small_centre(store)
    return lambda *words: CliRunner().invoke(main, words)


def rows(said):
    assert said.exit_code == 0, said.output
    return list(csv.DictReader(io.StringIO(said.stdout)))


def test_usage_as_json_is_a_list_of_objects_with_whole_gpu_seconds(run):
    listed = json.loads(run("usage", "--by", "project", "--format", "json").stdout)
    assert [(row["project"], row["jobs"], row["gpu_seconds"]) for row in listed] == [
        ("vision", 14, 336 * 3600),
        ("speech", 2, 6 * 3600),
        (None, 1, 3600),
    ]
    assert all(isinstance(row["gpu_seconds"], int) for row in listed)


def test_usage_as_a_table_has_a_total_and_the_other_forms_have_none(run):
    table = run("usage").stdout
    assert "total" in table
    assert "343.000" in table
    assert "unknown" in table
    assert len(rows(run("usage", "--format", "csv"))) == 3


def test_usage_counts_the_part_inside_the_window(run):
    asked = ("usage", "--from", "2026-01-05T01:00:00", "--to", "2026-01-05T01:00:01", "--format", "csv")
    assert [(row["project"], row["jobs"], row["gpu_seconds"]) for row in rows(run(*asked))] == [("vision", "0", "4")]


def test_usage_by_two_names_and_a_month(run):
    found = rows(run("usage", "--by", "month,project", "--by", "user", "--format", "csv"))
    assert [(row["month"], row["project"], row["user"], row["gpu_hours"]) for row in found] == [
        ("2026-01", "", "", "1.0"),
        ("2026-01", "speech", "bo", "6.0"),
        ("2026-01", "vision", "ana", "336.0"),
    ]


def test_occupancy_by_hour_has_every_hour_idle_ones_too(run):
    found = rows(run("occupancy", "--by", "hour", "--format", "csv"))
    assert len(found) == 13 * 24 + 6
    assert found[0]["hour_start"] == "2026-01-04T16:00:00Z"
    first, idle = found[0], found[8]
    assert (first["gpu_seconds"], first["capacity_gpu_seconds"], first["occupancy"]) == ("14400", "28800", "0.5")
    assert (idle["gpu_seconds"], idle["capacity_gpu_seconds"], idle["occupancy"]) == ("0", "28800", "0.0")


def test_capacity_that_nobody_stated_is_empty_not_zero(run, store):
    with store.begin() as conn:
        conn.execute(text("DELETE FROM capacity_changes"))
    found = rows(run("occupancy", "--format", "csv"))
    assert {(row["capacity_gpu_seconds"], row["occupancy"]) for row in found} == {("", "")}
    assert json.loads(run("occupancy", "--format", "json").stdout)[0]["capacity_gpu_seconds"] is None


def test_occupancy_by_day_and_partition(run):
    found = rows(run("occupancy", "--by", "day", "--split", "partition", "--format", "csv"))
    assert [found[0][name] for name in ("partition", "day_start", "day", "gpu_seconds")] == [
        "main",
        "2026-01-04T16:00:00Z",
        "2026-01-05",
        str(27 * 3600),
    ]


def test_occupancy_as_a_table_ends_with_a_summary(run):
    said = run("occupancy", "--by", "week").stdout
    assert "95th percentile hour" in said
    assert "2026-W02" in said


def test_summary_alone(run):
    [whole] = json.loads(run("occupancy", "--summary", "--format", "json").stdout)
    assert (whole["hours"], whole["gpu_hours"], whole["largest_hour_gpus"]) == (318, 343.0, 4.0)


@pytest.mark.parametrize(
    "wrong",
    [
        ("usage", "--from", "yesterday"),
        ("usage", "--to", "2026-13-01"),
        ("usage", "--from", "2026-02-01", "--to", "2026-01-01"),
        ("usage", "--by", "colour"),
        ("usage", "--by", "day,month"),
        ("usage", "--by", "project,project"),
        ("occupancy", "--by", "decade"),
        ("occupancy", "--from", "nan"),
    ],
)
def test_a_wrong_question_is_one_clear_message_and_status_two(run, wrong):
    said = run(*wrong)
    assert said.exit_code == 2
    assert wrong[1] in said.stderr
    assert "Traceback" not in said.output


def test_a_window_without_data_says_so_and_prints_an_empty_answer(run):
    said = run("usage", "--from", "2030-01-01", "--format", "json")
    assert (said.exit_code, json.loads(said.stdout)) == (0, [])
    assert "No data in this window" in said.stderr


@pytest.mark.parametrize("noun", ["usage", "occupancy"])
def test_an_empty_store_says_what_to_do(workbench_home, noun):
    said = CliRunner().invoke(main, [noun, "--format", "csv"])
    assert said.exit_code == 0
    assert said.stdout.count("\n") == 1
    assert "workbench ingest joblog" in said.stderr


def test_db_check_finds_a_rollup_that_lies_and_rebuild_mends_it(run, store):
    assert run("db", "check").exit_code == 0
    with store.begin() as conn:
        conn.execute(text("UPDATE rollup_daily SET gpu_part_seconds = 1 WHERE project = 'speech'"))
    said = run("db", "check")
    assert said.exit_code == 1
    assert "rollup_daily: 2 rows differ" in said.stdout
    assert run("db", "rebuild").exit_code == 0
    assert run("db", "check").exit_code == 0
