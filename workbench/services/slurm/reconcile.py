"""Our books against Slurm's: GPU time by account against its sums, jobs one by one, the ledger against our usage.

The window is the part of a month that Slurm has added up, in whole hours: what runs now is compared next hour. Every
comparison is kept.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import select

from workbench.domain.projects import Project
from workbench.errors import NoSlurm, NothingToCompare
from workbench.periods import Window, day_of, hour_ceil, hour_floor, month_window
from workbench.services.charging.rating import rate
from workbench.services.ledger.posting import bring_up
from workbench.services.slurm.answers import Accounting
from workbench.services.slurm.books import books
from workbench.services.slurm.by_job import Sides, differing, our_jobs, sides
from workbench.services.slurm.compared import (
    MOST_LISTED,
    RESERVED,
    SUMS,
    UNKNOWN,
    WEIGHT,
    AccountLine,
    Comparison,
    JobLine,
    comparison_of,
    content_of,
    figures_of,
)
from workbench.services.slurm.follow import known_until
from workbench.settings import SlurmSettings
from workbench.settings.slurm import FOREIGN
from workbench.slurm import sreport
from workbench.slurm.idle import idle
from workbench.slurm.runner import Runner
from workbench.store.comparisons import add_comparison, comparisons
from workbench.store.engine import Store
from workbench.units import GPU_PARTS


def compare(store: Store, runner: Runner, month: str, now: int) -> Comparison:
    """Hold our books against Slurm's for a month, and keep what was found.

    Args:
        store: of a centre whose settings name a Slurm; its charges and its ledger are brought up first.
        runner: of that Slurm.
        month: "2026-10", of the centre's calendar.
        now: UTC epoch seconds.

    Raises:
        NoSlurm: the settings name none. NothingToCompare: no whole hour of the month is in Slurm's sums yet.
        SlurmError: it did not answer.
    """
    slurm, zone = store.settings.slurm, store.settings.centre.zone
    if not slurm.cluster:
        raise NoSlurm
    added_up = sreport.added_up_until(runner, slurm.cluster, now)
    window = window_of(month, zone, min(added_up, now))
    if not window.seconds:
        raise NothingToCompare(month, added_up)
    rate(store, now)
    bring_up(store, now)
    sums = sreport.by_account(sreport.used(runner, slurm.cluster, window))
    accounting, until = Accounting(slurm, runner), known_until(store)
    log = accounting.window(window).log
    with store.read() as conn:
        ours = our_jobs(conn, slurm.cluster, window, log.jobs)
        book_sums, differing_days = books(conn, month, now, zone)
        projects = set(conn.scalars(select(Project.slug)))
    found = sides(ours, _with_missing(accounting, ours, log.jobs, window), window)
    lines = [
        replace(line, account=_account(line.account, slurm)) for line in differing(found, window, until, log.rejects)
    ]
    made = Comparison(
        cluster=slurm.cluster,
        month=month,
        window=window,
        compared_at=now,
        data_until=until,
        jobs_seen=len(found.rows),
        accounts=_reserved(runner, slurm.cluster, window, _accounts(found, sums, slurm, projects, _slices(lines))),
        jobs=tuple(lines[:MOST_LISTED]),
        jobs_left_out=max(0, len(lines) - MOST_LISTED),
        book_sums=book_sums,
        books=differing_days,
    )
    with store.begin() as conn:
        add_comparison(conn, figures_of(made), content_of(made))
    return made


def window_of(month: str, zone: ZoneInfo, until: int) -> Window:
    """The whole hours of UTC inside a month of the zone, at most up to a moment; empty where there are none."""
    whole = month_window(month, zone)
    start = hour_ceil(whole.start_s)
    return Window(start, max(start, hour_floor(min(whole.end_s, until))))


def month_now(store: Store, now: int) -> str:
    """The month of the centre's calendar that holds the last whole hour before this moment."""
    return f"{day_of(hour_floor(now) - 1, store.settings.centre.zone):%Y-%m}"


def history(store: Store, most: int = 30) -> list[Comparison]:
    """The comparisons with the Slurm of the settings, the newest first."""
    with store.read() as conn:
        return [comparison_of(row) for row in comparisons(conn, store.settings.slurm.cluster, most)]


def _with_missing(accounting: Accounting, ours: pd.DataFrame, theirs: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Slurm's jobs of the window and, of those that only we have, what Slurm says of them at any time."""
    told = set(zip(theirs["job_id"], theirs["submit_at"], strict=True))
    ours_alone = [key not in told for key in zip(ours["job_id"], ours["submit_at"], strict=True)]
    left = ours[ours_alone]
    if left.empty:
        return theirs
    since = Window(int(left["submit_at"].min()), max(window.end_s, int(left["seen_until_at"].max())) + 1)
    more = [answer.log.jobs for answer in accounting.jobs(left["job_id"].tolist(), since)]
    parts = [part for part in (theirs, *more) if not part.empty]
    return pd.concat(parts, ignore_index=True) if parts else theirs


def _accounts(
    found: Sides, sums: Mapping[str, int], slurm: SlurmSettings, projects: set[str], slices: AbstractSet[str]
) -> tuple[AccountLine, ...]:
    """One line for each account that has anything on any side; what belongs to no account comes last."""
    ours, jobs = _by(found, "ours"), _by(found, "slurm")
    added: dict[str, int] = defaultdict(int)
    for account, seconds in sums.items():
        added[slurm.project(account)] += seconds * GPU_PARTS
    lines = []
    for name in sorted({*ours, *jobs, *added}, key=lambda name: (not name, name)):
        project = name if name in projects else None
        line = AccountLine(_account(name, slurm), project, ours.get(name, 0), jobs.get(name, 0), added.get(name, 0))
        lines.append(replace(line, cause=_why(line, slices)))
    return tuple(line for line in lines if line.ours or line.jobs or line.sums)


def _account(project: str, slurm: SlurmSettings) -> str:
    """What Slurm calls it; '' for none."""
    return slurm.account(project) if project and not project.startswith(FOREIGN) else project.removeprefix(FOREIGN)


def _why(line: AccountLine, slices: AbstractSet[str]) -> str:
    """Why an account's time is not Slurm's sum; '' where the jobs that differ say it."""
    if not line.difference:
        return UNKNOWN
    if line.ours != line.jobs:
        return WEIGHT if line.account in slices and line.jobs == line.sums else UNKNOWN
    return SUMS


def _by(found: Sides, side: str) -> dict[str, int]:
    project = found.rows["project_ours" if side == "ours" else "project_slurm"].fillna("")
    sums = found.rows[side].groupby(project.to_numpy()).sum()
    return {str(name): int(parts) for name, parts in sums.items()}


def _slices(lines: Sequence[JobLine]) -> set[str]:
    """Projects or accounts of which all jobs that differ are slices of GPUs."""
    causes: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        causes[line.account].add(line.cause)
    return {account for account, why in causes.items() if why == {WEIGHT}}


def _reserved(runner: Runner, cluster: str, window: Window, lines: Sequence[AccountLine]) -> tuple[AccountLine, ...]:
    """The lines, with what reservations explain of Slurm's sums; asked of Slurm only where there is something."""
    if not any(line.cause == SUMS for line in lines):
        return tuple(lines)
    stood = idle(runner, cluster, window)
    return tuple(
        replace(line, cause=RESERVED)
        if line.cause == SUMS and 0 < line.sums - line.jobs <= stood.get(line.account, 0) * GPU_PARTS
        else line
        for line in lines
    )
