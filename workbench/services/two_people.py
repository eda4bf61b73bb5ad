"""Who may ask for a refund, a reservation or an adjustment, and who may decide: always two people."""

from sqlalchemy.orm import Session

from workbench.domain.projects import Member, Person, Project
from workbench.errors import AskRefused, UnknownPerson, UnknownProject

DECIDE = ("secretariat", "operator")
"""Roles at the centre that may decide, and ask in a project's name."""


def check_asker(db: Session, who: str, project: str) -> None:
    """Refuse somebody who may not ask for this project.

    Raises:
        UnknownPerson, UnknownProject: of the names. AskRefused: neither of the project nor of the secretariat.
    """
    person = db.get(Person, who)
    if person is None:
        raise UnknownPerson(who)
    if db.get(Project, project) is None:
        raise UnknownProject(project)
    if person.role not in DECIDE and db.get(Member, (project, who)) is None:
        raise AskRefused(project, f"{who} is not one of its people", "Let its lead or the secretariat ask.")


def check_decider(db: Session, who: str, asked_by: str, what: str) -> None:
    """Refuse somebody who may not decide this.

    Raises:
        UnknownPerson: of the name. AskRefused: no secretariat or operator, or the one who asked.
    """
    check_centre(db, who, what)
    if who == asked_by:
        raise AskRefused(what, f"{who} has asked for it", "Another person must decide.")


def check_centre(db: Session, who: str, what: str) -> None:
    """Refuse somebody who is neither secretariat nor operator."""
    person = db.get(Person, who)
    if person is None:
        raise UnknownPerson(who)
    if person.role not in DECIDE:
        raise AskRefused(what, f"{who} is neither secretariat nor operator", "Ask one of these.")
