"""What this machine has, what its running servers hold of it, and what a new one is given: cores, memory, GPUs.

Every server is pinned to as many cores as its profile says, the ones that fewest servers hold. Cores are shared when
more is started than the machine has; GPUs never are.
"""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

from workbench.clusters.gpu import Gpus, gpus
from workbench.settings import ProfileSettings

GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Machine:
    """Cores by number, bytes of memory, GPUs by the entries that CUDA_VISIBLE_DEVICES takes."""

    cores: tuple[int, ...]
    mem_bytes: int
    gpus: Gpus
    devices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """What one running server holds."""

    cores: tuple[int, ...]
    devices: tuple[str, ...]


def machine() -> Machine:
    """This machine, as far as the Hub's own process may use it."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    found = gpus()
    listed = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = listed.split(",") if listed else [str(number) for number in range(found.count)]
    return Machine(tuple(cores), psutil.virtual_memory().total, found, tuple(names[: found.count]))


def share_of(profile: ProfileSettings, of: Machine, held: Iterable[Held]) -> Held:
    """What a server of this profile is given now.

    Raises:
        ValueError: fewer GPUs are free than it needs.
    """
    running = list(held)
    load = Counter(core for one in running for core in one.cores)
    cores = sorted(of.cores, key=lambda core: (load[core], core))[: profile.cpu_cores]
    devices = free_devices(of, running)
    if len(devices) < profile.gpus:
        raise ValueError(f"{profile.gpus} GPU(s) are needed and {len(devices)} are free")
    return Held(tuple(sorted(cores)), devices[: profile.gpus])


def free_devices(of: Machine, held: Iterable[Held]) -> tuple[str, ...]:
    """The GPUs that no running server holds."""
    taken = {device for one in held for device in one.devices}
    return tuple(device for device in of.devices if device not in taken)


def free_cores(of: Machine, held: Iterable[Held]) -> int:
    """The cores that no running server holds."""
    return len(set(of.cores) - {core for one in held for core in one.cores})
