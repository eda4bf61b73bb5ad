"""The benchmark of `make bench` at a small size: it runs, all are equal, and it says so if not."""

import json
import subprocess
import sys

import pytest

from benchmarks import bench, bench_engine
from benchmarks.bench import Result, table
from workbench.settings import ROOT


def result(engine="workbench", **other):
    plain = {
        "task": "both", "engine": engine, "jobs": 10_000_000, "median_s": 0.5, "fastest_s": 0.4, "slowest_s": 0.6,
        "rounds": 5, "peak_mib": 400, "equal": True, "ratio": 0.25, "read_mib": 104, "decode_s": 0.2, "copy_s": 0.05,
        "at": "2026-11-22 12:00 UTC",
    }  # fmt: skip
    return Result(**plain | other)


def test_ten_thousand_jobs_are_answered_alike_by_all(tmp_path):
    ask = ["--sizes", "1e4", "--rounds", "1", "--folder", str(tmp_path), "--out", str(tmp_path / "bench.json")]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.bench", *ask], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "bench.json").read_text())
    assert {(one["task"], one["engine"]) for one in found} == {
        (task, engine) for task in bench_engine.TASKS for engine in bench_engine.ENGINES
    }
    assert all(one["equal"] and one["jobs"] == 10_000 and one["median_s"] > 0 < one["peak_mib"] for one in found)
    assert "| both " in done.stdout


def test_a_wrong_answer_is_seen(tmp_path, monkeypatch):
    digests = {"workbench": "other"}

    class Told:
        def __init__(self, name, task, paths):
            self.name, self.seconds, self.peak_mib = name, [0.5], 100
            self.digests = {digests.get(name, "same")}

        def __enter__(self):
            return self

        def __exit__(self, *problem):
            pass

        def ask(self):
            self.seconds.append(0.5)

    monkeypatch.setattr(bench, "Engine", Told)
    found = bench.measure("both", 10, [tmp_path], 1, bench.Floor(1, 0.1, 0.1))
    assert {one.engine: one.equal for one in found} == {
        "workbench": False, "workbench-dask": True, "polars": True, "duckdb": True
    }  # fmt: skip
    assert "NO" in table(found)


def test_the_table_is_put_between_its_marks_and_other_sizes_stay(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- bench -->\nold\n<!-- end of bench -->\nafter\n")
    monkeypatch.setattr(bench, "DOC", page)
    bench.written([result(), result("duckdb", jobs=100_000_000)])
    text = page.read_text()
    assert text.startswith("before\n<!-- bench -->\n\n2026-11-22")
    assert text.endswith("<!-- end of bench -->\nafter\n")
    assert "old" not in text
    assert "1e7" in text and "1e8" in text and "0.25×" in text  # noqa: PT018
    page.write_text("no marks")
    with pytest.raises(SystemExit, match="<!-- bench -->"):
        bench.written([result()])
