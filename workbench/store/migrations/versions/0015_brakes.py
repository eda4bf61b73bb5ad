"""pause and downscale of projects in Slurm

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "brakes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("gpus", sa.Integer(), nullable=True),
        sa.Column("gpus_before", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["project"], ["projects.slug"], name="fk_brakes_project_projects"),
        sa.PrimaryKeyConstraint("id", name="pk_brakes"),
    )
    op.create_index("ix_brakes_project", "brakes", ["project"])


def downgrade() -> None:
    op.drop_index("ix_brakes_project", table_name="brakes")
    op.drop_table("brakes")
