"""Who is here and in which project: people added, put into projects, taken out, given a password.

A project itself comes with its approval (services.applications). Somebody who leaves a project keeps their name in its
past; in Slurm it is the next plan that closes their association.
"""

import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.domain.access import ROLES
from workbench.domain.projects import Member, Person, Project
from workbench.domain.training import is_seat
from workbench.errors import PersonRefused, UnknownPerson, UnknownProject
from workbench.services.people import hash_password
from workbench.store.engine import Store

NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,79}")
"""What the Hub takes as a name, and what can be a Unix account and a folder."""
SHORTEST_PASSWORD = 10
DISPLAY_MAX = 120


@dataclass(frozen=True, slots=True)
class Known:
    """A person as the operator sees them. places: project → 'lead' or 'member'; can_log_in: has a password here."""

    name: str
    display: str
    role: str | None
    places: dict[str, str]
    can_log_in: bool


def everybody(store: Store, project: str | None = None) -> list[Known]:
    """All people by name, or those of one project.

    Raises:
        UnknownProject: there is none of this name.
    """
    with store.db() as db:
        if project is not None:
            _project(db, project)
        places: dict[str, dict[str, str]] = {}
        for member in db.scalars(select(Member).order_by(Member.project)):
            places.setdefault(member.person, {})[member.project] = member.role
        return [
            Known(p.name, p.display, p.role, places.get(p.name, {}), p.password_hash is not None)
            for p in db.scalars(select(Person).order_by(Person.name))
            if project is None or project in places.get(p.name, {})
        ]


def add(store: Store, name: str, display: str, role: str | None, password: str | None) -> None:
    """Let somebody in.

    Args:
        store: any.
        name: for the log-in; under Slurm also their Unix account.
        display: as pages show them.
        role: at the centre (domain.access.ROLES), None for people of projects.
        password: None where another service says who they are.

    Raises:
        PersonRefused: the name, role or password cannot be, or the name is taken.
    """
    if not NAME.fullmatch(name):
        raise PersonRefused(name, "a name is lower-case letters, digits and . _ @ + -, 80 at most")
    if is_seat(name):
        raise PersonRefused(name, "names that begin so are those of seats of classes")
    if not display.strip() or len(display) > DISPLAY_MAX or not display.isprintable():
        raise PersonRefused(name, f"the name to show is one line of 1 to {DISPLAY_MAX} characters")
    if role is not None and role not in ROLES:
        raise PersonRefused(name, f"{role!r} is no role; there are {', '.join(ROLES)}")
    hashed = _hashed(name, password)
    with store.db(writes=True) as db:
        if db.get(Person, name) is not None:
            raise PersonRefused(name, "there is somebody of this name already")
        db.add(Person(name, display.strip(), role, hashed))


def set_password(store: Store, name: str, password: str | None) -> None:
    """Give somebody a new password; None: nobody can log in with one.

    Raises:
        UnknownPerson, PersonRefused: nobody of this name; too short a password.
    """
    hashed = _hashed(name, password)
    with store.db(writes=True) as db:
        _person(db, name).password_hash = hashed


def join(store: Store, name: str, project: str, *, lead: bool) -> None:
    """Put somebody into a project, or change their place in it.

    Raises:
        UnknownPerson, UnknownProject: there is none of this name.
    """
    role = "lead" if lead else "member"
    with store.db(writes=True) as db:
        _person(db, name)
        _project(db, project)
        if (place := db.get(Member, (project, name))) is None:
            db.add(Member(project, name, role))
        else:
            place.role = role


def leave(store: Store, name: str, project: str) -> None:
    """Take somebody out of a project.

    Raises:
        UnknownPerson, UnknownProject: there is none of this name.
        PersonRefused: they are not in it, or are its only lead.
    """
    with store.db(writes=True) as db:
        _person(db, name)
        _project(db, project)
        place = db.get(Member, (project, name))
        if place is None:
            raise PersonRefused(name, f"they are not in project {project}")
        leads = list(db.scalars(select(Member.person).where(Member.project == project, Member.role == "lead")))
        if leads == [name]:
            raise PersonRefused(name, f"they are the only lead of {project}: first make somebody else lead")
        db.delete(place)


def _hashed(name: str, password: str | None) -> str | None:
    if password is None:
        return None
    if len(password) < SHORTEST_PASSWORD:
        raise PersonRefused(name, f"a password has at least {SHORTEST_PASSWORD} characters")
    return hash_password(password)


def _person(db: Session, name: str) -> Person:
    found = db.get(Person, name)
    if found is None:
        raise UnknownPerson(name)
    return found


def _project(db: Session, slug: str) -> None:
    if db.get(Project, slug) is None:
        raise UnknownProject(slug, db.scalars(select(Project.slug)).all())
