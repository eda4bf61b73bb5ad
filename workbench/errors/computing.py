"""What a computation failed for."""

from workbench.errors.base import WorkbenchError

MB, GIB = 10**6, 1024**3
NOTEBOOK, WORKER, GPU = "this notebook", "a worker", "the GPU"


class OutOfMemory(WorkbenchError):
    """A computation needed more memory than there is; the cluster, where one computed, goes on.

    whose: NOTEBOOK, WORKER or GPU. has_bytes: what it has; None: not known. seen_bytes: of the largest partition.
    partition_bytes: a size of partitions to try; None where nothing is known to tell it from. npartitions: how many
    that would be; None: not known. Not by size in Dask's own words, `repartition(partition_size=…)`: with a cluster,
    Dask 2026.7.1 waits in it for ever (dask/distributed issue 9101).
    """

    def __init__(
        self,
        whose: str,
        has_bytes: int | None,
        seen_bytes: int | None,
        partition_bytes: int | None,
        npartitions: int | None = None,
    ):
        self.partition_bytes, self.npartitions = partition_bytes, npartitions
        has = f"{whose} has {has_bytes / GIB:.1f} GiB" if has_bytes else f"{whose} has too little"
        seen = f" and the largest partition is about {max(1, seen_bytes // MB):,} MB" if seen_bytes else ""
        if partition_bytes:
            many = f"frame.repartition(npartitions={npartitions or '…'})"
            todo = f"compute with partitions of about {partition_bytes // MB:,} MB, {many}"
        else:
            todo = "take fewer rows or columns at once, or a server with more memory"
        goes_on = "" if whose == NOTEBOOK else " (the cluster goes on)"
        super().__init__(f"Out of memory: {has}{seen}; {todo}{goes_on}.")
