"""Which GPUs a job had: kept once, Slurm's word before a label's."""

import pytest
from builders import a_job

from workbench.analytics.samples import PLACED_COLUMNS, placed_frame
from workbench.analytics.schema import job_frame
from workbench.periods import Window
from workbench.store import placed
from workbench.store.jobs import upsert_jobs
from workbench.units import GPU_PARTS

START = 1_790_035_200
HOUR = Window(START, START + 3600)


@pytest.fixture
def centre(store):
    jobs = [
        a_job(cluster="alpha", job_id="7", submit_at=START - 5, start_at=START, seen_until_at=START + 900, end_at=None,
              gpu_parts=2 * GPU_PARTS),
        a_job(cluster="alpha", job_id="8", submit_at=START, start_at=START + 3600, end_at=START + 3700,
              seen_until_at=START + 3700, gpu_parts=GPU_PARTS),
    ]  # fmt: skip
    with store.begin() as conn:
        upsert_jobs(conn, job_frame(jobs), store.settings.centre.zone)
    return store


def on(index, node="gpu1", job_id="7", submit_at=START - 5, **given):
    return {"cluster": "alpha", "job_id": job_id, "submit_at": submit_at, "node": node, "gpu_index": index,
            "gpu_parts": GPU_PARTS, **given}  # fmt: skip


def written(store, *rows, said_by=placed.SLURM):
    with store.begin() as conn:
        return placed.write(conn, placed_frame(rows), said_by)


def known(store, window=HOUR):
    with store.read() as conn:
        return placed.read(conn, window)


def test_what_is_written_is_read_once(centre):
    assert written(centre, on(1), on(0), on(0, job_id="8", submit_at=START)) == 3
    assert written(centre, on(0), on(1)) == 0
    found = known(centre)
    assert found.dtypes.astype(str).to_dict() == PLACED_COLUMNS
    assert found[["job_id", "gpu_index"]].values.tolist() == [["7", 0], ["7", 1]]
    assert found["gpu_uuid"].isna().all()


def test_a_new_word_of_slurm_takes_the_place_of_the_old_one(centre):
    written(centre, on(0), on(1))
    assert written(centre, on(1), on(2)) == 2
    assert known(centre)["gpu_index"].tolist() == [1, 2]


def test_a_label_adds_devices_until_slurm_has_spoken(centre):
    assert written(centre, on(0, gpu_uuid="GPU-a"), said_by=placed.LABEL) == 1
    assert written(centre, on(3, gpu_uuid="GPU-b"), said_by=placed.LABEL) == 1
    assert known(centre)["gpu_uuid"].tolist() == ["GPU-a", "GPU-b"]
    written(centre, on(0), on(1))
    assert written(centre, on(3, gpu_uuid="GPU-b"), said_by=placed.LABEL) == 0
    assert known(centre)["gpu_index"].tolist() == [0, 1]


def test_where_slurm_cannot_say_which_the_label_may(centre):
    written(centre, on(None), on(None))
    assert known(centre).empty
    with centre.read() as conn:
        assert placed.unplaced(conn, "alpha").empty  # it was asked; it is not asked again
    slice_ = on(0, gpu_uuid="GPU-a", mig="1g.10gb/7/0", gpu_parts=GPU_PARTS)
    assert written(centre, slice_, said_by=placed.LABEL) == 1
    assert known(centre)["mig"].tolist() == ["1g.10gb/7/0"]


def test_running_jobs_without_a_place_are_asked_for(centre):
    with centre.read() as conn:
        assert placed.unplaced(conn, "alpha").to_dict("records") == [
            {"cluster": "alpha", "job_id": "7", "submit_at": START - 5, "gpu_parts": 2 * GPU_PARTS}
        ]
        assert placed.unplaced(conn, "beta").empty
    written(centre, on(0, gpu_uuid="GPU-a"), said_by=placed.LABEL)
    with centre.read() as conn:
        assert len(placed.unplaced(conn, "alpha")) == 1


def test_a_job_outside_of_the_window_is_not_read(centre):
    written(centre, on(0), on(0, job_id="8", submit_at=START))
    assert known(centre, Window(START + 3600, START + 7200))["job_id"].tolist() == ["8"]
