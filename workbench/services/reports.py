"""What pages, notebooks and commands read about usage and occupancy. From the rollups only; a scope is always given.

All windows are half-open [start_s, end_s) in UTC epoch seconds and counted exactly, to the second. In frames, GPU
amounts are int64 `gpu_part_seconds` (1/420,000 GPU × s; workbench.units converts), in `usage` with float64 `gpu_hours`
beside them; moments are timestamps in UTC; shares are 0…1; an unknown name is '' (show it as "unknown"); an unknown
number is NA, never 0.

  Only(cluster=, partition=, gpu_model=, project=, category=, measured=)   the filters; hashable: part of a cache key
  usage(store, scope, start_s, end_s, by=("project",), only=Only())        one row per group (and period)
  occupancy(store, scope, start_s, end_s, by="hour", split=(), only=Only())  busy against capacity, idle buckets too
  occupancy_summary(store, scope, start_s, end_s, only=Only())             mean, median, p95, largest busy hour, share
  heat(store, scope, start_s, end_s, only=Only())                          168 rows: weekday × hour of the centre's day
  centre_now(store, scope, now_s, only=Only())                             busy and capacity now, by place and in all
  capacity_steps(store, start_s, end_s, only=Only())                       the stepped capacity line, by place
  outages(store, start_s, end_s, only=Only())                              the hatched bands
  projects(store, scope, start_s, end_s, only=Only())                      one row per project, with the period before
  project_users(store, scope, project, start_s, end_s)                     one row per user of a project
  data_window(store, scope, only=Only())                                   from the first to the last hour with data
  freshness(store, scope, now_s)                                           data until when, per cluster
  choices(store, scope)                                                    what the filters can be set to
"""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy import Connection, select

from workbench.analytics import capacity as capacity_
from workbench.analytics import occupancy as occupancy_
from workbench.analytics.buckets import GRAINS, Grain, bucket_start, edges_of
from workbench.analytics.heat import heat_map
from workbench.analytics.occupancy import Summary
from workbench.analytics.schema import UNKNOWN
from workbench.domain.access import OwnProjects, Scope, may_see
from workbench.errors import BadQuestion, UnknownProject
from workbench.periods import Window
from workbench.store import frames
from workbench.store.engine import Store
from workbench.store.frames import Wanted
from workbench.store.tables import freshness as freshness_table
from workbench.units import GPU_PARTS, HOUR_S

NAMES = ("cluster", "project", "category", "organisation", "user_name", "partition", "gpu_model")
"""What usage can be grouped by, beside the grains hour, day, week, month."""


@dataclass(frozen=True, slots=True)
class Only:
    """Filters: None means all; '' in place of a name means the rows that do not know it.

    `measured`: only clusters whose capacity somebody stated, so that occupancy has a denominator.
    """

    cluster: str | None = None
    partition: str | None = None
    gpu_model: str | None = None
    project: str | None = None
    category: str | None = None
    measured: bool = False


