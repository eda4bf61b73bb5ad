"""The sweep equals counting second by second, however jobs, time and groups are cut."""

from datetime import date
from zoneinfo import ZoneInfo

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import OPENING_S, a_job
from workbench.analytics.schema import JOB_COLUMNS, job_frame
from workbench.analytics.sweep import AMOUNTS, COUNTS, add_up, day_edges, hour_edges, sweep
from workbench.analytics.usage import usage, usage_of
from workbench.periods import day_of
from workbench.units import GPU_PARTS

HONG_KONG, BERLIN = ZoneInfo("Asia/Hong_Kong"), ZoneInfo("Europe/Berlin")
MEASURES = [*AMOUNTS, *COUNTS]


@st.composite
def some_jobs(draw, most=12):
    """Jobs within three hours of the opening, some of no length, some running, with few groups."""
    jobs = []
    for number in range(draw(st.integers(0, most))):
        start = OPENING_S + draw(st.integers(-4000, 9000))
        length = draw(st.integers(0, 12_000))
        jobs.append(
            a_job(
                job_id=str(number),
                submit_at=start - draw(st.integers(-5, 500)),
                submit_known=draw(st.booleans()),
                start_at=start,
                end_at=draw(st.sampled_from([None, start + length])),
                seen_until_at=start + length,
                project=draw(st.sampled_from(["a", "b", None])),
                gpu_parts=draw(st.sampled_from([0, 1, GPU_PARTS // 7, GPU_PARTS, 8 * GPU_PARTS])),
                cpu_cores=draw(st.sampled_from([None, 1, 64])),
            )
        )
    return job_frame(jobs)


def naive(jobs, by, edges):
    """The same, each job and bucket by itself."""
    rows = []
    for job in jobs.to_dict("records"):
        for bucket, (low, high) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)):
            overlap = max(0, min(high, job["seen_until_at"]) - max(low, job["start_at"]))
            begun = low <= job["start_at"] < high
            wait = job["start_at"] - job["submit_at"]
            known = begun and job["submit_known"] and wait >= 0
            cores = 0 if pd.isna(job["cpu_cores"]) else job["cpu_cores"]
            values = (job["gpu_parts"] * overlap, cores * overlap, int(begun), int(known), wait if known else 0)
            names = ["" if pd.isna(job[name]) else job[name] for name in by]
            rows.append((*names, bucket, *values))
    frame = pd.DataFrame(rows, columns=[*by, "bucket", *MEASURES])
    return add_up(frame, (*by, "bucket")) if rows else frame


def same(one, other):
    assert one.to_dict("records") == other.to_dict("records")


@given(some_jobs())
def test_sweep_equals_counting_each_job_in_each_hour(jobs):
    edges = hour_edges(OPENING_S, OPENING_S + 3 * 3600)
    for by in (["project"], []):
        same(sweep(jobs, by, edges), naive(jobs, by, edges))


@given(some_jobs(), st.lists(st.integers(1, 10_799), max_size=6))
def test_splitting_a_window_never_changes_the_total(jobs, cuts):
    whole = np.array([OPENING_S, OPENING_S + 10_800])
    cut = np.unique(np.concatenate((whole, OPENING_S + np.array(cuts, dtype=np.int64))))
    same(add_up(sweep(jobs, ["project"], cut), ["project"]), add_up(sweep(jobs, ["project"], whole), ["project"]))


@given(some_jobs(), st.integers(0, 12))
def test_parts_of_the_jobs_add_up_to_all(jobs, at):
    edges = hour_edges(OPENING_S, OPENING_S + 10_800)
    parts = pd.concat([sweep(jobs[:at], ["project"], edges), sweep(jobs[at:], ["project"], edges)])
    same(add_up(parts, ["project", "bucket"]), sweep(jobs, ["project"], edges))


def test_a_dask_dataframe_gives_the_same_as_one_frame():
    jobs = job_frame([a_job(job_id=str(n), start_at=OPENING_S + 700 * n, gpu_parts=n) for n in range(40)])
    edges = hour_edges(OPENING_S, OPENING_S + 40_000)
    same(sweep(dd.from_pandas(jobs, npartitions=4), ["project"], edges), sweep(jobs, ["project"], edges))


def test_more_than_a_float_holds_is_exact():
    jobs = job_frame([a_job(job_id=str(n), gpu_parts=(1 << 40) + n, end_at=OPENING_S + 3599) for n in range(2000)])
    swept = sweep(jobs, [], hour_edges(OPENING_S, OPENING_S + 1))
    assert swept["gpu_part_seconds"].tolist() == [3599 * (2000 * (1 << 40) + sum(range(2000)))]


def test_usage_of_a_window_is_what_its_hours_add_up_to():
    jobs = job_frame([a_job(job_id=str(n), start_at=OPENING_S + 1000 * n, project="ab"[n % 2]) for n in range(9)])
    edges = hour_edges(OPENING_S + 3600, OPENING_S + 3 * 3600)
    frame = usage_of(jobs, ["project"], edges)
    assert frame.to_dict("records") == usage(sweep(jobs, ["project"], edges), ["project"]).to_dict("records")
    in_all = usage_of(jobs, [], edges).iloc[0]
    assert (in_all["jobs"], in_all["gpu_part_seconds"]) == (5, frame["gpu_part_seconds"].sum())


def test_a_job_of_no_length_counts_as_started_and_uses_nothing():
    swept = sweep(job_frame([a_job(end_at=OPENING_S)]), ["project"], hour_edges(OPENING_S, OPENING_S))
    assert swept[["gpu_part_seconds", "jobs_started"]].values.tolist() == [[0, 1]]


def test_no_jobs_give_the_columns_and_no_row():
    swept = sweep(job_frame([]), ["project"], hour_edges(OPENING_S, OPENING_S + 5))
    assert list(swept.columns) == ["project", "bucket", *MEASURES]
    assert len(swept) == 0


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)])
def test_a_day_has_the_hours_its_zone_gives_it(day, hours):
    noon = int(pd.Timestamp(day, tz="Europe/Berlin").timestamp()) + 12 * 3600
    edges = day_edges(noon, noon + 1, BERLIN)
    assert (edges[1] - edges[0], day_of(int(edges[0]), BERLIN)) == (hours * 3600, day)


def test_edges_cover_the_window_and_no_more():
    assert day_edges(OPENING_S, OPENING_S + 86_400, HONG_KONG).tolist() == [OPENING_S, OPENING_S + 86_400]
    assert hour_edges(OPENING_S + 1, OPENING_S + 3601).tolist() == [OPENING_S + 3600 * n for n in range(3)]


def test_a_job_frame_has_the_columns_of_its_schema():
    frame = job_frame([a_job()])
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == JOB_COLUMNS


@pytest.mark.parametrize(
    "wrong",
    [
        {"end_at": OPENING_S - 1},
        {"gpu_parts": -1},
        {"cluster": None},
        {"cpu_cores": -1},
        {"start_at": None},
        {"colour": "red"},
    ],
)
def test_a_job_frame_refuses_what_no_job_can_be(wrong):
    with pytest.raises(ValueError):
        job_frame([a_job() | wrong])


def test_a_job_that_ended_was_seen_until_its_end():
    assert job_frame([a_job(end_at=OPENING_S + 10) | {"seen_until_at": OPENING_S + 99}])["seen_until_at"].tolist() == [
        OPENING_S + 10
    ]
