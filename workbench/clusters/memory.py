"""Memory of a Dask cluster: what its GPU workers are set to, and how large a partition should be. Bytes.

Sources: Dask-CUDA 26.10, API reference of LocalCUDACluster and "Spilling from device"; Dask cuDF, "Best practices":
use RMM, enable cuDF spilling, tune the partition size.
"""

from dataclasses import dataclass
from typing import Any

GIB = 1024**3
MB = 10**6

OUTSIDE_LEAST_BYTES = 2 * GIB
OUTSIDE_PART = 10
"""What a pool leaves of its device: a tenth (the documentation's pool of 0.9), and at least 2 GiB, where a tenth of a
MIG slice would not hold a CUDA context of the worker and one of the notebook, some 0.5 GiB each."""
SLICE_PART = 4
"""Of a slice so small that 2 GiB is more than a quarter, a quarter stays outside."""
ALIGNED = 256
"""RMM wants the sizes of a pool in multiples of so many bytes."""

PARTITION_PARTS = 16
"""A partition is a sixteenth of its worker's memory: good for sorting and joining (1/32 to 1/16) and for the rest (1/16
to 1/8), as Dask cuDF's documentation has it; pandas copies as much."""


@dataclass(frozen=True, slots=True)
class GpuMemory:
    """Of each GPU worker: first size and largest size of its pool; host_bytes is where spilled buffers go.

    pool and most: bytes; shares of the device where its size is not known.
    """

    pool: int | float
    most: int | float
    host_bytes: int

    def options(self) -> dict[str, Any]:
        """As LocalCUDACluster takes them."""
        return {
            # A pool: allocations of a group-by cost microseconds, where each cudaMalloc waits for the whole device.
            "rmm_pool_size": self.pool,
            # With an end below that of the device: at it the pool asks cuDF to spill, while the notebook's own CUDA
            # context still has room. Without one the driver would fail in whoever asks next.
            "rmm_maximum_pool_size": self.most,
            # Single buffers move to the host while a task runs; Dask-CUDA's own spilling moves whole results of tasks.
            # Buffers that CuPy has seen stay: a kernel of ours on arrays must fit by the size of its partition.
            "enable_cudf_spill": True,
            # Bytes and seconds of what was spilled, which `client.run` can ask for; level 2 would keep tracebacks.
            "cudf_spill_stats": 1,
            # The server's own part of the machine; "auto" would be all of the machine.
            "memory_limit": self.host_bytes,
            # Imports take seconds: before the first task, not in it.
            "pre_import": ["cudf"],
        }


def gpu_memory(device_bytes: int | None, host_bytes: int) -> GpuMemory:
    """What each GPU worker is set to.

    Args:
        device_bytes: of the smallest GPU or MIG slice; None: not known.
        host_bytes: of the server's memory, for one worker.

    Returns: a pool that starts with half of what it may have and grows. A second notebook on the same GPU can then
        start its own, which a first pool of 0.9 would not let it.
    """
    if device_bytes is None:
        return GpuMemory(0.45, 0.9, host_bytes)
    outside = max(device_bytes // OUTSIDE_PART, min(OUTSIDE_LEAST_BYTES, device_bytes // SLICE_PART))
    most = _aligned(device_bytes - outside)
    return GpuMemory(_aligned(most // 2), most, host_bytes)


def partition_bytes(worker_bytes: int, threads: int, seen_bytes: int | None = None) -> int:
    """A partition size to try, rounded down to a power of two of megabytes, at least 1 MB.

    Args:
        worker_bytes: memory of one worker, of its device where it computes on one.
        threads: tasks that it runs at a time.
        seen_bytes: of the partition that did not fit; half of it is the most that is worth a try. None: not known.
    """
    size = worker_bytes // (PARTITION_PARTS * max(1, threads))
    if seen_bytes is not None:
        size = min(size, seen_bytes // 2)
    return (1 << max(0, (size // MB).bit_length() - 1)) * MB


def _aligned(size: int) -> int:
    return size // ALIGNED * ALIGNED
