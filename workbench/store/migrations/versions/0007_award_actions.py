"""versions of awards and what changes them

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

AMOUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ACTIONS, DECISIONS, VERSIONS = "award_actions", "award_action_decisions", "award_versions"
KEPT = "is only ever added to"
# INSERT OR REPLACE of SQLite deletes the row in its way without asking a DELETE trigger.
TAKEN = {
    ACTIONS: "EXISTS (SELECT 1 FROM award_actions WHERE id = NEW.id OR key = NEW.key)",
    DECISIONS: "EXISTS (SELECT 1 FROM award_action_decisions WHERE action = NEW.action)",
    # Version 1 is the row in awards.
    VERSIONS: "NEW.version <> (SELECT coalesce(max(version), 1) + 1 FROM award_versions WHERE award = NEW.award)",
}
SAYS = {
    ACTIONS: "this action is there already",
    DECISIONS: "this action is decided already",
    VERSIONS: "not the next version of its award",
}


def upgrade() -> None:
    op.create_table(
        ACTIONS,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("award", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=True),
        sa.Column("amount_minor", AMOUNT, nullable=True),
        sa.Column("rate_bp", sa.Integer(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("other_award", sa.Integer(), nullable=True),
        sa.Column("report", sa.String(length=20), nullable=True),
        sa.Column("quarter", sa.String(length=6), nullable=True),
        sa.Column("appeal_of", sa.Integer(), nullable=True),
        sa.Column("application", sa.Integer(), nullable=True),
        _refers(ACTIONS, "award", "awards.id"),
        _refers(ACTIONS, "other_award", "awards.id"),
        _refers(ACTIONS, "appeal_of", "award_actions.id"),
        _refers(ACTIONS, "application", "applications.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_award_actions")),
        sa.UniqueConstraint("key", name=op.f("uq_award_actions_key")),
    )
    op.create_index("ix_award_actions_award", ACTIONS, ["award", "id"])
    op.create_table(
        DECISIONS,
        sa.Column("action", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("decision", sa.String(length=10), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("amount_minor", AMOUNT, nullable=True),
        sa.Column("rate_bp", sa.Integer(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        _refers(DECISIONS, "action", "award_actions.id"),
        sa.PrimaryKeyConstraint("action", name=op.f("pk_award_action_decisions")),
    )
    op.create_table(
        VERSIONS,
        sa.Column("award", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("rate_bp", sa.Integer(), nullable=False),
        sa.Column("ceiling_minor", AMOUNT, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("action", sa.Integer(), nullable=False),
        _refers(VERSIONS, "award", "awards.id"),
        _refers(VERSIONS, "action", "award_actions.id"),
        sa.PrimaryKeyConstraint("award", "version", name=op.f("pk_award_versions")),
    )
    op.create_index("ix_award_versions_action", VERSIONS, ["action"])
    guard = _guard_on_postgres if op.get_bind().dialect.name == "postgresql" else _guard_on_sqlite
    for table in (ACTIONS, DECISIONS, VERSIONS):
        guard(table)


def downgrade() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    for table in (VERSIONS, DECISIONS, ACTIONS):
        if not postgres:
            # Dropping a table empties it first there, which the triggers would refuse where it is referred to.
            for verb in ("update", "delete"):
                op.execute(f"DROP TRIGGER {table}_no_{verb}")
        op.drop_table(table)
        if postgres:
            for what in ("kept", "next"):
                op.execute(f"DROP FUNCTION {table}_{what}()")


def _refers(table: str, name: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([name], [target], name=op.f(f"fk_{table}_{name}_{target.split('.')[0]}"))


def _guard_on_sqlite(table: str) -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT raise(ABORT, '{table} {KEPT}'); END"
        )
    op.execute(
        f"CREATE TRIGGER {table}_next BEFORE INSERT ON {table} WHEN {TAKEN[table]} "
        f"BEGIN SELECT raise(ABORT, '{SAYS[table]}'); END"
    )


def _guard_on_postgres(table: str) -> None:
    bodies = {
        "kept": f"RAISE EXCEPTION '{table} {KEPT}';",
        "next": f"IF {TAKEN[table]} THEN RAISE EXCEPTION '{SAYS[table]}'; END IF; RETURN NEW;",
    }
    for what, body in bodies.items():
        op.execute(f"CREATE FUNCTION {table}_{what}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
    op.execute(
        f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_kept()"
    )
    op.execute(f"CREATE TRIGGER {table}_next BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_next()")
