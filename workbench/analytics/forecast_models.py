"""The models that a forecast chooses from: statsmodels' state-space models with a season, which know gaps.

Source: statsmodels, tsa.statespace.structural.UnobservedComponents (Harvey 1989) and tsa.statespace.sarimax.SARIMAX.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MODELS: dict[str, dict[str, Any]] = {
    "level": {"level": "llevel"},
    "level and drift back": {"level": "llevel", "autoregressive": 1},
    "last week": {},
    "level and trend": {"level": "lldtrend"},
}
"""By name: a level that wanders; the same with swings about it that die away; the naive one, as one season before; a
level with a steady rise or fall. All but the naive one have a fixed pattern of the season on top. None of them returns
to a fixed mean: over a year that would be more certain than anybody can be."""
NAIVE, TREND = "last week", "level and trend"
CONSTANT = "constant"


@dataclass(frozen=True)
class Model:
    """A model with its few numbers estimated; states are worked out anew for any stretch of the series."""

    name: str
    season: int
    scale: float
    params: Floats

    def ahead(self, values: Floats, steps: int) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the steps after these values, both float64 [step]."""
        found = self._run(values).get_forecast(steps)
        return found.predicted_mean * self.scale, found.se_mean * self.scale

    def paths(self, values: Floats, steps: int, count: int, seed: int) -> Floats:
        """So many courses of the steps after these values, [path, step]; the same seed draws the same."""
        drawn = self._run(values).simulate(steps, anchor="end", repetitions=count, rng=seed)
        return np.asarray(drawn, dtype=np.float64).reshape(steps, count).T * self.scale

    def _run(self, values: Floats) -> Any:
        kinds = _kinds()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = _model(kinds, self.name, values / self.scale, self.season)
            return model.filter(self.params, cov_type="none")


def fitted(name: str, values: Floats, season: int) -> Model:
    """The model of this name with its numbers estimated from these values (maximum likelihood).

    Raises:
        numpy.linalg.LinAlgError, ValueError: these values are nothing for it.
    """
    scale, kinds = float(np.nanstd(values)) or 1.0, _kinds()
    with warnings.catch_warnings():
        # How well the search ended is judged by the back-test, not by the search.
        warnings.simplefilter("ignore")
        found = _model(kinds, name, values / scale, season).fit(disp=0, cov_type="none", maxiter=80)
    return Model(name, season, scale, np.asarray(found.params, dtype=np.float64))


def _kinds() -> tuple[Any, Any]:
    """The two classes; here, because they take a second to import, and set filters of warnings as they do."""
    from statsmodels.tsa.statespace.sarimax import SARIMAX
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    return SARIMAX, UnobservedComponents


def _model(kinds: tuple[Any, Any], name: str, values: Floats, season: int) -> Any:
    naive, components = kinds
    if name == NAIVE:
        return naive(values, order=(0, 0, 0), seasonal_order=(0, 1, 0, season))
    return components(values, seasonal=season, stochastic_seasonal=False, **MODELS[name])
