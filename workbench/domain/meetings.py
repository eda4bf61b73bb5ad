"""Meetings of the Committee: who was there, what was decided, who withdrew and how the votes stood.

With a quorum in the rules a decision is taken in a meeting, by members who have declared no conflict in it. The one who
recommended still does not decide (domain.applications). Source: scheme rule 3 (conflicts; two people); quorum: P.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from workbench.domain.base import Amount, Stored, UtcMoment
from workbench.errors import RuleBroken

VOTES = ("for", "against", "abstained")
WITHDREW, SILENT = "withdrew", "no vote"
"""How a member who was there stands in an item without having voted: a conflict was declared, or none was asked."""


class Meeting(Stored):
    """A meeting of the Committee; what it decided stands while `closed_at` is None and does not change afterwards."""

    __tablename__ = "meetings"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    held_on: Mapped[date]
    chair: Mapped[str] = mapped_column(ForeignKey("people.name"))
    opened_at: Mapped[datetime] = mapped_column(UtcMoment)
    closed_at: Mapped[datetime | None] = mapped_column(UtcMoment, default=None)
    note: Mapped[str] = mapped_column(default="")
    made_up: Mapped[bool] = mapped_column(default=False)


class Attendance(Stored):
    """A member of the Committee at a meeting."""

    __tablename__ = "meeting_attendance"

    meeting: Mapped[int] = mapped_column(ForeignKey("meetings.id"), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.name"), primary_key=True)


class Item(Stored):
    """What a meeting decided about an application, as it stood then. Amounts in minor units."""

    __tablename__ = "meeting_items"

    meeting: Mapped[int] = mapped_column(ForeignKey("meetings.id"), primary_key=True)
    application: Mapped[int] = mapped_column(ForeignKey("applications.id"), primary_key=True)
    decision: Mapped[str] = mapped_column(String(20))
    decided_by: Mapped[str] = mapped_column(ForeignKey("people.name"))
    decided_at: Mapped[datetime] = mapped_column(UtcMoment)
    requested_minor: Mapped[int] = mapped_column(Amount)
    recommended_minor: Mapped[int | None] = mapped_column(Amount)
    awarded_minor: Mapped[int | None] = mapped_column(Amount)
    rate_bp: Mapped[int | None]
    reason: Mapped[str] = mapped_column(default="")
    conditions: Mapped[str] = mapped_column(default="")


class Vote(Stored):
    """How a member who was there stands in an item: one of VOTES, WITHDREW or SILENT."""

    __tablename__ = "meeting_votes"

    meeting: Mapped[int] = mapped_column(ForeignKey("meetings.id"), primary_key=True)
    application: Mapped[int] = mapped_column(ForeignKey("applications.id"), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.name"), primary_key=True)
    vote: Mapped[str] = mapped_column(String(20))


def check_quorum(present: Collection[str], withdrew: Collection[str], quorum: int) -> frozenset[str]:
    """The members who decide: those at the meeting who have not withdrawn.

    Raises:
        RuleBroken: rule 3, they are fewer than the quorum.
    """
    deciding, gone = frozenset(present) - frozenset(withdrew), frozenset(present) & frozenset(withdrew)
    if len(deciding) < quorum:
        away = f"; {len(gone)} withdrew" if gone else ""
        said = f"{len(deciding)} members of the Committee can decide it{away}, and the quorum is {quorum}"
        raise RuleBroken(3, said, "Have more members attend: workbench applications meeting attend.")
    return deciding


def check_votes(action: str, votes: Mapping[str, str]) -> None:
    """Refuse a decision against the votes; without any vote the members agreed. Votes are for or against approval.

    Args:
        action: approve, decline or defer; deferring needs no majority.
        votes: member → one of VOTES.

    Raises:
        RuleBroken: rule 3, an approval without a majority of the votes, or a refusal against one.
    """
    given = list(votes.values())
    yes, no = given.count("for"), given.count("against")
    if not yes + no or action == "defer":
        return
    if (action == "approve") != (yes > no):
        said = f"{yes} voted for it and {no} against"
        raise RuleBroken(3, f"the votes do not carry the decision to {action}: {said}", "Decide as the votes stand.")


def standing(present: Collection[str], withdrew: Collection[str], votes: Mapping[str, str]) -> dict[str, str]:
    """How everybody who was there stands in an item."""
    return {name: WITHDREW if name in withdrew else votes.get(name, SILENT) for name in sorted(present)}
