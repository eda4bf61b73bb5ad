"""how busy the GPUs of jobs were

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "efficiency_daily",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("cluster", sa.String(length=80), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("submit_at", sa.BigInteger(), nullable=False),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("partition", sa.String(), nullable=False),
        sa.Column("gpu_model", sa.String(), nullable=False),
        sa.Column("gpu_parts", sa.BigInteger(), nullable=False),
        sa.Column("held_part_seconds", sa.BigInteger(), nullable=False),
        sa.Column("known_part_seconds", sa.BigInteger(), nullable=False),
        sa.Column("active_part_seconds", sa.BigInteger(), nullable=False),
        sa.Column("idle_subsidy_minor", sa.BigInteger(), nullable=True),
        sa.Column("idle_user_minor", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("day", "cluster", "job_id", "submit_at", name="pk_efficiency_daily"),
    )
    op.create_index("ix_efficiency_daily_project", "efficiency_daily", ["project", "day"])
    op.create_table(
        "efficiency_devices",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("cluster", sa.String(length=80), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("submit_at", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("gpu_parts", sa.BigInteger(), nullable=False),
        sa.Column("held_s", sa.Integer(), nullable=False),
        sa.Column("known_s", sa.Integer(), nullable=False),
        sa.Column("active_bp_s", sa.BigInteger(), nullable=False),
        sa.Column("used_s", sa.Integer(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("mem_peak_mib", sa.BigInteger(), nullable=True),
        sa.Column("mem_total_mib", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("day", "cluster", "job_id", "submit_at", "device", name="pk_efficiency_devices"),
    )
    op.create_table(
        "efficiency_days",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("made_of", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("gap_s", sa.Integer(), nullable=False),
        sa.Column("made_up", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_efficiency_days"),
    )


def downgrade() -> None:
    op.drop_table("efficiency_days")
    op.drop_table("efficiency_devices")
    op.drop_index("ix_efficiency_daily_project", table_name="efficiency_daily")
    op.drop_table("efficiency_daily")
