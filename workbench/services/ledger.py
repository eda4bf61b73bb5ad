"""Post to the ledger and read it: balances, journal. Minor units; debit +, credit −; times are UTC epoch seconds."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select, true

from workbench.domain.access import Scope, WholeCentre
from workbench.domain.ledger import Transaction, chained
from workbench.errors import KeyTaken
from workbench.periods import moment
from workbench.store import ledger as stored
from workbench.store.engine import Store
from workbench.store.ledger_tables import ledger_postings, ledger_transactions


@dataclass(frozen=True, slots=True)
class Posted:
    """How many transactions were new, and how many were there already, word for word."""

    new: int
    repeated: int


def post(conn: Connection, transactions: Sequence[Transaction]) -> Posted:
    """Post transactions in their order, all or none, in the caller's database transaction (`store.begin`).

    Raises:
        KeyTaken: a key was posted before, or comes twice here, with another content; the caller's transaction must end.
    """
    seq, previous = stored.lock_head(conn)
    there = stored.by_keys(conn, [transaction.key for transaction in transactions])
    numbered: list[tuple[int, str, str, Transaction]] = []
    for transaction in transactions:
        if transaction.key in there:
            taken, before, digest = there[transaction.key]
            if chained(taken, before, transaction) != digest:
                raise KeyTaken(transaction.key, taken)
            continue
        seq += 1
        digest = chained(seq, previous, transaction)
        numbered.append((seq, previous, digest, transaction))
        there[transaction.key] = (seq, previous, digest)
        previous = digest
    stored.append(conn, numbered)
    return Posted(len(numbered), len(transactions) - len(numbered))


def balances(store: Store, scope: Scope, at: int | None = None) -> dict[str, int]:
    """Ledger account → sum of its postings, sorted by name; every account that ever had one.

    Args:
        store: where the ledger is; kept in the centre's one currency.
        scope: own projects see the accounts of these alone.
        at: only what counts for moments before this one; None: all.
    """
    account, amount = ledger_postings.c.ledger_account, ledger_postings.c.amount_minor
    ask = select(account, func.sum(amount)).where(ledger_postings.c.currency == store.settings.centre.currency)
    ask = ask.where(_accounts_of(scope)).group_by(account)
    if at is not None:
        transaction = ledger_transactions.c
        ask = ask.join(ledger_transactions, transaction.seq == ledger_postings.c.seq).where(transaction.at < at)
    with store.read() as conn:
        return {name: int(minor) for name, minor in sorted(conn.execute(ask).all())}


def journal(
    store: Store,
    scope: Scope,
    start_s: int | None = None,
    end_s: int | None = None,
    *,
    project: str | None = None,
    last: int | None = None,
) -> Iterator[stored.Row]:
    """Transactions by number, each with its postings; read while they are asked for.

    Args:
        store: where the ledger is.
        scope: own projects see their transactions alone.
        start_s: only what counts for [start_s, end_s); None: no bound.
        end_s: its end.
        project: of this project alone.
        last: only so many of the newest.
    """
    of = ledger_transactions.c
    wanted: list[ColumnElement[bool]] = [true()]
    if not isinstance(scope, WholeCentre):
        wanted.append(of.project.in_(sorted(scope.projects - {""})))
    if start_s is not None:
        wanted.append(of.at >= start_s)
    if end_s is not None:
        wanted.append(of.at < end_s)
    if project is not None:
        wanted.append(of.project == project)
    with store.read() as conn:
        if last is not None:
            newest = select(of.seq).where(and_(*wanted)).order_by(of.seq.desc()).limit(last).subquery()
            wanted.append(of.seq.in_(select(newest.c.seq)))
        yield from stored.rows(conn, *wanted)


def transaction_of(row: stored.Row) -> Transaction:
    """The transaction that a row holds. Raises Unbalanced or ValueError where somebody has changed it."""
    return Transaction(row.key, moment(row.at), row.kind, row.memo, json.loads(row.refs), row.postings)


def _accounts_of(scope: Scope) -> ColumnElement[bool]:
    if isinstance(scope, WholeCentre):
        return true()
    account = ledger_postings.c.ledger_account
    mine = [account.startswith(f"project:{slug}:", autoescape=True) for slug in sorted(scope.projects)]
    return or_(false(), *mine)
