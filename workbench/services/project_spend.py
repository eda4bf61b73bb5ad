"""What each project and each kind of applicant committed, drew and has left. Read through workbench.services.spend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, select

from workbench.domain.access import Scope, WholeCentre, may_see
from workbench.domain.awards import Award, award_state, committed_on, current_award, lasts_until
from workbench.domain.projects import Project
from workbench.errors import UnknownProject
from workbench.services.prices.stored import stored_prices
from workbench.services.spend_days import ONE_DAY, as_days, day_count, days_before, days_of, projects_of, today_of
from workbench.store.charges import (
    SUMS,
    UNKNOWN_CATEGORY,
    charge_lines,
    charge_sums,
    decided_awards,
    drawn_by_award,
)
from workbench.store.engine import Store

RECENT_DAYS = 30


@dataclass(frozen=True, slots=True)
class AwardNow:
    """The award of a project at one moment; `state`: 'live', 'exhausted' (nothing left), 'ahead', 'lapsed'."""

    award_id: int
    project: str
    rate_bp: int
    ceiling_minor: int
    drawn_minor: int
    left_minor: int
    starts_on: date
    ends_on: date
    state: str


def by_project(
    store: Store,
    scope: Scope,
    now: int,
    start_s: int | None = None,
    end_s: int | None = None,
    only: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Every project that has an award or a charge; '' is usage without a project.

    Returns:
        One row per project, most list cost first: project, title, category, organisation (str), made_up (bool);
        of the window: gpu_part_seconds, list_minor, subsidy_minor, user_minor, unpriced_gpu_part_seconds (int64);
        of the current award: award_state ('live', 'exhausted', 'ahead', 'lapsed', 'none'), rate_bp, ceiling_minor,
        drawn_minor, left_minor (Int64, NA without an award), starts_on, ends_on (datetime64[s], NaT without);
        last30_subsidy_minor (int64: the 30 days before now), lasts_until (datetime64[s]: when, at the pace of those
        days, nothing is left; NaT where it outlasts its term or draws nothing).
    """
    mine, today = projects_of(scope), today_of(store, now)
    with store.read() as conn:
        sums = charge_sums(conn, ("project",), mine, days_of(store, now, start_s, end_s), only)
        recent = charge_sums(conn, ("project",), mine, days_before(store, today, RECENT_DAYS), only)
        drawn = drawn_by_award(conn, mine, today + ONE_DAY)
        awards = decided_awards(conn, mine, today)
        known = _known_projects(conn, mine)
    used, lately = _rows(sums), _rows(recent)
    holders = {award.project for award in awards}
    slugs = sorted(slug for slug in {*used, *holders} if _wanted(slug, known, only, used=slug in used))
    rows = []
    for slug in slugs:
        award = current_award([a for a in awards if a.project == slug], today, drawn)
        rows.append(
            {
                **_named(slug, known),
                **(used.get(slug) or dict.fromkeys(SUMS, 0)),
                **_award_columns(award, drawn, today),
                "last30_subsidy_minor": (lately.get(slug) or {}).get("subsidy_minor", 0),
            }
        )
    return _project_frame(rows, store, today)


