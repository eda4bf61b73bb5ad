"""The centre's calendar days that a question about money means."""

from datetime import date, timedelta

import pandas as pd

from workbench.domain.access import OwnProjects, Scope
from workbench.periods import day_of
from workbench.store.engine import Store

ONE_DAY = timedelta(days=1)


def projects_of(scope: Scope) -> frozenset[str] | None:
    """The projects a scope holds; None for all of them."""
    return scope.projects if isinstance(scope, OwnProjects) else None


def today_of(store: Store, now: int) -> date:
    return day_of(now, store.settings.centre.zone)


def days_of(store: Store, now: int, start_s: int | None, end_s: int | None) -> tuple[date | None, date]:
    """The centre's days [first, last) that hold a window, none after today."""
    zone, after_today = store.settings.centre.zone, today_of(store, now) + ONE_DAY
    first = None if start_s is None else day_of(start_s, zone)
    last = after_today if end_s is None else min(day_of(end_s - 1, zone) + ONE_DAY, after_today)
    return first, last


def days_before(store: Store, today: date, days: int) -> tuple[date, date]:
    """The whole days before today, so many or as many as there are since the opening."""
    return today - timedelta(days=day_count(store, today, days)), today


def day_count(store: Store, today: date, days: int) -> int:
    return max(1, min(days, (today - store.settings.centre.opened_on).days))


def as_days(texts: pd.Series) -> pd.Series:
    return pd.to_datetime(texts, format="%Y-%m-%d").astype("datetime64[s]")
