"""meetings of the Committee, the community around the centre

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

AMOUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TARGETS = {
    "chair": "people.name",
    "person": "people.name",
    "decided_by": "people.name",
    "meeting": "meetings.id",
    "application": "applications.id",
}


def upgrade() -> None:
    op.create_table(
        "meetings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("chair", sa.String(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("made_up", sa.Boolean(), nullable=False),
        *_refers("meetings", "chair"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meetings")),
    )
    op.create_table(
        "meeting_attendance",
        sa.Column("meeting", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        *_refers("meeting_attendance", "meeting", "person"),
        sa.PrimaryKeyConstraint("meeting", "person", name=op.f("pk_meeting_attendance")),
    )
    op.create_table(
        "meeting_items",
        sa.Column("meeting", sa.Integer(), nullable=False),
        sa.Column("application", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(length=20), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("requested_minor", AMOUNT, nullable=False),
        sa.Column("recommended_minor", AMOUNT, nullable=True),
        sa.Column("awarded_minor", AMOUNT, nullable=True),
        sa.Column("rate_bp", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("conditions", sa.String(), nullable=False),
        *_refers("meeting_items", "meeting", "application", "decided_by"),
        sa.PrimaryKeyConstraint("meeting", "application", name=op.f("pk_meeting_items")),
    )
    op.create_table(
        "meeting_votes",
        sa.Column("meeting", sa.Integer(), nullable=False),
        sa.Column("application", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("vote", sa.String(length=20), nullable=False),
        *_refers("meeting_votes", "meeting", "application", "person"),
        sa.PrimaryKeyConstraint("meeting", "application", "person", name=op.f("pk_meeting_votes")),
    )
    op.create_table(
        "community",
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("made_up", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_community")),
    )


def _refers(table: str, *columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            [name], [TARGETS[name]], name=op.f(f"fk_{table}_{name}_{TARGETS[name].partition('.')[0]}")
        )
        for name in columns
    ]


def downgrade() -> None:
    for table in ("community", "meeting_votes", "meeting_items", "meeting_attendance", "meetings"):
        op.drop_table(table)
