"""Filters of a question, and what rows they leave inside the asker's scope."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection

from workbench.analytics.schema import UNKNOWN
from workbench.domain.access import OwnProjects, Scope, may_see
from workbench.store import facts
from workbench.store.engine import Store
from workbench.store.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Only:
    """Filters: None means all; '' in place of a name means the rows that do not know it.

    `measured`: only clusters whose capacity somebody stated, so that occupancy has a denominator; all, where none has.
    """

    cluster: str | None = None
    partition: str | None = None
    gpu_model: str | None = None
    project: str | None = None
    category: str | None = None
    measured: bool = False


EVERYTHING = Only()


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filters can be set to, each in order; only what this viewer may see. Projects as (slug, title)."""

    clusters: tuple[str, ...]
    partitions: tuple[str, ...]
    gpu_models: tuple[str, ...]
    categories: tuple[str, ...]
    projects: tuple[tuple[str, str], ...]


def choices(store: Store, scope: Scope) -> Choices:
    """What the filters can be set to for this viewer."""
    with store.read() as conn:
        wanted = wanted_rows(conn, scope, EVERYTHING)
        present = facts.present(conn, wanted)
        known = facts.project_rows(conn)
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


def zone_of(store: Store) -> ZoneInfo:
    return store.settings.centre.zone


def wanted_rows(conn: Connection, scope: Scope, only: Only) -> Wanted:
    """The filters inside what the scope allows: never more than either."""
    places = wanted_places(conn, only)
    allowed: set[str] | None = set(scope.projects) if isinstance(scope, OwnProjects) else None
    if only.project is not None:
        allowed = {only.project} if allowed is None else allowed & {only.project}
    if only.category is not None:
        known = facts.project_rows(conn)
        members = set(known[known["category"] == only.category]["slug"])
        allowed = members if allowed is None else allowed & members
    return Wanted(
        places.clusters, places.partitions, places.gpu_models, None if allowed is None else tuple(sorted(allowed))
    )


def wanted_places(conn: Connection, only: Only) -> Wanted:
    clusters = None if only.cluster is None else (only.cluster,)
    if only.measured:
        stated = facts.capacity_rows(conn, Wanted(clusters))[0]["cluster"]
        clusters = tuple(sorted(set(stated))) or clusters
    return Wanted(
        clusters,
        None if only.partition is None else (only.partition,),
        None if only.gpu_model is None else (only.gpu_model,),
    )


def _names(values: pd.Series) -> tuple[str, ...]:
    return tuple(sorted({str(value) for value in values} - {UNKNOWN}))
