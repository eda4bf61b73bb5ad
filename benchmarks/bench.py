"""Hourly occupancy and daily usage by project, from Parquet to the answers: ours beside Polars and DuckDB.

    SIZES=1e6,1e7 .venv/bin/python -m benchmarks.bench [--rounds N] [--folder FOLDER] [--doc]

Jobs are those of `benchmarks.resampled`, the same files for all. Every engine answers each task in a process of its
own, on all cores; the processes take turns, and the median of their rounds counts. Imports, compilation, the start of
Dask's two workers and a first question of one file are not counted; the files are in the page cache. Every answer of
every round must be the same to the bit, else the exit status is 1. Writes benchmarks/out/bench.json; --doc puts the
table between its marks in docs/performance.md, beside the sizes that it has already.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.bench_engine import ENGINES, OURS, TASKS
from benchmarks.bench_floor import Floor, floor, machine
from benchmarks.resampled import make
from workbench.settings import ROOT

OUT = ROOT / "benchmarks" / "out"
DOC, BEGIN, END = ROOT / "docs" / "performance.md", "<!-- bench -->", "<!-- end of bench -->"
LARGE = 50_000_000
"""From so many jobs on three rounds will do; below, five."""


@dataclass(frozen=True, slots=True)
class Result:
    """One engine on one task of one size. `ratio`: to the faster of Polars and DuckDB; `peak_mib`: of all its
    processes, libraries included; `read_mib`, `decode_s`, `copy_s`: the floor, see `bench_floor`."""

    task: str
    engine: str
    jobs: int
    median_s: float
    fastest_s: float
    slowest_s: float
    rounds: int
    peak_mib: int
    equal: bool
    ratio: float
    read_mib: int
    decode_s: float
    copy_s: float
    at: str


class Engine:
    """A process that answers one task over and over."""

    def __init__(self, name: str, task: str, paths: Sequence[Path]) -> None:
        self.name, self.seconds, self.digests, self.peak_mib = name, list[float](), set[str](), 0
        given = json.dumps({"engine": name, "task": task, "paths": [str(path) for path in paths]})
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.bench_engine", given],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def __enter__(self) -> "Engine":
        self._heard()
        return self

    def ask(self) -> None:
        """One round."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        found = self._heard()
        self.seconds.append(found["seconds"])
        self.digests.add(found["digest"])
        self.peak_mib = max(self.peak_mib, found["peak_mib"])

    def _heard(self) -> Any:
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if not said:
            raise SystemExit(f"{self.name} ended with status {self._process.wait()} without an answer")
        return json.loads(said)

    def __exit__(self, *problem: object) -> None:
        self._process.communicate()  # the end of its input ends it


def measure(task: str, jobs: int, paths: Sequence[Path], rounds: int, under: Floor) -> list[Result]:
    """All engines on one task, taking turns."""
    with ExitStack() as stack:
        engines = []
        for name in ENGINES:
            say(f"{task}, {jobs:.0e} jobs: {name} starts")
            engines.append(stack.enter_context(Engine(name, task, paths)))
        for number in range(rounds):
            say(f"{task}, {jobs:.0e} jobs: round {number + 1} of {rounds}")
            for engine in engines:
                engine.ask()
    medians = {engine.name: statistics.median(engine.seconds) for engine in engines}
    digests = {digest for engine in engines for digest in engine.digests}
    fastest = min(medians[engine.name] for engine in engines if engine.name not in OURS)
    right = next(engine for engine in engines if engine.name == "duckdb").digests
    return [
        Result(
            task=task,
            engine=engine.name,
            jobs=jobs,
            median_s=round(medians[engine.name], 4),
            fastest_s=round(min(engine.seconds), 4),
            slowest_s=round(max(engine.seconds), 4),
            rounds=rounds,
            peak_mib=engine.peak_mib,
            equal=len(digests) == 1 or (len(right) == 1 and engine.digests == right),
            ratio=round(medians[engine.name] / fastest, 3),
            at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            **asdict(under),
        )
        for engine in engines
    ]


def table(results: Sequence[Result]) -> str:
    """As Markdown, which also reads well in a terminal."""
    names = ["task", "engine", "jobs", "median s", "fastest–slowest", "peak MiB", "equal", "÷ faster peer"]
    lines = [names] + [
        [
            result.task,
            result.engine,
            f"{result.jobs:.0e}".replace("+0", ""),
            f"{result.median_s:.3f}",
            f"{result.fastest_s:.3f}–{result.slowest_s:.3f}",
            f"{result.peak_mib:,}",
            "yes" if result.equal else "NO",
            f"{result.ratio:.2f}×",
        ]
        for result in results
    ]
    return _markdown(lines)


def floors(results: Sequence[Result]) -> str:
    """The floor of each size beside what both answers take."""
    names = [
        "jobs",
        "columns, MiB in the files",
        "copying their values, s",
        "only decoding them, s",
        "workbench, both, s",
    ]
    lines = [names] + [
        [
            f"{result.jobs:.0e}".replace("+0", ""),
            f"{result.read_mib:,}",
            f"{result.copy_s:.3f}",
            f"{result.decode_s:.3f}",
            f"{result.median_s:.3f}",
        ]
        for result in results
        if (result.task, result.engine) == ("both", "workbench")
    ]
    return _markdown(lines)


def _markdown(lines: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(map(str.ljust, line, widths))} |" for line in lines)


def written(results: Sequence[Result]) -> None:
    """Put the tables between their marks in the document."""
    page = DOC.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _old, there, after = rest.partition(END)
    if not there:
        raise SystemExit(f"{DOC} has no {BEGIN} … {END} to put the table in.")
    taken = f"{min(result.at for result in results)} to {max(result.at for result in results)}, {machine()}."
    text = "\n\n".join([taken, table(results), "The floor, measured in the same runs:", floors(results)])
    DOC.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def say(line: str) -> None:
    """How far it is, beside what is the result."""
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--sizes", default=os.environ.get("SIZES") or "1e6,1e7", help="numbers of jobs; or SIZES")
    asked.add_argument("--rounds", type=int, help="default: 5, of large sizes 3")
    asked.add_argument("--folder", type=Path, default=OUT / "data", help="where the jobs are made, and kept")
    asked.add_argument("--out", type=Path, default=OUT / "bench.json")
    asked.add_argument("--doc", action="store_true", help="put the table into docs/performance.md")
    given = asked.parse_args()
    results: list[Result] = []
    for jobs in sorted(int(float(size)) for size in given.sizes.split(",")):
        say(f"{jobs:.0e} jobs: files")
        paths = make(jobs, given.folder / f"{jobs}")
        under = floor(paths)
        for task in TASKS:
            results += measure(task, jobs, paths, given.rounds or (3 if jobs >= LARGE else 5), under)
    kept = _kept(given.out, {result.jobs for result in results}) if given.doc else []
    results = sorted([*kept, *results], key=lambda one: one.jobs)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n", encoding="utf-8")
    print(table(results), floors(results), sep="\n\n")
    if given.doc:
        written(results)
    return 0 if all(result.equal for result in results) else 1


def _kept(path: Path, anew: set[int]) -> list[Result]:
    """Of the document's earlier run the sizes that were not measured now: the large one is a run of its own."""
    if not path.exists():
        return []
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return [Result(**one) for one in found if one["jobs"] not in anew]


if __name__ == "__main__":
    sys.exit(main())
