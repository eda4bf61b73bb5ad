"""Made-up samples of the sample centre: every job on GPUs of its own, the same ones later, and nothing twice."""

import pytest
from builders import a_job

from workbench.analytics.schema import job_frame
from workbench.periods import Window
from workbench.sample import telemetry
from workbench.store import placed
from workbench.store.frames import job_rows
from workbench.store.jobs import upsert_jobs
from workbench.telemetry import lake
from workbench.units import GPU_PARTS

NOW = 1_795_392_000
HOUR = 3600


@pytest.fixture
def centre(store):
    def job(k):
        start = NOW - 40 * HOUR + k * 600
        place = {"cluster": "sample", "source": "sample", "partition": "train", "gpu_parts": (1 + k % 9) * GPU_PARTS}
        return a_job(job_id=f"j{k}", start_at=start, end_at=start + 10 * HOUR + k * 600, **place)

    jobs = [job(k) for k in range(60)]
    other = a_job(cluster="other", job_id="not-ours", start_at=NOW - 9 * HOUR, end_at=NOW)
    with store.begin() as conn:
        upsert_jobs(conn, job_frame([*jobs, other]), store.settings.centre.zone)
    return store


def samples(store):
    return lake.read(store.settings.telemetry_folder, Window(0, NOW + 1))


def test_no_gpu_has_two_jobs_at_once(centre):
    telemetry.add(centre, NOW)
    with centre.read() as conn:
        there = placed.read(conn, Window(0, NOW))
        spans = job_rows(conn, [])[["job_id", "start_at", "seen_until_at", "gpu_parts"]]
    rows = there.drop(columns="gpu_parts").merge(spans, on="job_id")
    assert set(rows["job_id"]) == {f"j{k}" for k in range(60)}
    assert (rows.groupby("job_id").size() == rows.groupby("job_id")["gpu_parts"].first() // GPU_PARTS).all()
    for _device, mine in rows.sort_values("start_at").groupby(["node", "gpu_index"]):
        assert (mine["start_at"].iloc[1:].to_numpy() >= mine["seen_until_at"].iloc[:-1].to_numpy()).all()


def test_going_on_later_adds_what_is_new_and_nothing_twice(centre):
    assert telemetry.add(centre, NOW - 20 * HOUR)
    telemetry.add(centre, NOW)
    assert telemetry.add(centre, NOW) == 0
    found = samples(centre)
    assert len(found.drop_duplicates(["sampled_at", "node", "gpu_index"])) == len(found)
    assert set(found["source"]) == {"sample"}
    assert found["active_bp"].between(0, 10_000).all()
    assert (found["mem_used_mib"] <= found["mem_total_mib"]).all()


def test_one_node_in_twelve_says_nothing(centre):
    telemetry.add(centre, NOW)
    nodes = set(samples(centre)["node"])
    assert "train-001" in nodes
    assert "train-012" not in nodes
    with centre.read() as conn:
        assert "train-012" in set(placed.read(conn, Window(0, NOW))["node"])


def test_the_curves_are_those_that_were_measured():
    percent, value = telemetry._curve("gpu_util_pct")
    assert (percent[0], percent[-1], value[0], value[-1]) == (0, 100, 0, 100)
    assert value[50] == pytest.approx(48.45, abs=0.01)
