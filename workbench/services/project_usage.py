"""Projects side by side, one project's users, and how long jobs waited."""

import pandas as pd

from workbench.analytics import wait as waits
from workbench.domain.access import Scope, may_see
from workbench.errors import UnknownProject
from workbench.periods import Window
from workbench.services.filters import EVERYTHING, Only, choices, wanted_rows, zone_of
from workbench.services.usage import usage
from workbench.store import facts
from workbench.store.engine import Store
from workbench.units import GPU_PARTS, HOUR_S


def projects(store: Store, scope: Scope, start_s: int, end_s: int, only: Only = EVERYTHING) -> pd.DataFrame:
    """The projects this viewer may see, with what they used, also those that used nothing.

    Returns:
        One row per project, largest use first: project (slug), title, category, organisation ('' where usage names a
        project that is not registered), bool made_up, int64 jobs, users (distinct known names, on the days that
        the window touches), gpu_part_seconds, before_part_seconds (the window of the same length before this one),
        wait_known_jobs, float64 gpu_hours, Float64 wait_mean_s, share (of all the usage in these rows).
    """
    used = usage(store, scope, start_s, end_s, ("project",), only)
    before = usage(store, scope, 2 * start_s - end_s, start_s, ("project",), only)
    with store.read() as conn:
        wanted = wanted_rows(conn, scope, only)
        known = facts.project_rows(conn).rename(columns={"slug": "project"})
        users = facts.user_counts(conn, Window(start_s, end_s), wanted, zone_of(store))
        allowed = wanted.projects
    if allowed is not None:
        known = known[known["project"].isin(allowed)]
    rows = known.merge(used, how="outer", on="project")
    rows[["title", "category", "organisation"]] = rows[["title", "category", "organisation"]].fillna("")
    rows["made_up"] = rows["made_up"].fillna(False).astype(bool)
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


def wait(store: Store, scope: Scope, start_s: int, end_s: int, only: Only = EVERYTHING) -> pd.DataFrame:
    """Queue wait of the jobs that started in the window, per project.

    Returns:
        One row per project with jobs: project, int64 jobs, known_jobs, Float64 mean_s, median_s, p95_s (NA where no
        job's submit time is known). The jobs themselves are read only where the rollups count known ones.
    """
    used = usage(store, scope, start_s, end_s, ("project",), only).sort_values("project", ignore_index=True)
    known = used[used["wait_known_jobs"] > 0]["project"]
    with store.read() as conn:
        wanted = wanted_rows(conn, scope, only)
        jobs = facts.waits(conn, Window(start_s, end_s), wanted) if len(known) else None
    rows = used[["project", "jobs"]].rename(columns={"wait_known_jobs": "known_jobs"})
    if jobs is None:
        found = pd.DataFrame(columns=["project", "known_jobs", "mean_s", "median_s", "p95_s"])
    else:
        found = waits.wait(jobs).drop(columns="jobs")
    rows = rows.merge(found, how="left", on="project")
    rows["known_jobs"] = rows["known_jobs"].fillna(0).astype("int64")
    return rows.astype(dict.fromkeys(("mean_s", "median_s", "p95_s"), "Float64"))


def check_project(store: Store, scope: Scope, project: str) -> None:
    """Nothing where this viewer may see the project and it is registered or used.

    Raises:
        UnknownProject: else. It lists only what the viewer may see.
    """
    mine = [slug for slug, _ in choices(store, scope).projects]
    if not may_see(scope, project) or project not in mine:
        raise UnknownProject(project, mine)
