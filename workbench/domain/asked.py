"""What somebody asks for and another person decides: refund claims, reservations, adjustments. Amounts in minor units.

State: 'asked', then 'granted' or 'refused'; a granted reservation can be 'cancelled'; an
automatic refund whose job has no price yet is 'waiting'.
"""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workbench.domain.base import Amount, Stored, UtcMoment

ASKED, GRANTED, REFUSED, CANCELLED = "asked", "granted", "refused", "cancelled"
WAITING = "waiting"
NAME = String(80)


class RefundClaim(Stored):
    """That one attempt of a job failed by a fault and its charge shall go back. `why`: how it was decided."""

    __tablename__ = "refund_claims"
    __table_args__ = (UniqueConstraint("cluster", "job_id", "submit_at"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    cluster: Mapped[str] = mapped_column(NAME)
    job_id: Mapped[str]
    submit_at: Mapped[datetime] = mapped_column(UtcMoment)
    project: Mapped[str] = mapped_column(ForeignKey("projects.slug"))
    cause: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str]
    asked_by: Mapped[str] = mapped_column(NAME)
    asked_at: Mapped[datetime] = mapped_column(UtcMoment)
    state: Mapped[str] = mapped_column(String(20), default=ASKED)
    decided_by: Mapped[str | None] = mapped_column(NAME, default=None)
    decided_at: Mapped[datetime | None] = mapped_column(UtcMoment, default=None)
    why: Mapped[str] = mapped_column(default="")


class Reservation(Stored):
    """So many GPUs of a model in a partition kept for a project on the days [starts_on, ends_on) of the centre."""

    __tablename__ = "reservations"
    __table_args__ = (Index("ix_reservations_place", "cluster", "partition", "gpu_model", "starts_on"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    project: Mapped[str] = mapped_column(ForeignKey("projects.slug"))
    cluster: Mapped[str] = mapped_column(NAME)
    partition: Mapped[str] = mapped_column(NAME)
    gpu_model: Mapped[str] = mapped_column(NAME)
    gpus: Mapped[int]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    reason: Mapped[str]
    asked_by: Mapped[str] = mapped_column(NAME)
    asked_at: Mapped[datetime] = mapped_column(UtcMoment)
    state: Mapped[str] = mapped_column(String(20), default=ASKED)
    decided_by: Mapped[str | None] = mapped_column(NAME, default=None)
    decided_at: Mapped[datetime | None] = mapped_column(UtcMoment, default=None)
    cancelled_by: Mapped[str | None] = mapped_column(NAME, default=None)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcMoment, default=None)


class AskedAdjustment(Stored):
    """A change of what a project owes: `amount_minor` more, less where negative. `undoes`: the charge it takes back."""

    __tablename__ = "asked_adjustments"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    project: Mapped[str] = mapped_column(ForeignKey("projects.slug"))
    kind: Mapped[str] = mapped_column(String(20))
    amount_minor: Mapped[int] = mapped_column(Amount)
    reason: Mapped[str]
    asked_by: Mapped[str] = mapped_column(NAME)
    asked_at: Mapped[datetime] = mapped_column(UtcMoment)
    undoes: Mapped[str | None] = mapped_column(ForeignKey("other_charges.key"), default=None)
    state: Mapped[str] = mapped_column(String(20), default=ASKED)
    decided_by: Mapped[str | None] = mapped_column(NAME, default=None)
    decided_at: Mapped[datetime | None] = mapped_column(UtcMoment, default=None)
