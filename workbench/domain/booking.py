"""What usage, other charges, promises of the fund, holds and payments look like as ledger transactions.

A thing that is posted has a name of its own, its subject ("award/12", "daily/2026-03-01/alpha/vision").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import quote

from workbench.domain import ledger
from workbench.domain.ledger import Ref, Transaction, posted
from workbench.domain.other_charges import (
    ADJUSTMENT,
    CANCELLATION,
    REFUND,
    RESERVATION,
    STORAGE,
    WRITE_OFF,
    OtherCharge,
)


@dataclass(frozen=True, slots=True)
class DayLine:
    """A line of charges_daily that has a price: list_minor = subsidy_minor + user_minor; project '' is nobody's."""

    day: date
    cluster: str
    project: str
    partition: str
    gpu_model: str
    gpu_part_seconds: int
    core_seconds: int
    list_minor: int
    subsidy_minor: int
    user_minor: int
    price_version: str
    award_version: str
    award_id: int | None


DAILY, OTHER, HELD, PAYMENT = "daily", "other", "held", "payment"
"""What the keys of daily charges, of other charges, of holds and of payments begin with."""
LINE = (
    "partition", "gpu_model", "price_version", "award_version", "award_id",
    "gpu_part_seconds", "core_seconds", "list_minor", "subsidy_minor", "user_minor",
)  # fmt: skip
"""What each of a daily charge's `lines` says, in this order."""
STANDS_AGAINST = {
    RESERVATION: ledger.CHARGES,
    CANCELLATION: ledger.CHARGES,
    STORAGE: ledger.CHARGES,
    REFUND: ledger.REFUNDS,
    ADJUSTMENT: ledger.ADJUSTMENTS,
    WRITE_OFF: ledger.WRITE_OFF,
}
"""Kind of a charge beside usage → the account that its amount at list price stands against."""


def charge(lines: Sequence[DayLine], at: datetime, currency: str) -> Transaction:
    """What a project's usage of one day on one cluster costs, with the drawing of its subsidy, as one transaction.

    Args:
        lines: of one day, cluster and project, at least one; each costs more than 0 at list price.
        at: the moment that it counts for.
        currency: ISO 4217.
    """
    day, cluster, project = lines[0].day.isoformat(), lines[0].cluster, lines[0].project
    said: list[list[str | int | None]] = sorted([getattr(line, name) for name in LINE] for line in lines)
    refs: dict[str, Ref] = {"project": project, "day": day, "cluster": cluster, "lines": said}
    amounts = _split(
        project,
        ledger.CHARGES,
        sum(line.list_minor for line in lines),
        sum(line.subsidy_minor for line in lines),
        sum(line.user_minor for line in lines),
    )
    subject = "/".join([DAILY, *(quote(name, safe="") for name in (day, cluster, project))])
    return Transaction(
        subject, at, "charge", f"{project or 'Nobody'}: usage of {day} on {cluster}", refs, posted(currency, amounts)
    )


def other(row: OtherCharge, at: datetime, currency: str) -> Transaction | None:
    """A charge beside usage, or what goes back; None where it moves no money."""
    against = STANDS_AGAINST[row.kind]
    postings = posted(currency, _split(row.project, against, row.list_minor, row.subsidy_minor, row.user_minor))
    refs: dict[str, Ref] = {
        "project": row.project,
        "day": row.day.isoformat(),
        "charge": row.key,
        "award_id": row.award_id,
        "quantity": row.quantity,
        "unit": row.unit,
        "made_by": row.made_by,
        "of": [[name, value] for name, value in sorted(row.refs.items())],
    }
    return Transaction(f"{OTHER}/{row.key}", at, row.kind, row.memo, refs, postings) if postings else None


def grant(budget_minor: int, reserve_minor: int, at: datetime, currency: str) -> list[Transaction]:
    """The budget as the funder gave it, and the security reserve set aside of it."""
    given = posted(currency, [(ledger.BUDGET, budget_minor), (ledger.GRANT, -budget_minor)])
    kept = posted(currency, [(ledger.RESERVE, reserve_minor), (ledger.BUDGET, -reserve_minor)])
    made = [("budget", "Budget of the scheme", given), ("reserve", "Security reserve", kept)]
    return [Transaction(kind, at, kind, memo, {}, postings) for kind, memo, postings in made if postings]


def promised(
    subject: str, kind: str, project: str, award: int, amount_minor: int, memo: str, at: datetime, currency: str
) -> Transaction:
    """What the fund promises to a project's award (award, supplement, transfer) or takes back (cut, lapse): ≠ 0."""
    amounts = [(ledger.award(project), amount_minor), (ledger.COMMITTED, -amount_minor)]
    refs: dict[str, Ref] = {"project": project, "award": award}
    return Transaction(subject, at, kind, memo, refs, posted(currency, amounts))


def holding(project: str, number: int, change_minor: int, holds: int, at: datetime, currency: str) -> Transaction:
    """The change since the last time of what running work holds of a project's awards: ≠ 0, + is more held.

    Args:
        project: whose.
        number: of this change, 1, 2, 3 …
        change_minor: minor units.
        holds: how many are open now (they stand in the table `holds`).
        at: the moment that it was looked at.
        currency: ISO 4217.
    """
    amounts = [(ledger.held(project), change_minor), (ledger.award(project), -change_minor)]
    memo = f"{project}: held for {holds} running start(s)" if holds else f"{project}: nothing is held any more"
    refs: dict[str, Ref] = {"project": project, "holds": holds}
    key = f"{HELD}/{quote(project, safe='')}#{number}"
    return Transaction(key, at, "hold", memo, refs, posted(currency, amounts))


def payment(
    project: str, amount_minor: int, day: date, reference: str, memo: str, at: datetime, currency: str
) -> Transaction:
    """What a project paid of its own part: > 0. `reference` is the payment's own, once for all in a project."""
    amounts = [(ledger.PAYMENTS, amount_minor), (ledger.payable(project), -amount_minor)]
    refs: dict[str, Ref] = {"project": project, "day": day.isoformat(), "reference": reference}
    key = "/".join([PAYMENT, quote(project, safe=""), quote(reference, safe="")])
    return Transaction(key, at, "payment", memo, refs, posted(currency, amounts))


def _split(project: str, against: str, listed: int, subsidy: int, user: int) -> list[tuple[str, int]]:
    payable = ledger.payable(project) if project else ledger.SUSPENSE
    return [
        (against, -listed),
        (payable, user),
        (ledger.subsidised(project), subsidy),
        (ledger.DRAWN, subsidy),
        (ledger.award(project), -subsidy),
    ]
