"""What the subsidy scheme has committed, drawn and left, for the pages, the notebook and the command.

Everything is read from charges_daily, awards and applications, never from jobs. Money is minor units, GPU time is
part-seconds (workbench.units), `day` is the centre's calendar day, `now` is UTC epoch seconds. A window is
[start_s, end_s) in UTC epoch seconds, cut to the centre's days; None means: from the opening, or until now.

- `envelope(store, scope, now)`: budget, reserve, committed, drawn, left, the pace and how long it lasts.
- `burn(store, scope, now)`: a row per day: drawn, planned, committed, cumulative.
- `by_project(store, scope, now, start_s, end_s)`: a row per project: award, what it drew, what is left.
- `by_category(store, scope, now, start_s, end_s)`: the same per kind of applicant.
- `daily(store, scope, now, start_s, end_s, by=None)`: a row per day (and project, category, partition or gpu_model).
- `applications(store, scope, now)`: a row per month: received, decided, approved, and their running totals.
- `project_charges(store, scope, project, now, start_s, end_s)`: the charge lines of one project.
- `award_now(store, scope, project, now)`: rate, ceiling, drawn and left of the award that pays today.

Amounts that have no price are NULL in the lines; sums leave them out and say how much GPU time that is
(`unpriced_gpu_part_seconds`). Usage without a project stands under the project '' (suspense), for the whole centre
only.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

import pandas as pd

from workbench.domain.access import Scope
from workbench.store.engine import Store

By = Literal["project", "category", "partition", "gpu_model"]


@dataclass(frozen=True, slots=True)
class Envelope:
    """The scheme's money at one moment, in minor units; for a scope of own projects that of these projects.

    budget_minor, reserve_minor, left_minor: None for a scope of own projects (the budget is not theirs).
    committed_minor: ceilings of awards decided and not ended, plus what ended ones drew.
    drawn_minor: subsidy of all charges so far. undrawn_minor: committed less drawn.
    left_minor: budget less reserve less committed: what can still be awarded.
    pace_minor_per_day: mean daily subsidy of the 90 days before today (fewer where the centre is younger).
    lasts_until: the day on which, at this pace, budget less reserve is drawn (own projects: the committed amount);
        None where nothing is drawn.
    user_minor: what users paid themselves. unpriced_gpu_part_seconds: GPU time without a price, in none of the sums.
    suspense_minor: list cost of usage without a project. awards_live, awards_decided: counts.
    """

    budget_minor: int | None
    reserve_minor: int | None
    committed_minor: int
    drawn_minor: int
    left_minor: int | None
    undrawn_minor: int
    user_minor: int
    pace_minor_per_day: int
    lasts_until: date | None
    unpriced_gpu_part_seconds: int
    suspense_minor: int
    awards_live: int
    awards_decided: int


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


def envelope(store: Store, scope: Scope, now: int) -> Envelope:
    """Budget, commitments, drawings and what is left at a moment. See `Envelope`."""
    raise NotImplementedError


def burn(store: Store, scope: Scope, now: int) -> pd.DataFrame:
    """Subsidy against time.

    Returns:
        One row per day from the opening to the end of the last award decided, in order: day (datetime64[s]),
        drawn_minor and drawn_total_minor (Int64, NA after today), user_total_minor (Int64, NA after today),
        planned_total_minor (int64: every award drawn evenly over its term), committed_minor (Int64, NA after today:
        what was committed on that day).
    """
    raise NotImplementedError


def by_project(
    store: Store, scope: Scope, now: int, start_s: int | None = None, end_s: int | None = None
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
    raise NotImplementedError


def by_category(
    store: Store, scope: Scope, now: int, start_s: int | None = None, end_s: int | None = None
) -> pd.DataFrame:
    """The same by kind of applicant.

    Returns:
        One row per category, most list cost first: category (str; 'unknown' where no project is known), projects,
        awards (int64), committed_minor, drawn_minor (int64, to date), gpu_part_seconds, list_minor, subsidy_minor,
        user_minor (int64, of the window).
    """
    raise NotImplementedError


def daily(
    store: Store, scope: Scope, now: int, start_s: int | None = None, end_s: int | None = None, by: By | None = None
) -> pd.DataFrame:
    """Charges by day.

    Returns:
        One row per day with charges (and per `by`), in order: day (datetime64[s]), the `by` column if asked,
        gpu_part_seconds, core_seconds, list_minor, subsidy_minor, user_minor, unpriced_gpu_part_seconds (int64).
    """
    raise NotImplementedError


def applications(store: Store, scope: Scope, now: int) -> pd.DataFrame:
    """Applications by month, from the scheme's start to now; a scope of own projects sees those of its projects.

    Returns:
        One row per month, in order: month ("2026-10"), received, approved, declined, received_total, approved_total,
        open_at_end (int64).
    """
    raise NotImplementedError


def project_charges(
    store: Store, scope: Scope, project: str, now: int, start_s: int | None = None, end_s: int | None = None
) -> pd.DataFrame:
    """The charge lines of one project.

    Returns:
        One row per line, newest day first: day (datetime64[s]), cluster, partition, gpu_model (str),
        gpu_part_seconds, core_seconds (int64), price_minor_per_hour, list_minor, subsidy_minor, user_minor (Int64, NA
        where there is no price), price_id, award_id (Int64).

    Raises:
        UnknownProject: there is no such project, or the scope does not hold it (the same words: nothing is given away).
    """
    raise NotImplementedError


def award_now(store: Store, scope: Scope, project: str, now: int) -> AwardNow | None:
    """The award that pays for the project today; else the one that comes next, else the last; None without any.

    Raises:
        UnknownProject: as `project_charges`.
    """
    raise NotImplementedError
