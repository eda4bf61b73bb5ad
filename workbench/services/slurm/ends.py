"""Ends that Slurm tells of: requests and holds of notebook servers are closed with them.

A server whose job was cancelled before it could start has no job in the books, and one whose job was requeued has an
ended one and yet waits: before a server is closed, Slurm is asked for the newest attempt of its job.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from workbench.periods import Window, epoch
from workbench.services import meter
from workbench.services.slurm.answers import Accounting
from workbench.services.slurm.servers import CLOCKS_S, open_servers
from workbench.slurm import squeue
from workbench.slurm.newest import Attempt
from workbench.store.engine import Store
from workbench.store.frames import JOBS
from workbench.units import HOUR_S

UNKNOWN_AFTER_S = HOUR_S
"""A job that Slurm's accounting does not know so long after it was submitted is one that it will never know."""
LOST = "LOST"
"""Our word for the state of such a job; Slurm has none."""

Key = tuple[str, int]
"""Job id and submit time."""
Running = dict[tuple[str, str | None], tuple[int, int]]
"""By job id and user: when it began, and until when it was seen."""


@dataclass(frozen=True, slots=True)
class End:
    """When a server's job began (None: it never did) and ended, UTC epoch seconds, and Slurm's word for it."""

    started_at: int | None
    ended_at: int
    state: str


def close_ended(store: Store, accounting: Accounting, now: int) -> tuple[str, ...]:
    """Close what has ended: its request, and what was held for it; note of the others that they run.

    Returns: ids of servers.

    Raises:
        SlurmError: it did not say what became of a job.
    """
    cluster = accounting.slurm.cluster
    with store.read() as conn:
        waiting = open_servers(conn, cluster)
        ended, running = _told(conn, cluster, {row["slurm_job_id"] for row in waiting})
    runs = {row["server_id"]: times for row in waiting if (times := _running(row, running))}
    seen = {row["server_id"]: row["seen_at"] for row in waiting}
    news = [server_id for server_id, (_, seen_at) in runs.items() if seen_at != seen[server_id]]
    ends = _ends(accounting, [row for row in waiting if row["server_id"] not in runs], ended, now)
    closed = {server_id: end for server_id, end in ends.items() if end is not None}
    if closed or news:
        with store.begin() as conn:
            for server_id in news:
                meter.started_slurm(conn, server_id, *runs[server_id])
            for server_id, end in closed.items():
                meter.close_slurm(conn, server_id, end.started_at, end.ended_at, end.state)
    return tuple(sorted(closed))


def _ends(
    accounting: Accounting, asked: Sequence[dict[str, Any]], ended: dict[Key, tuple[int, int]], now: int
) -> dict[str, End | None]:
    """Of servers whose jobs do not run by our books how each ended; None where it waits, or may yet run."""
    if not asked:
        return {}
    since = min(row["requested_at"] for row in asked) - CLOCKS_S
    newest = accounting.attempts((row["slurm_job_id"] for row in asked), Window(since, max(since, now)))
    ends = {}
    for row in asked:
        attempt = newest.get((row["slurm_job_id"], row["user_name"]))
        if attempt is None or attempt.submit_at < row["requested_at"] - CLOCKS_S:
            ends[row["server_id"]] = _lost(accounting, row, now)
        else:
            ends[row["server_id"]] = _end(attempt, ended, now)
    return ends


def _told(conn: Connection, cluster: str, job_ids: Iterable[str]) -> tuple[dict[Key, tuple[int, int]], Running]:
    """As the books have these jobs: start and end of attempts that ended; start and last sight of what runs."""
    names = ("job_id", "user_name", "submit_at", "start_at", "end_at", "seen_until_at")
    columns = [JOBS.c[name] for name in names]
    wanted = select(*columns).where(JOBS.c.cluster == cluster, JOBS.c.job_id.in_(list(job_ids)))
    rows = conn.execute(wanted.order_by(JOBS.c.submit_at)).all()
    ended = {(r.job_id, epoch(r.submit_at)): (epoch(r.start_at), epoch(r.end_at)) for r in rows if r.end_at}
    running = {(r.job_id, r.user_name): (epoch(r.start_at), epoch(r.seen_until_at)) for r in rows if r.end_at is None}
    return ended, running


def _running(row: dict[str, Any], running: Running) -> tuple[int, int] | None:
    # Job ids come again: another person's, or one that ran before this server was asked for, is another job.
    times = running.get((row["slurm_job_id"], row["user_name"]))
    return times if times and times[0] >= row["requested_at"] - CLOCKS_S else None


def _end(newest: Attempt, ended: dict[Key, tuple[int, int]], now: int) -> End | None:
    """How a server ended whose job's newest attempt this is; None while it may still run."""
    if not newest.over:
        return None
    times = ended.get((newest.job_id, newest.submit_at))
    if times is not None:
        return End(*times, newest.state)
    if newest.start_at is not None and newest.end_at != newest.start_at:
        return None  # it ran, and its job is in the books with the next poll
    # Slurm may write the moment of the cancelling as start too.
    return End(None, newest.end_at or now, newest.state)


def _lost(accounting: Accounting, row: dict[str, Any], now: int) -> End | None:
    """The end of a server whose job accounting does not know: after a while, and only if the queue has none either.

    slurmctld that is cut off from slurmdbd keeps what it has to tell until that is back.
    """
    if now - row["requested_at"] <= UNKNOWN_AFTER_S:
        return None
    queued = squeue.of_id(accounting.runner, int(row["slurm_job_id"]))
    return None if queued and queued.user == row["user_name"] else End(None, row["requested_at"], LOST)
