"""What can happen to an award: each an action with its own record, asked by one and decided by another person.

Extension, supplement, transfer, appeal, reports: scheme rule 5 (as at ACCESS); exceptional rate: rule 1; two people:
rule 3 (placeholder); opting in to over-use: rule 11; cut: rule 12; longer by an outage: rule 13; reports: rule 15.
Records are only ever added (triggers); a decision is a record of its own. Minor units, days of the centre.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from workbench.domain.applications import Actor
from workbench.domain.base import Amount, Stored, UtcMoment
from workbench.errors import StepRefused

SCHEME = "(the scheme)"
"""Who asks and decides what follows from a rule alone; no person has this name."""

APPROVED, DECLINED, WITHDRAWN = "approved", "declined", "withdrawn"
LEAD = "lead"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of action: what it needs, who may ask (LEAD: of the project; else roles) and who decides.

    needs: fields of `Action` that must be given. Without `decides` it holds as soon as it is asked.
    """

    name: str
    needs: tuple[str, ...]
    asks: frozenset[str]
    decides: frozenset[str]
    says: str


def _kind(name: str, needs: str, asks: str, decides: str, says: str) -> Kind:
    return Kind(name, tuple(needs.split()), frozenset(asks.split()), frozenset(decides.split()), says)


KINDS = {
    kind.name: kind
    for kind in (
        _kind("extension", "ends_on", "lead secretariat", "committee", "A later end; the amount stays."),
        _kind("supplement", "amount_minor", "lead secretariat", "committee", "A higher ceiling; the dates stay."),
        _kind("transfer", "amount_minor other_award", "lead secretariat", "committee", "An amount to another award."),
        _kind("rate", "rate_bp", "lead secretariat", "committee", "Another share of the list price."),
        _kind("over-use", "", "lead", "", "Go on at list price and low priority past the ceiling."),
        _kind("no-over-use", "", "lead", "", "Stop at the ceiling again."),
        _kind("progress-report", "report", "lead", "secretariat", "A progress report is handed in."),
        _kind("final-report", "", "lead", "secretariat", "The final report is handed in."),
        _kind("closing", "ends_on", "lead secretariat", "secretariat committee", "An earlier end; the rest lapses."),
        _kind("appeal", "", "lead", "committee", "Against a cut, or against what was declined."),
        _kind("under-use-cut", "amount_minor quarter", "", "", "Rule 12: part of what was not used is cut."),
        _kind("outage-extension", "ends_on", "", "", "Rule 13: days of a long outage are given back."),
    )
}
ASKED = tuple(kind.name for kind in KINDS.values() if kind.asks and kind.name != "appeal")
"""Kinds that people ask for; an appeal names what it is against."""


class Action(Stored):
    """What was asked, by whom, when and why. `key` is the name that an action of the scheme itself has once only.

    amount_minor: to add, to move or to cut. other_award: that takes a transfer. report: "progress 3" or "final".
    appeal_of: the action, application: the declined application that an appeal is against (then there is no award).
    """

    __tablename__ = "award_actions"
    __table_args__ = (Index("ix_award_actions_award", "award", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    award: Mapped[int | None] = mapped_column(ForeignKey("awards.id"))
    kind: Mapped[str] = mapped_column(String(20))
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime] = mapped_column(UtcMoment)
    reason: Mapped[str]
    key: Mapped[str | None] = mapped_column(String(80), unique=True, default=None)
    amount_minor: Mapped[int | None] = mapped_column(Amount, default=None)
    rate_bp: Mapped[int | None] = mapped_column(default=None)
    ends_on: Mapped[date | None] = mapped_column(default=None)
    other_award: Mapped[int | None] = mapped_column(ForeignKey("awards.id"), default=None)
    report: Mapped[str | None] = mapped_column(String(20), default=None)
    quarter: Mapped[str | None] = mapped_column(String(6), default=None)
    appeal_of: Mapped[int | None] = mapped_column(ForeignKey("award_actions.id"), default=None)
    application: Mapped[int | None] = mapped_column(ForeignKey("applications.id"), default=None)


class Decision(Stored):
    """What became of an action. Amount, rate and day as decided, which may be less than asked."""

    __tablename__ = "award_action_decisions"

    action: Mapped[int] = mapped_column(ForeignKey("award_actions.id"), primary_key=True, autoincrement=False)
    decision: Mapped[str] = mapped_column(String(10))
    decided_by: Mapped[str] = mapped_column(String(80))
    decided_at: Mapped[datetime] = mapped_column(UtcMoment)
    reason: Mapped[str]
    amount_minor: Mapped[int | None] = mapped_column(Amount, default=None)
    rate_bp: Mapped[int | None] = mapped_column(default=None)
    ends_on: Mapped[date | None] = mapped_column(default=None)


def check_asks(reference: str, kind: Kind, actor: Actor, leads: Collection[str]) -> None:
    """Refuse an action from somebody who may not ask for it.

    Args:
        reference: what it is about, for the sentence.
        kind: of the action.
        actor: who asks.
        leads: names of those who lead the project.

    Raises:
        StepRefused: with who may.
    """
    if not (actor.role in kind.asks or (LEAD in kind.asks and actor.name in leads)):
        who = " or ".join(sorted(LEAD + " of the project" if name == LEAD else name for name in kind.asks))
        raise StepRefused(
            reference, f"ask for {kind.name}", f"{actor.name} may not", f"It needs somebody who is {who}."
        )


def check_decides(reference: str, kind: Kind, actor: Actor, asked_by: str, own: Collection[str]) -> None:
    """Refuse a decision by the wrong person: without the role, by who asked, or about a project of their own.

    Args:
        reference: what is decided, for the sentence.
        kind: of the action.
        actor: who decides.
        asked_by: who asked for it.
        own: names of those who belong to the project.

    Raises:
        StepRefused: with who may.
    """
    roles = " or ".join(sorted(kind.decides))
    if not kind.decides:
        why = "it follows from the scheme's rules alone"
        raise StepRefused(reference, f"decide {kind.name}", why, "The project's lead can appeal against a cut.")
    if actor.role not in kind.decides:
        why = f"{actor.name} may not"
        raise StepRefused(reference, f"decide {kind.name}", why, f"It needs somebody who is {roles}.")
    if actor.name == asked_by or actor.name in own:
        why = f"{actor.name} asked for it" if actor.name == asked_by else f"{actor.name} belongs to the project"
        raise StepRefused(reference, f"decide {kind.name}", why, f"Another person who is {roles} decides.")


def check_given(reference: str, kind: Kind, action: Action) -> None:
    """Refuse an action that does not say what it needs.

    Raises:
        StepRefused: with what is missing.
    """
    words = {
        "amount_minor": "an amount",
        "rate_bp": "a rate",
        "ends_on": "a day",
        "other_award": "the award that takes it",
        "report": "which report",
        "quarter": "a quarter",
    }
    missing = [words[name] for name in kind.needs if getattr(action, name) is None]
    if missing or not action.reason.strip():
        said = " and ".join([*missing, *([] if action.reason.strip() else ["the reason"])])
        raise StepRefused(reference, f"ask for {kind.name}", f"{said} is missing", "Give it.")
