"""Double entry: what a transaction is, which ledger accounts there are, and how transactions are chained.

Amounts are minor units, debit +, credit −; every transaction comes to zero in each currency. A balance is the sum of an
account's postings. Which account stands against which:

| event                    | debit +                                  | credit −                                |
|--------------------------|------------------------------------------|-----------------------------------------|
| budget given             | fund:budget                              | fund:grant                              |
| security reserve         | fund:reserve                             | fund:budget                             |
| award of a ceiling       | project:<slug>:award                     | fund:committed                          |
| award ended, rest lapses | fund:committed                           | project:<slug>:award                    |
| hold, until it is freed  | project:<slug>:held                      | project:<slug>:award                    |
| charge at list price     | project:<slug>:subsidised, :payable      | centre:charges                          |
| … its subsidy is drawn   | fund:drawn                               | project:<slug>:award                    |
| usage without a project  | suspense                                 | centre:charges                          |
| refund                   | refunds; project:<slug>:award            | project:…:subsidised, :payable; fund:drawn |
| adjustment of a payable  | adjustments (or project:<slug>:payable)  | project:<slug>:payable (or adjustments) |
| write-off                | write-off                                | project:<slug>:payable (or suspense)    |
| payment of a project     | centre:payments                          | project:<slug>:payable                  |

So −fund:committed is what awards take from the budget (ceilings of live ones, drawings of ended ones), fund:budget less
that is what can still be awarded, project:<slug>:award is what is left to draw. A correction is a reversal: the same
postings with the other sign.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workbench.errors import Unbalanced
from workbench.periods import epoch

BUDGET, RESERVE, GRANT = "fund:budget", "fund:reserve", "fund:grant"
COMMITTED, DRAWN = "fund:committed", "fund:drawn"
CHARGES, PAYMENTS, SUSPENSE = "centre:charges", "centre:payments", "suspense"
REFUNDS, ADJUSTMENTS, WRITE_OFF = "refunds", "adjustments", "write-off"

FIRST_HASH = "0" * 64
"""What the first transaction names as the one before it."""

REVERSAL = "reversal"
"""The kind of a transaction that takes another back."""

Ref = str | int | None | list[list[str | int | None]]


def award(project: str) -> str:
    """What is left of a project's awards to draw or hold."""
    return f"project:{project}:award"


def held(project: str) -> str:
    """What starts of a project hold of its awards until they are settled."""
    return f"project:{project}:held"


def subsidised(project: str) -> str:
    """The fund's part of a project's charges."""
    return f"project:{project}:subsidised"


def payable(project: str) -> str:
    """The project's own part of its charges, less what was adjusted, refunded, written off."""
    return f"project:{project}:payable"


def accounts_of(project: str) -> tuple[str, str, str, str]:
    """All accounts that a project can have."""
    return award(project), held(project), payable(project), subsidised(project)


def project_of(ledger_account: str) -> str | None:
    """The project of an account; None for one of the fund or of the centre. A slug holds no colon."""
    parts = ledger_account.split(":")
    return parts[1] if parts[0] == "project" and len(parts) == 3 else None


@dataclass(frozen=True, slots=True)
class Posting:
    """One line: `amount_minor` ≠ 0 in minor units of `currency` (ISO 4217), debit +, credit −."""

    ledger_account: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """Postings that belong together and come to zero.

    key: names it once and for all: the same key is never posted twice.
    at: the moment it counts for, whole seconds, aware. kind: one word. memo: a sentence for people.
    refs: what it comes from (project, day, price, award, quantities …), plain values.

    Raises:
        Unbalanced: fewer than two postings, one of zero, or they do not come to zero in each currency.
        ValueError: `at` has no time zone.
    """

    key: str
    at: datetime
    kind: str
    memo: str
    refs: Mapping[str, Ref]
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        epoch(self.at)
        if len(self.postings) < 2:
            raise Unbalanced(self.key, f"it has {len(self.postings)} posting(s), two are the least")
        if any(posting.amount_minor == 0 for posting in self.postings):
            raise Unbalanced(self.key, "a posting of zero says nothing")
        for currency in {posting.currency for posting in self.postings}:
            rest = sum(p.amount_minor for p in self.postings if p.currency == currency)
            if rest:
                raise Unbalanced(self.key, f"its postings come to {rest} and not to 0 (minor units, {currency})")


def counted_as(kind: str, refs: Mapping[str, Ref]) -> str:
    """The kind that a transaction counts under in sums: a reversal under that of what it takes back."""
    return str(refs.get("reverses_kind") or kind) if kind == REVERSAL else kind


def posted(currency: str, amounts: Iterable[tuple[str, int]]) -> tuple[Posting, ...]:
    """Postings of these (ledger account, minor units) in one currency, those of zero left out."""
    return tuple(Posting(name, minor, currency) for name, minor in amounts if minor)


def reversal(transaction: Transaction) -> Transaction:
    """What takes a transaction back: its postings with the other sign, at the moment that it counts for."""
    return Transaction(
        key=f"reversal/{transaction.key}",
        at=transaction.at,
        kind=REVERSAL,
        memo=f"Reversal of: {transaction.memo}",
        refs={**transaction.refs, "reverses": transaction.key, "reverses_kind": transaction.kind},
        postings=tuple(Posting(p.ledger_account, -p.amount_minor, p.currency) for p in transaction.postings),
    )


def refs_text(refs: Mapping[str, Any]) -> str:
    """Refs as they are stored: JSON, one way to write it."""
    return _REFS(dict(refs))


def chained(seq: int, previous: str, transaction: Transaction, refs: str | None = None) -> str:
    """Hash of a transaction in its place: SHA-256, hex, of canonical JSON of all it says and of the hash before it.

    `refs`: its `refs_text`, where that is at hand.
    """
    postings = [(p.ledger_account, p.amount_minor, p.currency) for p in transaction.postings]
    text = refs_text(transaction.refs) if refs is None else refs
    head = (seq, previous, transaction.key, epoch(transaction.at), transaction.kind, transaction.memo, text)
    return hashlib.sha256(_PLAIN((head, postings)).encode()).hexdigest()


# Made once: json.dumps would make an encoder for every call.
_REFS = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
_PLAIN = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
