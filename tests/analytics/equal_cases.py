"""Cases in which every back end must give the same answer, to the bit; `make` turns a pandas frame into another one's.

@given(cases())
def test_...(case):
    check(case, make)

check_log("philly", make)
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from tests.builders import a_job
from tests.services.joblogs import FIXTURES, MAPPINGS, PHILLY
from workbench.analytics.capacity import known_since, steps
from workbench.analytics.occupancy import occupancy
from workbench.analytics.schema import UNKNOWN, job_frame
from workbench.analytics.sweep import AMOUNTS, COUNTS, Int64s, add_up, day_edges, hour_edges, sweep
from workbench.analytics.usage import usage_of
from workbench.analytics.wait import wait
from workbench.periods import Window
from workbench.services.joblog.parse import parse_joblog
from workbench.services.mapping import load_mapping
from workbench.store.lake import lake_table
from workbench.units import DAY_S, GPU_PARTS, HOUR_S

Make = Callable[[pd.DataFrame], Any]
BERLIN, HONG_KONG = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Hong_Kong")
MEASURES = [*AMOUNTS, *COUNTS]
SUMMER_S, WINTER_S = 1_774_738_800, 1_792_879_200
"""29 March and 25 October 2026, 00:00 in Berlin: days of 23 and of 25 hours."""
SLICES = [0, 1, GPU_PARTS // 7, 3 * GPU_PARTS // 7, GPU_PARTS // 2, GPU_PARTS, 8 * GPU_PARTS]
LOGS = {"philly": PHILLY, "mit-supercloud": FIXTURES / "traces" / "mit-supercloud-2021" / "slurm_log.parquet"}
TOTALS = {"philly": (82_247, "978078.473"), "mit-supercloud": (9_628, "43847.463")}
"""Jobs and GPU-hours: of Philly the sum of duration × GPUs, of MIT's the GPUs of `tres_alloc` from start to end."""


@dataclass(frozen=True)
class Case:
    """Jobs, bucket edges, columns to group by, and what capacity there was."""

    jobs: pd.DataFrame
    edges: Int64s
    by: tuple[str, ...]
    pieces: pd.DataFrame
    known: dict[str, Window]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Jobs before, in and after a window: of hours, of days one of which the clock changes, or of any cuts."""
    first = draw(st.sampled_from([SUMMER_S, WINTER_S]))
    edges = draw(
        st.one_of(
            st.builds(lambda n: hour_edges(first, first + n * HOUR_S), st.integers(1, 30)),
            st.builds(lambda n: day_edges(first - DAY_S, first + n * DAY_S, BERLIN), st.integers(1, 3)),
            st.lists(st.integers(0, 2 * DAY_S), min_size=2, max_size=7, unique=True).map(
                lambda cuts: first + np.sort(np.array(cuts, dtype=np.int64))
            ),
        )
    )
    jobs = draw(st.lists(_job(first), max_size=14))
    by = draw(st.sampled_from([(), ("project",), ("partition", "project"), ("cluster", "user_name", "gpu_model")]))
    frame = job_frame([job | {"job_id": str(number)} for number, job in enumerate(jobs)])
    changes, outages = draw(_capacity(first))
    since = known_since(changes)
    until = draw(st.integers(first, int(edges[-1]) + HOUR_S))
    known = {name: Window(at, max(at, until)) for name, at in since.items()}
    return Case(frame, edges, by, steps(changes, outages), known)


@st.composite
def _job(draw: st.DrawFn, first: int) -> dict[str, Any]:
    start = first + draw(st.integers(-2 * DAY_S, 3 * DAY_S))
    end = start + draw(st.one_of(st.just(0), st.integers(0, 4 * HOUR_S), st.integers(0, 4 * DAY_S)))
    return a_job(
        cluster=draw(st.sampled_from(["alpha", "beta"])),
        submit_at=start - draw(st.integers(-5, 5000)),
        submit_known=draw(st.booleans()),
        start_at=start,
        end_at=draw(st.sampled_from([None, end])),
        seen_until_at=end,
        project=draw(st.sampled_from(["a", "b", "é", None])),
        user_name=draw(st.sampled_from(["ana", "bo", None])),
        partition=draw(st.sampled_from(["main", "other", None])),
        gpu_model=draw(st.sampled_from(["H800", None])),
        gpu_parts=draw(st.sampled_from(SLICES)),
        cpu_cores=draw(st.sampled_from([None, 1, 64])),
    )


@st.composite
def _capacity(draw: st.DrawFn, first: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    place = {"partition": "main", "gpu_model": "H800"}
    changes, outages = [], []
    for cluster in ("alpha", "beta"):
        for at in sorted(draw(st.sets(st.integers(-2 * DAY_S, 2 * DAY_S), max_size=3))):
            gpus = draw(st.integers(1, 9))
            counts = dict.fromkeys(("installed", "in_service", "allocatable"), gpus)
            changes.append({"cluster": cluster, **place, "from_at": first + at, **counts})
        if draw(st.booleans()):
            at = first + draw(st.integers(0, DAY_S))
            outages.append({"cluster": cluster, **place, "start_at": at, "end_at": at + 5000, "gpus": 1})
    names = ("cluster", "partition", "gpu_model")
    columns = [*names, "from_at", "installed", "in_service", "allocatable"]
    return pd.DataFrame(changes, columns=columns), pd.DataFrame(
        outages, columns=[*names, "start_at", "end_at", "gpus"]
    ).astype({"end_at": "Int64"})


def lake_of(jobs: pd.DataFrame) -> pd.DataFrame:
    """The same jobs as the lake keeps them."""
    frame = lake_table(jobs).to_pandas()
    return frame.assign(cluster=jobs["cluster"].array, project=jobs["project"].array)


def check(case: Case, make: Make) -> None:
    """Sweep, usage, wait and occupancy of `make(jobs)`, and of the lake's frame of them, are what counting gives."""
    by, edges = list(case.by), case.edges
    used, waited = counted(case.jobs, by, edges), waits_counted(case.jobs, by)
    room = occupancy(counted(case.jobs, ["cluster", "partition", "gpu_model"], edges), case.pieces, case.known, edges)
    for frame in (case.jobs, lake_of(case.jobs)):
        same(sweep(make(frame), by, edges), used)
        same(usage_of(make(frame), by, edges), usage_of(case.jobs, by, edges))
        same(wait(make(frame), by), waited)
        same(occupancy(make(frame), case.pieces, case.known, edges), room)


