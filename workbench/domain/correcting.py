"""How the ledger is brought to what should stand in it, without editing anything.

A subject ("award/12") has the keys "award/12#1", "award/12#2" … When it has changed its last transaction is reversed
and the next one posted, for the moment that it counts for. Where that moment lies in a closed month nothing more is
taken for it: the difference becomes an adjustment of now, with the keys "adjustment/award/12#1", "…#2" …
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from workbench.domain.ledger import Posting, Ref, Transaction, reversal

ADJUSTMENT = "adjustment"
"""Kind, and beginning of the key, of what corrects a subject of a closed month."""
Amounts = dict[tuple[str, str], int]


@dataclass(slots=True)
class Standing:
    """How often a subject was posted, its transaction that stands (None: it was taken back), and its adjustments.

    adjusted: (ledger account, currency) → sum of the adjustments, minor units; adjustments: how many there are, `last`
    the last of them.
    """

    times: int = 0
    transaction: Transaction | None = None
    adjusted: Amounts = field(default_factory=dict)
    adjustments: int = 0
    last: Transaction | None = None


def standing(transactions: Iterable[Transaction]) -> dict[str, Standing]:
    """Subject → how it stands after these transactions, given in the order in which they were posted."""
    found: dict[str, Standing] = {}
    for transaction in transactions:
        if (corrected := transaction.refs.get("corrects")) is not None:
            stands = found.setdefault(str(corrected), Standing())
            stands.adjustments, stands.last = stands.adjustments + 1, transaction
            _add(stands.adjusted, transaction.postings)
            continue
        taken_back = transaction.refs.get("reverses")
        subject, times = str(taken_back or transaction.key).rsplit("#", 1)
        stands = found.setdefault(subject, Standing())
        stands.times, stands.transaction = int(times), None if taken_back else transaction
    return found


def corrections(
    wanted: Iterable[Transaction],
    stands: Mapping[str, Standing],
    closed_until: datetime | None = None,
    now: datetime | None = None,
) -> list[Transaction]:
    """What has to be posted so that exactly the wanted stands: nothing where it does.

    Args:
        wanted: one transaction a subject, its key the subject.
        stands: of every subject that could be wanted.
        closed_until: the moment up to which all months are closed; None: none is.
        now: the moment of an adjustment, in an open month; needed where a month is closed.
    """
    new = {transaction.key: transaction for transaction in wanted}
    made = []
    for subject in sorted({*new, *stands}):
        want, before = new.get(subject), stands.get(subject, Standing())
        stood = before.transaction
        moments = [transaction.at for transaction in (want, stood) if transaction]
        if before.adjustments or (closed_until is not None and any(at < closed_until for at in moments)):
            assert now is not None
            made += _adjustment(subject, want, before, now)
            continue
        if want and stood and _same(want, stood):
            continue
        if stood:
            made.append(reversal(stood))
        if want:
            made.append(replace(want, key=f"{subject}#{before.times + 1}"))
    return made


def _adjustment(subject: str, want: Transaction | None, before: Standing, now: datetime) -> list[Transaction]:
    amounts: Amounts = {key: -amount for key, amount in before.adjusted.items()}
    if before.transaction:
        _add(amounts, before.transaction.postings, -1)
    if want:
        _add(amounts, want.postings)
    postings = tuple(
        Posting(account, minor, currency) for (account, currency), minor in sorted(amounts.items()) if minor
    )
    if not postings:
        return []
    said = want or before.transaction or before.last
    assert said is not None
    memo = said.memo if said is before.last else f"Adjustment of a closed month: {said.memo}"
    refs: dict[str, Ref] = {**said.refs, "corrects": subject}
    if "lines" in refs and want is None:
        refs["lines"] = []
    key = f"{ADJUSTMENT}/{subject}#{before.adjustments + 1}"
    return [Transaction(key, now, ADJUSTMENT, memo, refs, postings)]


def _add(amounts: Amounts, postings: Iterable[Posting], sign: int = 1) -> None:
    for posting in postings:
        key = (posting.ledger_account, posting.currency)
        amounts[key] = amounts.get(key, 0) + sign * posting.amount_minor


def _same(one: Transaction, other: Transaction) -> bool:
    """Whether two say the same of money; how they word it may change with time."""
    return (one.at, one.kind, one.refs, one.postings) == (other.at, other.kind, other.refs, other.postings)
