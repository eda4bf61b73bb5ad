"""Which jobs of Slurm are our notebook servers: by our own books, which know the job id of each that was submitted.

What a job says of itself in its comment is no proof (slurm.tags), and is not told before it has ended.
"""

from typing import Any

import pandas as pd
from sqlalchemy import Connection, select

from workbench.domain.jobs import BATCH, SERVER
from workbench.services.slurm import workers
from workbench.store.tables import server_events
from workbench.units import DAY_S

CLOCKS_S = 120
"""A job may be submitted so much before it was asked for: two machines' clocks. Ids come again after months at most."""

REQUEUED_S = 31 * DAY_S
"""A requeued server's newer attempts are submitted so much later than it was asked for, at most."""


def attributed(conn: Connection, jobs: pd.DataFrame, cluster: str) -> pd.DataFrame:
    """The job frame with `kind` and `server_id` of notebook servers and Dask workers as our books have them.

    A job that calls itself a server of ours and is none is a batch job.
    """
    if jobs.empty:
        return jobs
    jobs = workers.attributed(conn, jobs, cluster)
    known = _server_of(conn, jobs, cluster)
    claims = jobs["kind"].eq(SERVER).fillna(False)
    kinds, ids = jobs["kind"].mask(claims, BATCH), jobs["server_id"].mask(claims)
    return jobs.assign(kind=kinds.mask(known.notna(), SERVER), server_id=known.where(known.notna(), ids))


def open_servers(conn: Connection, cluster: str) -> list[dict[str, Any]]:
    """Servers of the cluster that have not ended in our books: as `_columns`."""
    ask = _columns().where(server_events.c.cluster == cluster, ~server_events.c.metered)
    return [dict(row) for row in conn.execute(ask.where(server_events.c.slurm_job_id.is_not(None))).mappings()]


def _server_of(conn: Connection, jobs: pd.DataFrame, cluster: str) -> pd.Series:
    """Of each job the server that it is: the same number and person, submitted while the server was asked for."""
    first, last = int(jobs["submit_at"].min()) - CLOCKS_S, int(jobs["submit_at"].max()) + CLOCKS_S
    ask = _columns().where(
        server_events.c.cluster == cluster,
        server_events.c.slurm_job_id.is_not(None),
        server_events.c.requested_at <= last,
        (server_events.c.requested_at >= first - REQUEUED_S) | ~server_events.c.metered,
    )
    found: dict[tuple[str, str], list[tuple[int, int | None, str]]] = {}
    for row in conn.execute(ask.order_by(server_events.c.requested_at)):
        until = row.ended_at + CLOCKS_S if row.ended_at is not None else None
        mine = (row.requested_at - CLOCKS_S, until, row.server_id)
        found.setdefault((row.slurm_job_id, row.user_name), []).append(mine)
    of_job = [
        next(
            (name for since, until, name in reversed(found.get((job_id, user), ())) if _within(submit, since, until)),
            None,
        )
        for job_id, user, submit in zip(jobs["job_id"], jobs["user_name"], jobs["submit_at"], strict=True)
    ]
    return pd.Series(of_job, index=jobs.index, dtype="str")


def _within(submit: int, since: int, until: int | None) -> bool:
    return since <= submit and (until is None or submit <= until)


def _columns() -> Any:
    names = ("server_id", "slurm_job_id", "user_name", "requested_at", "seen_at", "ended_at")
    return select(*(server_events.c[name] for name in names))
