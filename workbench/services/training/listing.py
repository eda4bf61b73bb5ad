"""Classes as somebody may see them: the whole centre's people all of them, others those that they teach or lead."""

from collections.abc import Iterable

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from workbench.domain.access import GROUP_OF_ROLE, OwnProjects, scope_of
from workbench.domain.projects import Person
from workbench.domain.training import TrainingSession
from workbench.errors import TrainingRefused, UnknownPerson, UnknownTraining
from workbench.i18n import _
from workbench.services.two_people import DECIDE
from workbench.store.engine import Store


def listed(store: Store, who: str, groups: Iterable[str], now: int) -> list[TrainingSession]:
    """The classes that somebody may see: those that are not over by their start, then the others, the latest first.

    Args:
        store: any.
        who: name of the viewer, groups: their Hub groups (services.people.groups).
        now: UTC epoch seconds.
    """
    ask = select(TrainingSession)
    scope = scope_of(who, groups)
    if isinstance(scope, OwnProjects):
        mine = TrainingSession.instructor == who, TrainingSession.planned_by == who
        ask = ask.where(or_(*mine, TrainingSession.project.in_(sorted(scope.leads))))
    with store.db() as db:
        found = list(db.scalars(ask.order_by(TrainingSession.starts_at, TrainingSession.id)))
    ahead = [one for one in found if one.ends_at > now]
    return ahead + [one for one in reversed(found) if one.ends_at <= now]


def found(store: Store, handle: str, who: str, groups: Iterable[str]) -> TrainingSession:
    """One class.

    Raises:
        UnknownTraining: there is none, or none that this viewer may see.
    """
    with store.db() as db:
        there = db.scalars(select(TrainingSession).where(TrainingSession.handle == handle)).first()
    if there is None or not may_see(there, who, groups):
        raise UnknownTraining(handle)
    return there


def may_see(session: TrainingSession, who: str, groups: Iterable[str]) -> bool:
    """Whether somebody may look at a class: who teaches, planned or pays for it, and people of the whole centre."""
    scope = scope_of(who, groups)
    return (
        not isinstance(scope, OwnProjects)
        or who in (session.instructor, session.planned_by)
        or (session.project in scope.leads)
    )


def may_teach(session: TrainingSession, who: str, groups: Iterable[str]) -> bool:
    """Whether somebody may run a class while it is on: its instructor, secretariat and operators."""
    return who == session.instructor or bool({GROUP_OF_ROLE[role] for role in DECIDE} & set(groups))


def may_decide(session: TrainingSession, who: str, groups: Iterable[str]) -> bool:
    """Whether somebody may approve or decline a plan: secretariat and operators, not who planned it."""
    return who != session.planned_by and bool({GROUP_OF_ROLE[role] for role in DECIDE} & set(groups))


def check_teaches(db: Session, session: TrainingSession, who: str) -> None:
    """Raise unless somebody may run this class: who teaches or planned it, secretariat and operators."""
    person = db.get(Person, who)
    if person is None:
        raise UnknownPerson(who)
    if person.role not in DECIDE and who not in (session.instructor, session.planned_by):
        raise TrainingRefused(session.handle, [_("It is not a class of {who}.").format(who=who)])


def locked(db: Session, handle: str) -> TrainingSession:
    """The class, with others that write to it kept waiting.

    Raises:
        UnknownTraining: there is none.
    """
    there = db.scalars(select(TrainingSession).where(TrainingSession.handle == handle).with_for_update()).first()
    if there is None:
        raise UnknownTraining(handle)
    return there
