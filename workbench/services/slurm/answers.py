"""Slurm's accounting as it answers a window: by sacct, or by slurmrestd where the settings name one; the same jobs.

sacct is asked either way for what slurmrestd cannot be asked well: whether a job that never started is over.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from workbench.analytics.parsed import ParsedLog
from workbench.errors import SlurmUnreadable
from workbench.periods import Window, iso
from workbench.settings import SlurmSettings
from workbench.slurm import ask
from workbench.slurm.newest import Attempt, newest_attempts
from workbench.slurm.read import read_any
from workbench.slurm.rest import PROGRAM, Rest
from workbench.slurm.runner import Runner

UTC = ZoneInfo("UTC")
TOKEN = "slurm_token"  # noqa: S105  (a file name)
"""File of the settings' secrets with a token for slurmrestd."""


@dataclass(frozen=True)
class Answer:
    """One answer: its bytes as they came, what they were asked with, and what was read in them."""

    name: str
    data: bytes
    read_as: str
    log: ParsedLog


@dataclass(frozen=True)
class Accounting:
    """The accounting of the cluster of these settings. secrets: where slurmrestd's token may lie; None: ask sacct."""

    slurm: SlurmSettings
    runner: Runner
    secrets: Path | None = None

    @cached_property
    def rest(self) -> Rest | None:
        """slurmrestd, where the settings name one."""
        if not self.slurm.rest_url or self.secrets is None:
            return None
        return Rest(self.slurm.rest_url, self.secrets / TOKEN, self.runner)

    def window(self, window: Window) -> Answer:
        """What was eligible before its end and had not ended before its start; times are not cut to it.

        Raises:
            SlurmError: no answer, or none that can be read.
        """
        name = f"{iso(window.start_s)}/{iso(window.end_s)}"
        if self.rest:
            return self._read(name, self.rest.window(window.start_s, window.end_s))
        return self._read(name, ask.window(self.runner, window.start_s, window.end_s))

    def jobs(self, job_ids: Iterable[str], window: Window) -> Iterator[Answer]:
        """All attempts of these jobs."""
        span = (window.start_s, window.end_s)
        for data in self.rest.jobs(job_ids, *span) if self.rest else ask.jobs(self.runner, job_ids, *span):
            yield self._read(f"jobs since {iso(window.start_s)}", data)

    def attempts(self, job_ids: Iterable[str], window: Window) -> dict[tuple[str, str], Attempt]:
        """Of each of these jobs, by id and user, its newest attempt, also one that has not started or never did."""
        found: dict[tuple[str, str], Attempt] = {}
        for data in ask.jobs(self.runner, job_ids, window.start_s, window.end_s):
            found |= newest_attempts(data.decode("utf-8", "surrogateescape"))
        return found

    def _read(self, name: str, data: bytes) -> Answer:
        slurm, program = self.slurm, PROGRAM if self.rest else "sacct"
        try:
            log = read_any(data, slurm.cluster, UTC, models=slurm.model, projects=slurm.project)
        except ValueError as problem:
            raise SlurmUnreadable(program, str(problem)) from problem
        return Answer(f"{program} {name}", data, self._read_as(), log)

    def _read_as(self) -> str:
        return sha256(repr((self.slurm.models, self.slurm.account_prefix)).encode()).hexdigest()
