"""applications as a state machine, holds

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

AMOUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
EVENTS = "application_events"
WIDENED = (("applications", "requested_minor"), ("awards", "ceiling_minor"))
NEW_COLUMNS = (
    ("stage", sa.String(length=20), ""),
    ("applicant", sa.String(length=80), None),
    ("slug", sa.String(length=80), None),
    ("need", sa.String(), ""),
    ("gpu_model", sa.String(length=80), None),
    ("gpus", sa.Integer(), None),
    ("gpu_hours", sa.Integer(), None),
    ("fast_lane", sa.Boolean(), sa.false()),
    ("recommended_minor", AMOUNT, None),
    ("recommended_by", sa.String(length=80), None),
)


def upgrade() -> None:
    # A default in the database only for what can be empty, never for an amount; SQLite adds no NOT NULL without one.
    for name, kind, default in NEW_COLUMNS:
        op.add_column("applications", sa.Column(name, kind, nullable=default is None, server_default=default))
    op.add_column("awards", sa.Column("conditions", sa.String(), nullable=False, server_default=""))
    op.execute(
        "UPDATE applications SET stage = CASE decision WHEN 'approved' THEN 'active' WHEN 'declined' THEN 'declined' "
        "WHEN 'deferred' THEN 'deferred' ELSE 'submitted' END"
    )
    if op.get_bind().dialect.name == "postgresql":
        for table, column in WIDENED:
            op.alter_column(table, column, type_=sa.BigInteger())
    _tables()
    _refuse_changes()


def _tables() -> None:
    application, award = ("application", "applications.id"), ("award", "awards.id")
    op.create_table(
        EVENTS,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("application", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("from_stage", sa.String(length=20), nullable=False),
        sa.Column("to_stage", sa.String(length=20), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        _refers(EVENTS, application),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_events")),
    )
    op.create_index("ix_application_events_application", EVENTS, ["application", "id"])
    op.create_table(
        "application_conflicts",
        sa.Column("application", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("declared_at", sa.BigInteger(), nullable=False),
        _refers("application_conflicts", application),
        sa.PrimaryKeyConstraint("application", "person", name=op.f("pk_application_conflicts")),
    )
    op.create_table(
        "application_scores",
        sa.Column("application", sa.Integer(), nullable=False),
        sa.Column("reviewer", sa.String(length=80), nullable=False),
        sa.Column("criterion", sa.String(length=40), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("scored_at", sa.BigInteger(), nullable=False),
        _refers("application_scores", application),
        sa.PrimaryKeyConstraint("application", "reviewer", "criterion", name=op.f("pk_application_scores")),
    )
    op.create_table(
        "application_months",
        sa.Column("application", sa.Integer(), nullable=False),
        sa.Column("month_no", sa.Integer(), nullable=False),
        sa.Column("gpu_hours", sa.Integer(), nullable=False),
        _refers("application_months", application),
        sa.PrimaryKeyConstraint("application", "month_no", name=op.f("pk_application_months")),
    )
    op.create_table(
        "application_members",
        sa.Column("application", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        _refers("application_members", application),
        _refers("application_members", ("person", "people.name")),
        sa.PrimaryKeyConstraint("application", "person", name=op.f("pk_application_members")),
    )
    op.create_table(
        "award_months",
        sa.Column("award", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("subsidy_minor", AMOUNT, nullable=False),
        _refers("award_months", award),
        sa.PrimaryKeyConstraint("award", "month", name=op.f("pk_award_months")),
    )
    op.create_table(
        "holds",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("award", sa.Integer(), nullable=False),
        sa.Column("project", sa.String(length=80), nullable=False),
        sa.Column("cluster", sa.String(length=80), nullable=False),
        sa.Column("list_minor_per_hour", AMOUNT, nullable=False),
        sa.Column("rate_bp", sa.Integer(), nullable=False),
        sa.Column("requested_s", sa.Integer(), nullable=False),
        sa.Column("amount_minor", AMOUNT, nullable=False),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_minor", AMOUNT, nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        _refers("holds", award),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_holds")),
    )
    op.create_index("ix_holds_award", "holds", ["award", "ended_at"])


def _refers(table: str, column: tuple[str, str]) -> sa.ForeignKeyConstraint:
    name, target = column
    return sa.ForeignKeyConstraint([name], [target], name=op.f(f"fk_{table}_{name}_{target.split('.')[0]}"))


def _refuse_changes() -> None:
    said = "the history of applications is never changed"
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {EVENTS}_no_{verb.lower()} BEFORE {verb} ON {EVENTS} "
                f"BEGIN SELECT RAISE(ABORT, '{said}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {EVENTS}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{said}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {EVENTS}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {EVENTS} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {EVENTS}_refuse()"
    )


def downgrade() -> None:
    op.drop_table("holds")
    for table in ("award_months", "application_members", "application_months", "application_scores"):
        op.drop_table(table)
    op.drop_table("application_conflicts")
    if op.get_bind().dialect.name == "sqlite":
        # Dropping a table empties it first there, which the triggers would refuse where it is referred to.
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER {EVENTS}_no_{verb}")
    op.drop_table(EVENTS)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP FUNCTION {EVENTS}_refuse()")
    # Amounts stay as wide as they are: to narrow them could cut one.
    op.drop_column("awards", "conditions")
    for name, _, _ in reversed(NEW_COLUMNS):
        op.drop_column("applications", name)
