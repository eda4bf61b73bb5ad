"""The Hub's own SQLite file, made quick: what it commits is written ahead (WAL) and not waited for on the disk.

The Hub commits in its event loop, tens of times for each start of a server; by SQLite's defaults each commit waits for
the disk three times, and nobody is answered meanwhile. With these two settings nothing is lost when the Hub is killed;
when the machine goes down, the last moments may be, and with them have ended the servers that they were about.

Source: SQLite, PRAGMA synchronous; Write-Ahead Logging.
"""

import sqlite3
from typing import Any

PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000")


class Quick(sqlite3.Connection):
    """A connection with these settings."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        for pragma in PRAGMAS:
            self.execute(f"PRAGMA {pragma}")


def arguments() -> dict[str, Any]:
    """For `JupyterHub.db_kwargs`."""
    return {"connect_args": {"check_same_thread": False, "factory": Quick}}
