"""Dask clusters whose workers are jobs of Slurm: who may have one, what is held for it, why it was closed.

A notebook asks; it is told what its workers may ask of Slurm, and submits them as its own person. What is held is the
full time of all workers, under the cluster's id; it is settled when none of them runs or can come any more.
"""

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from workbench.domain.projects import Project
from workbench.errors import ClusterRefused, NoBalance, UnknownCluster, UnknownServer
from workbench.services.holds.holds import Start, place
from workbench.services.holds.words import refusal
from workbench.services.quote import Quote, quote
from workbench.settings import ProfileSettings, Settings
from workbench.store.dask_tables import dask_clusters
from workbench.store.engine import Store
from workbench.store.tables import server_events
from workbench.units import HOUR_S

MOST_HOURS_WITHOUT = 24
CLOSED = "its notebook closed it"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a notebook asks for: beyond which server, how many workers with how many GPUs each, for how many hours.

    gpus_per_worker, profile: None: as the server's own. A worker gets what its profile gives.
    """

    server_id: str
    workers: int
    gpus_per_worker: int | None = None
    hours: int = 1
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A cluster that may be: what its workers get, and what all of them cost an hour (None: no list price)."""

    id: str
    server_id: str
    project: str
    profile: ProfileSettings
    asked: Asked
    list_minor_per_hour: int | None
    subsidy_minor_per_hour: int | None
    why: str


def open_cluster(store: Store, user: str, asked: Asked, now: int) -> Opened:
    """Let somebody have workers beyond their notebook server, and hold for them.

    Args:
        store: the centre's.
        user: who asks; as the Hub says.
        asked: by their notebook.
        now: UTC epoch seconds.

    Raises:
        UnknownServer: it is not theirs, or does not run. ClusterRefused: there is no Slurm, no such profile, or the
        project has as many workers as it may. NoBalance: no award covers it.
    """
    settings = store.settings
    if not settings.slurm.cluster:
        raise ClusterRefused("this centre has no Slurm", "Ask for workers in this server: wb.cluster(workers=2)")
    row_id = f"d-{secrets.token_hex(4)}"
    with store.begin() as conn:
        server = _server(conn, user, asked.server_id)
        profile = profile_of(settings, server["profile"], asked)
        project = str(server["project"])
        # One at a time looks at a project's clusters: SQLite's writers wait anyway, PostgreSQL's wait for this row.
        conn.execute(select(Project.slug).where(Project.slug == project).with_for_update())
        _check_room(conn, settings, project, profile, asked)
        conn.execute(
            insert(dask_clusters).values(
                id=row_id, server_id=asked.server_id, user_name=user, project=project, profile=profile.id,
                cluster=settings.slurm.cluster, workers=asked.workers, gpus_per_worker=profile.gpus,
                hours=asked.hours, opened_at=now,
            )
        )  # fmt: skip
    try:
        price = _hold(store, row_id, profile, project, asked, now)
    except NoBalance as problem:
        with store.begin() as conn:
            _close(conn, row_id, str(problem), now, settled=True)
        raise
    each = (price.list_minor_per_hour, price.subsidy_minor_per_hour)
    listed, subsidy = (None if amount is None else amount * asked.workers for amount in each)
    return Opened(row_id, asked.server_id, project, profile, asked, listed, subsidy, price.why)


def close_cluster(store: Store, user: str, cluster_id: str, now: int, reason: str = CLOSED) -> None:
    """Close somebody's cluster: none of its workers may run on. Closed before: nothing changes.

    Raises:
        UnknownCluster: there is none of theirs of this id.
    """
    with store.begin() as conn:
        _theirs(conn, user, cluster_id)
        _close(conn, cluster_id, reason, now)


def standing(store: Store, user: str, cluster_id: str) -> dict[str, Any]:
    """Whether somebody's cluster is open, and why not: id, open, reason, closed_at.

    Raises:
        UnknownCluster: there is none of theirs of this id.
    """
    with store.read() as conn:
        row = _theirs(conn, user, cluster_id)
    return {name: row[name] for name in ("id", "reason", "closed_at")} | {"open": row["closed_at"] is None}


def end(conn: Connection, cluster_id: str, reason: str, now: int) -> None:
    """Close a cluster in the name of the centre."""
    _close(conn, cluster_id, reason, now)


