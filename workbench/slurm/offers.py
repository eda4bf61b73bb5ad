"""What one job can get where: partition, GPU type, most cores of a node. From sinfo."""

import re
from dataclasses import dataclass

from workbench.slurm.runner import Runner

_TYPE = re.compile(r"(?:^|,)gpu:([^:,()\s]*[A-Za-z][^:,()\s]*)")


@dataclass(frozen=True, slots=True)
class Offer:
    """A GPU type of Slurm ('': nodes without GPU, or whose GPUs have no type) on nodes of at most so many cores."""

    partition: str
    gpu_type: str
    cores: int


def offers(runner: Runner) -> list[Offer]:
    """Each partition with each GPU type in it.

    Raises:
        SlurmError: Slurm did not answer, or refused.
    """
    found: dict[tuple[str, str], int] = {}
    for line in runner.run("sinfo", "--noheader", "--all", "--exact", "--format=%R|%c|%G").splitlines():
        partition, _, rest = line.strip().partition("|")
        cores, _, gres = rest.partition("|")
        if not cores.isdecimal():
            continue
        for gpu_type in _TYPE.findall(gres) or [""]:
            key = (partition, gpu_type)
            found[key] = max(int(cores), found.get(key, 0))
    return [Offer(partition, gpu_type, cores) for (partition, gpu_type), cores in sorted(found.items())]
