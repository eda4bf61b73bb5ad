"""Where a real job runs: Slurm says its GPUs, by index, and they are kept once."""

import time

import pytest

from tests.slurm_centre import make_centre, wait_until
from workbench.periods import Window
from workbench.services.slurm import follow
from workbench.services.slurm.placed import look
from workbench.store import placed

pytestmark = pytest.mark.slurm


def test_a_running_job_has_the_gpus_that_slurm_gave_it(slurm, tmp_path):
    store = make_centre(tmp_path / "state", slurm).store
    two = slurm.sbatch("wb-ana", "climate", "--gres=gpu:h800:2", command="sleep 30")
    task = slurm.sbatch("wb-ana", "climate", "--gres=gpu:1", "--array=3", command="sleep 30")
    try:
        slurm.wait(two, "RUNNING")
        slurm.wait(task, "RUNNING")
        wait_until(lambda: placed_now(store, slurm) == 2, 30)
        assert look(store, slurm.runner).placed == 0  # nobody is left to be asked for
        now = int(time.time())
        with store.read() as conn:
            rows = placed.read(conn, Window(now - 3600, now + 60))
    finally:
        slurm.cancel(two, task)
        store.engine.dispose()
    mine = rows[rows["job_id"] == str(two)]
    assert len(mine) == 2
    assert mine["gpu_index"].is_unique
    assert mine["gpu_index"].between(0, 7).all()
    assert set(mine["node"]) <= set(slurm.nodes)
    assert len(rows[rows["job_id"] == f"{task}_3"]) == 1


def placed_now(store, slurm):
    """Jobs that have a place after another round: slurmdbd may hear of a start later than it happens."""
    now = int(time.time()) + 1
    follow.poll(store, slurm.runner, now)
    assert look(store, slurm.runner).rejects == ()
    with store.read() as conn:
        return placed.read(conn, Window(now - 3600, now + 60))["job_id"].nunique()