def profile_of(settings: Settings, own: str, asked: Asked) -> ProfileSettings:
    """What a worker gets: the named profile, else the first with so many GPUs, the server's own before others.

    Raises:
        ClusterRefused: there is none, or the numbers are none.
    """
    order = sorted(settings.profiles, key=lambda profile: profile.id != own)
    if asked.profile is not None:
        order = [profile for profile in order if profile.id == asked.profile]
    gpus = asked.gpus_per_worker
    found = next((profile for profile in order if gpus is None or profile.gpus == gpus), None)
    if found is None:
        has = ", ".join(f"{profile.id} ({profile.gpus} GPU)" for profile in settings.profiles)
        what = f"no profile{f' {asked.profile}' if asked.profile else ''} gives a worker {gpus} GPU(s)"
        raise ClusterRefused(what if gpus is not None else f"there is no profile {asked.profile}", f"There are: {has}")
    most = found.most_hours or max(settings.hub.hours, default=MOST_HOURS_WITHOUT)
    if not 1 <= asked.hours <= most:
        raise ClusterRefused(f"{found.id} can be had for 1 to {most} hours, not {asked.hours}", "Give other hours")
    if asked.workers < 1:
        raise ClusterRefused(f"{asked.workers} workers can do nothing", "Ask for one at least")
    return found


def _check_room(conn: Connection, settings: Settings, project: str, profile: ProfileSettings, asked: Asked) -> None:
    mine = (dask_clusters.c.project == project) & dask_clusters.c.closed_at.is_(None)
    sums = func.sum(dask_clusters.c.workers), func.sum(dask_clusters.c.workers * dask_clusters.c.gpus_per_worker)
    workers, gpus = (int(n or 0) for n in conn.execute(select(*sums).where(mine)).one())
    slurm = settings.slurm
    for what, used, more, most in (
        ("workers", workers, asked.workers, slurm.max_workers),
        ("GPUs in workers", gpus, asked.workers * profile.gpus, slurm.max_worker_gpus),
    ):
        if more and used + more > most:
            has = f"{project} may have {most} {what} at a time, and has {used} in its Dask clusters"
            left = max(0, most - used) // (1 if what == "workers" else profile.gpus)
            can = f"Ask for at most {left}" if left else "Close a cluster of the project first: client.close()"
            raise ClusterRefused(f"{has}; this asks for {more} more", can)


def _hold(store: Store, key: str, profile: ProfileSettings, project: str, asked: Asked, now: int) -> Quote:
    """Hold for all workers' full time, in worker-seconds at the price of one."""
    price = quote(store, profile, project, now)
    listed = price.list_minor_per_hour
    if listed is None:
        if not any(one.without_award for one in price.standings):
            raise NoBalance(price.why)
        return price
    seconds = asked.hours * HOUR_S
    try:
        place(store, Start(key, project, store.settings.slurm.cluster, seconds * asked.workers, listed), now)
    except NoBalance as problem:
        # In the words of the whole cluster: what is asked of the award is that of all workers for these hours.
        said = refusal(store.settings, project, price.standings, listed * asked.workers, seconds)
        more = " For Dask: fewer workers need less." if asked.workers > 1 else ""
        raise NoBalance(f"{said or problem}{more}") from problem
    return price


def _server(conn: Connection, user: str, server_id: str) -> RowMapping:
    row = conn.execute(select(server_events).where(server_events.c.server_id == server_id)).mappings().first()
    if row is None or row["user_name"] != user or row["ended_at"] is not None:
        raise UnknownServer(server_id)
    return row


def _theirs(conn: Connection, user: str, cluster_id: str) -> RowMapping:
    row = conn.execute(select(dask_clusters).where(dask_clusters.c.id == cluster_id)).mappings().first()
    if row is None or row["user_name"] != user:
        raise UnknownCluster(cluster_id)
    return row


def _close(conn: Connection, cluster_id: str, reason: str, now: int, *, settled: bool = False) -> None:
    conn.execute(
        update(dask_clusters)
        .where(dask_clusters.c.id == cluster_id, dask_clusters.c.closed_at.is_(None))
        .values(closed_at=now, reason=reason, settled_at=now if settled else None)
    )
