"""where jobs ran: the GPUs of each

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job_gpus",
        sa.Column("cluster", sa.String(length=80), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("submit_at", sa.BigInteger(), nullable=False),
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("gpu_index", sa.Integer(), nullable=True),
        sa.Column("gpu_uuid", sa.String(), nullable=True),
        sa.Column("mig", sa.String(), nullable=True),
        sa.Column("gpu_parts", sa.BigInteger(), nullable=False),
        sa.Column("said_by", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("cluster", "job_id", "submit_at", "node", "device", name="pk_job_gpus"),
    )


def downgrade() -> None:
    op.drop_table("job_gpus")
