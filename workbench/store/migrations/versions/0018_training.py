"""training sessions: classes, codes, seats, what they do

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "training_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("handle", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("project", sa.String(length=80), nullable=False),
        sa.Column("instructor", sa.String(length=80), nullable=False),
        sa.Column("planned_by", sa.String(length=80), nullable=False),
        sa.Column("planned_at", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("warm", sa.Integer(), nullable=False),
        sa.Column("profile", sa.String(length=40), nullable=False),
        sa.Column("environment", sa.String(length=80), nullable=False),
        sa.Column("languages", sa.String(length=80), nullable=False),
        sa.Column("materials", sa.Text(), nullable=False),
        sa.Column("branch", sa.String(length=200), nullable=False),
        sa.Column("first_page", sa.Text(), nullable=False),
        sa.Column("roster", sa.Text(), nullable=False),
        sa.Column("hand_in", sa.String(length=20), nullable=False),
        sa.Column("walk_ins", sa.Boolean(), nullable=False),
        sa.Column("lead_s", sa.Integer(), nullable=False),
        sa.Column("keep_days", sa.Integer(), nullable=False),
        sa.Column("extended_s", sa.Integer(), nullable=False),
        sa.Column("quoted_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("subsidy_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("reservation", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["decided_by"], ["people.name"], name=op.f("fk_training_sessions_decided_by_people")),
        sa.ForeignKeyConstraint(["instructor"], ["people.name"], name=op.f("fk_training_sessions_instructor_people")),
        sa.ForeignKeyConstraint(["planned_by"], ["people.name"], name=op.f("fk_training_sessions_planned_by_people")),
        sa.ForeignKeyConstraint(["project"], ["projects.slug"], name=op.f("fk_training_sessions_project_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_sessions")),
        sa.UniqueConstraint("handle", name=op.f("uq_training_sessions_handle")),
    )
    op.create_table(
        "training_codes",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("session", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session"], ["training_sessions.id"], name=op.f("fk_training_codes_session_training_sessions")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_training_codes")),
    )
    op.create_index(op.f("ix_training_codes_session"), "training_codes", ["session"], unique=False)
    op.create_table(
        "training_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session"], ["training_sessions.id"], name=op.f("fk_training_messages_session_training_sessions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_messages")),
    )
    op.create_index(op.f("ix_training_messages_session"), "training_messages", ["session"], unique=False)
    op.create_table(
        "training_seats",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("roster", sa.String(length=200), nullable=False),
        sa.Column("shown_name", sa.String(length=200), nullable=False),
        sa.Column("claim", sa.String(length=64), nullable=True),
        sa.Column("lti", sa.String(length=200), nullable=True),
        sa.Column("server_id", sa.String(length=64), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("ready_at", sa.BigInteger(), nullable=True),
        sa.Column("joined_at", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("failed_at", sa.BigInteger(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("restart_at", sa.BigInteger(), nullable=True),
        sa.Column("shared_at", sa.BigInteger(), nullable=True),
        sa.Column("handed_in_at", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("archive", sa.Text(), nullable=False),
        sa.Column("archived_bytes", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session"], ["training_sessions.id"], name=op.f("fk_training_seats_session_training_sessions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_seats")),
        sa.UniqueConstraint("name", name=op.f("uq_training_seats_name")),
        sa.UniqueConstraint("session", "number", name=op.f("uq_training_seats_session_number")),
    )
    op.create_index(op.f("ix_training_seats_session"), "training_seats", ["session"], unique=False)
    op.create_table(
        "training_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("session", sa.Integer(), nullable=True),
        sa.Column("seat", sa.Integer(), nullable=True),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("incident", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["seat"], ["training_seats.id"], name=op.f("fk_training_events_seat_training_seats")),
        sa.ForeignKeyConstraint(
            ["session"], ["training_sessions.id"], name=op.f("fk_training_events_session_training_sessions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_events")),
    )
    op.create_index("ix_training_events_session_at", "training_events", ["session", "at"], unique=False)
    op.create_table(
        "training_reports",
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("notebook", sa.String(length=300), nullable=False),
        sa.Column("cell", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["seat"], ["training_seats.id"], name=op.f("fk_training_reports_seat_training_seats")),
        sa.PrimaryKeyConstraint("seat", "notebook", "cell", name=op.f("pk_training_reports")),
    )
    op.create_index("ix_server_events_user", "server_events", ["user_name"])


def downgrade() -> None:
    op.drop_index("ix_server_events_user", "server_events")
    op.drop_table("training_reports")
    op.drop_table("training_events")
    op.drop_table("training_seats")
    op.drop_table("training_messages")
    op.drop_table("training_codes")
    op.drop_table("training_sessions")
