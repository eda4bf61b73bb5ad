"""What part of the machine this server may use: cores and bytes of memory.

The smallest of what the Hub granted (CPU_LIMIT and MEM_LIMIT, JupyterHub's own names), what Slurm gave the job that
this is in, the cgroup, the processor affinity and the machine. Without it a 1-core profile would start as many workers
as the machine has cores. Source: sbatch(1) "OUTPUT ENVIRONMENT VARIABLES"; memory there is MiB, and may be unset.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dask.system import CPU_COUNT
from distributed.deploy.utils import nprocesses_nthreads
from distributed.system import MEMORY_LIMIT

from workbench.errors import WorkersDoNotFit

GIB = 1024**3
WORKERS_SHARE = 3, 4
"""Part of the memory that goes to workers; the rest stays with the notebook, where results arrive."""
LEAST_WORKER_BYTES = 512 * 1024**2
MIB = 1024**2
CORES_OF_SLURM = ("SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE")


@dataclass(frozen=True, slots=True)
class Share:
    """Cores and bytes of memory this server may use."""

    cores: int
    mem_bytes: int


@dataclass(frozen=True, slots=True)
class Layout:
    """How many worker processes, with how many threads and bytes each."""

    workers: int
    threads: int
    worker_bytes: int

    @property
    def cores(self) -> int:
        return self.workers * self.threads


def share(environ: Mapping[str, str], cores: int = CPU_COUNT, mem_bytes: int = MEMORY_LIMIT) -> Share:
    """The share of a server with this environment on a machine (or cgroup) of so many cores and bytes."""
    granted_cores = [int(_number(environ.get(name)) or cores) for name in ("CPU_LIMIT", *CORES_OF_SLURM)]
    granted_bytes = [int(_number(environ.get("MEM_LIMIT")) or mem_bytes), _mem_of_slurm(environ) or mem_bytes]
    return Share(max(1, min(cores, *granted_cores)), min(mem_bytes, *granted_bytes))


def layout(of: Share, workers: int | None) -> Layout:
    """Worker processes for this share; None chooses as Dask does (one a core up to four, then fewer with more threads).

    Raises:
        WorkersDoNotFit: more workers than cores, none, or too little memory for each.
    """
    if workers is None:
        count, threads = nprocesses_nthreads(of.cores)
    elif 1 <= workers <= of.cores:
        count, threads = workers, of.cores // workers
    else:
        raise WorkersDoNotFit(workers, f"{of.cores} CPU core(s)", of.cores)
    part, whole = WORKERS_SHARE
    for_workers = of.mem_bytes * part // whole
    fitting = for_workers // LEAST_WORKER_BYTES
    if workers is None and 1 <= fitting < count:
        count, threads = fitting, of.cores // fitting
    if count > fitting:
        raise WorkersDoNotFit(count, f"{of.mem_bytes / GIB:.1f} GiB of memory", fitting)
    return Layout(count, threads, for_workers // count)


def _number(text: str | None) -> float | None:
    """The Hub's grant as a number; None where it set none."""
    return float(text) if text else None


def _mem_of_slurm(environ: Mapping[str, str]) -> int | None:
    """Bytes that Slurm gave the job on this node; None outside of one, or where it has all."""
    whole, each = (_number(environ.get(f"SLURM_MEM_PER_{what}")) for what in ("NODE", "CPU"))
    if whole:
        return int(whole * MIB)
    cpus = next((n for name in reversed(CORES_OF_SLURM) if (n := _number(environ.get(name)))), None)
    return int(each * cpus * MIB) if each and cpus else None
