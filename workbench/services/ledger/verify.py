"""Read the whole ledger and name whatever is not as it was posted.

Each transaction's hash is worked out again from what its rows say now and from the hash before it, so a change, a hole,
an insertion or a swap shows at its own number; the head shows a tail that was cut off. Somebody who rewrites every hash
from a point on, the head included, leaves a ledger that is sound in itself: against that keep a head's hash elsewhere
(each answer gives it) and ask for it again (`seen`). The sums by month, from which balances are read, are compared with
the postings; closed months with the chain.
"""

import json
from bisect import bisect_right
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from workbench.domain.ledger import FIRST_HASH, chained, counted_as, refs_text
from workbench.errors import LedgerError
from workbench.periods import epoch
from workbench.services.ledger.books import transaction_of
from workbench.store import ledger as stored
from workbench.store.engine import Store
from workbench.store.ledger_tables import closed_months


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at which number; `seq` None: with the ledger as a whole."""

    seq: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Verified:
    """How many transactions were read, number and hash of the last one, and every problem."""

    transactions: int
    seq: int
    hash: str
    problems: tuple[Problem, ...]


def verify(store: Store, seen: str | None = None) -> Verified:
    """Check every row of the ledger, of one moment; the sums by month where the rows themselves are sound.

    Args:
        store: where the ledger is.
        seen: a head's hash that was noted elsewhere and must be in the chain still.
    """
    with store.engine.connect() as conn:
        if conn.dialect.name == "postgresql":  # SQLite reads one moment anyway
            conn.execution_options(isolation_level="REPEATABLE READ")
        with conn.begin():
            return _verified(conn, seen, store.settings.centre.zone)


def _verified(conn: Connection, seen: str | None, zone: ZoneInfo) -> Verified:
    found: list[Problem] = []
    count, last, previous, was_seen = 0, 0, FIRST_HASH, seen in (None, FIRST_HASH)
    sums = stored.Sums()
    closed = _Closed(conn)
    for row in stored.rows(conn):
        if row.seq < 1:
            found.append(Problem(row.seq, "stands before the first number: it was inserted"))
            continue
        if row.seq > last + 1:
            found.append(_hole(last, row.seq))
        elif row.previous != previous:
            found.append(Problem(row.seq, f"its hash before is not that of number {last}: one of the two was replaced"))
        reasons = _wrong(row)
        if not reasons:
            reasons = closed.against(row)
            sums.add(row.at, counted_as(row.kind, json.loads(row.refs)), row.postings, zone)
        found += [Problem(row.seq, reason) for reason in reasons]
        was_seen |= row.hash == seen
        count, last, previous = count + 1, row.seq, row.hash
    found += [Problem(seq, "postings without a transaction: it was removed") for seq in stored.orphans(conn)]
    found += _at_the_head(conn, last, previous)
    if not found:
        found += _sums(conn, sums)
    if not was_seen:
        found.append(Problem(None, f"no transaction has the hash {seen}: the ledger was rewritten since it was noted"))
    found += [Problem(None, f"the trigger {name} is missing or switched off") for name in stored.missing_guards(conn)]
    return Verified(count, last, previous, tuple(found))


def _hole(last: int, seq: int) -> Problem:
    gone = f"number {last + 1} is" if seq == last + 2 else f"numbers {last + 1} to {seq - 1} are"
    return Problem(last + 1, f"{gone} missing: removed")


def _wrong(row: stored.Row) -> list[str]:
    """Why a row is not what was posted under its number; nothing for a true one."""
    try:
        transaction = transaction_of(row)
        digest = chained(row.seq, row.previous, transaction)
        place = (transaction.refs.get("project") or "", transaction.refs.get("day") or "")
        as_written = (epoch(transaction.at), refs_text(transaction.refs), tuple(range(len(row.postings))))
    except (LedgerError, ValueError, TypeError, AttributeError) as problem:
        return [f"was changed: {problem}"]
    reasons = []
    if digest != row.hash or as_written != (row.at, row.refs, row.lines):
        reasons.append("does not say what was posted: changed, inserted, or put in another's place")
    if (row.project, row.day) != place:
        reasons.append("its project or day was changed")
    return reasons


class _Closed:
    """The closed months in order, to hold against the chain."""

    def __init__(self, conn: Connection) -> None:
        self.months = conn.execute(select(closed_months).order_by(closed_months.c.end_at)).all()
        self.ends = [month.end_at for month in self.months]
        self.hashes = {month.seq: (month.hash, month.month) for month in self.months}

    def against(self, row: stored.Row) -> list[str]:
        """Why a transaction does not fit them: not the hash noted at a closing, or posted after its month's."""
        reasons = []
        noted, month = self.hashes.get(row.seq, (row.hash, ""))
        if noted != row.hash:
            reasons.append(f"its hash is not the one noted when {month} was closed: rewritten since, or the note was")
        place = bisect_right(self.ends, row.at)
        if place < len(self.months) and row.seq > self.months[place].seq:
            reasons.append(f"counts for {self.months[place].month} or before, and was posted after that was closed")
        return reasons


def _sums(conn: Connection, sums: stored.Sums) -> list[Problem]:
    """Rows of ledger_months that are not what the postings come to."""
    there = stored.months(conn)
    found = []
    for key in sorted({*sums, *there}):
        should, says = tuple(sums.get(key, (0, 0))), there.get(key, (0, 0))
        if should != says:
            account, month, kind, currency = key
            row = f"the sum of {account} in {month}, {kind}, {currency}"
            found.append(Problem(None, f"{row} says {says[0]} of {says[1]} postings, they come to {should[0]}"
                                       f" of {should[1]}"))  # fmt: skip
    return found


def _at_the_head(conn: Connection, last: int, digest: str) -> list[Problem]:
    head = stored.head(conn)
    if head is None:
        return [Problem(None, "the head is gone")]
    if head[0] > last:
        return [Problem(head[0], f"the head says that {head[0]} transactions were posted, the last is {last}: removed")]
    if head[0] < last:
        return [Problem(head[0] + 1, f"the head says that the last number is {head[0]}: inserted beyond it")]
    return [] if head[1] == digest else [Problem(last, "its hash is not that of the head: replaced")]
