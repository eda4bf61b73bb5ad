"""The way of an application through the scheme, as an explicit state machine: stages, steps, who may take them.

draft → submitted → secretariat-check → preliminary → further → committee → agreement → onboarding → active → closed,
with declined, deferred and withdrawn aside. Requested, recommended and awarded are three amounts, in minor units.
Source: scheme rule 3 (stages published; agreement, two-person rule: placeholders; conflicts: as in XRAS).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from workbench.domain.awards import Application
from workbench.domain.base import Amount, Stored, UtcMoment
from workbench.errors import ClosedByConflict, RuleBroken, StepRefused
from workbench.units import BASIS_POINTS

STAGES = (
    "draft",
    "submitted",
    "secretariat-check",
    "preliminary",
    "further",
    "committee",
    "agreement",
    "onboarding",
    "active",
    "closed",
    "declined",
    "deferred",
    "withdrawn",
)
BEFORE_AGREEMENT = ("draft", "submitted", "secretariat-check", "preliminary", "further", "committee", "deferred")
SEES_ALL = frozenset({"secretariat", "operator", "executive", "committee", "reviewer"})
"""Roles that see every application past its draft, but for a declared conflict."""


@dataclass(frozen=True, slots=True)
class Step:
    """`action` leads from one stage to another, for people of these roles; 'applicant' is who wrote the application."""

    action: str
    from_stage: str
    to_stage: str
    roles: frozenset[str]
    needs_note: bool = False


def _step(action: str, from_stage: str, to_stage: str, *roles: str, needs_note: bool = False) -> Step:
    return Step(action, from_stage, to_stage, frozenset(roles), needs_note)


STEPS = (
    _step("submit", "draft", "submitted", "applicant"),
    _step("check", "submitted", "secretariat-check", "secretariat"),
    _step("return", "secretariat-check", "draft", "secretariat", needs_note=True),
    _step("assess", "secretariat-check", "preliminary", "secretariat"),
    _step("assess", "preliminary", "further", "secretariat"),
    _step("recommend", "preliminary", "committee", "reviewer", "secretariat", needs_note=True),  # fast lane only
    _step("recommend", "further", "committee", "reviewer", "secretariat", needs_note=True),
    _step("approve", "committee", "agreement", "committee"),
    _step("decline", "committee", "declined", "committee", needs_note=True),
    _step("defer", "committee", "deferred", "committee", needs_note=True),
    _step("resume", "deferred", "further", "secretariat"),
    _step("agree", "agreement", "onboarding", "applicant"),
    _step("activate", "onboarding", "active", "secretariat", "operator"),
    _step("close", "active", "closed", "secretariat", needs_note=True),
    *(_step("withdraw", stage, "withdrawn", "applicant") for stage in BEFORE_AGREEMENT),
)
DECISIONS = {"approve": "approved", "decline": "declined", "defer": "deferred"}


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts: their name and their role at the centre (domain.access.ROLES), None for an applicant."""

    name: str
    role: str | None


