"""The centre itself: what is busy now, until when the data reach, the line of its capacity, its outages."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection, select

from workbench.analytics import capacity
from workbench.analytics.schema import UNKNOWN
from workbench.domain.access import Scope
from workbench.services.filters import EVERYTHING, Only, wanted_places, wanted_rows
from workbench.store import facts
from workbench.store.engine import Store
from workbench.store.tables import freshness as freshness_table
from workbench.store.wanted import Wanted
from workbench.units import GPU_PARTS, HOUR_S


@dataclass(frozen=True, slots=True)
class PlaceNow:
    """One partition and GPU model at one moment. GPUs; `busy` in whole and part GPUs; None: nobody stated it."""

    cluster: str
    partition: str
    gpu_model: str
    busy: float
    installed: int | None
    in_service: int | None
    allocatable: int | None
    out: int | None

    @property
    def capacity(self) -> int | None:
        """GPUs in service less those out: the denominator of occupancy."""
        return None if self.in_service is None or self.out is None else max(0, self.in_service - self.out)

    @property
    def share(self) -> float | None:
        return self.busy / self.capacity if self.capacity else None


@dataclass(frozen=True, slots=True)
class CentreNow:
    """The centre at `at_s`: the moment until which the data reach, at most now. `running` jobs, over all places."""

    at_s: int
    age_s: int
    running: int
    total: PlaceNow
    places: tuple[PlaceNow, ...]


@dataclass(frozen=True, slots=True)
class Fresh:
    """Data of a cluster reach until `data_until_s`, `age_s` before now; `note` says why they are late, where known."""

    cluster: str
    data_until_s: int
    age_s: int
    note: str


def centre_now(store: Store, scope: Scope, now_s: int, only: Only = EVERYTHING) -> CentreNow | None:
    """The centre at the last moment the data reach (at most now); None where there are no data.

    Only clusters whose data reach as far as the freshest one's last day count as being there now; so do those whose
    capacity is stated. Own projects: `busy` is theirs, the capacity is the centre's.
    """
    with store.read() as conn:
        wanted = wanted_rows(conn, scope, only)
        until = {fresh.cluster: fresh.data_until_s for fresh in _fresh(conn, wanted, now_s)}
        if not until:
            return None
        at_s = max(until.values())
        live = [c for c, t in until.items() if t > at_s - 24 * HOUR_S]
        running = _running(conn, wanted, live, at_s)
        changes, out = facts.capacity_rows(conn, wanted)
    pieces = capacity.steps(changes, out)
    since = capacity.known_since(changes)
    there = pieces[(pieces["from_at"] <= at_s) & (pieces["to_at"] > at_s) & pieces["cluster"].map(since).le(at_s)]
    keys = list(capacity.PLACE)
    both = there.merge(running, how="outer", on=keys)
    places = tuple(_place(row) for row in both.to_dict("records"))
    return CentreNow(at_s, max(0, now_s - at_s), int(running["jobs"].sum()), _in_all(places), places)


def capacity_steps(store: Store, start_s: int, end_s: int, only: Only = EVERYTHING) -> pd.DataFrame:
    """The stepped line of capacity inside a window, by place.

    Returns:
        One row per place and piece, in order: cluster, partition, gpu_model, UTC timestamps from_at and to_at (clipped
        to the window), int64 GPUs installed, in_service, allocatable, out, capacity (in service less out).
    """
    with store.read() as conn:
        changes, out = facts.capacity_rows(conn, wanted_places(conn, only))
    pieces = capacity.steps(changes, out)
    inside = pieces[(pieces["from_at"] < end_s) & (pieces["to_at"] > start_s)].copy()
    return _moments(
        inside.assign(from_at=inside["from_at"].clip(start_s, end_s), to_at=inside["to_at"].clip(start_s, end_s))
    )


def outages(store: Store, start_s: int, end_s: int, only: Only = EVERYTHING) -> pd.DataFrame:
    """The outages that touch a window, not clipped.

    Returns:
        One row each, by start: cluster, partition, gpu_model, UTC timestamps start_at and end_at (NaT while it lasts),
        int64 gpus, bool planned, reason.
    """
    with store.read() as conn:
        _, out = facts.capacity_rows(conn, wanted_places(conn, only))
    touching = (out["start_at"] < end_s) & (out["end_at"].fillna(end_s + 1) > start_s)
    return _moments(out[touching].sort_values("start_at", kind="stable"))


def freshness(store: Store, scope: Scope, now_s: int) -> tuple[Fresh, ...]:
    """Until when the data of each cluster reach, the freshest first; empty where there are none."""
    with store.read() as conn:
        return _fresh(conn, wanted_rows(conn, scope, EVERYTHING), now_s)


def _fresh(conn: Connection, wanted: Wanted, now_s: int) -> tuple[Fresh, ...]:
    """Noted freshness of a cluster, else the last moment any of its jobs was seen."""
    noted = {row.cluster: row for row in conn.execute(select(freshness_table))}
    places = facts.present(conn, Wanted(wanted.clusters))
    found = []
    for cluster in sorted(set(places["cluster"]) | set(noted)):
        if wanted.clusters is not None and cluster not in wanted.clusters:
            continue
        if cluster in noted:
            until, note = int(noted[cluster].data_until_at), str(noted[cluster].note)
        else:
            until, note = facts.seen_until(conn, cluster), ""
        until = min(until, now_s)
        found.append(Fresh(cluster, until, now_s - until, note))
    return tuple(sorted(found, key=lambda f: (-f.data_until_s, f.cluster)))


def _running(conn: Connection, wanted: Wanted, clusters: Sequence[str], at_s: int) -> pd.DataFrame:
    """GPU parts and jobs at a moment, by place: those still running, and those whose end lies after it."""
    limited = Wanted(tuple(clusters), wanted.partitions, wanted.gpu_models, wanted.projects)
    return facts.at_moment(conn, limited, at_s)


def _place(row: dict[str, object]) -> PlaceNow:
    def gpus(name: str) -> int | None:
        value = row[name]
        return None if pd.isna(value) else int(value)  # type: ignore[call-overload]

    parts = row["gpu_parts"]
    busy = 0.0 if pd.isna(parts) else float(parts) / GPU_PARTS  # type: ignore[arg-type]
    cluster, partition, model = (str(row[name]) for name in capacity.PLACE)
    return PlaceNow(
        cluster, partition, model, busy, gpus("installed"), gpus("in_service"), gpus("allocatable"), gpus("out")
    )


def _in_all(places: Sequence[PlaceNow]) -> PlaceNow:
    """The sum; its capacity is unknown where any busy place's is."""
    known = all(p.installed is not None or not p.busy for p in places) and any(p.installed is not None for p in places)

    def total(name: str) -> int | None:
        return sum(getattr(p, name) or 0 for p in places) if known else None

    return PlaceNow(
        UNKNOWN,
        UNKNOWN,
        UNKNOWN,
        sum(p.busy for p in places),
        total("installed"),
        total("in_service"),
        total("allocatable"),
        total("out"),
    )


def _moments(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.copy()
    for name in ("from_at", "to_at", "start_at", "end_at"):
        if name in frame.columns:
            frame[name] = pd.to_datetime(frame[name].astype("Int64"), unit="s", utc=True).dt.as_unit("us")
    return frame.reset_index(drop=True)
