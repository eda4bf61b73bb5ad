"""The ledger's tables. Rows are only ever added: triggers of migration 0002 refuse everything else, on both databases.

The postings of a transaction are written first and the transaction seals them: its own row is taken only where at least
two postings of its number are there and come to zero in each currency; no posting is taken for a sealed number. No
transaction is taken for a moment of a closed month (migration 0006).
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from workbench.domain.base import Stored

ledger_transactions = Table(
    "ledger_transactions",
    Stored.metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),  # 1, 2, 3 … without a hole
    Column("key", String(400), nullable=False, unique=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", String(20), nullable=False),
    # Out of refs, to be found by; '' where a transaction is of no project (or of usage without one), of no day.
    Column("project", String(80), nullable=False),
    Column("day", String(10), nullable=False),
    Column("memo", Text, nullable=False),
    Column("refs", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_ledger_transactions_project", "project", "day"),
    Index("ix_ledger_transactions_kind", "kind", "day"),
    Index("ix_ledger_transactions_at", "at"),
)

ledger_postings = Table(
    "ledger_postings",
    Stored.metadata,
    Column(
        "seq",
        # Deferred: postings come before the transaction that seals them; none can be left without.
        ForeignKey("ledger_transactions.seq", deferrable=True, initially="DEFERRED"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("ledger_account", String(160), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Index("ix_ledger_postings_account", "ledger_account", "seq"),
    sqlite_with_rowid=False,  # kept in the order of its key, which is how it is read
)

ledger_head = Table(
    "ledger_head",
    Stored.metadata,
    # One row: the last transaction, so that a tail cut off is noticed. Who posts locks it first.
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)

ledger_months = Table(
    "ledger_months",
    Stored.metadata,
    # What the postings come to, kept in the database transaction that posts, so that balances need not read them all.
    # kind: of the transaction; a reversal counts under the kind of what it takes back.
    Column("ledger_account", String(160), primary_key=True),
    Column("month", String(7), primary_key=True),  # "2026-03" of the centre's calendar
    Column("kind", String(20), primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("amount_minor", BigInteger, nullable=False),
    Column("postings", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

closed_months = Table(
    "closed_months",
    Stored.metadata,
    # Months that take no transaction any more, one row each, in order; never changed (triggers). seq and hash: the last
    # transaction when the month was closed. end_at: its end, UTC epoch seconds.
    Column("month", String(7), primary_key=True),
    Column("end_at", BigInteger, nullable=False, unique=True),
    Column("closed_at", BigInteger, nullable=False),
    Column("closed_by", String(80), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)
