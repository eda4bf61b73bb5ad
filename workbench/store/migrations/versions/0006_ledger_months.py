"""the ledger's movements by month, closed months

What is posted already is summed up by the first posting after this (services.ledger.months): the months are those of
the centre's zone, which the tables do not know.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CLOSED_UNTIL = "(SELECT coalesce(max(end_at), NEW.at) FROM closed_months)"
# INSERT OR REPLACE of SQLite deletes the row in its way without asking a DELETE trigger.
OUT_OF_ORDER = (
    "NEW.end_at <= (SELECT max(end_at) FROM closed_months) "
    "OR EXISTS (SELECT 1 FROM closed_months WHERE month = NEW.month)"
)
# trigger → (table, event, condition, what it says); no condition: always refused
GUARDS = {
    "closed_months_no_update": ("closed_months", "UPDATE", "", "a closed month stays as it is"),
    "closed_months_no_delete": ("closed_months", "DELETE", "", "a closed month stays closed"),
    "closed_months_order": ("closed_months", "INSERT", OUT_OF_ORDER, "months close in order"),
    "ledger_transactions_open": (
        "ledger_transactions", "INSERT", f"NEW.at < {CLOSED_UNTIL}", "its month is closed",
    ),
}  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "ledger_months",
        sa.Column("ledger_account", sa.String(length=160), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("postings", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ledger_account", "month", "kind", "currency", name=op.f("pk_ledger_months")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "closed_months",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_by", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_closed_months")),
        sa.UniqueConstraint("end_at", name=op.f("uq_closed_months_end_at")),
    )
    op.create_index("ix_ledger_transactions_kind", "ledger_transactions", ["kind", "day"])
    op.create_index("ix_ledger_transactions_at", "ledger_transactions", ["at"])
    guard = _guard_on_postgres if op.get_bind().dialect.name == "postgresql" else _guard_on_sqlite
    for name, parts in GUARDS.items():
        guard(name, *parts)


def downgrade() -> None:
    on_postgres = op.get_bind().dialect.name == "postgresql"
    op.execute("DROP TRIGGER ledger_transactions_open" + (" ON ledger_transactions" if on_postgres else ""))
    op.drop_index("ix_ledger_transactions_at", "ledger_transactions")
    op.drop_index("ix_ledger_transactions_kind", "ledger_transactions")
    op.drop_table("closed_months")
    op.drop_table("ledger_months")
    if on_postgres:
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
