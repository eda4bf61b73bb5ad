"""On a machine with a GPU: the cluster is Dask-CUDA's, frames are cuDF's, every figure is the same as with pandas."""

import pandas as pd
import pytest
from builders import small_centre

import workbench.notebook as wb
from workbench.clusters import local
from workbench.clusters.gpu import gpus
from workbench.notebook.sources import LocalSource
from workbench.store.lake import refresh

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(300)]
NOW = 1_769_000_000


@pytest.fixture
def centre(store, monkeypatch):
    small_centre(store)
    refresh(store)
    monkeypatch.setattr(wb, "_source", LocalSource(store, lambda: NOW))
    return store


@pytest.fixture(scope="module")
def client():
    with local.start() as running:
        yield running


def test_each_visible_gpu_is_a_worker_with_a_memory_pool(client):
    assert type(client.cluster).__name__ == "LocalCUDACluster"
    assert len(client.scheduler_info()["workers"]) == gpus().count
    assert "Dask-CUDA" in client.line
    pools = client.run(lambda: type(__import__("rmm").mr.get_current_device_resource()).__name__)
    assert set(pools.values()) == {"PoolMemoryResource"}


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
