"""Slurm's programs: the only place that starts them. No shell, a time limit, times in UTC.

Slurm's programs print times by the TZ of their environment: with UTC no hour comes twice. A program that cannot reach
its daemon may hang for minutes: each has a limit.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbench.errors import SlurmRefused, SlurmSilent
from workbench.settings import SlurmSettings

LIMIT_S = 60.0


@dataclass(frozen=True)
class Runner:
    """Runs Slurm's programs of one cluster. bin: their folder, '' for those on the PATH; environ: all they are told."""

    bin: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, slurm: SlurmSettings) -> "Runner":
        """As the settings say; our own environment but for what would change Slurm's answers."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM_", "SACCT_", "SQUEUE_", "SINFO_"))}
        conf = slurm.conf or os.environ.get("SLURM_CONF", "")
        told = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "SLURM_TIME_FORMAT": "standard"}
        return cls(slurm.bin, kept | told | ({"SLURM_CONF": conf} if conf else {}))

    def run(self, program: str, *words: str, given: str | None = None, limit_s: float = LIMIT_S) -> str:
        """What the program prints.

        Args:
            program: squeue, sacct, scontrol …
            words: its arguments, each as it is.
            given: its standard input.
            limit_s: how long it may take.

        Raises:
            SlurmSilent: it is not there, or took longer. SlurmRefused: it ended with an error; what it said.
        """
        return self.run_bytes(program, *words, given=given, limit_s=limit_s).decode("utf-8", "surrogateescape")

    def run_bytes(self, program: str, *words: str, given: str | None = None, limit_s: float = LIMIT_S) -> bytes:
        """As `run`, untouched."""
        command = [str(Path(self.bin) / program) if self.bin else program, *words]
        try:
            done = subprocess.run(
                command, input=None if given is None else given.encode(), env=dict(self.environ), capture_output=True,
                stdin=subprocess.DEVNULL if given is None else None, timeout=limit_s, check=False,
            )  # fmt: skip
        except FileNotFoundError as problem:
            raise SlurmSilent(program, f"there is no {command[0]}") from problem
        except subprocess.TimeoutExpired as problem:
            raise SlurmSilent(program, f"no answer within {limit_s:.0f} s") from problem
        if done.returncode:
            said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
            raise SlurmRefused(program, _asked(words), said, done.returncode)
        return done.stdout


def _asked(words: Sequence[str]) -> str:
    return " ".join(words)[:300]
