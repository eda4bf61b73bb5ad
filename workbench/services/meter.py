"""The meter of notebook servers: each server that ran becomes one job of the cluster `hub`, once, whatever crashed.

A request is written before anything starts; what the server's supervisor saw (start, last seen, end) is brought in by
`reconcile`, as often as one likes. The job's key (hub, server id, time of the request) never changes, so that a crash
at any moment and a repeated run give the same job. A running server is a running job, seen until its last heartbeat.
What was held of an award at its start (services.holds.holds) is settled with its end, in the same transaction.

A server that is a job of Slurm has one meter too: Slurm's accounting. Here only its request is written, the id of its
job, and, by `started_slurm` and `close_slurm`, what accounting says of it; it is never a job of the cluster `hub`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from workbench.domain.jobs import SERVER
from workbench.services.holds.holds import Ended, settle_ended
from workbench.store.engine import Store
from workbench.store.jobs import upsert_jobs
from workbench.store.tables import freshness, server_events

CLUSTER = "hub"
PARTITION = "notebooks"
NEVER_STARTED = "never started"
REACHED = "reached its"
"""How the reason begins where a server has run for as long as it was asked for (hub.runner)."""
UNHEARD_AFTER_S = 600
"""A server of which nothing was heard for so long has ended, or never started: the Hub was killed in between."""


@dataclass(frozen=True, slots=True)
class ServerRequest:
    """What somebody asked for and may have: the facts that the job will carry. `gpu_parts` as in workbench.units;
    `limit_s`: for how long; `cluster`: of Slurm, None for a process of this machine.
    """

    server_id: str
    user_name: str
    project: str
    profile: str
    gpu_model: str | None
    gpu_parts: int
    cpu_cores: int
    requested_at: int
    limit_s: int | None = None
    cluster: str | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a supervisor wrote down of its server, in UTC epoch seconds; `ended_at` None while it runs."""

    server_id: str
    started_at: int
    seen_at: int
    ended_at: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Metered:
    """Server ids that run, and those whose end is now in the books (also such as were there before)."""

    running: tuple[str, ...]
    ended: tuple[str, ...]


def record_request(store: Store, request: ServerRequest) -> None:
    """Keep a request before its server starts. A second one with the same id is refused by the database."""
    with store.begin() as conn:
        conn.execute(insert(server_events).values(**asdict(request)))


def record_refusal(store: Store, server_id: str, now: int, reason: str) -> None:
    """Close a request whose server never started; nothing is charged for it. A job of Slurm is closed by accounting."""
    with store.begin() as conn:
        mine = (server_events.c.server_id == server_id) & server_events.c.slurm_job_id.is_(None)
        cluster = conn.execute(select(server_events.c.cluster).where(mine)).scalar()
        closed = conn.execute(
            update(server_events)
            .where(mine, server_events.c.started_at.is_(None))
            .values(ended_at=now, end_reason=reason, metered=True)
        )
        if closed.rowcount:
            settle_ended(conn, cluster or CLUSTER, {server_id: Ended(0, now)})


def note_slurm_job(store: Store, server_id: str, slurm_job_id: str) -> None:
    """Keep which job of Slurm a server is."""
    with store.begin() as conn:
        conn.execute(
            update(server_events).where(server_events.c.server_id == server_id).values(slurm_job_id=slurm_job_id)
        )


def note_reason(store: Store, server_id: str, reason: str) -> None:
    """Keep why a server of Slurm ended, in words: in place of the bare state, whoever came first."""
    with store.begin() as conn:
        conn.execute(update(server_events).where(server_events.c.server_id == server_id).values(end_reason=reason))


def started_slurm(conn: Connection, server_id: str, started_at: int, seen_at: int) -> None:
    """Accounting says that a server's job runs, since then and until now at least."""
    open_row = (
        (server_events.c.server_id == server_id) & server_events.c.cluster.is_not(None) & ~server_events.c.metered
    )
    conn.execute(update(server_events).where(open_row).values(started_at=started_at, seen_at=seen_at))


def close_slurm(conn: Connection, server_id: str, started_at: int | None, ended_at: int, state: str) -> None:
    """Accounting says that a server's job ended: the hold is settled with the time that ran.

    Args:
        conn: of the transaction that brought the job in.
        server_id: one that is no job of Slurm is left alone.
        started_at: UTC epoch seconds, as all times here; None: it never ran.
        ended_at: of its last attempt.
        state: Slurm's word, kept where no reason in plain words is there.
    """
    mine = (server_events.c.server_id == server_id) & server_events.c.cluster.is_not(None)
    row = conn.execute(select(server_events.c.cluster, server_events.c.end_reason).where(mine)).one_or_none()
    if row is None:
        return
    seen_at = None if started_at is None else max(started_at, ended_at)
    reason = row.end_reason or state.lower().replace("_", " ")
    facts = {"started_at": started_at, "seen_at": seen_at, "ended_at": ended_at, "end_reason": reason, "metered": True}
    conn.execute(update(server_events).where(mine).values(facts))
    used_s = 0 if started_at is None else max(0, ended_at - started_at)
    settle_ended(conn, row.cluster, {server_id: Ended(used_s, ended_at)})


