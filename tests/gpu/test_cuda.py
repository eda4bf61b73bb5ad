"""On a machine with a GPU: the cluster is Dask-CUDA's, frames are cuDF's, every figure is the same as with pandas."""

import pandas as pd
import pytest

import workbench.notebook as wb
from workbench.clusters import local
from workbench.clusters.gpu import gpus

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(300)]


def test_each_visible_gpu_is_a_worker_with_a_memory_pool(client):
    assert type(client.cluster).__name__ == "LocalCUDACluster"
    assert len(client.scheduler_info()["workers"]) == gpus().count
    assert "Dask-CUDA" in client.line
    pools = client.run(lambda: type(__import__("rmm").mr.get_current_device_resource()).__name__)
    # With spilling on demand, cuDF lays its handler of failed allocations around the pool.
    assert set(pools.values()) <= {"PoolMemoryResource", "FailureCallbackResourceAdaptor"}


def test_workers_spill_on_demand_and_count_what_they_spill(client):
    asked = client.run(lambda: [__import__("cudf").get_option(name) for name in ("spill", "spill_stats")])
    assert all(options == [True, 1] for options in asked.values())


def test_the_pool_ends_below_the_device(client):
    memory = client.choice.memory
    assert memory.pool <= memory.most < gpus().least_bytes


def test_results_larger_than_the_first_pool_are_held_and_computed(client):
    import dask
    import dask.dataframe as dd

    each = client.choice.memory.pool // 8 // 6

    def rows(number, length=each):
        import cudf
        import cupy

        return cudf.DataFrame({"x": cupy.full(length, number, dtype="int64")})

    held = dd.from_map(rows, range(8), meta=rows(0, 12)).persist()
    assert int(held["x"].sum().compute()) == sum(range(8)) * each
    assert dask.config.get("dataframe.backend") == "cudf"


def test_connections_are_encrypted(client):
    assert client.scheduler.address.startswith("tls://")


def test_jobs_are_cudf_frames_on_the_workers(client, centre):
    kinds = wb.jobs().map_partitions(lambda part: pd.Series([type(part).__module__]), meta=pd.Series(dtype="str"))
    assert all(kind.startswith("cudf") for kind in kinds.compute())


@pytest.mark.parametrize(
    "question",
    [
        lambda jobs: jobs.groupby("project")[["gpu_part_seconds", "duration_s"]].sum(),
        lambda jobs: jobs.groupby(["project", "state"])["gpu_part_seconds"].sum(),
        lambda jobs: jobs["gpu_part_seconds"].sum(),
        lambda jobs: jobs[jobs["gpus"] < 1]["duration_s"].max(),
        lambda jobs: jobs["wait_s"].count(),
    ],
    ids=["by project", "by project and state", "sum", "filtered", "known waits"],
)
def test_cudf_gives_the_integers_of_pandas(client, centre, question):
    import dask

    on_gpu = question(wb.jobs()).compute()
    with dask.config.set({"dataframe.backend": "pandas", "scheduler": "sync"}):
        on_cpu = question(wb.jobs()).compute()
    if hasattr(on_gpu, "to_pandas"):
        on_gpu = on_gpu.to_pandas()
    if isinstance(on_cpu, pd.DataFrame | pd.Series):
        pd.testing.assert_frame_equal(
            pd.DataFrame(on_gpu).sort_index(), pd.DataFrame(on_cpu).sort_index(), check_index_type=False
        )
    else:
        assert int(on_gpu) == int(on_cpu)


def test_a_window_without_jobs_has_the_same_columns(client, centre):
    none = wb.jobs(start="2031-01-01")
    assert len(none) == 0
    assert list(none.columns) == list(wb.jobs().columns)


def test_the_cpu_can_still_be_asked_for():
    assert not local.choose(gpus(), {}, workers=1, on_gpu=False, has_rapids=True).on_gpu
