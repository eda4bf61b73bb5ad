"""The records of awards and of what was asked for them: found, locked, written, inside one transaction."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.domain.award_actions import APPROVED, Action, Decision
from workbench.domain.award_versions import Version
from workbench.domain.awards import Application, Award
from workbench.domain.projects import Member
from workbench.errors import StepRefused, UnknownAction, UnknownApplication, UnknownAward
from workbench.services.charging.marks import CHARGES, POSTING, mark


def lock_awards(db: Session, numbers: Iterable[int | None]) -> dict[int, Award]:
    """These awards as they were decided; who reads their money next waits until this transaction is over.

    Raises:
        UnknownAward: one of them is not there.
    """
    wanted = sorted({number for number in numbers if number is not None})
    ask = select(Award).where(Award.id.in_(wanted)).order_by(Award.id).with_for_update()
    found = {award.id: award for award in db.scalars(ask)}
    if missing := [number for number in wanted if number not in found]:
        raise UnknownAward(missing[0])
    return found


def found_action(db: Session, number: int) -> Action:
    """Raises UnknownAction for a number that none has."""
    found = db.get(Action, number)
    if found is None:
        raise UnknownAction(number)
    return found


def locked_application(db: Session, reference: str) -> Application:
    """Raises UnknownApplication for a reference that none has."""
    found = db.scalars(select(Application).where(Application.reference == reference).with_for_update()).first()
    if found is None:
        raise UnknownApplication(reference)
    return found


def people_of(db: Session, award: Award, role: str | None = None) -> frozenset[str]:
    """Names of an award's project's people; of one role only."""
    asked = select(Member.person).where(Member.project == award.project)
    return frozenset(db.scalars(asked if role is None else asked.where(Member.role == role)))


def in_effect(db: Session, action: Action) -> bool:
    """Whether an action was approved."""
    decision = db.get(Decision, action.id)
    return decision is not None and decision.decision == APPROVED


def check_open(db: Session, action: Action) -> None:
    """Refuse to decide twice.

    Raises:
        StepRefused: it was decided or withdrawn.
    """
    # Fresh from the database: the awards are locked by now, and another may have decided meanwhile.
    there = db.scalars(select(Decision).where(Decision.action == action.id)).first()
    if there is not None:
        why = f"{there.decided_by} decided on {there.decided_at:%-d %b %Y}: {there.decision}"
        raise StepRefused(f"Action {action.id}", "decide it", why, "It stays; ask anew, or appeal.")


def write(db: Session, versions: list[Version]) -> None:
    """Keep these versions, and have their projects rated and posted again from their day on."""
    db.add_all(versions)
    db.flush()
    for version in versions:
        project = db.get_one(Award, version.award).project
        for kind in (CHARGES, POSTING):
            mark(db.connection(), [project], version.from_on, kind)
