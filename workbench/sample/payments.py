"""What the sample's projects have paid of their own part: invented, drawn by lot with the centre's seed.

Each month's part is paid about thirty days after the month, now and then later; one project is two months behind. Every
payment says in its reference that it is the sample's.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from sqlalchemy import Connection

from workbench.domain import booking, ledger
from workbench.domain.ledger import Transaction
from workbench.domain.rules.terms import months_after
from workbench.periods import day_of, day_start, moment
from workbench.sample.definition import Definition
from workbench.services.ledger.books import post
from workbench.services.ledger.months import movements
from workbench.settings import Settings
from workbench.store.engine import Store

BEHIND = "traffic-twin"
"""This project pays two months later than the others."""
LATE = 0.08
"""Share of the payments that come a month late."""


def pay(store: Store, plan: Definition, settings: Settings, now: int) -> None:
    """Post the payments that had come in by a moment, all of them in one transaction.

    Args:
        store: the ledger is brought up, and none of its months is closed.
        plan: the sample centre.
        settings: the centre's calendar and currency.
        now: UTC epoch seconds.
    """
    today = day_of(now, settings.centre.zone)
    with store.begin() as conn:
        post(conn, list(_payments(conn, plan, settings, today)), settings.centre.zone)


def _payments(conn: Connection, plan: Definition, settings: Settings, today: date) -> Iterator[Transaction]:
    due: dict[tuple[str, str], int] = {}
    projects = {ledger.payable(project.slug): project.slug for project in plan.projects}
    for (month, account, _kind), minor in movements(conn).items():
        if account in projects:
            key = (month, projects[account])
            due[key] = due.get(key, 0) + minor
    for (month, project), minor in sorted(due.items()):
        day = _paid_on(plan, project, month)
        if minor > 0 and day <= today:
            reference = f"sample {month}"
            memo = f"{project}: payment received, {reference}"
            at = moment(day_start(day, settings.centre.zone))
            yield booking.payment(project, minor, day, reference, memo, at, settings.centre.currency)


def _paid_on(plan: Definition, project: str, month: str) -> date:
    lot = Random(f"{plan.seed} payment {project} {month}")  # noqa: S311  (a lot, no secret)
    over = months_after(date.fromisoformat(f"{month}-01"), 1)
    late = (30 if lot.random() < LATE else 0) + (61 if project == BEHIND else 0)
    return over + timedelta(days=lot.randint(20, 38) + late)
