"""What rows of the store count in a question."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, FromClause, or_

from workbench.analytics.schema import UNKNOWN

KEYS = ("cluster", "partition", "gpu_model", "project", "user_name")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What rows count: None means all, () none at all; UNKNOWN ('') as a value means the rows that do not know it."""

    clusters: tuple[str, ...] | None = None
    partitions: tuple[str, ...] | None = None
    gpu_models: tuple[str, ...] | None = None
    projects: tuple[str, ...] | None = None
    users: tuple[str, ...] | None = None

    def sets(self) -> dict[str, tuple[str, ...]]:
        """Column name → its allowed values, of those that are limited."""
        values = zip(KEYS, (self.clusters, self.partitions, self.gpu_models, self.projects, self.users), strict=True)
        return {name: allowed for name, allowed in values if allowed is not None}


def allowed(table: FromClause, wanted: Wanted) -> list[ColumnElement[bool]]:
    """The conditions; in `jobs` an unknown name is NULL, in rollups and capacity it is ''."""
    clauses: list[ColumnElement[bool]] = []
    for name, values in wanted.sets().items():
        if name not in table.c:
            continue
        column = table.c[name]
        clause = column.in_(values)
        clauses.append(or_(clause, column.is_(None)) if UNKNOWN in values and column.nullable else clause)
    return clauses
