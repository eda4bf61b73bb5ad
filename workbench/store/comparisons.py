"""Comparisons of our books with Slurm's, each kept as it was found. Rows are only added."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, String, Table, Text, insert, select

from workbench.domain.base import Stored

slurm_comparisons = Table(
    "slurm_comparisons",
    Stored.metadata,
    Column("id", Integer, primary_key=True),
    Column("cluster", String(80), nullable=False),
    Column("month", String(7), nullable=False),
    Column("compared_at", BigInteger, nullable=False),
    Column("window_start_at", BigInteger, nullable=False),
    Column("window_end_at", BigInteger, nullable=False),
    Column("differences", Integer, nullable=False),
    Column("content", Text, nullable=False),  # JSON: figures by account, jobs, books; see services.slurm.reconcile
    Index("ix_slurm_comparisons_at", "compared_at"),
)


def add_comparison(conn: Connection, figures: Mapping[str, Any], content: Mapping[str, Any]) -> None:
    """Keep one.

    Args:
        conn: inside a transaction.
        figures: cluster, month, compared_at, window_start_at, window_end_at, differences.
        content: what was found, plain values.
    """
    conn.execute(insert(slurm_comparisons).values(**figures, content=json.dumps(content, separators=(",", ":"))))


def comparisons(conn: Connection, cluster: str, most: int) -> list[dict[str, Any]]:
    """The newest first: their figures, and `content` as it was given."""
    mine = slurm_comparisons.c
    ask = select(slurm_comparisons).where(mine.cluster == cluster).order_by(mine.compared_at.desc(), mine.id.desc())
    found = conn.execute(ask.limit(most)).mappings()
    return [{**row, "content": json.loads(row["content"])} for row in found]
