"""charges beside usage: reservations, storage, refunds, adjustments; what is asked for and who decided it

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OTHERS = "other_charges"
AMOUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SAYS = "charges beside usage are never changed: record a further one"


def upgrade() -> None:
    op.create_table(
        OTHERS,
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("project", sa.String(length=80), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=True),
        sa.Column("list_minor", sa.BigInteger(), nullable=False),
        sa.Column("subsidy_minor", sa.BigInteger(), nullable=False),
        sa.Column("user_minor", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("unit", sa.String(length=30), nullable=False),
        sa.Column("memo", sa.Text(), nullable=False),
        sa.Column("refs", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("list_minor = subsidy_minor + user_minor", name=op.f("ck_other_charges_adds_up")),
        sa.ForeignKeyConstraint(["award_id"], ["awards.id"], name=op.f("fk_other_charges_award_id_awards")),
        sa.ForeignKeyConstraint(["project"], ["projects.slug"], name=op.f("fk_other_charges_project_projects")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_other_charges")),
    )
    op.create_index("ix_other_charges_project", OTHERS, ["project", "day"])
    _storage()
    _refund_claims()
    _reservations()
    _adjustments()
    _refuse_changes()


def _storage() -> None:
    op.create_table(
        "storage_daily",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("project", sa.String(length=80), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        _project("storage_daily"),
        sa.PrimaryKeyConstraint("day", "project", name=op.f("pk_storage_daily")),
    )
    op.create_index("ix_storage_daily_project", "storage_daily", ["project", "day"])


def _refund_claims() -> None:
    op.create_table(
        "refund_claims",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cluster", sa.String(length=80), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("submit_at", sa.BigInteger(), nullable=False),
        sa.Column("project", sa.String(length=80), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        *_asked_and_decided(),
        sa.Column("why", sa.String(), nullable=False),
        _project("refund_claims"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_claims")),
        sa.UniqueConstraint("cluster", "job_id", "submit_at", name=op.f("uq_refund_claims_cluster_job_id_submit_at")),
    )
    # To find the failed among a centre's jobs without reading them all.
    failed = sa.text("state IN ('NODE_FAIL', 'BOOT_FAIL')")
    op.create_index("ix_jobs_failed", "jobs", ["project"], sqlite_where=failed, postgresql_where=failed)


def _reservations() -> None:
    op.create_table(
        "reservations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project", sa.String(length=80), nullable=False),
        sa.Column("cluster", sa.String(length=80), nullable=False),
        sa.Column("partition", sa.String(length=80), nullable=False),
        sa.Column("gpu_model", sa.String(length=80), nullable=False),
        sa.Column("gpus", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        *_asked_and_decided(),
        sa.Column("cancelled_by", sa.String(length=80), nullable=True),
        sa.Column("cancelled_at", sa.BigInteger(), nullable=True),
        _project("reservations"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservations")),
    )
    op.create_index("ix_reservations_place", "reservations", ["cluster", "partition", "gpu_model", "starts_on"])


def _adjustments() -> None:
    op.create_table(
        "asked_adjustments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("amount_minor", AMOUNT, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("undoes", sa.String(length=160), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        *_asked_and_decided(),
        _project("asked_adjustments"),
        sa.ForeignKeyConstraint(
            ["undoes"], ["other_charges.key"], name=op.f("fk_asked_adjustments_undoes_other_charges")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asked_adjustments")),
    )


def _asked_and_decided() -> list[sa.Column[object]]:
    return [
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
    ]


def _project(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["project"], ["projects.slug"], name=op.f(f"fk_{table}_project_projects"))


def _refuse_changes() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # INSERT OR REPLACE deletes the row in its way without asking a DELETE trigger.
        taken = "WHEN EXISTS (SELECT 1 FROM other_charges WHERE key = NEW.key) "
        for verb, when in (("UPDATE", ""), ("DELETE", ""), ("INSERT", taken)):
            op.execute(
                f"CREATE TRIGGER {OTHERS}_no_{'change' if when else verb.lower()} BEFORE {verb} ON {OTHERS} {when}"
                f"BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {OTHERS}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{SAYS}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {OTHERS}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {OTHERS} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {OTHERS}_refuse()"
    )


def downgrade() -> None:
    op.drop_table("asked_adjustments")
    op.drop_table("reservations")
    op.drop_index("ix_jobs_failed", "jobs")
    op.drop_table("refund_claims")
    op.drop_table("storage_daily")
    if op.get_bind().dialect.name == "sqlite":
        # Dropping a table empties it first there, which the triggers would refuse where it is referred to.
        for name in ("update", "delete", "change"):
            op.execute(f"DROP TRIGGER {OTHERS}_no_{name}")
    op.drop_index("ix_other_charges_project", OTHERS)
    op.drop_table(OTHERS)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP FUNCTION {OTHERS}_refuse()")
