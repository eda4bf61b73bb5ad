"""When something is reached, in words and chances: capacity in service, the end of the fund."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from workbench.analytics.forecast import likely_by, step_of
from workbench.analytics.forecast_backtest import SHARE
from workbench.services.forecast.days import day_after


@dataclass(frozen=True, slots=True)
class Reached:
    """The day by which half of the courses have reached it, and those by which a tenth and nine tenths have.

    None: not by `horizon_on`, the day after the last one looked at. chance: that it is reached before then.
    """

    day: date | None
    early: date | None
    late: date | None
    chance: float
    horizon_on: date

    @classmethod
    def of(cls, reached: npt.NDArray[np.int64], first: date, days: int) -> "Reached":
        """From the step at which each course reaches it (-1: not); step 0 is the day `first`."""
        shares = (0.5, (1 - SHARE) / 2, (1 + SHARE) / 2)
        day, early, late = (day_after(first, step_of(reached, share)) for share in shares)
        return cls(day, early, late, likely_by(reached, days - 1), first + timedelta(days=days))


def by_month(reached: npt.NDArray[np.int64], months: Sequence[tuple[str, int, int]]) -> list[float]:
    """The chance that it is reached by the end of each month."""
    return [likely_by(reached, after - 1) for _name, _first, after in months]
