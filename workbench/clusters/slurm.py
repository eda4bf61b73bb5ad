"""A Dask cluster whose workers are jobs of Slurm: submitted as its own person, encrypted, gone with its kernel.

What a worker's job asks of Slurm comes whole from the centre (`Plan.directives`); nothing of it is made here. The
scheduler lives in the kernel. Certificates lie in a folder that only its person can read, on the file system that the
nodes share.
"""

import asyncio
import os
import queue
import shlex
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask
from dask_jobqueue.slurm import SLURMCluster, SLURMJob
from distributed import Client
from distributed.core import Status
from distributed.diagnostics.plugin import SchedulerPlugin

from workbench.clusters import accelerated, supervise
from workbench.clusters.demand import Demand
from workbench.clusters.gpu import gpus, has_rapids_here
from workbench.clusters.local import link_template, root_of
from workbench.errors import ClusterCannotStart, ClusterRefused

DEATH_TIMEOUT_S = 20
"""How long a worker looks for its scheduler before it ends; one that had it ends when it is gone."""
THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR")


@dataclass(frozen=True, slots=True)
class Plan:
    """What the centre allows: so many workers, and what each asks of Slurm. `least` None: always `workers` of them."""

    id: str
    workers: int
    least: int | None
    directives: tuple[str, ...]
    cores: int
    gpus: int
    mem_mib: int
    python: str
    interface: str
    idle_s: int

    @property
    def threads(self) -> int:
        """Tasks at a time in a worker: one for each GPU, as in Dask-CUDA, else one for each core."""
        return self.gpus or self.cores


@dataclass(frozen=True, slots=True)
class Lost:
    """A worker that has left: its job, and why where it is known here ('' elsewhere)."""

    job_id: str
    why: str


class JobCluster(SLURMCluster):
    """Never more workers than the centre has held for; what leaves is told to `lost`."""

    plan_: Plan | None = None
    lost: "queue.SimpleQueue[Lost]"
    told: dict[Any, str]
    departed: set[Any]
    _adaptive: Demand | None = None

    def scale(  # type: ignore[override]  # dask-jobqueue's own
        self, n: int | None = None, jobs: int = 0, memory: Any = None, cores: Any = None
    ) -> Any:
        """As Dask's; ClusterRefused beyond what is held."""
        asked = n if n is not None else jobs
        most = self.plan_.workers if self.plan_ else 0
        if asked > most:
            raise ClusterRefused(f"{most} workers are held for, not {asked}", "Close it and ask for more")
        return super().scale(n, jobs=jobs, memory=memory, cores=cores)

    def jobs(self) -> dict[Any, str]:
        """Worker's name → job id, of those that were submitted."""
        return {name: str(job.job_id) for name, job in list(self.workers.items()) if job.job_id}

    def forget(self, name: Any) -> None:
        """Let go of a worker that is gone; whoever wants it back asks again: what ended it would end the next one."""
        if self._adaptive is not None:
            self._adaptive.maximum = max(0, int(self._adaptive.maximum) - 1)
            self._adaptive.minimum = min(self._adaptive.minimum, self._adaptive.maximum)
        job = self.workers.pop(name, None)
        self.worker_spec.pop(name, None)
        if job is not None:
            job.status = Status.closed
            self._futures.add(asyncio.ensure_future(job.close()))

    def left(self, name: Any) -> None:
        """A worker has left the scheduler."""
        if self.status != Status.running or name not in self.workers or name in self.departed:
            return
        self.departed.add(name)
        why = self.told.get(name, "")
        self.lost.put(Lost(str(self.workers[name].job_id), why))
        if not why:
            self.forget(name)


class Farewell(SchedulerPlugin):
    """Tells the cluster which worker has left, by the name that its job was given."""

    def __init__(self, left: Callable[[Any], None]) -> None:
        self.left, self.names = left, dict[str, Any]()

    def add_worker(self, scheduler: Any, worker: str) -> None:
        self.names[worker] = scheduler.workers[worker].name

    def remove_worker(self, scheduler: Any, worker: str, **_more: Any) -> None:
        if worker in self.names:
            self.left(self.names.pop(worker))


class JobClient(Client):
    """A client that closes the cluster it came with. `why`: why its workers, or all of it, have ended, as last said."""

    workers: JobCluster
    line: str
    why: str
    folder: Path
    watcher: supervise.Watcher
    on_close: Callable[[], None]

    def adapt(self, least: int = 0, most: int | None = None) -> Any:
        """Have as many workers as the work needs, from `least` to `most`, at most those that are held for."""
        plan = self.workers.plan_
        assert plan is not None
        most = plan.workers if most is None else most
        if not 0 <= least <= most or not 1 <= most <= plan.workers:
            raise ClusterRefused(
                f"{least} to {most} workers are not within the {plan.workers} held for", "Ask for fewer"
            )
        return _adapt(self.workers, plan, least, most, fixed=None)

    def close(self, *args: Any, **kwargs: Any) -> Any:
        """End the workers' jobs, tell the centre, leave nothing."""
        first = self.status != "closed" and "workers" in vars(self)  # without: it never came to be
        closing = super().close(*args, **kwargs)
        if first:
            self.workers.close()
            supervise.end(self.watcher)
            shutil.rmtree(self.folder, ignore_errors=True)
            self.on_close()
        return closing

    @property
    def running(self) -> bool:
        """Whether it can be used."""
        return self.status == "running" and self.workers.status == Status.running