def by_category(
    store: Store,
    scope: Scope,
    now: int,
    start_s: int | None = None,
    end_s: int | None = None,
    only: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """The same by kind of applicant.

    Returns:
        One row per category, most list cost first: category (str; 'unknown' where no project is known), projects,
        awards (int64), committed_minor, drawn_minor (int64, to date), gpu_part_seconds, list_minor, subsidy_minor,
        user_minor (int64, of the window).
    """
    mine, today = projects_of(scope), today_of(store, now)
    with store.read() as conn:
        sums = charge_sums(conn, ("category", "project"), mine, days_of(store, now, start_s, end_s), only)
        drawn = drawn_by_award(conn, mine, today + ONE_DAY)
        awards = decided_awards(conn, mine, today)
        known = _known_projects(conn, mine)
    kinds = {slug: project.category for slug, project in known.items() if _wanted(slug, known, only, used=False)}
    frame = sums.groupby("category", sort=False)[list(SUMS)].sum()
    members = {*kinds.items(), *zip(sums["project"], sums["category"], strict=True)}
    rows = []
    for category in sorted({kind for _, kind in members}):
        held = [a for a in awards if kinds.get(a.project) == category]
        rows.append(
            {
                "category": category,
                "projects": len({slug for slug, kind in members if kind == category}),
                "awards": len(held),
                "committed_minor": sum(committed_on(a, drawn, today) for a in held),
                "drawn_minor": sum(drawn.get(a.id, 0) for a in held),
                **(frame.loc[category].to_dict() if category in frame.index else dict.fromkeys(SUMS, 0)),
            }
        )
    columns = ["category", "projects", "awards", "committed_minor", "drawn_minor", *SUMS]
    found = pd.DataFrame(rows, columns=columns).astype({"category": "str", **dict.fromkeys(columns[1:], "int64")})
    return found.sort_values(["list_minor", "category"], ascending=[False, True], ignore_index=True)


def project_charges(
    store: Store, scope: Scope, project: str, now: int, start_s: int | None = None, end_s: int | None = None
) -> pd.DataFrame:
    """The charge lines of one project.

    Returns:
        One row per line, newest day first: day (datetime64[s]), cluster, partition, gpu_model (str),
        price_version ('' no price), award_version ('' none pays) (str), gpu_part_seconds, core_seconds (int64),
        price_nano_per_hour (Int64, 10⁻⁹ of the major unit for a GPU-hour or core-hour), list_minor, subsidy_minor,
        user_minor (Int64, NA where there is no price), award_id (Int64).

    Raises:
        UnknownProject: there is no such project, or the scope does not hold it (the same words: nothing is given away).
    """
    with store.read() as conn:
        _must_be_there(conn, scope, project)
        lines = charge_lines(conn, project, days_of(store, now, start_s, end_s))
        versions = {v.name: v for v in stored_prices(conn, store.settings.centre.zone).versions}
    for line in lines:
        version = versions.get(line["price_version"])
        line["price_nano_per_hour"] = version.hourly(line["gpu_model"]) if version else None
    kinds = {"cluster": "str", "partition": "str", "gpu_model": "str", "price_version": "str", "award_version": "str"}
    kinds |= dict.fromkeys(("gpu_part_seconds", "core_seconds"), "int64")
    amounts = ("price_nano_per_hour", "list_minor", "subsidy_minor", "user_minor", "award_id")
    kinds |= dict.fromkeys(amounts, "Int64")
    frame = pd.DataFrame(lines, columns=["day", *kinds]).astype(kinds)
    return frame.assign(day=as_days(frame["day"]))


def award_now(store: Store, scope: Scope, project: str, now: int) -> AwardNow | None:
    """The award that pays for the project today; else the one that comes next, else the last; None without any.

    Raises:
        UnknownProject: as `project_charges`.
    """
    today, one = today_of(store, now), frozenset({project})
    with store.read() as conn:
        _must_be_there(conn, scope, project)
        awards = decided_awards(conn, one, today)
        drawn = drawn_by_award(conn, one, today + ONE_DAY)
    award = current_award(awards, today, drawn)
    if award is None:
        return None
    spent = drawn.get(award.id, 0)
    return AwardNow(
        award_id=award.id,
        project=project,
        rate_bp=award.rate_bp,
        ceiling_minor=award.ceiling_minor,
        drawn_minor=spent,
        left_minor=award.ceiling_minor - spent,
        starts_on=award.starts_on,
        ends_on=award.ends_on,
        state=award_state(award, today, spent),
    )


def _known_projects(conn: Connection, mine: frozenset[str] | None) -> dict[str, Any]:
    table = Project.__table__
    ask = select(table) if mine is None else select(table).where(table.c.slug.in_(sorted(mine)))
    return {row.slug: row for row in conn.execute(ask)}


def _must_be_there(conn: Connection, scope: Scope, project: str) -> None:
    known = _known_projects(conn, projects_of(scope))
    if project in known and may_see(scope, project):
        return
    if isinstance(scope, WholeCentre) and not charge_sums(conn, ("project",), frozenset({project})).empty:
        return  # used, but nobody described it
    raise UnknownProject(project, known)


def _rows(sums: pd.DataFrame) -> dict[str, dict[str, int]]:
    return {row.pop("project"): row for row in sums.to_dict("records")}


def _wanted(slug: str, known: Mapping[str, Any], only: Mapping[str, str] | None, *, used: bool) -> bool:
    """Whether a project belongs into the answer: used within the filters, or not ruled out by them."""
    if used or not only:
        return True
    kind = known[slug].category if slug in known else UNKNOWN_CATEGORY
    facts = {"project": slug, "category": kind}
    return all(facts.get(name) == value for name, value in only.items())


def _named(slug: str, known: Mapping[str, Any]) -> dict[str, Any]:
    project = known.get(slug)
    if project is None:
        return {"project": slug, "title": slug, "category": UNKNOWN_CATEGORY, "organisation": "", "made_up": False}
    return {name: getattr(project, name) for name in ("title", "category", "organisation", "made_up")} | {
        "project": slug
    }


def _award_columns(award: Award | None, drawn: Mapping[int, int], today: date) -> dict[str, Any]:
    if award is None:
        return {"award_state": "none"}
    spent = drawn.get(award.id, 0)
    return {
        "award_state": award_state(award, today, spent),
        "rate_bp": award.rate_bp,
        "ceiling_minor": award.ceiling_minor,
        "drawn_minor": spent,
        "left_minor": award.ceiling_minor - spent,
        "starts_on": award.starts_on,
        "ends_on": award.ends_on,
    }


def _project_frame(rows: Sequence[Mapping[str, Any]], store: Store, today: date) -> pd.DataFrame:
    kinds = dict.fromkeys(("project", "title", "category", "organisation"), "str") | {"made_up": "bool"}
    kinds |= dict.fromkeys(SUMS, "int64") | {"award_state": "str"}
    kinds |= dict.fromkeys(("rate_bp", "ceiling_minor", "drawn_minor", "left_minor"), "Int64")
    kinds |= {"starts_on": "datetime64[s]", "ends_on": "datetime64[s]", "last30_subsidy_minor": "int64"}
    frame = pd.DataFrame(list(rows), columns=list(kinds)).astype(kinds)
    recent_days = day_count(store, today, RECENT_DAYS)
    until = []
    for row in frame.itertuples():
        end = None
        if row.award_state == "live":
            end = lasts_until(today, int(row.left_minor), row.last30_subsidy_minor // recent_days)
        until.append(end if end and end < row.ends_on.date() else None)
    frame["lasts_until"] = pd.Series(pd.to_datetime(pd.Series(until, dtype="object")), dtype="datetime64[s]")
    return frame.sort_values(["list_minor", "project"], ascending=[False, True], ignore_index=True)