def reconcile(store: Store, sightings: Iterable[Sighting], now: int) -> Metered:
    """Bring what the supervisors saw into the books, in one transaction.

    Args:
        store: the centre's.
        sightings: of all servers that have a record now; one whose server is not known here is ignored.
        now: UTC epoch seconds.

    Returns: what runs and what has ended, of the sightings given.
    """
    seen = {sighting.server_id: sighting for sighting in sightings}
    with store.begin() as conn:
        # What Slurm has taken is Slurm's to tell; a request that never became a job ends as one of this machine does.
        ours = ~server_events.c.metered & server_events.c.slurm_job_id.is_(None)
        open_rows = conn.execute(select(server_events).where(ours)).mappings().all()
        known = _known(conn, seen)
        states = [state for row in open_rows if (state := _state(row, seen.get(row["server_id"]), now))]
        jobs = [_job(row) for row in states if row["started_at"] is not None]
        if jobs:
            upsert_jobs(conn, pd.DataFrame(jobs), store.settings.centre.zone)
        for row in states:
            if row["ended_at"] is not None:
                settle_ended(conn, row["cluster"] or CLUSTER, {row["server_id"]: _ended(row)})
        for row in states:
            conn.execute(update(server_events).where(server_events.c.id == row["id"]).values(_facts(row)))
        _note_freshness(conn, now)
    open_after = {row["server_id"] for row in states if row["ended_at"] is None}
    return Metered(
        running=tuple(sorted(open_after & seen.keys())),
        ended=tuple(sorted((known & seen.keys()) - open_after)),
    )


def _known(conn: Connection, seen: Mapping[str, Sighting]) -> set[str]:
    ids = select(server_events.c.server_id).where(server_events.c.server_id.in_(list(seen)))
    return set(conn.execute(ids).scalars())


def _state(row: RowMapping, sighting: Sighting | None, now: int) -> dict[str, Any] | None:
    """The row as it is now; None where there is nothing new."""
    if sighting is not None and row["cluster"] is None:
        # The supervisor's clock may have been set back between the request and its start.
        started_at = max(sighting.started_at, row["requested_at"])
        seen_at = max(sighting.seen_at, started_at, row["seen_at"] or 0)
        ended_at = None if sighting.ended_at is None else max(sighting.ended_at, started_at)
        return {
            **row,
            "started_at": started_at,
            "seen_at": seen_at,
            "ended_at": ended_at,
            "end_reason": sighting.reason,
        }
    if now - (row["seen_at"] or row["requested_at"]) < UNHEARD_AFTER_S:
        return None  # it may be about to start; or its record was removed and comes back with the next heartbeat
    if row["started_at"] is None:
        return {**row, "ended_at": row["requested_at"], "end_reason": NEVER_STARTED}
    return {**row, "ended_at": row["seen_at"], "end_reason": "its record was lost"}


def _ended(row: Mapping[str, Any]) -> Ended:
    began = row["started_at"]
    return Ended(0 if began is None else row["ended_at"] - began, row["ended_at"])


def _facts(row: Mapping[str, Any]) -> dict[str, Any]:
    facts = {name: row[name] for name in ("started_at", "seen_at", "ended_at", "end_reason")}
    return facts | {"metered": row["ended_at"] is not None}


def _job(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "cluster": CLUSTER,
        "job_id": row["server_id"],
        "submit_at": row["requested_at"],
        "start_at": row["started_at"],
        "end_at": row["ended_at"],
        "seen_until_at": row["ended_at"] if row["ended_at"] is not None else row["seen_at"],
        "project": row["project"],
        "user_name": row["user_name"],
        "partition": PARTITION,
        "gpu_model": row["gpu_model"],
        "gpu_parts": row["gpu_parts"],
        "cpu_cores": row["cpu_cores"],
        "state": _slurm_state(row),
        "name": f"notebook server, {row['profile']}",
        "source": "hub",
        "submit_known": True,
        "kind": SERVER,
        "server_id": row["server_id"],
    }


def _slurm_state(row: Mapping[str, Any]) -> str:
    """The word Slurm has for it."""
    if row["ended_at"] is None:
        return "RUNNING"
    reason = row["end_reason"] or ""
    if reason.startswith("failed"):
        return "FAILED"
    if reason.startswith(REACHED):
        return "TIMEOUT"
    return "NODE_FAIL" if "lost" in reason else "COMPLETED"


def _note_freshness(conn: Connection, now: int) -> None:
    conn.execute(delete(freshness).where(freshness.c.cluster == CLUSTER))
    conn.execute(insert(freshness).values(cluster=CLUSTER, data_until_at=now, noted_at=now, note=""))
