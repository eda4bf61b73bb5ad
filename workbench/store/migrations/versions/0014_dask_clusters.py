"""Dask clusters beyond their notebook server, and their workers' jobs

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dask_clusters",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("server_id", sa.String(length=64), nullable=False),
        sa.Column("user_name", sa.String(length=80), nullable=False),
        sa.Column("project", sa.String(length=80), nullable=False),
        sa.Column("profile", sa.String(length=40), nullable=False),
        sa.Column("cluster", sa.String(length=80), nullable=False),
        sa.Column("workers", sa.Integer(), nullable=False),
        sa.Column("gpus_per_worker", sa.Integer(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dask_clusters")),
    )
    op.create_index("ix_dask_clusters_settled", "dask_clusters", ["settled_at", "project"])
    op.create_table(
        "dask_jobs",
        sa.Column("cluster", sa.String(length=80), nullable=False),
        sa.Column("job_id", sa.String(length=40), nullable=False),
        sa.Column("submit_at", sa.BigInteger(), nullable=False),
        sa.Column("dask_id", sa.String(length=20), nullable=False),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["dask_id"], ["dask_clusters.id"], name=op.f("fk_dask_jobs_dask_id_dask_clusters")),
        sa.PrimaryKeyConstraint("cluster", "job_id", "submit_at", name=op.f("pk_dask_jobs")),
    )
    op.create_index(op.f("ix_dask_jobs_dask_id"), "dask_jobs", ["dask_id"])


def downgrade() -> None:
    op.drop_table("dask_jobs")
    op.drop_table("dask_clusters")
