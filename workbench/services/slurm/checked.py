"""What `workbench slurm check` says: is Slurm reached, which version, and would it keep limits."""

from dataclasses import dataclass

from workbench.errors import SlurmError
from workbench.services.slurm.enforce import LOW
from workbench.slurm.associations import present
from workbench.slurm.configured import config, faults
from workbench.slurm.offers import offers
from workbench.slurm.runner import Runner
from workbench.store.engine import Store


@dataclass(frozen=True, slots=True)
class Checked:
    """One line: what was looked at, what was found, what is wrong with it ('': nothing). grave: limits do not hold."""

    what: str
    found: str
    wrong: str = ""
    grave: bool = False


def checked(store: Store, runner: Runner) -> list[Checked]:
    """Look at everything that limits need; a Slurm that does not answer is a line of its own, not an error."""
    cluster = store.settings.slurm.cluster
    try:
        found = config(runner)
    except SlurmError as problem:
        return [Checked("slurmctld", "no answer", str(problem), grave=True)]
    lines = [
        Checked("slurmctld", found.get("SlurmctldHost[0]", "answers")),
        Checked("version", found.get("SLURM_VERSION", "not known")),
        Checked("enforced", found.get("AccountingStorageEnforce", "not known")),
        *(
            Checked("slurm.conf", "limits do not hold" if f.grave else "", f.says, f.grave)
            for f in faults(found, cluster)
        ),
    ]
    try:
        there = present(runner, cluster)
    except SlurmError as problem:
        return [*lines, Checked("slurmdbd", "no answer", str(problem), grave=True)]
    lines.append(Checked("slurmdbd", f"{len(there.accounts)} accounts, {len(there.users)} users in them"))
    below = "" if any(priority for priority in there.qos.values()) else _NONE_BELOW
    lines.append(Checked("QOS", ", ".join(sorted(there.qos)), below))
    for offer in offers(runner):
        model = store.settings.slurm.model(offer.gpu_type) if offer.gpu_type else "no GPU type"
        lines.append(Checked(f"partition {offer.partition}", f"{model}, {offer.cores} cores a node"))
    return lines


_NONE_BELOW = f"Every QOS has priority 0, so none is below another: give yours a priority, then {LOW} is lower."
