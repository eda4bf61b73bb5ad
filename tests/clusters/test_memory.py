"""Memory settings of GPU workers and partition sizes, as values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.clusters.memory import GIB, MB, GpuMemory, gpu_memory, partition_bytes

H800 = 85_520_809_984
SLICE = 10_468_982_784
"""Bytes of an H800 and of its 1g.10gb slice, as nvidia-smi says them."""


def test_a_whole_gpu_gives_nine_tenths_to_the_pool_and_half_of_that_at_first():
    memory = gpu_memory(H800, 24 * GIB)
    assert memory.most == (H800 - H800 // 10) // 256 * 256
    assert memory.pool == memory.most // 2 // 256 * 256


def test_a_slice_keeps_two_gib_for_the_contexts():
    memory = gpu_memory(SLICE, 8 * GIB)
    assert SLICE - memory.most == pytest.approx(2 * GIB, abs=256)


def test_a_tiny_slice_keeps_a_quarter():
    assert gpu_memory(4 * GIB, GIB).most == 3 * GIB


def test_a_device_of_unknown_size_gets_shares():
    assert gpu_memory(None, GIB) == GpuMemory(0.45, 0.9, GIB)


@given(st.integers(2 * GIB, 512 * GIB))
def test_a_pool_is_aligned_and_leaves_room(device_bytes):
    memory = gpu_memory(device_bytes, GIB)
    assert 0 < memory.pool <= memory.most < device_bytes
    assert memory.pool % 256 == memory.most % 256 == 0
    assert device_bytes - memory.most >= min(2 * GIB, device_bytes // 4)


def test_options_are_those_of_dask_cudas_documentation():
    options = gpu_memory(H800, 24 * GIB).options()
    assert options["enable_cudf_spill"] is True
    assert options["memory_limit"] == 24 * GIB
    assert options["rmm_maximum_pool_size"] > options["rmm_pool_size"]
    assert "device_memory_limit" not in options  # Dask-CUDA's own: 80% of the device, none where it has no memory
    assert "rmm_managed_memory" not in options


@pytest.mark.parametrize(
    ("worker_bytes", "threads", "seen_bytes", "megabytes"),
    [
        (H800, 1, None, 4096),  # 5,345 MB
        (H800, 1, 6_000 * MB, 2048),
        (3 * GIB, 1, None, 128),
        (3 * GIB, 2, None, 64),
        (3 * GIB, 1, 100 * MB, 32),
        (GIB, 1, 1, 1),
        (MB, 4, None, 1),
    ],
)
def test_a_partition_to_try(worker_bytes, threads, seen_bytes, megabytes):
    assert partition_bytes(worker_bytes, threads, seen_bytes) == megabytes * MB


@given(st.integers(MB, 2**40), st.integers(1, 64), st.none() | st.integers(1, 2**40))
def test_what_is_proposed_is_smaller_than_what_was_seen(worker_bytes, threads, seen_bytes):
    proposed = partition_bytes(worker_bytes, threads, seen_bytes)
    assert proposed == MB or proposed <= worker_bytes // (16 * threads)
    assert seen_bytes is None or proposed == MB or proposed * 2 <= seen_bytes
