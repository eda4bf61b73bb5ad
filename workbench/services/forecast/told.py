"""A forecast as rows, for the command and for notebooks: by day or by month."""

from dataclasses import asdict
from typing import Any

import pandas as pd

from workbench.analytics.forecast import Forecast
from workbench.services.forecast.fund import FundForecast
from workbench.services.forecast.occupancy import OccupancyForecast
from workbench.services.forecast.reached import Reached

OF, BY = ("occupancy", "fund"), ("day", "month")


def rows(found: OccupancyForecast | FundForecast, by: str) -> pd.DataFrame:
    """A row per day or month ahead, in order.

    Returns:
        day (datetime64[s]) or month ("2026-12"), then as `ahead` or the months of the forecast have it; money in whole
        minor units (Int64).
    """
    if by == "day":
        frame = found.ahead.copy()
        for name in frame.columns[frame.columns.str.endswith("_minor")]:
            frame[name] = frame[name].round().astype("Int64")
        return frame
    frame = pd.DataFrame([asdict(month) for month in found.months])
    numbers = [name for name in frame.columns if "share" in name or name == "chance"]
    return frame.astype(dict.fromkeys(numbers, "Float64"))


def facts(found: OccupancyForecast | FundForecast) -> dict[str, Any]:
    """What stands beside the rows: when it is reached, how good such forecasts have been, what is taken for granted."""
    if isinstance(found, OccupancyForecast):
        tested, reached = found.busy, _reached("full", found.full)
    else:
        tested, reached = found.listed, _reached("gone", found.gone) | {"lasts_chance": found.lasts}
    return {"first_on": found.first_on.isoformat(), **reached, **test_facts(tested), "says": list(found.says)}


def test_facts(forecast: Forecast) -> dict[str, Any]:
    """The method and its back-test, as plain values; errors in the unit of the series."""
    return {
        "method": forecast.method,
        "coverage": forecast.coverage,
        "origins": forecast.origins,
        "back_test": [asdict(score) for score in forecast.scores],
    }


def _reached(name: str, reached: Reached) -> dict[str, Any]:
    days = {"on": reached.day, "early": reached.early, "late": reached.late}
    told = {f"{name}_{key}": day.isoformat() if day else None for key, day in days.items()}
    return told | {f"{name}_chance": reached.chance, "horizon_on": reached.horizon_on.isoformat()}
