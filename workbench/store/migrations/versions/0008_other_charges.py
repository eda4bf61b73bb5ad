"""charges beside usage: reservations, storage, refunds, adjustments

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
        sa.ForeignKeyConstraint(["award_id"], ["awards.id"], name=op.f("fk_other_charges_award_id_awards")),
        sa.ForeignKeyConstraint(["project"], ["projects.slug"], name=op.f("fk_other_charges_project_projects")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_other_charges")),
    )
    op.create_index("ix_other_charges_project", OTHERS, ["project", "day"])


def downgrade() -> None:
    op.drop_index("ix_other_charges_project", OTHERS)
    op.drop_table(OTHERS)
