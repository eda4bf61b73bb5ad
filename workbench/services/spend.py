"""What the subsidy scheme has committed, drawn and left, for the pages, the notebook and the command.

Everything is read from charges_daily, awards and applications, never from jobs. Money is minor units, GPU time is
part-seconds (workbench.units), `day` is the centre's calendar day, `now` is UTC epoch seconds. A window is
[start_s, end_s) in UTC epoch seconds, cut to the centre's days; None means: from the opening, or until now.

`only` narrows to one value of a column: {"category": "start-up"}, {"partition": "train", "gpu_model": "H800"}.

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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
from sqlalchemy import select

from workbench.domain.access import Scope, WholeCentre
from workbench.domain.award_versions import Version, as_of, spans
from workbench.domain.awards import Application, Award, committed_on, lasts_until
from workbench.services.project_spend import AwardNow, award_now, by_category, by_project, project_charges
from workbench.services.spend_days import ONE_DAY, as_days, day_count, days_before, days_of, projects_of, today_of
from workbench.store.award_versions import versions_of
from workbench.store.charges import charge_sums, decided_awards, drawn_by_award
from workbench.store.engine import Store

__all__ = [
    "AwardNow",
    "By",
    "Envelope",
    "applications",
    "award_now",
    "burn",
    "by_category",
    "by_project",
    "daily",
    "envelope",
    "project_charges",
]

By = Literal["project", "category", "partition", "gpu_model"]
PACE_DAYS = 90


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


def envelope(store: Store, scope: Scope, now: int) -> Envelope:
    """Budget, commitments, drawings and what is left at a moment. See `Envelope`."""
    mine, today = projects_of(scope), today_of(store, now)
    with store.read() as conn:
        awards = decided_awards(conn, mine, today)
        sums = charge_sums(conn, ("project", "award_id"), mine, (None, today + ONE_DAY))
        recent = charge_sums(conn, (), mine, days_before(store, today, PACE_DAYS))
    drawn = _drawn(sums)
    committed = sum(committed_on(award, drawn, today) for award in awards)
    total = int(sums["subsidy_minor"].sum())
    pace = int(recent["subsidy_minor"].sum()) // day_count(store, today, PACE_DAYS)
    scheme = store.settings.scheme if isinstance(scope, WholeCentre) else None
    to_draw = scheme.budget - scheme.reserve if scheme else committed
    return Envelope(
        budget_minor=scheme.budget if scheme else None,
        reserve_minor=scheme.reserve if scheme else None,
        committed_minor=committed,
        drawn_minor=total,
        left_minor=to_draw - committed if scheme else None,
        undrawn_minor=committed - total,
        user_minor=int(sums["user_minor"].sum()),
        pace_minor_per_day=pace,
        lasts_until=lasts_until(today, to_draw - total, pace),
        unpriced_gpu_part_seconds=int(sums["unpriced_gpu_part_seconds"].sum()),
        suspense_minor=int(sums.loc[sums["project"] == "", "list_minor"].sum()),
        awards_live=sum(award.starts_on <= today < award.ends_on for award in awards),
        awards_decided=len(awards),
    )


def burn(store: Store, scope: Scope, now: int) -> pd.DataFrame:
    """Subsidy against time.

    Returns:
        One row per day from the opening to the end of the last award decided, in order: day (datetime64[s]),
        drawn_minor and drawn_total_minor (Int64, NA after today), user_total_minor (Int64, NA after today),
        planned_total_minor (int64: every award drawn evenly over its term), committed_minor (Int64, NA after today:
        what was committed on that day).
    """
    mine, today = projects_of(scope), today_of(store, now)
    with store.read() as conn:
        awards = decided_awards(conn, mine, today)
        by_day = charge_sums(conn, ("day",), mine, (None, today + ONE_DAY))
        drawn = drawn_by_award(conn, mine, today + ONE_DAY)
        versions = versions_of(conn, (award.id for award in awards))
    used = by_day.set_index(as_days(by_day["day"]))[["subsidy_minor", "user_minor"]]
    first = min([store.settings.centre.opened_on, *(day.date() for day in used.index[:1])])
    days = pd.date_range(first, max([today, *(award.ends_on for award in awards)]), freq="D", unit="s", name="day")
    past = days <= pd.Timestamp(today)
    used = used.reindex(days, fill_value=0).astype("Int64")
    return pd.DataFrame(
        {
            "drawn_minor": used["subsidy_minor"].where(past),
            "drawn_total_minor": used["subsidy_minor"].cumsum().where(past),
            "user_total_minor": used["user_minor"].cumsum().where(past),
            "planned_total_minor": _planned(list(versions.values()), days),
            "committed_minor": _commitments(awards, versions, drawn, days).where(past),
        }
    ).reset_index()


def _planned(versions: Sequence[Sequence[Version]], days: pd.DatetimeIndex) -> np.ndarray:
    """What all awards would have drawn by the end of each day, each drawn evenly over its term; int64, minor units.

    A version leaves the days before its own as they were, and spreads what it leaves over the days that follow.
    """
    total, number, opened = np.zeros(len(days), dtype=np.int64), np.arange(len(days)), days[0].date()
    for of_award in versions:
        before = 0
        for version, first, after in spans(of_award):
            left, term = version.ceiling_minor - before, (version.ends_on - first).days
            gone = number - (first - opened).days + 1
            total += left * gone.clip(0, (after - first).days) // term
            before += left * (after - first).days // term
    return total


def _commitments(
    awards: Sequence[Award], versions: Mapping[int, Sequence[Version]], drawn: Mapping[int, int], days: pd.DatetimeIndex
) -> pd.Series:
    """What is committed on each day (domain.awards.committed_on of all awards): it changes with each version."""
    changes, opened = np.zeros(len(days), dtype=np.int64), days[0].date()
    for award in awards:
        mine = versions[award.id]
        for day in {award.decided_on, *(version.from_on for version in mine[1:]), mine[-1].ends_on}:
            before, after = (committed_on(as_of(award, mine, d), drawn, d) for d in (day - ONE_DAY, day))
            changes[max(0, min(len(days) - 1, (day - opened).days))] += after - before
    return pd.Series(changes.cumsum(), index=days, dtype="Int64")


def daily(
    store: Store,
    scope: Scope,
    now: int,
    start_s: int | None = None,
    end_s: int | None = None,
    by: By | None = None,
    only: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Charges by day.

    Returns:
        One row per day with charges (and per `by`), in order: day (datetime64[s]), the `by` column if asked,
        gpu_part_seconds, core_seconds, list_minor, subsidy_minor, user_minor, unpriced_gpu_part_seconds (int64).
    """
    with store.read() as conn:
        by_ = ("day",) if by is None else ("day", by)
        sums = charge_sums(conn, by_, projects_of(scope), days_of(store, now, start_s, end_s), only)
    return sums.assign(day=as_days(sums["day"]))