EVERYTHING = Only()


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


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filters can be set to, each in order; only what this viewer may see. Projects as (slug, title)."""

    clusters: tuple[str, ...]
    partitions: tuple[str, ...]
    gpu_models: tuple[str, ...]
    categories: tuple[str, ...]
    projects: tuple[tuple[str, str], ...]


def usage(
    store: Store, scope: Scope, start_s: int, end_s: int, by: Sequence[str] = ("project",), only: Only = EVERYTHING
) -> pd.DataFrame:
    """What was used, by any of NAMES and at most one grain.

    Args:
        store: the records.
        scope: who asks.
        start_s: window start, UTC epoch seconds.
        end_s: window end.
        by: names out of NAMES, and at most one of hour, day, week, month.
        only: filters.

    Returns:
        One row per group with anything in it, in order of `by` (by project alone: largest use first): `by` (a
        grain as a column of that name: when the whole hour, day, week or month begins, UTC timestamp), int64 `jobs`
        (those that *started* in the window, so that windows add up), `gpu_part_seconds`, `core_seconds` (of jobs whose
        cores are known), `wait_known_jobs`, float64 `gpu_hours`, Float64 `wait_mean_s` (NA: no submit time known).

    Raises:
        BadQuestion: an unknown name in `by`, or two grains.
    """
    grain = _grain(by)
    names = [name for name in by if name != grain]
    window = Window(start_s, end_s)
    with store.read() as conn:
        keys = list(dict.fromkeys("project" if n in ("category", "organisation") else n for n in names))
        rows = frames.used(conn, window, grain, keys, _wanted(conn, scope, only), _zone(store))
        known = frames.project_rows(conn)
    for name in ("category", "organisation"):
        if name in names:
            rows[name] = rows["project"].map(dict(zip(known["slug"], known[name], strict=True))).fillna(UNKNOWN)
    if grain:
        edges = edges_of(window, grain, _zone(store)) if window.seconds else np.array([start_s], dtype=np.int64)
        starts = np.array([bucket_start(int(edge), grain, _zone(store)) for edge in edges], dtype=np.int64)
        rows[grain] = pd.to_datetime(starts[rows["bucket"].to_numpy(np.int64)], unit="s", utc=True).as_unit("us")
    return _measures(rows, list(by))


def occupancy(
    store: Store,
    scope: Scope,
    start_s: int,
    end_s: int,
    by: Grain = "hour",
    split: Sequence[str] = (),
    only: Only = EVERYTHING,
) -> pd.DataFrame:
    """Busy GPUs against capacity in each bucket of the window, idle buckets included.

    Args:
        store: the records.
        scope: who asks. Own projects: only their GPU time is counted, against the same capacity.
        start_s: window start; the first bucket begins here.
        end_s: window end; the last bucket ends here.
        by: hour (of UTC), or day, week, month of the centre's zone.
        split: out of cluster, partition, gpu_model, project, category: a row for each (a project or category divides
            the busy time only: each of its rows repeats the capacity it is part of).
        only: filters. `Only(measured=True)` leaves out clusters without stated capacity (pages want it).

    Returns:
        Rows in order of split and bucket, none for an empty window: `split`, UTC timestamps start_at and end_at, int64
        gpu_part_seconds, Int64 installed_/in_service_/allocatable_/out_/capacity_part_seconds (capacity: in service
        less out; NA unless known for all GPU time of the bucket), float64 busy_gpus, Float64 capacity_gpus, share.
    """
    window, zone = Window(start_s, end_s), _zone(store)
    edges = edges_of(window, by, zone) if window.seconds else np.array([start_s], dtype=np.int64)
    keys = list(dict.fromkeys(["cluster", *("project" if n == "category" else n for n in split)]))
    with store.read() as conn:
        wanted = _wanted(conn, scope, only)
        busy = frames.used(conn, window, by, keys, wanted, zone)
        changes, out = frames.capacity_rows(conn, wanted)
        if "category" in split:
            known = frames.project_rows(conn)
            busy["category"] = busy["project"].map(dict(zip(known["slug"], known["category"], strict=True))).fillna("")
    pieces = capacity_.steps(changes, out)
    return occupancy_.occupancy(busy, pieces, capacity_.known_since(changes), edges, split)


def occupancy_summary(store: Store, scope: Scope, start_s: int, end_s: int, only: Only = EVERYTHING) -> Summary | None:
    """Busy GPUs over the hours of a window (see analytics.occupancy.Summary); None for an empty one."""
    rows = occupancy(store, scope, start_s, end_s, "hour", (), only)
    return None if rows.empty else occupancy_.summary(rows)


def heat(store: Store, scope: Scope, start_s: int, end_s: int, only: Only = EVERYTHING) -> pd.DataFrame:
    """Mean occupancy by weekday and hour of the centre's own clock.

    Returns:
        168 rows: int64 weekday (0 Monday … 6), hour (0 … 23), hours (how many in the window), float64 busy_gpus (their
        mean; NaN where there was none), Float64 share (of capacity; NA where it is unknown in any of them).
    """
    rows = occupancy(store, scope, start_s, end_s, "hour", (), only)
    return heat_map(rows, _zone(store))


def centre_now(store: Store, scope: Scope, now_s: int, only: Only = EVERYTHING) -> CentreNow | None:
    """The centre at the last moment the data reach (at most now); None where there are no data.

    Only clusters whose data reach as far as the freshest one's last day count as being there now; so do those whose
    capacity is stated. Own projects: `busy` is theirs, the capacity is the centre's.
    """
    with store.read() as conn:
        wanted = _wanted(conn, scope, only)
        until = {fresh.cluster: fresh.data_until_s for fresh in _fresh(conn, wanted, now_s)}
        if not until:
            return None
        at_s = max(until.values())
        live = [c for c, t in until.items() if t > at_s - 24 * HOUR_S]
        running = _running(conn, wanted, live, at_s)
        changes, out = frames.capacity_rows(conn, wanted)
    pieces = capacity_.steps(changes, out)
    since = capacity_.known_since(changes)
    there = pieces[(pieces["from_at"] <= at_s) & (pieces["to_at"] > at_s) & pieces["cluster"].map(since).le(at_s)]
    keys = list(capacity_.PLACE)
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
        changes, out = frames.capacity_rows(conn, _places(conn, only))
    pieces = capacity_.steps(changes, out)
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
        _, out = frames.capacity_rows(conn, _places(conn, only))
    touching = (out["start_at"] < end_s) & (out["end_at"].fillna(end_s + 1) > start_s)
    return _moments(out[touching].sort_values("start_at", kind="stable"))


def projects(store: Store, scope: Scope, start_s: int, end_s: int, only: Only = EVERYTHING) -> pd.DataFrame:
    """The projects this viewer may see, with what they used, also those that used nothing.

    Returns:
        One row per project, largest use first: project (slug), title, category, organisation ('' where usage names a
        project that is not registered), bool made_up, int64 jobs, users (distinct known names), gpu_part_seconds,
        before_part_seconds (the window of the same length before this one), wait_known_jobs, float64 gpu_hours, Float64
        wait_mean_s, share (of all the usage in these rows).
    """
    used = usage(store, scope, start_s, end_s, ("project",), only)
    before = usage(store, scope, 2 * start_s - end_s, start_s, ("project",), only)
    people = usage(store, scope, start_s, end_s, ("project", "user_name"), only)
    with store.read() as conn:
        known = frames.project_rows(conn).rename(columns={"slug": "project"})
        allowed = _wanted(conn, scope, only).projects
    if allowed is not None:
        known = known[known["project"].isin(allowed)]
    rows = known.merge(used, how="outer", on="project")
    rows[["title", "category", "organisation"]] = rows[["title", "category", "organisation"]].fillna("")
    rows["made_up"] = rows["made_up"].fillna(False).astype(bool)
    users = people[people["user_name"] != UNKNOWN].groupby("project")["user_name"].nunique()
    rows["users"] = rows["project"].map(users)
    rows["before_part_seconds"] = rows["project"].map(before.set_index("project")["gpu_part_seconds"])
    counts = ["jobs", "users", "gpu_part_seconds", "before_part_seconds", "wait_known_jobs"]
    rows[counts] = rows[counts].fillna(0).astype("int64")
    rows["gpu_hours"] = rows["gpu_part_seconds"] / GPU_PARTS / HOUR_S
    total = int(rows["gpu_part_seconds"].sum())
    rows["share"] = (rows["gpu_part_seconds"] / total if total else pd.Series(pd.NA, index=rows.index)).astype(
        "Float64"
    )
    columns = ["project", "title", "category", "organisation", "made_up", *counts, "gpu_hours", "wait_mean_s", "share"]
    return rows.sort_values(["gpu_part_seconds", "project"], ascending=[False, True], ignore_index=True)[columns]


def project_users(store: Store, scope: Scope, project: str, start_s: int, end_s: int) -> pd.DataFrame:
    """Who used a project: as `usage(by=("user_name",))`, largest first; user_name '' where the log does not say.

    Raises:
        UnknownProject: not a project of this viewer's (also where it exists: what is hidden is not confirmed).
    """
    check_project(store, scope, project)
    rows = usage(store, scope, start_s, end_s, ("user_name",), Only(project=project))
    return rows.sort_values("gpu_part_seconds", ascending=False, kind="stable", ignore_index=True)


def check_project(store: Store, scope: Scope, project: str) -> None:
    """Nothing where this viewer may see the project and it is registered or used.

    Raises:
        UnknownProject: else. It lists only what the viewer may see.
    """
    mine = [slug for slug, _ in choices(store, scope).projects]
    if not may_see(scope, project) or project not in mine:
        raise UnknownProject(project, mine)


def data_window(store: Store, scope: Scope, only: Only = EVERYTHING) -> Window | None:
    """From the beginning of the first hour with data to the end of the last; None where there are none."""
    with store.read() as conn:
        return frames.extent(conn, _wanted(conn, scope, only))


def freshness(store: Store, scope: Scope, now_s: int) -> tuple[Fresh, ...]:
    """Until when the data of each cluster reach, the freshest first; empty where there are none."""
    with store.read() as conn:
        return _fresh(conn, _wanted(conn, scope, EVERYTHING), now_s)


def choices(store: Store, scope: Scope) -> Choices:
    """What the filters can be set to for this viewer."""
    with store.read() as conn:
        wanted = _wanted(conn, scope, EVERYTHING)
        present = frames.present(conn, wanted)
        known = frames.project_rows(conn)
    slugs = set(known["slug"]) | set(present["project"]) - {UNKNOWN}
    slugs = {slug for slug in slugs if may_see(scope, slug)}
    titles = dict(zip(known["slug"], known["title"], strict=True))
    categories = known[known["slug"].isin(slugs)]["category"]
    return Choices(
        clusters=_names(present["cluster"]),
        partitions=_names(present["partition"]),
        gpu_models=_names(present["gpu_model"]),
        categories=_names(categories),
        projects=tuple(sorted(((s, titles.get(s, s)) for s in slugs), key=lambda p: p[1].casefold())),
    )


def _zone(store: Store) -> ZoneInfo:
    return store.settings.centre.zone


def _grain(by: Sequence[str]) -> Grain | None:
    unknown = [name for name in by if name not in NAMES and name not in GRAINS]
    grains = [grain for grain in GRAINS if grain in by]
    if unknown or len(grains) > 1 or len(set(by)) < len(by):
        raise BadQuestion(
            f"usage by {', '.join(by)}", f"ask by any of {', '.join(NAMES)} and one of {', '.join(GRAINS)}"
        )
    return grains[0] if grains else None


def _wanted(conn: Connection, scope: Scope, only: Only) -> Wanted:
    """The filters inside what the scope allows: never more than either."""
    places = _places(conn, only)
    allowed: set[str] | None = set(scope.projects) if isinstance(scope, OwnProjects) else None
    if only.project is not None:
        allowed = {only.project} if allowed is None else allowed & {only.project}
    if only.category is not None:
        known = frames.project_rows(conn)
        members = set(known[known["category"] == only.category]["slug"])
        allowed = members if allowed is None else allowed & members
    return Wanted(
        places.clusters, places.partitions, places.gpu_models, None if allowed is None else tuple(sorted(allowed))
    )


def _places(conn: Connection, only: Only) -> Wanted:
    clusters = None if only.cluster is None else (only.cluster,)
    if only.measured:
        stated = frames.capacity_rows(conn, Wanted(clusters))[0]["cluster"]
        clusters = tuple(sorted(set(stated)))
    return Wanted(
        clusters,
        None if only.partition is None else (only.partition,),
        None if only.gpu_model is None else (only.gpu_model,),
    )


def _measures(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    sums = ["jobs_started", "gpu_part_seconds", "core_seconds", "wait_known_jobs", "wait_s"]
    if by:
        rows = rows.groupby(by, as_index=False, sort=True)[sums].sum()
    else:
        rows = rows[sums].sum().to_frame().T if len(rows) else rows[sums]
    rows = rows.rename(columns={"jobs_started": "jobs"})
    rows["gpu_hours"] = rows["gpu_part_seconds"] / GPU_PARTS / HOUR_S
    known = rows["wait_known_jobs"].astype("Float64")
    rows["wait_mean_s"] = rows["wait_s"].astype("Float64") / known.where(known > 0)
    columns = [*by, "jobs", "gpu_part_seconds", "core_seconds", "wait_known_jobs", "gpu_hours", "wait_mean_s"]
    if by[:1] == ["project"] and len(by) == 1:
        rows = rows.sort_values(["gpu_part_seconds", "project"], ascending=[False, True], ignore_index=True)
    return rows[columns].reset_index(drop=True)


def _fresh(conn: Connection, wanted: Wanted, now_s: int) -> tuple[Fresh, ...]:
    """Noted freshness of a cluster, else the last moment any of its jobs was seen."""
    noted = {row.cluster: row for row in conn.execute(select(freshness_table))}
    places = frames.present(conn, Wanted(wanted.clusters))
    found = []
    for cluster in sorted(set(places["cluster"]) | set(noted)):
        if wanted.clusters is not None and cluster not in wanted.clusters:
            continue
        if cluster in noted:
            until, note = int(noted[cluster].data_until_at), str(noted[cluster].note)
        else:
            until, note = frames.seen_until(conn, cluster), ""
        until = min(until, now_s)
        found.append(Fresh(cluster, until, now_s - until, note))
    return tuple(sorted(found, key=lambda f: (-f.data_until_s, f.cluster)))


def _running(conn: Connection, wanted: Wanted, clusters: Sequence[str], at_s: int) -> pd.DataFrame:
    """GPU parts and jobs at a moment, by place: those still running, and those whose end lies after it."""
    limited = Wanted(tuple(clusters), wanted.partitions, wanted.gpu_models, wanted.projects)
    return frames.at_moment(conn, limited, at_s)


def _place(row: dict[str, object]) -> PlaceNow:
    def gpus(name: str) -> int | None:
        value = row[name]
        return None if pd.isna(value) else int(value)  # type: ignore[call-overload]

    parts = row["gpu_parts"]
    busy = 0.0 if pd.isna(parts) else float(parts) / GPU_PARTS  # type: ignore[arg-type]
    cluster, partition, model = (str(row[name]) for name in capacity_.PLACE)
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


def _names(values: pd.Series) -> tuple[str, ...]:
    return tuple(sorted({str(value) for value in values} - {UNKNOWN}))
