"""What is free in Slurm now, of each profile: cards and cores of the partition, and who waits for them already.

Asked of `scontrol show node`, whose CfgTRES and AllocTRES say what a node has and what runs there; kept for some
seconds, since every start page asks. Source: scontrol(1).
"""

import re
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from workbench.errors import SlurmError
from workbench.settings import ProfileSettings, Settings
from workbench.slurm import squeue
from workbench.slurm.profiles import MIB_OF_GIB, gres_of
from workbench.slurm.reasons import waits_for_others
from workbench.slurm.runner import Runner

KEPT_S, SILENT_S = 5.0, 20.0
"""How long an answer is kept, and for how long a silent Slurm is not asked again."""
PATIENCE_S, LIMIT_S = 1.0, 10.0
GPUS, CORES = "gpus", "cores"
AWAY = ("DOWN", "DRAIN", "FAIL", "MAINT", "NOT_RESPONDING", "POWER", "REBOOT", "PLANNED_DOWN", "UNKNOWN", "FUTURE")
_UNITS = {"": 1, "K": 1 / 1024, "M": 1, "G": 1024, "T": 1024**2, "P": 1024**3}
_GRES = re.compile(r"(gpu(?::[A-Za-z][\w.+-]*)?):(\d+)")


@dataclass(frozen=True, slots=True)
class Supply:
    """What a profile's partition has. unit: GPUS (of its model) or CORES; ahead: jobs that wait for their turn there;
    fits_now: a node has all it needs free; fits_ever: a node is large enough.
    """

    free: int
    all: int
    unit: str
    ahead: int
    fits_now: bool
    fits_ever: bool


@dataclass(frozen=True, slots=True)
class Node:
    """One that takes jobs. has, used: cpu, mem (MiB), and GPUs by their name: gpu:h800, all of them: gpu."""

    partitions: frozenset[str]
    has: Mapping[str, int]
    used: Mapping[str, int]

    def free(self, what: str) -> int:
        """How much of it nothing uses."""
        return max(0, self.has.get(what, 0) - self.used.get(what, 0))


@dataclass(frozen=True)
class Cluster:
    """All nodes that take jobs, the default partition ('' where none is), and by partition how many jobs wait."""

    nodes: tuple[Node, ...]
    default: str
    waiting: Mapping[str, int]

    def supply(self, settings: Settings, profile: ProfileSettings) -> Supply:
        """What there is of a profile."""
        partition = profile.partition or self.default
        nodes = [node for node in self.nodes if partition in node.partitions]
        gres = gres_of(settings, profile)
        need = {"cpu": profile.cpu_cores, "mem": profile.mem_gib * MIB_OF_GIB} | (
            {gres: profile.gpus} if profile.gpus else {}
        )
        counted = gres if profile.gpus else "cpu"
        return Supply(
            free=sum(node.free(counted) for node in nodes),
            all=sum(node.has.get(counted, 0) for node in nodes),
            unit=GPUS if profile.gpus else CORES,
            ahead=self.waiting.get(partition, 0),
            fits_now=any(all(node.free(what) >= n for what, n in need.items()) for node in nodes),
            fits_ever=any(all(node.has.get(what, 0) >= n for what, n in need.items()) for node in nodes),
        )


_kept: dict[tuple[str, str], tuple[float, Cluster | None]] = {}
_turn = threading.Lock()


def seen(runner: Runner) -> Cluster | None:
    """The cluster as it was at most KEPT_S ago, or a little before while another asks; None where Slurm is silent."""
    key = (runner.bin, runner.environ.get("SLURM_CONF", ""))
    asks = _turn.acquire(timeout=PATIENCE_S)
    at, cluster = _kept.get(key, (float("-inf"), None))
    if not asks:
        return cluster
    try:
        if time.monotonic() - at >= (KEPT_S if cluster else SILENT_S):
            cluster = None
            with suppress(SlurmError, ValueError):
                cluster = ask(runner)
            _kept[key] = (time.monotonic(), cluster)
        return cluster
    finally:
        _turn.release()


def ask(runner: Runner) -> Cluster:
    """The cluster as it is now.

    Raises:
        SlurmError: it does not answer.
    """
    nodes = nodes_of(runner.run("scontrol", "--oneliner", "show", "node", limit_s=LIMIT_S))
    partitions = runner.run("scontrol", "--oneliner", "show", "partition", limit_s=LIMIT_S)
    waiting: Counter[str] = Counter()
    for job in squeue.waiting(runner):
        if waits_for_others(job.reason):
            waiting.update(job.partitions)
    return Cluster(nodes, default_of(partitions), waiting)


def nodes_of(text: str) -> tuple[Node, ...]:
    """The nodes that take jobs, of `scontrol --oneliner show node`."""
    return tuple(_node(line) for line in text.splitlines() if line.startswith("NodeName=") and _takes_jobs(line))


def default_of(text: str) -> str:
    """The default partition, of `scontrol --oneliner show partition`; '' where there is none."""
    return next((_value(line, "PartitionName") for line in text.splitlines() if _value(line, "Default") == "YES"), "")


def _takes_jobs(line: str) -> bool:
    state = _value(line, "State")
    return not state.endswith("*") and not any(word.startswith(AWAY) for word in state.split("+"))


def _node(line: str) -> Node:
    has, used = _tres(_value(line, "CfgTRES")), _tres(_value(line, "AllocTRES"))
    # Where accounting does not count models, the node's own list does; one model a node is then all the same cards.
    models = Counter({name: int(n) for name, n in _GRES.findall(_value(line, "Gres"))})
    for name, n in models.items():
        has.setdefault(name, n)
        if len(models) == 1:
            used.setdefault(name, used.get("gpu", 0))
    has.setdefault("gpu", sum(models.values()))
    return Node(frozenset(_value(line, "Partitions").split(",")), has, used)


def _tres(text: str) -> dict[str, int]:
    """cpu=64,mem=500G,gres/gpu:h800=8 as numbers; memory in MiB."""
    found = {}
    for part in text.split(","):
        name, _, amount = part.partition("=")
        number = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGTP]?)", amount)
        if number:
            found[name.removeprefix("gres/")] = int(float(number[1]) * _UNITS[number[2]])
    return found


def _value(line: str, key: str) -> str:
    found = re.search(rf"(?:^|\s){key}=(\S*)", line)
    return found[1] if found else ""
