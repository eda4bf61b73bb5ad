"""Projects, people and who belongs where."""

import re

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from workbench.domain.base import Stored

CATEGORIES = ("university", "r-and-d institute", "government", "start-up", "strategic enterprise")
"""Who may apply to the scheme (published)."""
SLUG = re.compile(r"[a-z][a-z0-9-]{1,40}")
"""How a new project is named."""


class Project(Stored):
    """What compute is billed to. `made_up` marks sample data, which every page then says."""

    __tablename__ = "projects"

    slug: Mapped[str] = mapped_column(String(80), primary_key=True)
    title: Mapped[str]
    category: Mapped[str]
    organisation: Mapped[str]
    made_up: Mapped[bool] = mapped_column(default=False)


class Person(Stored):
    """Somebody who can log in. `role` is a role at the centre (domain.access.ROLES) or None for a project's people."""

    __tablename__ = "people"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    display: Mapped[str]
    role: Mapped[str | None] = mapped_column(default=None)
    password_hash: Mapped[str | None] = mapped_column(default=None, repr=False)
    made_up: Mapped[bool] = mapped_column(default=False)


class Member(Stored):
    """A person's place in a project: 'lead' or 'member'."""

    __tablename__ = "members"

    project: Mapped[str] = mapped_column(ForeignKey("projects.slug"), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.name"), primary_key=True, index=True)
    role: Mapped[str]
