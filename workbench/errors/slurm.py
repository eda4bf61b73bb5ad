"""What Slurm did not do, and why."""

from collections.abc import Sequence
from datetime import UTC, datetime

from workbench.errors.base import WorkbenchError


class SlurmError(WorkbenchError):
    """Slurm did not answer, or refused."""


class SlurmSilent(SlurmError):
    def __init__(self, program: str, why: str):
        self.why = why
        super().__init__(
            f"Slurm's {program} gave no answer: {why}. Check [slurm] conf and bin in the settings, and `scontrol ping`."
        )


class SlurmRefused(SlurmError):
    def __init__(self, program: str, asked: str, said: str, status: int):
        self.said, self.status = said, status
        super().__init__(f"Slurm refused `{program} {asked}` (status {status}): {said or 'it gave no reason'}")


class SlurmUnreadable(SlurmError):
    def __init__(self, program: str, why: str):
        super().__init__(
            f"What Slurm's {program} answered cannot be read: {why}. Run it by hand and compare; is it Slurm's own?"
        )


class SlurmLax(SlurmError):
    def __init__(self, faults: Sequence[str]):
        self.faults = tuple(faults)
        said = " ".join(faults)
        super().__init__(f"Slurm would not keep the limits, so none was changed. {said} See docs/slurm-limits.md.")


class NoSlurm(SlurmError):
    def __init__(self) -> None:
        super().__init__("The settings name no Slurm. Give [slurm] cluster its ClusterName, or: workbench init --slurm")


class NothingToCompare(SlurmError):
    def __init__(self, month: str, added_up_until: int):
        hour = datetime.fromtimestamp(added_up_until, UTC)
        super().__init__(
            f"Nothing of {month} can be compared yet: Slurm has added up its usage until {hour:%Y-%m-%d %H:%M} UTC. "
            "It does so once an hour; try again after the next one, or name a month before (--month)."
        )
