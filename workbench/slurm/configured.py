"""Whether Slurm is set up so that it keeps limits: its own settings, and what is wrong with them in words.

Source: slurm.conf(5), AccountingStorageEnforce, AccountingStorageTRES, PriorityDecayHalfLife; sacctmgr(1), GrpTRESMins.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.slurm.runner import Runner

ENFORCED = ("associations", "limits", "qos", "safe")


@dataclass(frozen=True, slots=True)
class Fault:
    """A sentence with what to do. `grave`: limits would not hold, or would kill running jobs."""

    says: str
    grave: bool


def config(runner: Runner) -> dict[str, str]:
    """Slurm's settings as the controller has them.

    Raises:
        SlurmError: Slurm did not answer, or refused.
    """
    pairs = (line.partition("=") for line in runner.run("scontrol", "show", "config").splitlines())
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def faults(found: Mapping[str, str], cluster: str) -> list[Fault]:
    """What is wrong with them; empty where limits hold.

    Args:
        found: see `config`.
        cluster: the ClusterName that our settings have.
    """
    wrong = []
    named, enforced = found.get("ClusterName", ""), found.get("AccountingStorageEnforce", "").lower().split(",")
    if named.lower() != cluster.lower():
        wrong.append(Fault(f"The cluster is called {named!r}, our settings say {cluster!r} ([slurm] cluster).", True))
    if missing := [flag for flag in ENFORCED if flag not in enforced]:
        says = f"AccountingStorageEnforce lacks {', '.join(missing)}"
        wrong.append(Fault(f"{says}: set it to {','.join(ENFORCED)} in slurm.conf and restart slurmctld.", True))
    if "gres/gpu" not in found.get("AccountingStorageTRES", "").split(","):
        wrong.append(Fault("GPUs are not tracked: add AccountingStorageTRES=gres/gpu to slurm.conf.", True))
    if "multifactor" not in found.get("PriorityType", ""):
        wrong.append(
            Fault("Minutes are counted by PriorityType=priority/multifactor only: set it in slurm.conf.", True)
        )
    if found.get("PriorityDecayHalfLife", "") not in ("00:00:00", "0"):
        says = f"PriorityDecayHalfLife is {found.get('PriorityDecayHalfLife', 'not known')}: counted minutes fade"
        wrong.append(Fault(f"{says} between two looks, so a spent award lets some jobs start. Set it to 0.", False))
    return wrong
