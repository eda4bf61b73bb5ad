"""`workbench ingest` as a person and a program see it: the figures, the reasons with lines, the exit status."""

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.services.joblogs import FIXTURES, LOG, MAPPING, MAPPINGS, PHILLY, written
from workbench.cli import main

SACCT = (
    "JobID|Account|User|State|Submit|Start|End|Elapsed|AllocTRES\n"
    "1|vision|ana|COMPLETED|2024-01-10T09:00:00|2024-01-10T10:00:00|2024-01-10T11:00:00|01:00:00|gres/gpu:a100=2\n"
    "1.batch|vision||COMPLETED|2024-01-10T10:00:00|2024-01-10T10:00:00|2024-01-10T11:00:00|01:00:00|gres/gpu:a100=2\n"
)


@pytest.fixture
def run(workbench_home):
    return lambda *words, **more: CliRunner().invoke(main, [str(word) for word in words], **more)


def figures(text):
    return {name: int(count) for name, count in re.findall(r"^  (\w[\w ]*?) +(\d+)$", text, re.MULTILINE)}


def test_a_log_comes_in_and_shows_in_usage_and_occupancy(run, tmp_path):
    log, mapping = written(tmp_path)
    said = run("ingest", "joblog", log, "--mapping", mapping)
    assert said.exit_code == 0, said.output
    assert figures(said.output) == {"accepted": 2, "rejected": 0, "unchanged": 0}
    usage = json.loads(run("usage", "--by", "project", "--format", "json").output)
    assert {u["project"]: (u["jobs"], u["gpu_seconds"]) for u in usage} == {"vision": (1, 7200), "speech": (1, 2700)}
    hours = run("occupancy", "--by", "hour", "--format", "csv").output.splitlines()
    assert [line.split(",")[:2] for line in hours[1:]] == [
        ["2024-01-10T10:00:00Z", "8100"],
        ["2024-01-10T11:00:00Z", "1800"],
    ]
    again = run("ingest", "joblog", log, "--mapping", mapping)
    assert (again.exit_code, figures(again.output)) == (0, {"accepted": 0, "rejected": 0, "unchanged": 2})


def test_rejected_rows_are_shown_with_their_lines_and_listed_afterwards(run, tmp_path):
    bad = LOG + "3,2024-01-10 10:00:00,2024-01-10 09:00:00,1,vision\n" + "4,soon,2024-01-10 09:00:00,1,vision\n" * 7
    log, mapping = written(tmp_path, bad)
    said = run("ingest", "joblog", log, "--mapping", mapping, "--rejects", "2").output
    assert "rejected 7: start not readable" in said
    assert "line 4: it ends (2024-01-10T09:00:00Z) before it starts" in said
    assert "… and 6 more" in said
    listed = json.loads(run("ingest", "rejects", "--format", "json").output)
    assert [row["line"] for row in listed] == [4, 5, 6, 7, 8, 9, 10, 11]
    assert listed[0]["text"] == "3,2024-01-10 10:00:00,2024-01-10 09:00:00,1,vision"


def test_json_says_the_same_to_a_program(run, tmp_path):
    log, mapping = written(tmp_path, LOG + "3,2024-01-10,2024-01-11,x,vision\n")
    said = json.loads(run("ingest", "joblog", log, "--mapping", mapping, "--format", "json").output)
    assert {name: said[name] for name in ("cluster", "accepted", "rejected", "unchanged", "rows")} == {
        "cluster": "alpha",
        "accepted": 2,
        "rejected": 1,
        "unchanged": 0,
        "rows": 3,
    }
    assert said["by_reason"] == {"GPUs not readable": 1}
    assert said["window"] == {"start": "2024-01-10T10:00:00Z", "end": "2024-01-10T12:00:00Z"}


@pytest.mark.parametrize("log", ["", "id,start,end,gpus,project\n", "id,start,end,gpus,project\n1,soon,later,x,p\n"])
def test_nothing_readable_is_a_failure_with_one_sentence(run, tmp_path, log):
    path, mapping = written(tmp_path, log)
    said = run("ingest", "joblog", path, "--mapping", mapping)
    assert said.exit_code == 1
    assert said.stdout == ""
    assert said.stderr.count("\n") == 1
    assert "Traceback" not in said.stderr


def test_problems_of_the_mapping_are_all_shown_and_nothing_is_kept(run, tmp_path, workbench_home):
    log, mapping = written(tmp_path, mapping=MAPPING.replace('"gpus"', '"gpu"').replace('"end"', '"finish"'))
    said = run("ingest", "joblog", log, "--mapping", mapping)
    assert said.exit_code == 1
    assert "has no column 'gpu'; did you mean 'gpus'?" in said.stderr
    assert "columns.end" in said.stderr
    assert not any(p.is_file() for p in (workbench_home / "raw").rglob("*"))


