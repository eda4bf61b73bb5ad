"""The community around the centre: organisations that belong to it, who may become applicants and users."""

from datetime import date

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from workbench.domain.base import Stored


class Organisation(Stored):
    """A member of the community since a day; `category` as of applicants (domain.projects.CATEGORIES)."""

    __tablename__ = "community"

    name: Mapped[str] = mapped_column(String(160), primary_key=True)
    category: Mapped[str] = mapped_column(String(40))
    joined_on: Mapped[date]
    made_up: Mapped[bool] = mapped_column(default=False)
