"""how long a server may run

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("server_events", sa.Column("limit_s", sa.BigInteger, nullable=True))


def downgrade() -> None:
    op.drop_column("server_events", "limit_s")