@cache
def log_jobs(name: str) -> pd.DataFrame:
    """The job frame of a real log that the repository holds."""
    mapping, _ = load_mapping(MAPPINGS / f"{name}.toml")
    return parse_joblog(LOGS[name], mapping, mapping.cluster).jobs


def log_edges(name: str) -> tuple[Int64s, Int64s]:
    """The hours and the days of Hong Kong that a log covers."""
    jobs = log_jobs(name)
    window = int(jobs["start_at"].min()), int(jobs["seen_until_at"].max()) + 1
    return hour_edges(*window), day_edges(*window, HONG_KONG)


def check_log(name: str, make: Make) -> None:
    """Occupancy by hour and usage by day and project of a real log: as on pandas, and with its known totals."""
    jobs, (hours, days) = log_jobs(name), log_edges(name)
    frame = make(jobs)
    number, gpu_hours = TOTALS[name]
    by_hour, by_day = sweep(frame, ["cluster"], hours), sweep(frame, ["project"], days)
    for swept in (by_hour, by_day):
        assert int(swept["jobs_started"].sum()) == number
        exact = Fraction(int(swept["gpu_part_seconds"].sum()), GPU_PARTS * HOUR_S)
        assert f"{float(exact):.3f}" == gpu_hours
    same(by_hour, sweep(jobs, ["cluster"], hours))
    same(by_day, sweep(jobs, ["project"], days))
    same(wait(frame, ["partition"]), wait(jobs, ["partition"]))
    pieces, known = steps(*_none_stated()), {}
    room = occupancy(frame, pieces, known, hours)
    assert room["gpu_part_seconds"].tolist() == by_hour_filled(by_hour, len(hours) - 1)


def by_hour_filled(swept: pd.DataFrame, buckets: int) -> list[int]:
    """GPU time of every bucket, idle ones too."""
    return swept.groupby("bucket")["gpu_part_seconds"].sum().reindex(range(buckets), fill_value=0).tolist()


def _none_stated() -> tuple[pd.DataFrame, pd.DataFrame]:
    place = ["cluster", "partition", "gpu_model"]
    return (
        pd.DataFrame(columns=[*place, "from_at", "installed", "in_service", "allocatable"]),
        pd.DataFrame(columns=[*place, "start_at", "end_at", "gpus"]),
    )


def counted(jobs: pd.DataFrame, by: list[str], edges: Int64s) -> pd.DataFrame:
    """What `sweep` gives, by looking at each job in each bucket by itself."""
    rows = []
    for job in jobs.to_dict("records"):
        for bucket, (low, high) in enumerate(pairwise(edges.tolist())):
            overlap = max(0, min(high, job["seen_until_at"]) - max(low, job["start_at"]))
            begun = low <= job["start_at"] < high
            queued = job["start_at"] - job["submit_at"]
            known = begun and job["submit_known"] and queued >= 0
            cores = 0 if pd.isna(job["cpu_cores"]) else job["cpu_cores"]
            amounts = (job["gpu_parts"] * overlap, cores * overlap, int(begun), int(known), queued if known else 0)
            rows.append((*_names(job, by), bucket, *amounts))
    frame = pd.DataFrame(rows, columns=[*by, "bucket", *MEASURES])
    return add_up(frame, (*by, "bucket")) if rows else frame


def waits_counted(jobs: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """What `wait` gives, by sorting the waits of each group; quantiles as fractions."""
    waits: dict[tuple[str, ...], list[int | None]] = {}
    for job in jobs.to_dict("records"):
        queued = job["start_at"] - job["submit_at"]
        waits.setdefault(_names(job, by), []).append(queued if job["submit_known"] and queued >= 0 else None)
    rows = []
    for names in sorted(waits):
        known = sorted(queued for queued in waits[names] if queued is not None)
        mean = sum(known) / len(known) if known else None
        rows.append((*names, len(waits[names]), len(known), mean, _quantile(known, 50), _quantile(known, 95)))
    return pd.DataFrame(rows, columns=[*by, "jobs", "known_jobs", "mean_s", "median_s", "p95_s"])


def _quantile(values: list[int], percent: int) -> float | None:
    if not values:
        return None
    at = Fraction(percent * (len(values) - 1), 100)
    low, high = values[int(at)], values[min(int(at) + 1, len(values) - 1)]
    return float(low + (high - low) * (at - int(at)))


def _names(job: dict[str, Any], by: list[str]) -> tuple[str, ...]:
    return tuple(UNKNOWN if pd.isna(job[name]) else job[name] for name in by)


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Equal to the bit: columns, order of rows, values; unknown where the other is."""
    assert list(one.columns) == list(other.columns)
    plain = [frame.astype(object).where(frame.notna(), None).to_dict("records") for frame in (one, other)]
    assert plain[0] == plain[1]
