"""What a computation failed for."""

from workbench.errors.base import WorkbenchError

MB, GIB = 10**6, 1024**3


class OutOfMemory(WorkbenchError):
    """A computation needed more memory than a worker has; the cluster goes on.

    partition_bytes: a size of partitions to try; None where nothing is known to tell it from.
    """

    def __init__(self, worker_bytes: int | None, seen_bytes: int | None, partition_bytes: int | None, *, on_gpu: bool):
        self.partition_bytes = partition_bytes
        whose = "the GPU" if on_gpu else "a worker"
        has = f"{whose} has {worker_bytes / GIB:.1f} GiB" if worker_bytes else f"{whose} has too little"
        seen = f" and the largest partition is about {max(1, seen_bytes // MB):,} MB" if seen_bytes else ""
        if partition_bytes:
            size = f"{partition_bytes // MB}MB"
            todo = f"compute with partitions of about {size}, frame.repartition(partition_size='{size}')"
        else:
            todo = "compute with smaller partitions, or fewer columns"
        super().__init__(f"Out of memory: {has}{seen}; {todo}. The cluster goes on.")
