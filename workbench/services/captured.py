"""What was captured of each source: how often, when last, how many rows were taken and how many rejected."""

from dataclasses import dataclass

from sqlalchemy import func, select

from workbench.store.engine import Store
from workbench.store.tables import captures


@dataclass(frozen=True, slots=True)
class Captured:
    """Sums over the captures of a cluster; last_at: UTC epoch seconds."""

    captures: int
    last_at: int
    accepted: int
    rejected: int


def captured(store: Store) -> dict[str, Captured]:
    """By cluster; none for a cluster of which nothing was captured."""
    of = captures.c
    ask = select(of.cluster, func.count(), func.max(of.taken_at), func.sum(of.accepted), func.sum(of.rejected))
    with store.read() as conn:
        return {row[0]: Captured(*map(int, row[1:])) for row in conn.execute(ask.group_by(of.cluster))}
