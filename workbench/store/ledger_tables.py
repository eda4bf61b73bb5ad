"""The ledger's tables. Rows are only ever added: triggers of migration 0002 refuse everything else, on both databases.

The postings of a transaction are written first and the transaction seals them: its own row is taken only where at least
two postings of its number are there and come to zero in each currency; no posting is taken for a sealed number.
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
