"""Rows of the ledger, in and out. What they mean is decided in domain.ledger and services.ledger.books."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, and_, select, text, true, update

from workbench.domain.ledger import Posting, Transaction, counted_as
from workbench.periods import day_of, epoch
from workbench.store.bulk import add_rows, insert_rows
from workbench.store.ledger_tables import ledger_head, ledger_months, ledger_postings, ledger_transactions

GUARDS = (
    "closed_months_no_delete",
    "closed_months_no_update",
    "closed_months_order",
    "ledger_head_forwards",
    "ledger_head_no_delete",
    "ledger_head_one",
    "ledger_postings_no_delete",
    "ledger_postings_no_update",
    "ledger_postings_sealed",
    "ledger_transactions_balanced",
    "ledger_transactions_chained",
    "ledger_transactions_no_delete",
    "ledger_transactions_no_update",
    "ledger_transactions_open",
    "ledger_transactions_order",
)
"""The triggers that refuse whatever is not one more balanced transaction."""
KEYS_AT_ONCE = 400
ROWS_AT_ONCE = 2_000
_of, _line = ledger_transactions.c, ledger_postings.c
_COLUMNS = tuple(column.name for column in ledger_transactions.columns)
_LINES = tuple(column.name for column in ledger_postings.columns)


@dataclass(frozen=True, slots=True)
class Row:
    """A stored transaction as it stands, true or tampered with; times in UTC epoch seconds, refs as JSON."""

    seq: int
    key: str
    at: int
    kind: str
    project: str
    day: str
    memo: str
    refs: str
    previous: str
    hash: str
    postings: tuple[Posting, ...]
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A transaction in its place in the chain; refs as they are stored."""

    seq: int
    previous: str
    hash: str
    refs: str
    transaction: Transaction


def lock_head(conn: Connection) -> tuple[int, str]:
    """Number and hash of the last transaction; who else wants to post waits until this database transaction ends."""
    seq, digest = conn.execute(select(ledger_head.c.seq, ledger_head.c.hash).with_for_update()).one()
    return int(seq), str(digest)


def head(conn: Connection) -> tuple[int, str] | None:
    """As `lock_head`, without waiting; None where the row is gone."""
    found = conn.execute(select(ledger_head.c.seq, ledger_head.c.hash)).first()
    return (int(found.seq), str(found.hash)) if found else None


def append(conn: Connection, sealed: Sequence[Sealed], zone: ZoneInfo) -> None:
    """Write transactions in order, add them to the months and move the head; the caller holds it.

    `zone`: of the centre, whose calendar's months are kept.
    """
    if not sealed:
        return
    lines, rows, sums = [], [], Sums()
    for one in sealed:
        transaction, refs, at = one.transaction, one.transaction.refs, epoch(one.transaction.at)
        place = (refs.get("project") or "", refs.get("day") or "")
        said = (one.seq, transaction.key, at, transaction.kind, *place, transaction.memo, one.refs)
        rows.append((*said, one.previous, one.hash))
        for line, posting in enumerate(transaction.postings):
            lines.append((one.seq, line, posting.ledger_account, posting.amount_minor, posting.currency))
        sums.add(at, counted_as(transaction.kind, refs), transaction.postings, zone)
    insert_rows(conn, "ledger_postings", _LINES, lines)
    insert_rows(conn, "ledger_transactions", _COLUMNS, rows)
    add_months(conn, sums)
    conn.execute(update(ledger_head).values(seq=sealed[-1].seq, hash=sealed[-1].hash))


class Sums(dict[tuple[str, str, str, str], list[int]]):
    """(ledger account, month, kind, currency) → [minor units, postings]: rows of ledger_months."""

    def add(self, at: int, kind: str, postings: Sequence[Posting], zone: ZoneInfo) -> None:
        """Count the postings of a transaction; `kind` as it counts (domain.ledger.counted_as)."""
        month = month_of(at, zone)
        for posting in postings:
            row = self.setdefault((posting.ledger_account, month, kind, posting.currency), [0, 0])
            row[0] += posting.amount_minor
            row[1] += 1


@lru_cache(maxsize=4096)
def month_of(at: int, zone: ZoneInfo) -> str:
    """The month of the zone's calendar that holds this UTC epoch second: "2026-03"."""
    return f"{day_of(at, zone):%Y-%m}"


def add_months(conn: Connection, sums: Sums) -> None:
    """Add to ledger_months."""
    keys = ("ledger_account", "month", "kind", "currency")
    rows = [(*key, *value) for key, value in sorted(sums.items())]
    add_rows(conn, "ledger_months", keys, ("amount_minor", "postings"), rows)


def months(conn: Connection) -> dict[tuple[str, str, str, str], tuple[int, int]]:
    """All of ledger_months as `Sums` would have it: (account, month, kind, currency) → (minor units, postings)."""
    mine = ledger_months.c
    ask = select(mine.ledger_account, mine.month, mine.kind, mine.currency, mine.amount_minor, mine.postings)
    return {tuple(row[:4]): (row[4], row[5]) for row in conn.execute(ask)}


def by_keys(conn: Connection, keys: Sequence[str]) -> dict[str, tuple[int, str, str]]:
    """Key → number, hash before, hash, of those that were posted."""
    found = {}
    for first in range(0, len(keys), KEYS_AT_ONCE):
        ask = select(_of.key, _of.seq, _of.previous, _of.hash).where(_of.key.in_(keys[first : first + KEYS_AT_ONCE]))
        found.update({key: (seq, previous, digest) for key, seq, previous, digest in conn.execute(ask)})
    return found


def rows(conn: Connection, *conditions: ColumnElement[bool]) -> Iterator[Row]:
    """Stored transactions with their postings, by number; read in portions, so that the ledger may be long."""
    ask = (
        select(ledger_transactions, _line.line, _line.ledger_account, _line.amount_minor, _line.currency)
        .select_from(ledger_transactions.outerjoin(ledger_postings, _line.seq == _of.seq))
        .where(and_(true(), *conditions))
        .order_by(_of.seq, _line.line)
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    wide = len(_COLUMNS)
    for columns, lines in groupby((tuple(row) for row in conn.execute(ask)), key=lambda row: row[:wide]):
        found: list[Any] = [line[wide:] for line in lines if line[wide] is not None]
        yield Row(*columns, tuple(Posting(*line[1:]) for line in found), tuple(line[0] for line in found))  # type: ignore[call-arg]


def orphans(conn: Connection) -> list[int]:
    """Numbers that have postings and no transaction."""
    ask = select(_line.seq).distinct().where(_line.seq.not_in(select(_of.seq))).order_by(_line.seq)
    return list(conn.scalars(ask))


def missing_guards(conn: Connection) -> list[str]:
    """Triggers that should be there and working, and are not."""
    if conn.dialect.name == "postgresql":
        ask = "SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A')"
    else:
        ask = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    return sorted(set(GUARDS) - set(conn.scalars(text(ask))))
