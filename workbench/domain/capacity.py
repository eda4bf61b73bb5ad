"""Capacity over time: how many GPUs of which model a partition has installed, in service and allocatable.

Three numbers, never mixed: *installed* GPUs are in the room; those *in service* are offered to users (the published
denominator of occupancy); *allocatable* ones could take a job now. An outage takes GPUs out of service for a window.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from workbench.domain.base import Stored, UtcMoment


class CapacityChange(Stored):
    """From this moment on, the partition has so many GPUs of this model (until the next change)."""

    __tablename__ = "capacity_changes"

    cluster: Mapped[str] = mapped_column(String(80), primary_key=True)
    partition: Mapped[str] = mapped_column(String(80), primary_key=True)
    gpu_model: Mapped[str] = mapped_column(String(80), primary_key=True)
    from_at: Mapped[datetime] = mapped_column(UtcMoment, primary_key=True)
    installed: Mapped[int]
    in_service: Mapped[int]
    allocatable: Mapped[int]
    note: Mapped[str] = mapped_column(default="")


class Outage(Stored):
    """GPUs of a partition out of service in [start_at, end_at); end_at None while it lasts."""

    __tablename__ = "outages"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    cluster: Mapped[str] = mapped_column(String(80), index=True)
    partition: Mapped[str] = mapped_column(String(80))
    gpu_model: Mapped[str] = mapped_column(String(80))
    start_at: Mapped[datetime] = mapped_column(UtcMoment)
    end_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    gpus: Mapped[int]
    planned: Mapped[bool]
    reason: Mapped[str]


@dataclass(frozen=True, slots=True)
class GpusNow:
    """GPUs of one partition at one moment, net of outages where said."""

    installed: int
    in_service: int
    allocatable: int
    out: int


def gpus_at(changes: list[CapacityChange], outages: list[Outage], at: datetime) -> GpusNow:
    """GPUs of the given partition rows at a moment; zero before the first change (nothing is installed yet)."""
    current: dict[tuple[str, str, str], CapacityChange] = {}
    for change in sorted(changes, key=lambda c: c.from_at):
        if change.from_at <= at:
            current[change.cluster, change.partition, change.gpu_model] = change
    out = sum(o.gpus for o in outages if o.start_at <= at and (o.end_at is None or at < o.end_at))
    rows = current.values()
    return GpusNow(
        installed=sum(c.installed for c in rows),
        in_service=sum(c.in_service for c in rows),
        allocatable=max(0, sum(c.allocatable for c in rows) - out),
        out=out,
    )
