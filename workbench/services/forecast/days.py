"""The days that a forecast is made of, those it is made for, and what was made before."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.analytics.sweep import Int64s
from workbench.domain.access import Scope, WholeCentre
from workbench.errors import NoAccess
from workbench.periods import day_start
from workbench.services.kept import Kept
from workbench.services.spend_days import ONE_DAY

Floats = npt.NDArray[np.float64]


def check_scope(scope: Scope) -> None:
    """Raises NoAccess unless the whole centre is in view."""
    if not isinstance(scope, WholeCentre):
        raise NoAccess(scope.viewer, "the forecast", "executive")


def edges_from(first: date, days: int, zone: ZoneInfo) -> Int64s:
    """The edges of so many of the centre's days, UTC epoch seconds."""
    return np.array([day_start(first + timedelta(days=n), zone) for n in range(days + 1)], dtype=np.int64)


def calendar(first: date, days: int) -> pd.Series:
    """So many days as datetime64[s]."""
    return pd.Series(pd.date_range(first, periods=days, freq="D", unit="s"), name="day")


def months_of(first: date, days: int) -> list[tuple[str, int, int]]:
    """The months that so many days touch: name "2026-12", the first of its days and the one after its last, counted."""
    names = [f"{first + timedelta(days=n):%Y-%m}" for n in range(days)]
    return [(name, names.index(name), len(names) - names[::-1].index(name)) for name in dict.fromkeys(names)]


def day_after(first: date, step: int | None) -> date | None:
    return None if step is None else first + step * ONE_DAY


KEPT = Kept(12)
