"""What the page of the forecast shows, asked of the services once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from dashboards._asked import Asked
from workbench.analytics.forecast import Forecast
from workbench.errors import NotEnoughHistory
from workbench.i18n import _
from workbench.services.forecast import FundForecast, OccupancyForecast, fund_forecast, occupancy_forecast

HELD_LOW, HELD_HIGH = 0.7, 0.9
"""An interval meant to hold 80% that held a share outside of this is said to have failed."""

T = TypeVar("T")


@dataclass(frozen=True)
class Data:
    """Either may be None where there is too little to go by; why: in words."""

    occupancy: OccupancyForecast | None
    fund: FundForecast | None
    why: str

    @property
    def tested(self) -> list[tuple[str, Forecast]]:
        """Each forecast by its name."""
        found = []
        if self.occupancy:
            found += [(_("GPUs allocated"), self.occupancy.busy), (_("GPUs wanted"), self.occupancy.demand)]
        if self.fund:
            found.append((_("Cost of a day at list price"), self.fund.listed))
        return found


def ask(asked: Asked) -> Data:
    """Both forecasts, from the day until which the data reach."""
    occupancy, why_occupancy = _known(lambda: occupancy_forecast(asked.store, asked.scope, asked.until_s))
    fund, why_fund = _known(lambda: fund_forecast(asked.store, asked.scope, asked.until_s))
    return Data(occupancy, fund, why_occupancy or why_fund)


def _known(asks: Callable[[], T]) -> tuple[T | None, str]:
    try:
        return asks(), ""
    except NotEnoughHistory as problem:
        return None, str(problem)


def held(forecast: Forecast) -> bool | None:
    """Whether its interval held about what it is meant to; None: that was not tested."""
    return None if forecast.coverage is None else HELD_LOW <= forecast.coverage <= HELD_HIGH
