"""first tables

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "capacity_changes",
        sa.Column("cluster", sa.String(length=80), nullable=False),
        sa.Column("partition", sa.String(length=80), nullable=False),
        sa.Column("gpu_model", sa.String(length=80), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("installed", sa.Integer(), nullable=False),
        sa.Column("in_service", sa.Integer(), nullable=False),
        sa.Column("allocatable", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("cluster", "partition", "gpu_model", "from_at", name=op.f("pk_capacity_changes")),
    )
    op.create_table(
        "captures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("cluster", sa.String(length=80), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("mapping_sha256", sa.String(length=64), nullable=True),
        sa.Column("window_start_at", sa.BigInteger(), nullable=True),
        sa.Column("window_end_at", sa.BigInteger(), nullable=True),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_captures")),
    )
    with op.batch_alter_table("captures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_captures_sha256"), ["sha256"], unique=False)

    op.create_table(
        "dirty",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("cluster", sa.String(length=80), nullable=False),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("kind", "cluster", "project", "period", name=op.f("pk_dirty")),
    )
    op.create_table(
        "freshness",
        sa.Column("cluster", sa.String(length=80), nullable=False),
        sa.Column("data_until_at", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("cluster", name=op.f("pk_freshness")),
    )
    op.create_table(
        "list_prices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("minor_per_hour", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_prices")),
    )
    with op.batch_alter_table("list_prices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_list_prices_resource"), ["resource"], unique=False)

    op.create_table(
        "outages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cluster", sa.String(length=80), nullable=False),
        sa.Column("partition", sa.String(length=80), nullable=False),
        sa.Column("gpu_model", sa.String(length=80), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=True),
        sa.Column("gpus", sa.Integer(), nullable=False),
        sa.Column("planned", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outages")),
    )
    with op.batch_alter_table("outages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outages_cluster"), ["cluster"], unique=False)

    op.create_table(
        "people",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("display", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("made_up", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_people")),
    )
    op.create_table(
        "projects",
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=False),
        sa.Column("made_up", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_projects")),
    )
    op.create_table(
        "rollup_hourly",
        sa.Column("cluster", sa.String(length=80), nullable=False),
        sa.Column("hour_at", sa.BigInteger(), nullable=False),
        sa.Column("partition", sa.String(), nullable=False),
        sa.Column("gpu_model", sa.String(), nullable=False),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("gpu_part_seconds", sa.BigInteger(), nullable=False),
        sa.Column("core_seconds", sa.BigInteger(), nullable=False),
        sa.Column("jobs_started", sa.Integer(), nullable=False),
        sa.Column("wait_known_jobs", sa.Integer(), nullable=False),
        sa.Column("wait_s", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "hour_at", "cluster", "partition", "gpu_model", "project", name=op.f("pk_rollup_hourly")
        ),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("rollup_hourly", schema=None) as batch_op:
        batch_op.create_index("ix_rollup_hourly_project", ["project", "hour_at"], unique=False)

    op.create_table(
        "rollup_daily",
        sa.Column("cluster", sa.String(length=80), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("partition", sa.String(), nullable=False),
        sa.Column("gpu_model", sa.String(), nullable=False),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("gpu_part_seconds", sa.BigInteger(), nullable=False),
        sa.Column("core_seconds", sa.BigInteger(), nullable=False),
        sa.Column("jobs_started", sa.Integer(), nullable=False),
        sa.Column("wait_known_jobs", sa.Integer(), nullable=False),
        sa.Column("wait_s", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "cluster", "partition", "gpu_model", "project", name=op.f("pk_rollup_daily")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("rollup_daily", schema=None) as batch_op:
        batch_op.create_index("ix_rollup_daily_project", ["project", "day"], unique=False)

    op.create_table(
        "rollup_user_daily",
        sa.Column("cluster", sa.String(length=80), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("partition", sa.String(), nullable=False),
        sa.Column("gpu_model", sa.String(), nullable=False),
        sa.Column("gpu_part_seconds", sa.BigInteger(), nullable=False),
        sa.Column("core_seconds", sa.BigInteger(), nullable=False),
        sa.Column("jobs_started", sa.Integer(), nullable=False),
        sa.Column("wait_known_jobs", sa.Integer(), nullable=False),
        sa.Column("wait_s", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "day", "cluster", "project", "user_name", "partition", "gpu_model", name=op.f("pk_rollup_user_daily")
        ),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("rollup_user_daily", schema=None) as batch_op:
        batch_op.create_index("ix_rollup_user_daily_project", ["project", "day"], unique=False)

    op.create_table(
        "server_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("server_id", sa.String(length=64), nullable=False),
        sa.Column("user_name", sa.String(length=80), nullable=False),
        sa.Column("project", sa.String(length=80), nullable=False),
        sa.Column("profile", sa.String(length=40), nullable=False),
        sa.Column("gpu_model", sa.String(length=80), nullable=True),
        sa.Column("gpu_parts", sa.BigInteger(), nullable=False),
        sa.Column("cpu_cores", sa.Integer(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("metered", sa.Boolean(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_server_events")),
        sa.UniqueConstraint("server_id", name=op.f("uq_server_events_server_id")),
    )
    op.create_table(
        "applications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("requested_minor", sa.Integer(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("project", sa.String(length=80), nullable=True),
        sa.Column("made_up", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.slug"], name=op.f("fk_applications_project_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applications")),
        sa.UniqueConstraint("reference", name=op.f("uq_applications_reference")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cluster", sa.String(length=80), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("submit_at", sa.BigInteger(), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=True),
        sa.Column("seen_until_at", sa.BigInteger(), nullable=False),
        sa.Column("project", sa.String(), nullable=True),
        sa.Column("user_name", sa.String(), nullable=True),
        sa.Column("partition", sa.String(), nullable=True),
        sa.Column("gpu_model", sa.String(), nullable=True),
        sa.Column("gpu_parts", sa.BigInteger(), nullable=False),
        sa.Column("cpu_cores", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("submit_known", sa.Boolean(), nullable=False),
        sa.Column("capture_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_jobs_capture_id_captures")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("cluster", "job_id", "submit_at", name=op.f("uq_jobs_cluster_job_id_submit_at")),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index("ix_jobs_cluster_seen", ["cluster", "seen_until_at", "start_at"], unique=False)
        batch_op.create_index("ix_jobs_project", ["project", "start_at"], unique=False)
        batch_op.create_index(
            "ix_jobs_running",
            ["cluster", "start_at"],
            unique=False,
            sqlite_where=sa.text("end_at IS NULL"),
            postgresql_where=sa.text("end_at IS NULL"),
        )

    op.create_table(
        "members",
        sa.Column("project", sa.String(length=80), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.name"], name=op.f("fk_members_person_people")),
        sa.ForeignKeyConstraint(["project"], ["projects.slug"], name=op.f("fk_members_project_projects")),
        sa.PrimaryKeyConstraint("project", "person", name=op.f("pk_members")),
    )
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_members_person"), ["person"], unique=False)

    op.create_table(
        "rejected_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("capture_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_rejected_rows_capture_id_captures")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejected_rows")),
    )
    with op.batch_alter_table("rejected_rows", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rejected_rows_capture_id"), ["capture_id"], unique=False)

    op.create_table(
        "awards",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project", sa.String(length=80), nullable=False),
        sa.Column("application", sa.Integer(), nullable=True),
        sa.Column("rate_bp", sa.Integer(), nullable=False),
        sa.Column("ceiling_minor", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["application"], ["applications.id"], name=op.f("fk_awards_application_applications")),
        sa.ForeignKeyConstraint(["project"], ["projects.slug"], name=op.f("fk_awards_project_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_awards")),
    )
    with op.batch_alter_table("awards", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_awards_project"), ["project"], unique=False)

    op.create_table(
        "charges_daily",
        sa.Column("cluster", sa.String(length=80), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("partition", sa.String(), nullable=False),
        sa.Column("gpu_model", sa.String(), nullable=False),
        sa.Column("gpu_part_seconds", sa.BigInteger(), nullable=False),
        sa.Column("core_seconds", sa.BigInteger(), nullable=False),
        sa.Column("list_minor", sa.BigInteger(), nullable=True),
        sa.Column("subsidy_minor", sa.BigInteger(), nullable=True),
        sa.Column("user_minor", sa.BigInteger(), nullable=True),
        sa.Column("price_id", sa.Integer(), nullable=True),
        sa.Column("award_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["award_id"], ["awards.id"], name=op.f("fk_charges_daily_award_id_awards")),
        sa.ForeignKeyConstraint(["price_id"], ["list_prices.id"], name=op.f("fk_charges_daily_price_id_list_prices")),
        sa.PrimaryKeyConstraint("cluster", "day", "project", "partition", "gpu_model", name=op.f("pk_charges_daily")),
    )
    with op.batch_alter_table("charges_daily", schema=None) as batch_op:
        batch_op.create_index("ix_charges_daily_project", ["project", "day"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("charges_daily", schema=None) as batch_op:
        batch_op.drop_index("ix_charges_daily_project")

    op.drop_table("charges_daily")
    with op.batch_alter_table("awards", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_awards_project"))

    op.drop_table("awards")
    with op.batch_alter_table("rejected_rows", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rejected_rows_capture_id"))

    op.drop_table("rejected_rows")
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_members_person"))

    op.drop_table("members")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index("ix_jobs_running")
        batch_op.drop_index("ix_jobs_project")
        batch_op.drop_index("ix_jobs_cluster_seen")

    op.drop_table("jobs")
    op.drop_table("applications")
    op.drop_table("server_events")
    with op.batch_alter_table("rollup_user_daily", schema=None) as batch_op:
        batch_op.drop_index("ix_rollup_user_daily_project")

    op.drop_table("rollup_user_daily")
    with op.batch_alter_table("rollup_daily", schema=None) as batch_op:
        batch_op.drop_index("ix_rollup_daily_project")

    op.drop_table("rollup_daily")
    with op.batch_alter_table("rollup_hourly", schema=None) as batch_op:
        batch_op.drop_index("ix_rollup_hourly_project")

    op.drop_table("rollup_hourly")
    op.drop_table("projects")
    op.drop_table("people")
    with op.batch_alter_table("outages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outages_cluster"))

    op.drop_table("outages")
    with op.batch_alter_table("list_prices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_list_prices_resource"))

    op.drop_table("list_prices")
    op.drop_table("freshness")
    op.drop_table("dirty")
    with op.batch_alter_table("captures", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_captures_sha256"))

    op.drop_table("captures")
    op.drop_table("capacity_changes")
