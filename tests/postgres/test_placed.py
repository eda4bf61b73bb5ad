"""Where jobs ran, on PostgreSQL: kept once, read back, Slurm's word before a label's."""

import pytest

from tests.store.test_placed import START, a_job, job_frame, known, on, upsert_jobs, written
from workbench.store import placed
from workbench.units import GPU_PARTS

pytestmark = pytest.mark.postgres


def test_places_are_kept_once_and_slurm_replaces_a_label(on_postgres):
    job = a_job(
        job_id="7", submit_at=START - 5, start_at=START, seen_until_at=START + 900, end_at=None, gpu_parts=GPU_PARTS
    )
    with on_postgres.begin() as conn:
        upsert_jobs(conn, job_frame([job]), on_postgres.settings.centre.zone)
    with on_postgres.read() as conn:
        assert placed.unplaced(conn, "alpha")["job_id"].tolist() == ["7"]
    assert written(on_postgres, on(3, gpu_uuid="GPU-a"), said_by=placed.LABEL) == 1
    assert written(on_postgres, on(0)) == 1
    assert written(on_postgres, on(0)) == 0
    assert written(on_postgres, on(3, gpu_uuid="GPU-a"), said_by=placed.LABEL) == 0
    assert known(on_postgres)[["gpu_index", "gpu_parts"]].values.tolist() == [[0, GPU_PARTS]]
