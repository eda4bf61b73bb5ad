"""notebook servers that are jobs of Slurm: of which cluster, under which job id

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # NULL: a process of this machine, which the cluster `hub` meters.
    op.add_column("server_events", sa.Column("cluster", sa.String(length=80), nullable=True))
    op.add_column("server_events", sa.Column("slurm_job_id", sa.String(length=40), nullable=True))


def downgrade() -> None:
    op.drop_column("server_events", "slurm_job_id")
    op.drop_column("server_events", "cluster")
