"""Post to the ledger and read it: balances, journal. Minor units; debit +, credit −; times are UTC epoch seconds."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select, true

from workbench.domain.access import Scope, WholeCentre
from workbench.domain.ledger import Transaction, chained, refs_text
from workbench.domain.projects import Project
from workbench.errors import KeyTaken, MonthClosed, UnknownProject
from workbench.periods import epoch, moment, month_window
from workbench.store import ledger as stored
from workbench.store.engine import Store
from workbench.store.ledger_tables import closed_months, ledger_months, ledger_postings, ledger_transactions


@dataclass(frozen=True, slots=True)
class Posted:
    """How many transactions were new, and how many were there already, word for word."""

    new: int
    repeated: int


def post(conn: Connection, transactions: Sequence[Transaction], zone: ZoneInfo) -> Posted:
    """Post transactions in their order, all or none, in the caller's database transaction (`store.begin`).

    Args:
        conn: writes.
        transactions: what is there word for word already is not posted again.
        zone: of the centre, by whose calendar the months are kept.

    Raises:
        KeyTaken: a key was posted before, or comes twice here, with another content; the caller's transaction must end.
        MonthClosed: one counts for a moment of a closed month.
    """
    seq, previous = stored.lock_head(conn)
    there = stored.by_keys(conn, [transaction.key for transaction in transactions])
    open_from = closed_until(conn)
    sealed: list[stored.Sealed] = []
    for transaction in transactions:
        refs = refs_text(transaction.refs)
        if transaction.key in there:
            taken, before, digest = there[transaction.key]
            if chained(taken, before, transaction, refs) != digest:
                raise KeyTaken(transaction.key, taken)
            continue
        if open_from is not None and epoch(transaction.at) < open_from:
            raise MonthClosed(transaction.key, stored.month_of(epoch(transaction.at), zone))
        seq += 1
        digest = chained(seq, previous, transaction, refs)
        sealed.append(stored.Sealed(seq, previous, digest, refs, transaction))
        there[transaction.key] = (seq, previous, digest)
        previous = digest
    stored.append(conn, sealed, zone)
    return Posted(len(sealed), len(transactions) - len(sealed))


def closed_until(conn: Connection) -> int | None:
    """The UTC epoch second up to which all months are closed; None: none is."""
    return conn.scalar(select(func.max(closed_months.c.end_at)))


def balances(store: Store, scope: Scope, at: int | None = None) -> dict[str, int]:
    """Ledger account → sum of its postings, sorted by name; every account that ever had one.

    Args:
        store: where the ledger is; kept in the centre's one currency.
        scope: own projects see the accounts of these alone.
        at: only what counts for moments before this one; None: all.
    """
    currency, zone = store.settings.centre.currency, store.settings.centre.zone
    mine = ledger_months.c
    ask = select(mine.ledger_account, func.sum(mine.amount_minor)).where(mine.currency == currency)
    ask = ask.where(_accounts_of(mine.ledger_account, scope)).group_by(mine.ledger_account)
    with store.read() as conn:
        if at is None:
            return {name: int(minor) for name, minor in sorted(conn.execute(ask).all())}
        # Whole months from their sums, and what was posted for the one that is cut.
        month = stored.month_of(at, zone)
        found = {name: int(minor) for name, minor in conn.execute(ask.where(mine.month < month))}
        start_s = month_window(month, zone).start_s
        for name, minor in _within(conn, start_s, at, scope, currency):
            found[name] = found.get(name, 0) + minor
    return dict(sorted(found.items()))


def _within(conn: Connection, start_s: int, end_s: int, scope: Scope, currency: str) -> list[tuple[str, int]]:
    """Ledger account and the sum of its postings for [start_s, end_s)."""
    of, line = ledger_transactions.c, ledger_postings.c
    # By number: joined, SQLite would walk all postings in the order of their accounts.
    meant = line.seq.in_(select(of.seq).where(of.at >= start_s, of.at < end_s))
    ask = select(line.ledger_account, func.sum(line.amount_minor)).where(meant, line.currency == currency)
    ask = ask.where(_accounts_of(line.ledger_account, scope)).group_by(line.ledger_account)
    return [(name, int(minor)) for name, minor in conn.execute(ask)]


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


def known_project(store: Store, slug: str) -> None:
    """Raises UnknownProject for a project that nothing is known of."""
    with store.read() as conn:
        known = set(conn.scalars(select(Project.slug)))
    if slug not in known:
        raise UnknownProject(slug, known)


def transaction_of(row: stored.Row) -> Transaction:
    """The transaction that a row holds. Raises Unbalanced or ValueError where somebody has changed it."""
    return Transaction(row.key, moment(row.at), row.kind, row.memo, json.loads(row.refs), row.postings)


def _accounts_of(account: ColumnElement[str], scope: Scope) -> ColumnElement[bool]:
    if isinstance(scope, WholeCentre):
        return true()
    mine = [account.startswith(f"project:{slug}:", autoescape=True) for slug in sorted(scope.projects)]
    return or_(false(), *mine)
