"""A Dask cluster inside this server: on its GPUs with cuDF where it has some, on its cores with pandas where not.

One cluster a kernel: a second call gives the first one's client. It closes with its client, at the end of a `with`
block, and with the kernel. Connections are encrypted, since everybody's servers share this machine's loopback address
and an open scheduler runs anybody's code.
"""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dask
import pynvml
from distributed import Client, LocalCluster
from distributed.utils import TimeoutError as DaskTimeout

from workbench.clusters import accelerated
from workbench.clusters.gpu import Gpus, gpus, has_rapids_here
from workbench.clusters.memory import GpuMemory, gpu_memory
from workbench.clusters.share import GIB, WORKERS_SHARE, Layout, layout, share
from workbench.errors import ClusterCannotStart, WorkersDoNotFit

ALLOWED_FAILURES = 1
"""A task that has ended its worker twice ends the next one too: on one machine the reason is the task, mostly its need
of memory, and not a node. Dask's three would be two more restarts before anybody is told."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which cluster, and why. `layout` is the CPU cluster's, `memory` that of GPUs, where each GPU is a worker."""

    on_gpu: bool
    why: str
    workers: int
    layout: Layout | None = None
    memory: GpuMemory | None = None


class LocalClient(Client):
    """A client that closes the cluster it came with."""

    choice: Choice
    line: str
    scratch: tempfile.TemporaryDirectory[str]

    def close(self, *args: Any, **kwargs: Any) -> Any:
        closing = super().close(*args, **kwargs)
        if self.cluster is not None:
            self.cluster.close()
            self.scratch.cleanup()
        return closing

    @property
    def running(self) -> bool:
        return self.status == "running" and self.cluster is not None and self.cluster.status.name == "running"


_client: LocalClient | None = None


def running() -> LocalClient | None:
    """The client of the cluster that runs in this kernel, None without one."""
    return _client if _client is not None and _client.running else None


def start(workers: int | None = None, *, on_gpu: bool | None = None) -> LocalClient:
    """Start the cluster that suits this server.

    Args:
        workers: worker processes; default one per GPU, or per core up to four.
        on_gpu: False keeps off a GPU that is there, True insists on one; default: where one is visible.

    Raises:
        WorkersDoNotFit: more workers than this server has cores, memory or GPUs for.
        ClusterCannotStart: no GPU though one was insisted on, or Dask could not start it.
    """
    global _client
    choice = choose(gpus(), os.environ, workers=workers, on_gpu=on_gpu, has_rapids=has_rapids_here())
    dask.config.set({"distributed.dashboard.link": link_template(os.environ)})
    dask.config.set({"distributed.scheduler.allowed-failures": ALLOWED_FAILURES})
    scratch = tempfile.TemporaryDirectory(prefix="workbench-dask-", ignore_cleanup_errors=True)
    try:
        cluster = _cuda_cluster(choice, scratch.name) if choice.on_gpu else _cpu_cluster(choice, scratch.name)
        client = LocalClient(cluster)
    except (OSError, RuntimeError, ValueError, MemoryError, DaskTimeout, pynvml.NVMLError) as problem:
        scratch.cleanup()
        raise ClusterCannotStart(root_of(problem), on_gpu=choice.on_gpu) from problem
    dask.config.set({"dataframe.backend": "cudf" if choice.on_gpu else "pandas"})
    client.choice, client.scratch = choice, scratch
    client.line = f"{choice.why}. Watch it work: {client.dashboard_link}"
    _client = client
    return client


def choose(
    found: Gpus, environ: Mapping[str, str], *, workers: int | None, on_gpu: bool | None, has_rapids: bool
) -> Choice:
    """Which cluster to start, as a value: GPUs where NVML shows some and RAPIDS is installed, cores where not.

    Raises:
        WorkersDoNotFit, ClusterCannotStart: as `start` says.
    """
    why_not = _why_no_gpu(found, on_gpu=on_gpu, has_rapids=has_rapids)
    if not why_not:
        count = found.count if workers is None else workers
        if not 1 <= count <= found.count:
            raise WorkersDoNotFit(count, f"{found.count} GPU(s)", found.count)
        part, whole = WORKERS_SHARE
        memory = gpu_memory(found.least_bytes, share(environ).mem_bytes * part // whole // count)
        return Choice(True, f"Dask-CUDA on {found}, dataframes in cuDF: one worker per GPU", count, memory=memory)
    if on_gpu:
        raise ClusterCannotStart(why_not, on_gpu=True)
    plan = layout(share(environ), workers)
    each = f"{plan.workers} worker(s) of {plan.threads} thread(s) and {plan.worker_bytes / GIB:.1f} GiB"
    return Choice(
        False, f"Dask on {plan.cores} CPU core(s), dataframes in pandas ({why_not}): {each}", plan.workers, plan
    )


def _why_no_gpu(found: Gpus, *, on_gpu: bool | None, has_rapids: bool) -> str:
    if on_gpu is False:
        return "asked to keep off the GPU"
    if not found.count:
        return found.reason
    if not has_rapids:
        return f"{found} answers, but RAPIDS is not installed; the operator installs it with the gpu extra"
    return ""


def _cpu_cluster(choice: Choice, scratch: str) -> LocalCluster:
    plan = choice.layout
    assert plan is not None
    return LocalCluster(
        n_workers=plan.workers,
        threads_per_worker=plan.threads,
        memory_limit=plan.worker_bytes,
        **_common(scratch),
    )


def _cuda_cluster(choice: Choice, scratch: str) -> Any:
    # Only here: the import hooks CUDA, which a machine without a GPU need not carry.
    from dask_cuda import LocalCUDACluster

    assert choice.memory is not None
    return LocalCUDACluster(n_workers=choice.workers, **choice.memory.options(), **_common(scratch))


def _common(scratch: str) -> dict[str, Any]:
    return {
        "processes": True,
        "security": True,
        "dashboard_address": "127.0.0.1:0",  # any free port: everybody on this machine has a cluster
        "local_directory": scratch,
        "preload": accelerated.preload(),
        "silence_logs": 40,  # errors only: a notebook is no log
    }


def link_template(environ: Mapping[str, str]) -> str:
    """Dask's dashboard as this person's browser reaches it: through the Hub's proxy, or plainly outside of a Hub."""
    prefix = environ.get("JUPYTERHUB_SERVICE_PREFIX")
    return f"{prefix}proxy/{{port}}/status" if prefix else "http://127.0.0.1:{port}/status"


def root_of(problem: BaseException) -> str:
    """The first cause in words: Dask wraps the real reason several times."""
    while problem.__cause__ is not None:
        problem = problem.__cause__
    return f"{type(problem).__name__}: {problem}" if str(problem) else type(problem).__name__
