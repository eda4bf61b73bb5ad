"""what Slurm says of a job beyond its cards: what it was for, its server, memory, QOS, reservation, suspension

Revision ID: 0012
Revises: 0011
"""

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
