"""What moved on the ledger's accounts by month and kind, from sums that are kept while posting. Minor units.

A month is one of the centre's calendar. A reversal counts under the kind of what it takes back, in its month.
"""

import json
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, func, select

from workbench.domain import ledger
from workbench.domain.ledger import counted_as
from workbench.store import ledger as stored
from workbench.store.ledger_tables import ledger_months


def movements(
    conn: Connection, *, project: str | None = None, first: str | None = None, last: str | None = None
) -> dict[tuple[str, str, str], int]:
    """Sums of postings, debit +, credit −; the ledger is kept in one currency.

    Args:
        conn: any connection.
        project: the accounts project:<slug>:* of this one; None: all accounts.
        first: the first month, "2026-03"; None: from the beginning.
        last: the last month, included; None: to the end.

    Returns:
        (month, ledger account, kind) → minor units, in this order; what nothing was posted for is not there.
    """
    mine = ledger_months.c
    ask = select(mine.month, mine.ledger_account, mine.kind, func.sum(mine.amount_minor))
    if project is not None:
        ask = ask.where(mine.ledger_account.in_(ledger.accounts_of(project)))
    if first is not None:
        ask = ask.where(mine.month >= first)
    if last is not None:
        ask = ask.where(mine.month <= last)
    # Tuples compare many times as fast as rows.
    rows = [tuple(row) for row in conn.execute(ask.group_by(mine.month, mine.ledger_account, mine.kind))]
    return {(month, account, kind): int(minor) for month, account, kind, minor in sorted(rows)}


def sum_up(conn: Connection, zone: ZoneInfo) -> int:
    """Make the sums anew from the postings; the caller holds the head. Returns how many rows there are."""
    sums = stored.Sums()
    for row in stored.rows(conn):
        sums.add(row.at, counted_as(row.kind, json.loads(row.refs)), row.postings, zone)
    conn.execute(delete(ledger_months))
    stored.add_months(conn, sums)
    return len(sums)
