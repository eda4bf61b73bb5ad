"""the ledger: append-only, balanced, without holes; also against raw SQL

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FIRST = "0" * 64
UNBALANCED = (
    "(SELECT count(*) FROM ledger_postings WHERE seq = NEW.seq) < 2 OR EXISTS (SELECT 1 FROM ledger_postings "
    "WHERE seq = NEW.seq GROUP BY currency HAVING sum(amount_minor) <> 0)"
)
SEALED = "EXISTS (SELECT 1 FROM ledger_transactions WHERE seq = NEW.seq)"
OUT_OF_ORDER = "NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM ledger_transactions)"
# INSERT OR REPLACE of SQLite deletes the row in its way without asking a DELETE trigger.
KEY_TAKEN = "EXISTS (SELECT 1 FROM ledger_transactions WHERE key = NEW.key)"
BEFORE = "(SELECT hash FROM ledger_transactions WHERE seq = NEW.seq - 1)"
UNCHAINED = f"NEW.previous <> coalesce({BEFORE}, '{FIRST}')"
BACKWARDS = "NEW.id <> OLD.id OR NEW.seq <= OLD.seq"
# trigger → (table, event, condition, what it says); no condition: always refused
GUARDS = {
    "ledger_transactions_no_update": ("ledger_transactions", "UPDATE", "", "the ledger is append-only"),
    "ledger_transactions_no_delete": ("ledger_transactions", "DELETE", "", "the ledger is append-only"),
    "ledger_postings_no_update": ("ledger_postings", "UPDATE", "", "the ledger is append-only"),
    "ledger_postings_no_delete": ("ledger_postings", "DELETE", "", "the ledger is append-only"),
    "ledger_head_no_delete": ("ledger_head", "DELETE", "", "the head of the ledger stays"),
    "ledger_head_forwards": ("ledger_head", "UPDATE", BACKWARDS, "the head of the ledger goes forwards"),
    "ledger_head_one": ("ledger_head", "INSERT", "", "the ledger has one head"),
    "ledger_postings_sealed": ("ledger_postings", "INSERT", SEALED, "this transaction is sealed"),
    "ledger_transactions_order": (
        "ledger_transactions", "INSERT", f"{OUT_OF_ORDER} OR {KEY_TAKEN}", "not the next transaction",
    ),
    "ledger_transactions_chained": ("ledger_transactions", "INSERT", UNCHAINED, "not chained to the one before"),
    "ledger_transactions_balanced": ("ledger_transactions", "INSERT", UNBALANCED, "postings do not come to zero"),
}  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "ledger_transactions",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("project", sa.String(length=80), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("memo", sa.Text(), nullable=False),
        sa.Column("refs", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_ledger_transactions")),
        sa.UniqueConstraint("key", name=op.f("uq_ledger_transactions_key")),
    )
    op.create_index("ix_ledger_transactions_project", "ledger_transactions", ["project", "day"])
    op.create_table(
        "ledger_postings",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ledger_account", sa.String(length=160), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.ForeignKeyConstraint(
            ["seq"],
            ["ledger_transactions.seq"],
            name=op.f("fk_ledger_postings_seq_ledger_transactions"),
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.PrimaryKeyConstraint("seq", "line", name=op.f("pk_ledger_postings")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_ledger_postings_account", "ledger_postings", ["ledger_account", "seq"])
    head = op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_head")),
    )
    op.bulk_insert(head, [{"id": 1, "seq": 0, "hash": FIRST}])
    # What is charged already waits to be posted, each project from its first day on.
    op.execute(
        "INSERT INTO dirty (kind, cluster, project, period) "
        "SELECT DISTINCT 'posting', '', project, '0001-01-01' FROM charges_daily"
    )
    guard = _guard_on_postgres if op.get_bind().dialect.name == "postgresql" else _guard_on_sqlite
    for name, parts in GUARDS.items():
        guard(name, *parts)


def downgrade() -> None:
    op.execute("DELETE FROM dirty WHERE kind = 'posting'")
    for table in ("ledger_head", "ledger_postings", "ledger_transactions"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for name in GUARDS:
            op.execute(f"DROP FUNCTION {name}()")


def _guard_on_sqlite(name: str, table: str, event: str, condition: str, says: str) -> None:
    when = f"WHEN {condition} " if condition else ""
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} {when}BEGIN SELECT raise(ABORT, '{says} ({name})'); END"
    )


def _guard_on_postgres(name: str, table: str, event: str, condition: str, says: str) -> None:
    refuse = f"RAISE EXCEPTION '{says} ({name})';"
    # Where nothing is let through there is no row to hand on.
    body = f"IF {condition} THEN {refuse} END IF; RETURN NEW;" if condition else refuse
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
    if event == "DELETE":
        op.execute(
            f"CREATE TRIGGER {name}_at_once BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )
