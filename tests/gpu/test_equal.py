"""Occupancy, usage, waits and efficiency on cuDF, and on Dask over cuDF, are those on pandas, to the bit."""

from zoneinfo import ZoneInfo

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from builders import OPENING_S, small_centre_jobs
from hypothesis import given

from tests.analytics.equal_cases import LOGS, cases, check, check_log
from workbench.analytics.capacity import steps
from workbench.analytics.efficiency import efficiency
from workbench.analytics.occupancy import occupancy
from workbench.analytics.samples import placed_frame, sample_frame
from workbench.analytics.schema import JOB_COLUMNS, JOB_KEY
from workbench.analytics.sweep import day_edges, hour_edges, sweep
from workbench.analytics.usage import usage_of
from workbench.analytics.wait import wait
from workbench.periods import Window
from workbench.units import DAY_S, GPU_PARTS

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(300)]

DAYS = 40
HOURS = hour_edges(OPENING_S, OPENING_S + DAYS * DAY_S)
BERLIN = day_edges(OPENING_S, OPENING_S + DAYS * 4 * DAY_S, ZoneInfo("Europe/Berlin"))
"""Across the change of clocks at the end of March 2026: a day of 23 hours."""
OPENED = {"cluster": "alpha", "from_at": OPENING_S, "installed": 800, "in_service": 800, "allocatable": 800}
PLACES = [{"partition": part, "gpu_model": model} for part in ("a", "b", "main") for model in ("H800", "A100")]
CAPACITY = steps(
    pd.DataFrame([OPENED | place for place in PLACES]),
    pd.DataFrame(columns=["cluster", "partition", "gpu_model", "start_at", "end_at", "gpus"]),
)
KNOWN = {"alpha": Window(OPENING_S, OPENING_S + DAYS * DAY_S)}


def random_jobs(rows, seed=1):
    """Jobs with all that is awkward: no length, still running, no project, no cores, slices, very large weights."""
    random = np.random.default_rng(seed)
    start = OPENING_S + random.integers(-2 * DAY_S, DAYS * DAY_S, rows)
    length = np.where(random.random(rows) < 0.05, 0, random.lognormal(8.9, 1.5, rows).astype("int64"))
    frame = pd.DataFrame(index=range(rows), columns=list(JOB_COLUMNS))
    frame["cluster"], frame["source"], frame["kind"] = "alpha", "joblog", "batch"
    frame["job_id"] = [str(number) for number in range(rows)]
    frame["submit_at"] = start - random.integers(-60, 5000, rows)
    frame["submit_known"] = random.random(rows) < 0.8
    frame["start_at"], frame["seen_until_at"] = start, start + length
    frame["end_at"] = pd.array(start + length, dtype="Int64")
    frame.loc[random.random(rows) < 0.03, "end_at"] = pd.NA
    frame["project"] = random.choice(["b", "a", "", "émile", None], rows)
    frame["user_name"] = random.choice(["ana", "bo"], rows)
    frame["partition"], frame["gpu_model"] = random.choice(["a", "b"], rows), random.choice(["H800", "A100"], rows)
    frame["gpu_parts"] = random.choice([0, 1, GPU_PARTS // 7, GPU_PARTS, 8 * GPU_PARTS, 1 << 34], rows)
    frame["cpu_cores"] = pd.array(random.choice([1, 64], rows), dtype="Int64")
    frame.loc[random.random(rows) < 0.1, "cpu_cores"] = pd.NA
    return frame.astype(JOB_COLUMNS)


NVML = {"measure": "gpu_util", "source": "nvml"}
CASES = {
    "a small centre": small_centre_jobs,
    "none": lambda: random_jobs(0),
    "one": lambda: random_jobs(1),
    "some": lambda: random_jobs(3_000),
    "many, laid out": lambda: random_jobs(200_000),
}
QUESTIONS = {
    "occupancy by hour": lambda jobs: occupancy(jobs, CAPACITY, KNOWN, HOURS, ["partition"]),
    "usage by project and day": lambda jobs: sweep(jobs, ["project"], BERLIN),
    "by two names": lambda jobs: sweep(jobs, ["project", "gpu_model"], HOURS[::24]),
    "in all": lambda jobs: sweep(jobs, [], HOURS),
    "usage": lambda jobs: usage_of(jobs, ["project"], HOURS),
    "waits": lambda jobs: wait(jobs, ["project"]),
}


def on_cudf(frame):
    import cudf

    return cudf.from_pandas(frame)


def on_dask(frame):
    return dd.from_pandas(frame, npartitions=4).to_backend("cudf")


@pytest.mark.parametrize("bring", [on_cudf, on_dask])
@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_question_has_the_answer_of_pandas(client, case, question, bring):
    jobs = case()
    if bring is on_dask and not len(jobs):
        pytest.skip("Dask has no partitions of nothing")
    pd.testing.assert_frame_equal(question(bring(jobs)), question(jobs))


@pytest.mark.parametrize("bring", [on_cudf, on_dask])
def test_efficiency_has_the_answer_of_pandas(client, bring):
    jobs = small_centre_jobs()
    vision = jobs[jobs["project"] == "vision"]
    placed = placed_frame(
        {name: job[name] for name in JOB_KEY} | {"node": "n1", "gpu_index": index, "gpu_parts": GPU_PARTS}
        for job in vision.to_dict("records")
        for index in range(4)
    )
    samples = sample_frame(
        {"node": "n1", "gpu_index": index, "sampled_at": second, "active_bp": 2_500 * index, **NVML}
        for index in range(4)
        for second in range(OPENING_S, OPENING_S + 2 * DAY_S, 600)
    )
    window = Window(OPENING_S, OPENING_S + 3 * DAY_S)
    expected = efficiency(jobs, placed, samples, window, 1200)
    pd.testing.assert_frame_equal(efficiency(bring(jobs), placed, samples, window, 1200), expected)
    pd.testing.assert_frame_equal(efficiency(jobs, placed, bring(samples), window, 1200), expected)


@given(cases())
def test_whatever_the_jobs_cudf_counts_them_as_by_hand(case):
    check(case, on_cudf)


@pytest.mark.parametrize("bring", [on_cudf, on_dask])
@pytest.mark.parametrize("log", LOGS)
def test_a_real_log_has_its_known_totals(client, log, bring):
    check_log(log, bring)
