"""Who somebody is: password check, Hub groups, projects they belong to."""

from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select

from workbench.domain.access import groups_of
from workbench.domain.projects import Member, Person, Project
from workbench.errors import UnknownPerson
from workbench.store.engine import Store

HASHER = PasswordHasher()
QUICK = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1)
"""For random passwords: nobody can try through all of 69 bits, however quick each try is."""


@dataclass(frozen=True, slots=True)
class Place:
    """A person's place in a project: `role` is 'lead' or 'member'."""

    project: str
    title: str
    role: str


def hash_password(password: str) -> str:
    """The argon2id hash to keep in place of a password."""
    return HASHER.hash(password)


def hash_random(password: str) -> str:
    """The same for a password drawn by lot, of 60 bits or more: made in a few milliseconds."""
    return QUICK.hash(password)


def check_password(store: Store, name: str, password: str) -> Person | None:
    """The person whose password this is, else None; as slow for a name that nobody has."""
    with store.db() as db:
        person = db.get(Person, name)
    known = person.password_hash if person else None
    try:
        HASHER.verify(known or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return None
    return person if known else None


@cache
def _nobodys_hash() -> str:
    # Checked for names that nobody has, so that the answer takes as long as for one that somebody has.
    return HASHER.hash("nobody has this password")


def person(store: Store, name: str) -> Person:
    """Raises UnknownPerson for a name that nobody has."""
    with store.db() as db:
        found = db.get(Person, name)
    if found is None:
        raise UnknownPerson(name)
    return found


def places(store: Store, name: str) -> list[Place]:
    """The projects of a person, by slug; empty for somebody without one or a name that nobody has."""
    ask = (
        select(Member.project, Project.title, Member.role)
        .join(Project, Project.slug == Member.project)
        .where(Member.person == name)
        .order_by(Member.project)
    )
    with store.db() as db:
        return [Place(*row) for row in db.execute(ask)]


def groups(store: Store, name: str) -> list[str]:
    """The person's Hub groups, sorted (domain.access.groups_of); empty for a name that nobody has."""
    with store.db() as db:
        found = db.get(Person, name)
    if found is None:
        return []
    return groups_of(found.role, [(place.project, place.role) for place in places(store, name)])
