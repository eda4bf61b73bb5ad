"""The applications that wait for a decision, those nearest to it first; and what each would use and draw."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from workbench.domain.applications import Applied
from workbench.domain.awards import Application
from workbench.domain.pricelist import NANO_PER_MINOR
from workbench.domain.rules.parameters import rules_on
from workbench.domain.rules.terms import months_after
from workbench.periods import day_start
from workbench.services.applications.awarding import Decided
from workbench.services.preview.plan import Plan, planned_use
from workbench.services.prices.stored import stored_prices
from workbench.settings import Settings

NEAREST = ("committee", "further", "preliminary", "secretariat-check", "submitted", "deferred")
"""Stages from the nearest to a decision to the farthest; a draft asks for nothing yet."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One application. amount_minor: recommended, else requested."""

    reference: str
    title: str
    stage: str
    category: str
    gpu_model: str | None
    gpus: int | None
    hours: tuple[int, ...]
    amount_minor: int


def waiting(conn: Connection) -> tuple[Waiting, ...]:
    """All of them, in the order in which they would be approved: by stage, then the longest there first."""
    with Session(conn) as db:
        rows = db.scalars(select(Application).where(Application.stage.in_(NEAREST))).all()
        ordered = sorted(rows, key=lambda one: (NEAREST.index(one.stage), one.received_on, one.id))
        hours: dict[int, list[int]] = {}
        asked = select(Applied.application, Applied.gpu_hours).order_by(Applied.application, Applied.month_no)
        for application, amount in db.execute(asked):
            hours.setdefault(application, []).append(amount)
        return tuple(
            Waiting(
                one.reference,
                one.title,
                one.stage,
                one.category,
                one.gpu_model,
                one.gpus,
                tuple(hours.get(one.id, ())),
                one.recommended_minor or one.requested_minor,
            )
            for one in ordered
        )


def plan_of(conn: Connection, settings: Settings, one: Waiting, model: str, today: date) -> Plan:
    """Its use and its draw were it approved today: the scheme's rate and usual term, from the first of next month.

    Args:
        conn: any connection.
        settings: rate, rules, zone.
        one: application.
        model: the GPU model it is taken to use, whose price says how far its amount goes.
        today: the centre's day.
    """
    zone = settings.centre.zone
    first = months_after(today.replace(day=1), 1)
    last = months_after(first, rules_on(settings.rules, today).term_months)
    terms = Decided(settings.scheme.rate, one.amount_minor, first, last)
    version = stored_prices(conn, zone).at(day_start(first, zone))
    nano = version.gpu_hour.get(model) if version else None
    return planned_use(terms, one.hours, None if nano is None else nano / NANO_PER_MINOR, zone)
