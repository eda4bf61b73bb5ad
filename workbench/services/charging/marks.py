"""What has to be rated or posted again: a project from its first changed day on, in the table `dirty`."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, delete, insert

from workbench.store.tables import dirty

CHARGES = "charges"
POSTING = "posting"


def mark(conn: Connection, projects: Iterable[str], first: date, kind: str = CHARGES) -> None:
    """Have these projects rated again from a day on (after a change of a price or an award), or posted again."""
    for project in projects:
        key = {"kind": kind, "cluster": "", "project": project, "period": first.isoformat()}
        conn.execute(delete(dirty).filter_by(**key))
        conn.execute(insert(dirty).values(**key))
