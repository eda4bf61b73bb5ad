"""Brakes: what an operator puts on a project in Slurm, and takes off again, each with who, when and why.

A pause lets running jobs go on and starts no other. A downscale bounds the GPUs of all jobs of the project together.
Records are only added; the last ones say what holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from workbench.domain.base import Stored, UtcMoment

PAUSE, RESUME, DOWNSCALE = "pause", "resume", "downscale"


class Brake(Stored):
    """`gpus`: of a downscale; `gpus_before`: the limit that Slurm had when it came, None: none."""

    __tablename__ = "brakes"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    project: Mapped[str] = mapped_column(ForeignKey("projects.slug"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    who: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcMoment)
    reason: Mapped[str]
    gpus: Mapped[int | None] = mapped_column(default=None)
    gpus_before: Mapped[int | None] = mapped_column(default=None)


@dataclass(frozen=True, slots=True)
class Braked:
    """What holds for a project. None, or empty: nothing of its kind was ever said.

    pause: the last record about pausing, a PAUSE or a RESUME; gpus: the last DOWNSCALE; lifted: it holds no longer.
    before: GPUs that Slurm allowed before the first of the downscales that followed each other.
    """

    pause: Brake | None = None
    gpus: Brake | None = None
    lifted: bool = True
    before: int | None = None

    @property
    def paused(self) -> bool:
        return self.pause is not None and self.pause.kind == PAUSE


def braked(brakes: Sequence[Brake]) -> Braked:
    """What the records of one project, the oldest first, come to."""
    pause, gpus, before, lifted = None, None, None, True
    for brake in brakes:
        if brake.kind == DOWNSCALE:
            before = brake.gpus_before if lifted else before
            gpus, lifted = brake, False
        else:
            pause = brake
            lifted = lifted or brake.kind == RESUME
    return Braked(pause, gpus, lifted, before)
