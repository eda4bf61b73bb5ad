"""The meter of notebook servers: each server that ran becomes one job of the cluster `hub`, once, whatever crashed.

A request is written before anything starts; what the server's supervisor saw (start, last seen, end) is brought in by
`reconcile`, as often as one likes. The job's key (hub, server id, time of the request) never changes, so that a crash
at any moment and a repeated run give the same job. A running server is a running job, seen until its last heartbeat.
What was held of an award at its start (services.holds.holds) is settled with its end, in the same transaction.
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
    `limit_s`: for how long.
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
    """Close a request whose server never started; nothing is charged for it."""
    with store.begin() as conn:
        closed = conn.execute(
            update(server_events)
            .where(server_events.c.server_id == server_id, server_events.c.started_at.is_(None))
            .values(ended_at=now, end_reason=reason, metered=True)
        )
        if closed.rowcount:
            settle_ended(conn, CLUSTER, {server_id: Ended(0, now)})


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
        open_rows = conn.execute(select(server_events).where(~server_events.c.metered)).mappings().all()
        known = _known(conn, seen)
        states = [state for row in open_rows if (state := _state(row, seen.get(row["server_id"]), now))]
        jobs = [_job(row) for row in states if row["started_at"] is not None]
        if jobs:
            upsert_jobs(conn, pd.DataFrame(jobs), store.settings.centre.zone)
        settle_ended(conn, CLUSTER, {row["server_id"]: _ended(row) for row in states if row["ended_at"] is not None})
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
    if sighting is not None:
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
