"""An application, the person who acts and who declared a conflict, inside somebody's transaction."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.domain.applications import Actor, Conflict
from workbench.domain.awards import Application
from workbench.domain.projects import Person
from workbench.errors import UnknownApplication, UnknownPerson


def actor_of(db: Session, who: str) -> Actor:
    """Raises UnknownPerson for a name that nobody has."""
    person = db.get(Person, who)
    if person is None:
        raise UnknownPerson(who)
    return Actor(person.name, person.role)


def conflicted(db: Session, application: Application) -> frozenset[str]:
    """Those who declared a conflict."""
    return frozenset(db.scalars(select(Conflict.person).where(Conflict.application == application.id)))


def application_of(db: Session, reference: str) -> Application:
    """The application, to be changed in this transaction. Raises UnknownApplication."""
    # The row is locked on PostgreSQL; on SQLite the transaction has its turn already.
    found = db.scalars(select(Application).where(Application.reference == reference).with_for_update()).first()
    if found is None:
        raise UnknownApplication(reference)
    return found
