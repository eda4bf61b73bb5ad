"""How good forecasts have been: back-tests of the sample centre and of real clusters, as the table in docs/forecast.md.

    .venv/bin/python -m benchmarks.backtest [--traces FOLDER] [--doc]

The sample centre is the one of WORKBENCH_HOME (make up loads it). FOLDER holds philly-2017/philly_jobs.parquet and
helios-earth-2020/earth_vc_occupancy_1min_2020-05.parquet; what is not there is left out, and said. --doc writes the
table into docs/forecast.md. Errors are mean absolute ones, coverage is that of the 80% interval, out of sample.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.analytics.forecast import WEEK, Forecast, forecast
from workbench.domain.access import WholeCentre
from workbench.errors import WorkbenchError
from workbench.services.forecast import fund_forecast, occupancy_forecast
from workbench.settings import load
from workbench.store.engine import open_store

ROOT = Path(__file__).resolve().parents[1]
TRACES = ROOT.parent / "shared" / "data" / "traces"
DOC, OUT = ROOT / "docs" / "forecast.md", ROOT / "benchmarks" / "out" / "backtest.json"
BEGIN, END = "<!-- back-test: made by python -m benchmarks.backtest --doc -->", "<!-- end of the back-test -->"
ALL = WholeCentre("backtest")
DAY_S, HOURS = 86_400, 24
EARTH_GPUS = 856

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Tried:
    """One series, tried. unit: of its values; over: what its errors are told as a share of (0: of nothing)."""

    name: str
    unit: str
    step: str
    forecast: Forecast
    over: float


def of_sample() -> Iterator[Tried]:
    """The three series of the forecast's page; what one error is in points of occupancy needs the GPUs in service."""
    store, now = open_store(load()), int(time.time())
    occupancy = occupancy_forecast(store, ALL, now)
    in_service = float(occupancy.ahead["in_service_gpus"].iloc[0])
    yield Tried("Sample centre: GPUs allocated", "GPUs", "days", occupancy.busy, in_service)
    yield Tried("Sample centre: GPUs wanted", "GPUs", "days", occupancy.demand, in_service)
    fund = fund_forecast(store, ALL, now).listed
    yield Tried("Sample centre: list cost of a day", store.settings.centre.symbol, "days", fund, 0.0)


def of_philly(folder: Path) -> Iterator[Tried]:
    """Busy GPUs by day of the real log, once through (no replay); its capacity is not part of it."""
    jobs = pd.read_parquet(
        folder / "philly-2017" / "philly_jobs.parquet", columns=["timestamp", "duration", "num_gpus"]
    )
    start = jobs["timestamp"].to_numpy("M8[s]").astype(np.int64)
    # The first week fills an empty cluster, in the last one jobs no longer begin.
    edges = np.arange(start.min() // DAY_S + 8, start.max() // DAY_S - 7) * DAY_S
    length, gpus = jobs["duration"].to_numpy(), jobs["num_gpus"].to_numpy()
    spent = np.array([(np.clip(edge - start, 0, length) * gpus).sum() for edge in edges])
    busy = np.diff(spent) / DAY_S
    yield Tried("Philly 2017: GPUs allocated", "GPUs", "days", forecast(busy, 4 * WEEK), 0.0)


def of_earth(folder: Path) -> Iterator[Tried]:
    """Busy GPUs by hour of one month, the day as its season, two days ahead."""
    name = "earth_vc_occupancy_1min_2020-05.parquet"
    minutes = pd.read_parquet(folder / "helios-earth-2020" / name, columns=["time", "running_gpu_num"])
    minutes["time"] = pd.to_datetime(minutes["time"])
    busy = minutes.groupby("time")["running_gpu_num"].sum().resample("h").mean()
    room = np.full(len(busy) + 2 * HOURS, float(EARTH_GPUS))
    found = forecast(busy.to_numpy(np.float64), 2 * HOURS, season=HOURS, room=room, tested_steps=2 * HOURS)
    yield Tried("Helios Earth, May 2020: GPUs allocated", "GPUs", "hours", found, EARTH_GPUS)


def rows_of(tried: Tried) -> Iterator[str]:
    """Its lines of the table."""
    for score, naive in zip(tried.forecast.scores, tried.forecast.naive or tried.forecast.scores, strict=True):
        points = f" ({100 * score.error / tried.over:.1f} points)" if tried.over else ""
        amount = f"{tried.unit} {score.error / 100:,.0f}" if not tried.over and tried.unit != "GPUs" else ""
        before = f"{tried.unit} {naive.error / 100:,.0f}" if amount else f"{naive.error:,.1f}"
        mean = amount or f"{score.error:,.1f} {tried.unit}{points}"
        yield (
            f"| {tried.name} | {score.first}–{score.last} {tried.step} | {mean} "
            f"| {before if tried.forecast.naive else '–'} | {_share(score.scaled, 2)} | {_held(score.coverage)} "
            f"| {_held(score.raw)} | {score.tested} |"
        )


def _share(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _held(share: float | None) -> str:
    if share is None:
        return "not tested"
    return f"{share:.1%}" if 0.7 <= share <= 0.9 else f"**{share:.1%}**"


def table(found: list[Tried], left_out: list[str]) -> str:
    """The table with its date, what each series was forecast by, and what was left out."""
    head = (
        "| series | ahead | mean error | as one season before | MASE | in the 80% range | as modelled | tested |",
        "|---|---|---|---|---|---|---|---|",
    )
    lines = [f"{datetime.now(UTC):%-d %b %Y}.", "", *head, *(row for tried in found for row in rows_of(tried)), ""]
    for tried in found:
        f = tried.forecast
        whole = "too short to set the width by earlier errors" if f.coverage is None else f"{f.coverage:.1%} in all"
        lines.append(f"- {tried.name}: “{f.method}”, {f.known} {tried.step}, {f.origins} earlier moments; {whole}.")
    lines += [f"- Left out: {what}" for what in left_out]
    return "\n".join(lines)


def written(text: str) -> str:
    """The document with the table between its two markers."""
    document = DOC.read_text(encoding="utf-8")
    before, rest = document.split(BEGIN)
    _old, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--traces", type=Path, default=TRACES)
    parser.add_argument("--doc", action="store_true", help="write the table into docs/forecast.md")
    asked = parser.parse_args()
    found: list[Tried] = []
    left_out: list[str] = []
    for ask in (of_sample, lambda: of_philly(asked.traces), lambda: of_earth(asked.traces)):
        try:
            found += ask()
        except (WorkbenchError, FileNotFoundError) as problem:
            left_out.append(str(problem))
    text = table(found, left_out)
    sys.stdout.write(f"{text}\n")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    whole = [
        {"series": t.name, "method": t.forecast.method, "coverage": t.forecast.coverage, **asdict(score)}
        for t in found
        for score in t.forecast.scores
    ]
    OUT.write_text(json.dumps(whole, indent=1), encoding="utf-8")
    if asked.doc:
        DOC.write_text(written(text), encoding="utf-8")


if __name__ == "__main__":
    main()