def start(plan: Plan, folder: Path, on_close: Callable[[], None], environ: Mapping[str, str] = os.environ) -> JobClient:
    """Start the scheduler here and submit the workers.

    Args:
        plan: what the centre allows.
        folder: for certificates and logs, on a file system that the nodes share; made here, for its owner only.
        on_close: called once, when it was closed.
        environ: of the notebook; what Slurm set in it is kept from the workers' jobs.

    Raises:
        ClusterCannotStart: Dask or Slurm would not; what they said.
    """
    folder.mkdir(mode=0o700, parents=True)
    folder.chmod(0o700)
    dask.config.set({"distributed.dashboard.link": link_template(environ)})
    watcher = supervise.beside(plan.id, folder)
    cluster = None
    try:
        cluster = _cluster(plan, folder, environ)
        cluster.scale(jobs=plan.workers if plan.least is None else plan.least)
        least, fixed = (0, plan.workers) if plan.least is None else (plan.least, None)
        _adapt(cluster, plan, least, plan.workers, fixed=fixed)
        client = JobClient(cluster)
    except BaseException as problem:
        if cluster is not None:
            cluster.close()
        supervise.end(watcher)
        shutil.rmtree(folder, ignore_errors=True)
        on_close()
        if isinstance(problem, OSError | RuntimeError | ValueError):
            raise ClusterCannotStart(root_of(problem), on_gpu=False) from problem
        raise
    # Frames are planned here and computed there: in cuDF only where both have a GPU.
    on_gpu = bool(plan.gpus and gpus().count and has_rapids_here())
    dask.config.set({"dataframe.backend": "cudf" if on_gpu else "pandas"})
    client.workers = cluster
    client.folder, client.watcher, client.on_close, client.why = folder, watcher, on_close, ""
    return client


def _cluster(plan: Plan, folder: Path, environ: Mapping[str, str]) -> JobCluster:
    job_cls: Any = type("WorkerJob", (SLURMJob,), {"submit_command": submit_command(environ)})
    cluster = JobCluster(
        job_cls=job_cls,
        name=plan.id,
        cores=plan.threads,
        processes=1,
        memory=f"{plan.mem_mib}MiB",
        nanny=False,  # one process less to leave behind; Slurm watches its memory
        security=True,
        shared_temp_directory=str(folder),
        interface=plan.interface or None,
        scheduler_options={"dashboard_address": "127.0.0.1:0"},
        job_directives_skip=["#SBATCH"],  # all of its own: ours are whole
        job_extra_directives=[*plan.directives, f'--output="{folder}/%j.log"'],
        job_script_prologue=prologue(plan),
        python=shlex.quote(plan.python),
        death_timeout=DEATH_TIMEOUT_S,
        local_directory='"${TMPDIR:-/tmp}"',
        worker_extra_args=worker_arguments(plan),
    )
    cluster.plan_, cluster.lost = plan, queue.SimpleQueue()
    cluster.told, cluster.departed = {}, set()
    scheduler: Any = cluster.scheduler
    scheduler.add_plugin(Farewell(cluster.left))
    return cluster


def _adapt(cluster: JobCluster, plan: Plan, least: int, most: int, *, fixed: int | None) -> Any:
    def ending(workers: Iterable[Any]) -> None:
        cluster.told.update(dict.fromkeys(workers, idle_words(plan.idle_s)))

    options: dict[str, Any] = {"minimum": least, "maximum": most, "interval": "1s", "wait_count": 1}
    return cluster.adapt(Adaptive=Demand, idle_s=plan.idle_s, fixed=fixed, ending=ending, **options)


def prologue(plan: Plan) -> list[str]:
    """Lines of a worker's job before the worker."""
    lines = [f"export {name}_NUM_THREADS=1" for name in THREADS]
    # Single buffers move to the machine's memory while a task runs: what Dask-CUDA's workers are told as an option.
    return [*lines, *(f"export {name}" for name in ("CUDF_SPILL=on", "CUDF_SPILL_STATS=1") if plan.gpus)]


def worker_arguments(plan: Plan) -> list[str]:
    """Options of `dask worker`; its pandas is accelerated where this kernel's is."""
    own = ["--resources", f"GPU={plan.gpus}"] if plan.gpus else []
    return ["--no-dashboard", *own, *(word for name in accelerated.preload() for word in ("--preload", name))]


def submit_command(environ: Mapping[str, str]) -> str:
    """The command sbatch without what Slurm told the notebook's own job, which would become options of the worker's."""
    inherited = sorted(k for k in environ if k.startswith(("SLURM_", "SBATCH_", "SRUN_")) and k != "SLURM_CONF")
    return shlex.join(["env", *(word for name in inherited for word in ("-u", name)), "sbatch"])


def idle_words(idle_s: int) -> str:
    """For how long a worker was idle."""
    return f"idle for {idle_s // 60} minutes" if idle_s >= 120 else f"idle for {idle_s} seconds"
