"""What Slurm did not do, and why."""

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