class Event(Stored):
    """Who did what to an application, and when. Never changed nor removed (triggers refuse it)."""

    __tablename__ = "application_events"
    __table_args__ = (Index("ix_application_events_application", "application", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    application: Mapped[int] = mapped_column(ForeignKey("applications.id"))
    at: Mapped[datetime] = mapped_column(UtcMoment)
    actor: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(20))
    from_stage: Mapped[str] = mapped_column(String(20))
    to_stage: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(default="")


class Conflict(Stored):
    """A declared conflict of interest: it closes the application to this person."""

    __tablename__ = "application_conflicts"

    application: Mapped[int] = mapped_column(ForeignKey("applications.id"), primary_key=True)
    person: Mapped[str] = mapped_column(String(80), primary_key=True)
    reason: Mapped[str]
    declared_at: Mapped[datetime] = mapped_column(UtcMoment)


class Score(Stored):
    """Points from 0 to 100 of one reviewer for one criterion."""

    __tablename__ = "application_scores"

    application: Mapped[int] = mapped_column(ForeignKey("applications.id"), primary_key=True)
    reviewer: Mapped[str] = mapped_column(String(80), primary_key=True)
    criterion: Mapped[str] = mapped_column(String(40), primary_key=True)
    points: Mapped[int]
    scored_at: Mapped[datetime] = mapped_column(UtcMoment)


class Applied(Stored):
    """GPU-hours that an application asks for in its month `month_no`, counted from 1."""

    __tablename__ = "application_months"

    application: Mapped[int] = mapped_column(ForeignKey("applications.id"), primary_key=True)
    month_no: Mapped[int] = mapped_column(primary_key=True)
    gpu_hours: Mapped[int]


class AppliedMember(Stored):
    """Somebody beside the applicant who shall work in the project."""

    __tablename__ = "application_members"

    application: Mapped[int] = mapped_column(ForeignKey("applications.id"), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.name"), primary_key=True)


class PlannedMonth(Stored):
    """Subsidy that an award plans for a month "2026-01"; under-use is measured against it (rule 12)."""

    __tablename__ = "award_months"

    award: Mapped[int] = mapped_column(ForeignKey("awards.id"), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    subsidy_minor: Mapped[int] = mapped_column(Amount)


def check_open(application: Application, actor: Actor, conflicts: Collection[str]) -> None:
    """Raise where a declared conflict closes the application to this person.

    Args:
        application: any.
        actor: who wants to see or act.
        conflicts: names of those who declared one.

    Raises:
        ClosedByConflict: this person declared one.
    """
    if actor.name in conflicts:
        raise ClosedByConflict(application.reference, actor.name)


def may_see(application: Application, actor: Actor, conflicts: Collection[str]) -> bool:
    """Whether it is theirs, or past its draft and open to their role; a conflict closes it."""
    if actor.name == application.applicant:
        return True
    return actor.role in SEES_ALL and application.stage != "draft" and actor.name not in conflicts


def next_step(application: Application, action: str, actor: Actor, note: str = "") -> Step:
    """The step that this action is now.

    Args:
        application: with its stage, applicant, fast lane and who recommended it.
        action: one of STEPS.
        actor: who takes it.
        note: the reason; some steps need one.

    Raises:
        StepRefused: not from this stage, not by this person, without its reason, or one person in two roles.
    """
    here = [step for step in STEPS if step.action == action and step.from_stage == application.stage]
    if not here:
        ways = sorted({step.action for step in STEPS if step.from_stage == application.stage})
        said = f"From there one can: {', '.join(ways)}." if ways else "Nothing follows that stage."
        raise StepRefused(application.reference, action, f"it is in the stage {application.stage}", said)
    step = here[0]
    own = actor.name == application.applicant
    fits = (own and "applicant" in step.roles) or (not own and actor.role in step.roles)
    if not fits:
        roles = " or ".join(sorted(step.roles))
        why = "it is their own application" if own else f"{actor.name} is not its {roles}"
        raise StepRefused(application.reference, action, why, f"It needs somebody who is {roles}.")
    if step.needs_note and not note.strip():
        raise StepRefused(application.reference, action, "the reason is missing", "Write it in a sentence.")
    if action == "recommend" and application.stage == "preliminary" and not application.fast_lane:
        raise StepRefused(application.reference, action, "it is not in the fast lane", "Assess it further first.")
    if action in DECISIONS and actor.name == application.recommended_by:
        why = f"{actor.name} recommended it, and one person cannot do both"
        raise StepRefused(application.reference, action, why, "Another member of the Committee decides.")
    return step


def check_rate(rate_bp: int, normal_bp: int, most_bp: int, *, exceptional: bool, reason: str) -> None:
    """Refuse a subsidised share that the scheme does not know.

    Args:
        rate_bp: of the award.
        normal_bp: the highest without an exception.
        most_bp: the highest at all; below 100%.
        exceptional: whether the Committee says so.
        reason: why, written.

    Raises:
        RuleBroken: rule 1 (100% is never possible; above the normal rate the flag and a reason are needed).
    """
    if not 0 < rate_bp <= min(most_bp, BASIS_POINTS - 1):
        said = f"a rate of {rate_bp / 100:g}% is not between 0 and {most_bp / 100:g}%"
        raise RuleBroken(1, said, "Choose a lower rate; 100% is never possible.")
    if rate_bp > normal_bp and not (exceptional and reason.strip()):
        said = f"a rate of {rate_bp / 100:g}% is above the normal {normal_bp / 100:g}%"
        raise RuleBroken(1, said, "Decide it as exceptional, with a written reason.")


def days_to_decision(submitted_on: date, decided_on: date | None, today: date) -> int:
    """Calendar days from submission to decision; to today while it is open."""
    return ((decided_on or today) - submitted_on).days
