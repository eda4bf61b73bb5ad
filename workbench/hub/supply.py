"""What there is to choose from, and what is free of it: of this machine, or of Slurm's partitions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from workbench.hub import options
from workbench.hub.machine import Held, Machine, free_cores, free_devices
from workbench.i18n import _
from workbench.settings import ProfileSettings, Settings
from workbench.slurm.free import GPUS, Supply, seen
from workbench.slurm.runner import Runner


class Offering(Protocol):
    """Where servers run: what the cards need to know of it."""

    def profiles(self, settings: Settings) -> tuple[ProfileSettings, ...]:
        """The declared profiles as they are there."""
        ...

    def unavailable(self, profile: ProfileSettings) -> str:
        """Why a profile cannot be started there now, '' where it can or would wait for its turn."""
        ...

    def free_now(self, profile: ProfileSettings) -> str:
        """How much of what the profile needs is free, in words."""
        ...

    def supply(self, profile: ProfileSettings) -> Supply | None:
        """The same in numbers; None where there is no queue, or Slurm does not say."""
        ...


@dataclass(frozen=True)
class ThisMachine:
    """Servers are processes here; `held`: what those that run hold. What is taken cannot be had."""

    machine: Machine
    held: Collection[Held]

    def profiles(self, settings: Settings) -> tuple[ProfileSettings, ...]:
        return options.profiles_here(settings, self.machine)

    def unavailable(self, profile: ProfileSettings) -> str:
        return options.unavailable(profile, self.machine, self.held)

    def free_now(self, profile: ProfileSettings) -> str:
        devices = self.machine.devices
        if profile.gpus:
            free = len(free_devices(self.machine, self.held))
            return _("{n} of {all} GPUs free").format(n=free, all=len(devices))
        cores, every = free_cores(self.machine, self.held), len(self.machine.cores)
        if cores:
            return _("{n} of {all} cores free").format(n=cores, all=every)
        return _("All {all} cores taken: you would share them").format(all=every)

    def supply(self, profile: ProfileSettings) -> None:
        del profile


@dataclass(frozen=True)
class OnSlurm:
    """Servers are jobs: what is taken now is waited for."""

    settings: Settings

    def profiles(self, settings: Settings) -> tuple[ProfileSettings, ...]:
        return settings.profiles

    def unavailable(self, profile: ProfileSettings) -> str:
        found = self.supply(profile)
        if found is None or found.fits_ever:
            return ""
        return _("No node of the partition has so much.")

    def free_now(self, profile: ProfileSettings) -> str:
        found = self.supply(profile)
        if found is None:
            return _("Slurm does not say now what is free")
        if found.free == 0:
            return _("All taken now: it will wait in the queue")
        if found.unit == GPUS:
            return _("{n} of {all} GPUs free").format(n=found.free, all=found.all)
        return _("{n} of {all} cores free").format(n=found.free, all=found.all)

    def supply(self, profile: ProfileSettings) -> Supply | None:
        return supplies(self.settings, [profile]).get(profile.id)


def supplies(settings: Settings, profiles: Sequence[ProfileSettings]) -> dict[str, Supply]:
    """What Slurm has of these profiles, by their ids, as it was at most some seconds ago; empty where it is silent."""
    cluster = seen(Runner.of(settings.slurm))
    return {} if cluster is None else {profile.id: cluster.supply(settings, profile) for profile in profiles}


def fits_now(settings: Settings, profile: ProfileSettings) -> bool:
    """Whether a server of this profile would start at once."""
    found = supplies(settings, [profile]).get(profile.id)
    return found is not None and found.fits_now
