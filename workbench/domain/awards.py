"""Applications and awards, in their simplest dated form.

An application is a request; an award is what the Committee decided: a rate and a ceiling for a term. Requested,
recommended and awarded amounts are three numbers.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from workbench.domain.base import Amount, Stored

FAR_DAYS = 36_500
"""A pace at which money lasts a century is no date."""


STAGE_OF_DECISION = {None: "submitted", "approved": "active", "declined": "declined", "deferred": "deferred"}


class Application(Stored):
    """One application to the scheme, and where it stands (domain.applications.STAGES).

    `decision` is 'approved', 'declined', 'deferred', 'withdrawn' or None while it is open. Without a stage it is taken
    to stand where its decision put it. `slug` is the name its project will have; `received_on` of a draft is the day on
    which it was begun.
    """

    __tablename__ = "applications"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(unique=True)
    category: Mapped[str]
    organisation: Mapped[str]
    title: Mapped[str]
    received_on: Mapped[date]
    requested_minor: Mapped[int] = mapped_column(Amount)
    decided_on: Mapped[date | None] = mapped_column(default=None)
    decision: Mapped[str | None] = mapped_column(default=None)
    project: Mapped[str | None] = mapped_column(ForeignKey("projects.slug"), default=None)
    made_up: Mapped[bool] = mapped_column(default=False)
    stage: Mapped[str] = mapped_column(String(20), default="")
    applicant: Mapped[str | None] = mapped_column(String(80), default=None)
    slug: Mapped[str | None] = mapped_column(String(80), default=None)
    need: Mapped[str] = mapped_column(default="")
    gpu_model: Mapped[str | None] = mapped_column(String(80), default=None)
    gpus: Mapped[int | None] = mapped_column(default=None)
    gpu_hours: Mapped[int | None] = mapped_column(default=None)
    fast_lane: Mapped[bool] = mapped_column(default=False)
    recommended_minor: Mapped[int | None] = mapped_column(Amount, default=None)
    recommended_by: Mapped[str | None] = mapped_column(String(80), default=None)

    def __post_init__(self) -> None:
        self.stage = self.stage or STAGE_OF_DECISION[self.decision]


class Award(Stored):
    """`rate_bp` of a project's list cost, until `ceiling_minor` of subsidy is drawn, in [starts_on, ends_on)."""

    __tablename__ = "awards"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    project: Mapped[str] = mapped_column(ForeignKey("projects.slug"), index=True)
    application: Mapped[int | None] = mapped_column(ForeignKey("applications.id"))
    rate_bp: Mapped[int]
    ceiling_minor: Mapped[int] = mapped_column(Amount)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    decided_on: Mapped[date]
    reason: Mapped[str] = mapped_column(default="")
    conditions: Mapped[str] = mapped_column(default="")


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


def current_award(awards: Sequence[Award], day: date, drawn: Mapping[int, int]) -> Award | None:
    """The award to show for a project on a day: the one that pays, else the next to begin, else the last to have ended.

    Args:
        awards: of one project.
        day: the centre's calendar day.
        drawn: award id → subsidy drawn so far, minor units.
    """
    paying = drawing_award(awards, day, drawn)
    ahead = min((a for a in awards if a.starts_on > day), key=lambda a: (a.starts_on, a.id), default=None)
    ended = max((a for a in awards if a.ends_on <= day), key=lambda a: (a.ends_on, a.id), default=None)
    return paying or ahead or ended


def award_state(award: Award, day: date, drawn_minor: int) -> str:
    """'ahead' (begins later), 'lapsed' (ended), 'exhausted' (nothing left), else 'live'."""
    if day < award.starts_on:
        return "ahead"
    if day >= award.ends_on:
        return "lapsed"
    return "live" if drawn_minor < award.ceiling_minor else "exhausted"


def committed_on(award: Award, drawn: Mapping[int, int], day: date) -> int:
    """What an award takes from the budget on a day: its ceiling; once ended what it drew; 0 before its decision.

    Usage that came in late can have drawn more than a cut left: then that is taken.
    """
    if day < award.decided_on:
        return 0
    spent = drawn.get(award.id, 0)
    return max(award.ceiling_minor, spent) if day < award.ends_on else spent


def lasts_until(today: date, left_minor: int, pace_minor_per_day: int) -> date | None:
    """The day on which an amount is used up at a daily pace; None where nothing is drawn, or not for a century."""
    if pace_minor_per_day <= 0:
        return None
    days = max(0, left_minor) // pace_minor_per_day
    return today + timedelta(days=days) if days < FAR_DAYS else None
