"""Slurm's accounting as it answers a window: by sacct, or by slurmrestd where the settings name one; the same jobs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from zoneinfo import ZoneInfo

from workbench.analytics.parsed import ParsedLog
from workbench.errors import SlurmUnreadable
from workbench.periods import Window, iso
from workbench.settings import SlurmSettings
from workbench.slurm import ask
from workbench.slurm.newest import Attempt, newest_attempts
from workbench.slurm.runner import Runner
from workbench.slurm.sacct import parse_sacct

UTC = ZoneInfo("UTC")


@dataclass(frozen=True)
class Answer:
    """One answer: its bytes as they came, what they were asked with, and what was read in them."""

    name: str
    data: bytes
    read_as: str
    log: ParsedLog


@dataclass(frozen=True)
class Accounting:
    """The accounting of the cluster of these settings."""

    slurm: SlurmSettings
    runner: Runner

    def window(self, window: Window) -> Answer:
        """What was eligible before its end and had not ended before its start; times are not cut to it.

        Raises:
            SlurmError: no answer, or none that can be read.
        """
        name = f"{iso(window.start_s)}/{iso(window.end_s)}"
        return self._read(name, ask.window(self.runner, window.start_s, window.end_s))

    def jobs(self, job_ids: Iterable[str], window: Window) -> Iterator[Answer]:
        """All attempts of these jobs."""
        for data in ask.jobs(self.runner, job_ids, window.start_s, window.end_s):
            yield self._read(f"jobs since {iso(window.start_s)}", data)

    def attempts(self, job_ids: Iterable[str], window: Window) -> dict[tuple[str, str], Attempt]:
        """Of each of these jobs, by id and user, its newest attempt, also one that has not started or never did."""
        found: dict[tuple[str, str], Attempt] = {}
        for data in ask.jobs(self.runner, job_ids, window.start_s, window.end_s):
            found |= newest_attempts(data.decode("utf-8", "surrogateescape"))
        return found

    def _read(self, name: str, data: bytes) -> Answer:
        text, slurm = data.decode("utf-8", "surrogateescape"), self.slurm
        try:
            log = parse_sacct(text, slurm.cluster, UTC, models=slurm.model, projects=slurm.project)
        except ValueError as problem:
            raise SlurmUnreadable("sacct", str(problem)) from problem
        return Answer(f"sacct {name}", data, self._read_as(), log)

    def _read_as(self) -> str:
        return sha256(repr((self.slurm.models, self.slurm.account_prefix)).encode()).hexdigest()
