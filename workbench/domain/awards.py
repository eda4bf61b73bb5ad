"""Applications and awards, in their simplest dated form.

An application is a request; an award is what the Committee decided: a rate and a ceiling for a term. Requested,
recommended and awarded amounts are three numbers.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from workbench.domain.base import Stored


class Application(Stored):
    """One application to the scheme. `decision` is 'approved', 'declined', 'deferred' or None while it is open."""

    __tablename__ = "applications"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(unique=True)
    category: Mapped[str]
    organisation: Mapped[str]
    title: Mapped[str]
    received_on: Mapped[date]
    requested_minor: Mapped[int]
    decided_on: Mapped[date | None] = mapped_column(default=None)
    decision: Mapped[str | None] = mapped_column(default=None)
    project: Mapped[str | None] = mapped_column(ForeignKey("projects.slug"), default=None)
    made_up: Mapped[bool] = mapped_column(default=False)


class Award(Stored):
    """`rate_bp` of a project's list cost, until `ceiling_minor` of subsidy is drawn, in [starts_on, ends_on)."""

    __tablename__ = "awards"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    project: Mapped[str] = mapped_column(ForeignKey("projects.slug"), index=True)
    application: Mapped[int | None] = mapped_column(ForeignKey("applications.id"))
    rate_bp: Mapped[int]
    ceiling_minor: Mapped[int]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    decided_on: Mapped[date]
    reason: Mapped[str] = mapped_column(default="")


def award_on(awards: Sequence[Award], project: str, day: date) -> Award | None:
    """The project's award on a day, None without one; of two that overlap the one that began first is drawn first."""
    live = [a for a in awards if a.project == project and a.starts_on <= day < a.ends_on]
    return min(live, key=lambda a: (a.starts_on, a.id), default=None)


def drawing_award(awards: Sequence[Award], day: date, drawn: Mapping[int, int]) -> Award | None:
    """The award that pays on a day: of the live ones with something left the one that began first.

    Args:
        awards: of one project.
        day: the centre's calendar day.
        drawn: award id → subsidy drawn so far, minor units.

    Returns:
        None without a live award; where all live ones are used up the one that began first, which pays nothing.
    """
    live = sorted((a for a in awards if a.starts_on <= day < a.ends_on), key=lambda a: (a.starts_on, a.id))
    with_money = (a for a in live if drawn.get(a.id, 0) < a.ceiling_minor)
    return next(with_money, live[0] if live else None)
