"""Columns of the tables that questions are answered with: names, periods, money and numbers, NA where unknown."""

from typing import Any

import pandas as pd

from workbench.services.question import Asked

PERIODS = {"hour": "hour_start", "day": "day_start", "week": "week_start", "month": "month_start"}


def named(asked: Asked, rows: pd.DataFrame, by: str, column: str) -> pd.DataFrame:
    """The first column of a table: a name (NA where unknown), or the start of a period (hours in UTC, others ours)."""
    if by not in PERIODS:
        return pd.DataFrame({by: known(rows[column])})
    zone = "UTC" if by == "hour" else asked.store.settings.centre.time_zone
    return pd.DataFrame({PERIODS[by]: rows[column].dt.as_unit("s").dt.tz_convert(zone)})


def known(names: pd.Series) -> pd.Series:
    return names.astype("str").where(names != "", None)


def major(minor: pd.Series) -> Any:
    return number(minor) / 100


def number(values: pd.Series) -> Any:
    """Plain float64, NaN where unknown: what pictures and numpy take."""
    return values.astype("Float64").to_numpy("float64", na_value=float("nan"))
