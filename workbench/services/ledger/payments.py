"""Payments of projects' own parts, straight into the ledger."""

from datetime import date

from workbench.domain import booking, ledger
from workbench.domain.access import OwnProjects
from workbench.domain.ledger import Transaction
from workbench.errors import PaymentRefused
from workbench.periods import day_of, day_start, moment
from workbench.services.ledger.books import balances, known_project, post
from workbench.store.engine import Store


def pay(store: Store, project: str, amount_minor: int, day: date, reference: str, now: int) -> tuple[Transaction, bool]:
    """Post a payment of a project; the same one again posts nothing.

    Args:
        store: where the ledger is.
        project: its slug.
        amount_minor: minor units, > 0.
        day: the centre's day on which it came in; its month is open.
        reference: the payment's own (of the bank, of the invoice), once for all in a project.
        now: UTC epoch seconds.

    Returns:
        The transaction, and whether it is new.

    Raises:
        UnknownProject: no such project. PaymentRefused: nothing is paid, without a reference, or on a day ahead.
        KeyTaken: the project has another payment of this reference. MonthClosed: the day's month is closed.
    """
    zone = store.settings.centre.zone
    if amount_minor <= 0:
        raise PaymentRefused(project, "the amount must be more than 0", "What goes back is an adjustment.")
    if not reference.strip():
        raise PaymentRefused(project, "it has no reference", "Give the bank's or the invoice's.")
    if day > day_of(now, zone):
        raise PaymentRefused(project, f"{day} is ahead", "Give the day on which the money came in.")
    first = min(store.settings.scheme.starts_on, store.settings.centre.opened_on)
    if day < first:
        raise PaymentRefused(project, f"{day} is before the scheme", f"Give a day from {first} on.")
    known_project(store, project)
    with store.begin() as conn:
        memo = f"{project}: payment received, {reference}"
        at = moment(day_start(day, zone))
        made = booking.payment(project, amount_minor, day, reference, memo, at, store.settings.centre.currency)
        return made, post(conn, [made], zone).new == 1


def payable(store: Store, project: str) -> int:
    """What a project still has to pay of what is posted, minor units; negative where it has paid more."""
    return balances(store, OwnProjects("", frozenset({project}))).get(ledger.payable(project), 0)
