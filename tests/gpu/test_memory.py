"""More than a GPU has: one sentence with a partition size to try, and the cluster, its GPU too, usable afterwards."""

import dask.dataframe as dd
import pandas as pd
import pytest
from distributed import get_client

import workbench.notebook as wb
from workbench.clusters.exhausted import is_of_gpu, is_out_of_memory
from workbench.errors import OutOfMemory

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(300)]


def too_much_at_once(part):
    import rmm

    rmm.DeviceBuffer(size=1 << 43)
    return part


def more_and_more(part):
    import rmm

    held = []  # of RMM's own: cuDF's frames would go to the machine's memory, and fill that
    while True:
        held.append(rmm.DeviceBuffer(size=1 << 30))


@pytest.mark.parametrize("function", [too_much_at_once, more_and_more])
def test_a_worker_without_device_memory_is_one_sentence_and_its_gpu_goes_on(client, function):
    frame = dd.from_pandas(pd.DataFrame({"x": range(1_000_000)}), npartitions=2).to_backend("cudf")
    lazy = frame.map_partitions(function, meta=frame._meta)
    with pytest.raises(OutOfMemory, match=r"^Out of memory: the GPU has .* GiB.*repartition\(npartitions=\d+\)"):
        wb.collect(lazy)
    assert get_client() is client
    assert client.submit(lambda: 1 + 1).result(timeout=60) == 2
    assert wb.collect(frame["x"].sum()) == 499_999_500_000


def test_memory_comes_back_after_a_failure(client):
    frame = dd.from_pandas(pd.DataFrame({"x": range(8)}), npartitions=1).to_backend("cudf")
    with pytest.raises(OutOfMemory):
        wb.collect(frame.map_partitions(more_and_more, meta=frame._meta))
    # The pool keeps what it has grown by: it is free to it, not to the device. A new buffer of a GiB must fit.
    sizes = client.run(lambda: __import__("rmm").DeviceBuffer(size=1 << 30).size)
    assert set(sizes.values()) == {1 << 30}


def test_the_errors_of_this_version_are_recognised():
    import cupy
    import rmm

    with pytest.raises(MemoryError) as of_rmm:
        rmm.DeviceBuffer(size=1 << 43)
    with pytest.raises(MemoryError) as of_cupy:
        cupy.cuda.MemoryPool().malloc(1 << 43)
    for problem in (of_rmm.value, of_cupy.value):
        assert is_out_of_memory(problem)
        assert is_of_gpu(problem)