def applications(store: Store, scope: Scope, now: int) -> pd.DataFrame:
    """Applications by month, from the scheme's start to now; a scope of own projects sees those of its projects.

    Returns:
        One row per month, in order: month ("2026-10"), received, approved, declined, received_total, approved_total,
        open_at_end (int64).
    """
    mine, today = projects_of(scope), today_of(store, now)
    table = Application.__table__.c
    ask = select(table.received_on, table.decided_on, table.decision).where(table.received_on <= today)
    ask = ask.where(table.stage != "draft")  # not received yet
    if mine is not None:
        ask = ask.where(table.project.in_(sorted(mine)))
    with store.read() as conn:
        rows = conn.execute(ask).all()
    start = min([store.settings.scheme.starts_on, *(row.received_on for row in rows)])
    months = [f"{month:%Y-%m}" for month in pd.period_range(start, max(start, today), freq="M").to_timestamp()]
    received = _monthly([row.received_on for row in rows], months)
    decided = {
        word: _monthly([r.decided_on for r in rows if r.decision == word and r.decided_on <= today], months)
        for word in ("approved", "declined")
    }
    closed = _monthly([r.decided_on for r in rows if r.decided_on is not None and r.decided_on <= today], months)
    frame = pd.DataFrame({"month": pd.Series(months, dtype="str"), "received": received, **decided})
    totals = {"received_total": frame["received"].cumsum(), "approved_total": frame["approved"].cumsum()}
    return frame.assign(**totals, open_at_end=frame["received"].cumsum() - pd.Series(closed).cumsum())


def _drawn(sums: pd.DataFrame) -> dict[int, int]:
    held = sums[sums["award_id"].notna()].groupby("award_id")["subsidy_minor"].sum()
    return {int(award): int(amount) for award, amount in held.items()}


def _monthly(days: Sequence[date], months: Sequence[str]) -> list[int]:
    found = [f"{day:%Y-%m}" for day in days]
    return [found.count(month) for month in months]
