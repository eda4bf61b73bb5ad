"""Out of memory in a Dask cluster: told from other failures, and what to try.

On cores a worker that needs more than its memory is ended by its nanny, which starts another; on a GPU the allocation
fails and the worker lives. Either way the cluster goes on. Sources: Dask documentation, "Worker Memory Management";
RMM's exceptions bad_alloc and out_of_memory, which Cython makes MemoryError; CUDA Runtime API,
cudaErrorMemoryAllocation.
"""

import math
from collections.abc import Iterator
from typing import Any

import pyarrow.parquet as pq
from dask.dataframe.dask_expr._expr import Expr
from dask.dataframe.dask_expr.io import BlockwiseIO, FromMap, FromPandas
from distributed import Client
from distributed.scheduler import KilledWorker

from workbench.clusters.gpu import gpus
from workbench.clusters.memory import partition_bytes
from workbench.errors import OutOfMemory
from workbench.errors.computing import GPU, NOTEBOOK, WORKER

WORDS = ("bad_alloc", "out_of_memory", "out of memory", "cudaErrorMemoryAllocation", "CUDA_ERROR_OUT_OF_MEMORY")
RAISED = (MemoryError, KilledWorker, RuntimeError)
"""What a failure for memory can be raised as."""
EVENTS = "worker-restart-memory"
"""What a nanny writes down when it ends a worker for its memory."""


def explained(problem: BaseException, client: Client | None, lazy: Any = None) -> OutOfMemory | None:
    """The error in one sentence, with a partition size to try; None where it was not for memory.

    Args:
        problem: what a computation raised.
        client: of the cluster that computed; None: no cluster did.
        lazy: what was computed, where it is known: its partitions are looked at, not computed.
    """
    if not is_out_of_memory(problem, client):
        return None
    on_gpu, seen = is_of_gpu(problem), seen_bytes(lazy)
    workers = _workers(client, problem)
    sizes = [gpus().least_bytes if on_gpu else has_bytes for has_bytes, _threads in workers]
    least = min((size for size in sizes if size), default=None)
    threads = max((threads for _bytes, threads in workers), default=1)
    to_try = None if least is None else partition_bytes(least, threads, seen)
    whose = GPU if on_gpu else WORKER if client is not None else NOTEBOOK
    many = None if to_try is None else _more(lazy, seen, to_try)
    return OutOfMemory(whose, least, seen, to_try, many)


def is_out_of_memory(problem: BaseException, client: Client | None = None) -> bool:
    """Whether a failure, or what it came from, was for memory. A worker's end counts where its nanny says so."""
    for cause in _chain(problem):
        if isinstance(cause, MemoryError) or any(word in str(cause) for word in WORDS):
            return True
        if isinstance(cause, KilledWorker):
            return client is None or was_ended_for_memory(client, cause)
    return False


def was_ended_for_memory(client: Client, problem: KilledWorker) -> bool:
    """Whether the worker that a task ended with was over its memory.

    Workers that are jobs of Slurm have no nanny: there Slurm says it, and the notebook is told by the job's end.
    """
    ended = {event["worker"] for _at, event in client.get_events(EVENTS) or ()}
    return problem.last_worker.address in ended


def is_of_gpu(problem: BaseException) -> bool:
    """Whether the memory was a device's."""
    said = " ".join(f"{type(cause).__module__} {cause}" for cause in _chain(problem)).lower()
    return any(word in said for word in ("rmm", "cuda", "cupy", "cudf"))


def seen_bytes(lazy: Any) -> int | None:
    """Bytes of the largest partition that a lazy frame reads, without reading it; None where that cannot be told.

    Of Parquet files it is the size of the columns before compression, of frames in memory their own.
    """
    sizes: list[int | None] = []
    for leaf in _read(lazy):
        if isinstance(leaf, FromPandas):
            sizes.append(_of_frame(leaf))
        elif isinstance(leaf, FromMap):
            sizes += [_of_file(part, set(leaf.columns)) for part in _parts(leaf)]
    known = [size for size in sizes if size is not None]
    return max(known) if known else None


def _more(lazy: Any, seen: int | None, to_try: int) -> int | None:
    """In how many partitions what is read would be, with partitions of this size; four times as many, if not seen."""
    many = max((leaf.npartitions for leaf in _read(lazy)), default=None)
    return None if many is None else 4 * many if seen is None else math.ceil(many * seen / to_try)


def _read(lazy: Any) -> list[Any]:
    """What a lazy frame begins with, with the columns that it really takes."""
    expr = getattr(lazy, "expr", None)
    return list(expr.optimize(fuse=False).find_operations(BlockwiseIO)) if isinstance(expr, Expr) else []


def _parts(leaf: Any) -> list[Any]:
    return list(leaf.operand("iterables")[0])


def _of_file(part: Any, columns: set[str]) -> int | None:
    """Bytes of these columns in one file of the lake; None for what is no file."""
    path = getattr(part, "path", None)
    if path is None:
        return None
    about = pq.read_metadata(path)
    groups = [about.row_group(i) for i in range(about.num_row_groups)]
    held = [group.column(i) for group in groups for i in range(group.num_columns)]
    return sum(column.total_uncompressed_size for column in held if column.path_in_schema in columns)


def _of_frame(leaf: Any) -> int:
    whole = leaf.operand("frame").memory_usage(deep=True)
    return math.ceil(int(getattr(whole, "sum", lambda: whole)()) / max(1, leaf.npartitions))


def _workers(client: Client | None, problem: BaseException) -> list[tuple[int | None, int]]:
    """Bytes and threads of each worker; one that was just ended is not with the others yet."""
    if client is None:
        return []
    here = client.scheduler_info(n_workers=-1)["workers"].values()
    ended = [cause.last_worker for cause in _chain(problem) if isinstance(cause, KilledWorker)]
    return [(info["memory_limit"], info["nthreads"]) for info in here] + [(w.memory_limit, w.nthreads) for w in ended]


def _chain(problem: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came from."""
    met = set()
    while problem is not None and id(problem) not in met:
        met.add(id(problem))
        yield problem
        problem = problem.__cause__ or problem.__context__
