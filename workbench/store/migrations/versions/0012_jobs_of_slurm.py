"""what Slurm says of a job beyond its cards: what it was for, its server, memory, QOS, reservation, suspension

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ADDED = (
    ("kind", sa.String(length=10)),
    ("server_id", sa.String(length=80)),
    ("dask_id", sa.String(length=80)),
    ("mem_mib", sa.BigInteger()),
    ("qos", sa.String()),
    ("reservation", sa.String()),
    ("suspended_s", sa.Integer()),
)
INDEXED = (("ix_jobs_server", "server_id"), ("ix_jobs_dask", "dask_id"))


def upgrade() -> None:
    # NULL: the source of the job does not say.
    for name, kind in ADDED:
        op.add_column("jobs", sa.Column(name, kind, nullable=True))
    for index, column in INDEXED:
        known = sa.text(f"{column} IS NOT NULL")
        op.create_index(index, "jobs", [column], sqlite_where=known, postgresql_where=known)
    # What the meter wrote before are servers, each under its own id.
    op.execute("UPDATE jobs SET kind = 'server', server_id = job_id WHERE source = 'hub'")


def downgrade() -> None:
    for index, _ in INDEXED:
        op.drop_index(index, table_name="jobs")
    for name, _ in reversed(ADDED):
        op.drop_column("jobs", name)