def test_a_dry_run_keeps_nothing(run, tmp_path):
    log, mapping = written(tmp_path)
    said = run("ingest", "joblog", log, "--mapping", mapping, "--dry-run")
    assert "dry run" in said.output
    assert json.loads(run("usage", "--format", "json").stdout) == []


def test_a_template_is_a_mapping_that_brings_its_log_in(run, tmp_path):
    log, mapping = written(tmp_path)
    mapping.write_text(run("ingest", "mapping-template", log).output)
    said = run("ingest", "joblog", log, "--mapping", mapping)
    assert figures(said.output)["accepted"] == 2


def test_sacct_text_from_a_file_packed_or_from_standard_input(run, tmp_path):
    (tmp_path / "sacct.txt").write_text(SACCT)
    (tmp_path / "sacct.gz").write_bytes(gzip.compress(SACCT.encode()))
    first = run("ingest", "sacct", tmp_path / "sacct.txt", "--cluster", "alpha")
    assert figures(first.output) == {"accepted": 1, "rejected": 0, "unchanged": 0, "steps": 1}
    packed = run("ingest", "sacct", tmp_path / "sacct.gz", "--cluster", "alpha")
    piped = run("ingest", "sacct", "-", "--cluster", "alpha", input=SACCT)
    assert [figures(said.output)["unchanged"] for said in (packed, piped)] == [1, 1]


def test_sacct_options_reach_the_reader(run, tmp_path):
    body = SACCT.split("\n", 1)[1].replace("a100=2", "1g.10gb=7").replace("|", "\u2603")
    (tmp_path / "sacct.txt").write_text(body)
    columns = SACCT.split("\n")[0].replace("|", ",")
    said = run("ingest", "sacct", tmp_path / "sacct.txt", "--cluster", "alpha", "--columns", columns,
               "--time-zone", "Europe/Berlin", "--weight", "1g.10gb=1/7", "--format", "json")  # fmt: skip
    assert json.loads(said.output)["window"]["start"] == "2024-01-10T09:00:00Z"
    assert json.loads(run("usage", "--format", "json").output)[0]["gpu_seconds"] == 3600


@pytest.mark.parametrize("words", [("--time-zone", "Mars/Base"), ("--weight", "a100=x"), ()])
def test_wrong_options_of_sacct_are_wrong_usage(run, tmp_path, words):
    (tmp_path / "sacct.txt").write_text(SACCT)
    cluster = ("--cluster", "alpha") if words else ()
    assert run("ingest", "sacct", tmp_path / "sacct.txt", *cluster, *words).exit_code == 2


def test_a_file_that_is_not_there_is_one_sentence(run, tmp_path):
    said = run("ingest", "sacct", tmp_path / "nothing.txt", "--cluster", "alpha")
    assert (said.exit_code, said.stderr.count("\n")) == (1, 1)
    assert "No such file" in said.stderr


def test_capacity_becomes_the_denominator(run, tmp_path):
    log, mapping = written(tmp_path)
    run("ingest", "joblog", log, "--mapping", mapping)
    capacity, by = tmp_path / "capacity.csv", tmp_path / "capacity.toml"
    capacity.write_text("day,gpus\n2024-01-01,8\n2024-01-02,8\n")
    by.write_text('cluster = "alpha"\ntime_zone = "UTC"\n[columns]\nfrom = "day"\ngpus = "gpus"\n')
    said = run("ingest", "capacity", capacity, "--mapping", by)
    assert said.exit_code == 0, said.output
    assert figures(said.output) == {"rows": 2, "accepted": 1, "rejected": 0, "unchanged": 0, "removed": 0}
    hours = run("occupancy", "--by", "hour", "--format", "csv").output.splitlines()
    place = hours[0].split(",").index("capacity_gpu_seconds")
    assert [line.split(",")[place] for line in hours[1:]] == ["28800", "28800"]


def test_the_command_that_is_installed_reads_philly_with_its_published_figures(workbench_home):
    command = Path(sys.executable).with_name("workbench")
    words = [command, "ingest", "joblog", PHILLY, "--mapping", MAPPINGS / "philly.toml"]
    said = subprocess.run(words, capture_output=True, text=True)
    assert (said.returncode, said.stderr) == (0, "")
    assert figures(said.stdout)["accepted"] == 82_247
    summary = subprocess.run([command, "occupancy", "--summary"], capture_output=True, text=True).stdout
    for figure in ("2,615", "978,078.473", "374.026", "422.241", "756.658", "1,079.610"):
        assert figure in summary


def test_other_slurm_text_says_what_was_expected(run):
    said = run("ingest", "sacct", FIXTURES / "slurm" / "sacct-text-gcm" / "sample-squeue-output.txt", "--cluster", "x")
    assert said.exit_code == 1
    assert "no header with JobID" in said.stderr
