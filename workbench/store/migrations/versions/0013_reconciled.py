"""what the comparison with Slurm found

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "slurm_comparisons",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cluster", sa.String(length=80), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("compared_at", sa.BigInteger(), nullable=False),
        sa.Column("window_start_at", sa.BigInteger(), nullable=False),
        sa.Column("window_end_at", sa.BigInteger(), nullable=False),
        sa.Column("differences", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slurm_comparisons")),
    )
    op.create_index("ix_slurm_comparisons_at", "slurm_comparisons", ["compared_at"])


def downgrade() -> None:
    op.drop_table("slurm_comparisons")
