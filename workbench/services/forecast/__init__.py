"""What lies ahead of the centre: occupancy and demand, and the fund, each with an 80% interval and its back-test.

- `occupancy_forecast(store, scope, now)`: GPUs allocated and wanted by day, and when capacity in service is used up.
- `fund_forecast(store, scope, now)`: subsidy drawn by day, and when the fund is.

Both look a year ahead (the fund: at least to the scheme's end), need the whole centre as scope, and are read-only. They
are kept by what they were made from, so that asking again costs only the reading.
"""

from workbench.services.forecast.fund import FundForecast, FundMonth, fund_forecast
from workbench.services.forecast.occupancy import OccupancyForecast, OccupancyMonth, occupancy_forecast
from workbench.services.forecast.reached import Reached

__all__ = [
    "FundForecast",
    "FundMonth",
    "OccupancyForecast",
    "OccupancyMonth",
    "Reached",
    "fund_forecast",
    "occupancy_forecast",
]
