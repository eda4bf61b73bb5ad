"""Out of memory for real: a worker of this machine's cores with little memory, and the sentence for each failure."""

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from distributed.scheduler import KilledWorker

from workbench.clusters import local
from workbench.clusters.exhausted import _more, explained, is_of_gpu, is_out_of_memory, seen_bytes
from workbench.clusters.lake import LakePart
from workbench.clusters.memory import MB
from workbench.clusters.share import LEAST_WORKER_BYTES
from workbench.errors import OutOfMemory
from workbench.errors.computing import GPU


@pytest.fixture(scope="module")
def client():
    """A cluster of one worker with as little memory as one may have."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CPU_LIMIT", "1")
        patch.setenv("MEM_LIMIT", str(LEAST_WORKER_BYTES * 3 // 2))
        with local.start(1, on_gpu=False) as running:
            yield running


def read(part, columns=None):
    return pq.read_table(part.path, columns=columns).to_pandas()


def files_of(folder, *lengths):
    """A lazy frame with a column that is used and one that is not, a file for each length."""
    parts = []
    for number, rows in enumerate(lengths):
        table = pa.table({"x": np.random.default_rng(1).random(rows), "unused": np.zeros(rows)})
        parts.append(LakePart(str(folder / f"{number}.parquet"), "alpha", None))
        pq.write_table(table, parts[-1].path, use_dictionary=False)
    return dd.from_map(read, parts, meta=pd.DataFrame({"x": [0.0], "unused": [0.0]}))


def too_much(part):
    """Takes 100 MB after 100 MB, as long as it is let."""
    import time

    held = []
    for _ in range(40):
        held.append(np.ones(100_000_000 // 8))
        time.sleep(0.15)
    return part.assign(x=sum(len(block) for block in held))


@pytest.mark.timeout(240)
def test_a_worker_over_its_memory_is_one_sentence_and_the_cluster_goes_on(client, tmp_path):
    frame = files_of(tmp_path, 500_000, 500_000)[["x"]]
    lazy = frame.map_partitions(too_much, meta=frame._meta)
    with pytest.raises(KilledWorker) as failed:
        lazy.compute()
    sentence = explained(failed.value, client, lazy)
    assert str(sentence) == (
        "Out of memory: a worker has 0.6 GiB and the largest partition is about 4 MB; compute with partitions of "
        "about 2 MB, frame.repartition(npartitions=5) (the cluster goes on)."
    )
    assert client.submit(lambda: 1 + 1).result(timeout=60) == 2
    smaller = frame.repartition(npartitions=sentence.npartitions)
    assert smaller.map_partitions(len, meta=("x", "int64")).compute().max() * 8 <= sentence.partition_bytes


def test_what_was_not_seen_is_cut_in_four_and_what_has_no_partitions_is_left_to_the_reader():
    made = dd.from_map(lambda number: pd.DataFrame({"x": [number]}), range(3), meta=pd.DataFrame({"x": [1]}))
    assert seen_bytes(made) is None
    assert _more(made, None, 64 * MB) == 12
    assert _more(pd.DataFrame(), None, 64 * MB) is None
    assert "64 MB, frame.repartition(npartitions=…)" in str(OutOfMemory(GPU, 1 << 30, None, 64 * MB))


def cannot(_part):
    raise MemoryError("std::bad_alloc: out_of_memory: CUDA error (failed to allocate 8 GB) at: rmm/mr/pool")


@pytest.mark.timeout(240)
def test_an_allocation_that_fails_in_a_worker_is_one_sentence_and_the_cluster_goes_on(client):
    frame = dd.from_pandas(pd.DataFrame({"x": np.zeros(4)}), npartitions=1)
    lazy = frame.map_partitions(cannot, meta=frame._meta)
    with pytest.raises(MemoryError) as failed:
        lazy.compute()
    sentence = explained(failed.value, client, lazy)
    assert isinstance(sentence, OutOfMemory)
    assert "\n" not in str(sentence)
    assert client.submit(lambda: 1 + 1).result(timeout=60) == 2


def die(_part):
    import os

    os._exit(3)


@pytest.mark.timeout(240)
def test_a_worker_that_ended_for_another_reason_is_not_blamed_on_memory(client):
    lazy = dd.from_pandas(pd.DataFrame({"x": [1]}), npartitions=1).map_partitions(die, meta=pd.DataFrame({"x": [1]}))
    with pytest.raises(KilledWorker) as failed:
        lazy.compute()
    assert explained(failed.value, client, lazy) is None
    assert client.submit(lambda: 1 + 1).result(timeout=60) == 2


class CUDARuntimeError(RuntimeError):  # named as CuPy's
    pass


def caused(by):
    problem = RuntimeError("An error occurred while calling the groupby method registered to the cudf backend")
    problem.__cause__ = by
    return problem


@pytest.mark.parametrize(
    ("problem", "out_of_memory", "of_gpu"),
    [
        (MemoryError(), True, False),
        (MemoryError("Unable to allocate 7.45 GiB for an array"), True, False),
        (MemoryError("std::bad_alloc: CUDA error at: rmm/mr/pool_memory_resource.hpp: Maximum pool size"), True, True),
        (CUDARuntimeError("cudaErrorMemoryAllocation: out of memory"), True, True),
        (caused(MemoryError("std::bad_alloc: out_of_memory: CUDA error")), True, True),
        (caused(ValueError("no such column")), False, True),
        (RuntimeError("the file is gone"), False, False),
        (CUDARuntimeError("cudaErrorIllegalAddress: an illegal memory access was encountered"), False, True),
    ],
)
def test_what_is_out_of_memory(problem, out_of_memory, of_gpu):
    assert is_out_of_memory(problem) is out_of_memory
    assert is_of_gpu(problem) is of_gpu


def test_without_a_cluster_nothing_is_made_up():
    sentence = explained(MemoryError(), None)
    assert sentence.partition_bytes is None
    assert str(sentence) == (
        "Out of memory: this notebook has too little; take fewer rows or columns at once, or a server with more memory."
    )


def test_the_partition_seen_is_the_largest_files_columns_that_are_used(tmp_path):
    lazy = files_of(tmp_path, 1_000, 300_000)
    assert seen_bytes(lazy["x"].sum()) == pytest.approx(300_000 * 8, rel=0.01)
    assert seen_bytes(lazy) > seen_bytes(lazy["x"])


@pytest.mark.parametrize("lazy", [None, 7, pd.DataFrame({"x": [1]})])
def test_of_what_has_no_partitions_nothing_is_known(lazy):
    assert seen_bytes(lazy) is None


def test_a_gpus_memory_is_named_as_the_gpus():
    assert "the GPU has 79.6 GiB" in str(OutOfMemory(GPU, 85_520_809_984, None, 4096 * MB))
