"""Rule 16: the lines of a monthly statement, and that they close. Minor units.

`figures` makes them of what moved on a project's ledger accounts, so that a statement says what the ledger says.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

CHARGES = frozenset({"charge", "reservation", "cancellation", "storage"})
"""Kinds of ledger transactions that make the list cost; what a cancellation returns lowers it."""
CHARGE, REFUND, WRITE_OFF, PAYMENT, OTHER = "charge", "refund", "write-off", "payment", "adjustment"
LINES = (CHARGE, REFUND, WRITE_OFF, PAYMENT, OTHER)


@dataclass(frozen=True, slots=True)
class Statement:
    """One project's month.

    opening_minor: what its users owed before. list_minor: usage at list price. subsidy_minor: the part the scheme pays.
    refunds_minor: of the user's share, ≥ 0. adjustments_minor: signed, owed +. ceiling_minor: of its awards, None
    without. drawn_before_minor: subsidy drawn before the month. write_offs_minor: no longer owed, ≥ 0. payments_minor:
    what the users paid, ≥ 0. returned_minor: subsidy that refunds and adjustments gave back to the award.
    """

    opening_minor: int
    list_minor: int
    subsidy_minor: int
    refunds_minor: int = 0
    adjustments_minor: int = 0
    ceiling_minor: int | None = None
    drawn_before_minor: int = 0
    write_offs_minor: int = 0
    payments_minor: int = 0
    returned_minor: int = 0

    @property
    def user_minor(self) -> int:
        """The user's share: what the subsidy leaves of the list cost."""
        return self.list_minor - self.subsidy_minor

    @property
    def closing_minor(self) -> int:
        taken_off = self.refunds_minor + self.write_offs_minor + self.payments_minor
        return self.opening_minor + self.user_minor - taken_off + self.adjustments_minor

    @property
    def drawn_after_minor(self) -> int:
        """Subsidy drawn until the end of the month, less what came back."""
        return self.drawn_before_minor + self.subsidy_minor - self.returned_minor

    @property
    def ceiling_left_minor(self) -> int | None:
        """What the awards still pay after this month; None without an award."""
        return None if self.ceiling_minor is None else self.ceiling_minor - self.drawn_after_minor


def figures(moved: Mapping[tuple[str, str, str], int], month: str) -> Statement:
    """A project's statement of what moved on its accounts.

    Args:
        moved: (month "2026-03", purpose, kind) → minor units, debit +; purpose is the last part of the ledger account:
            payable, subsidised, award, held. All months until this one at least.
        month: whose statement.

    Returns:
        The ceiling is what all awards decided until the end of the month gave, less what lapsed; it is known once
        anything moved on the award's account.
    """
    sums: Counter[tuple[str, str, str]] = Counter()
    for (when, purpose, kind), minor in moved.items():
        if when <= month:
            sums[purpose, "before" if when < month else "now", _line_of(kind)] += minor

    def total(purpose: str, when: str, *lines: str) -> int:
        return sum(sums[purpose, when, line] for line in lines or LINES)

    subsidy, returned = total("subsidised", "now", CHARGE), -total("subsidised", "now", *LINES[1:])
    drawn_before = total("subsidised", "before")
    left = sum(total(purpose, when) for purpose in ("award", "held") for when in ("before", "now"))
    awarded = any(purpose == "award" for purpose, _when, _line in sums)
    return Statement(
        opening_minor=total("payable", "before"),
        list_minor=total("payable", "now", CHARGE) + subsidy,
        subsidy_minor=subsidy,
        refunds_minor=-total("payable", "now", REFUND),
        adjustments_minor=total("payable", "now", OTHER),
        ceiling_minor=left + drawn_before + subsidy - returned if awarded else None,
        drawn_before_minor=drawn_before,
        write_offs_minor=-total("payable", "now", WRITE_OFF),
        payments_minor=-total("payable", "now", PAYMENT),
        returned_minor=returned,
    )


def _line_of(kind: str) -> str:
    """The line of a statement that a kind of transaction belongs to."""
    if kind in CHARGES:
        return CHARGE
    return kind if kind in LINES else OTHER
