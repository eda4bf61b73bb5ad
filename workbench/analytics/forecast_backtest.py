"""How good a forecast has been: made again at earlier moments, of what was known then, and held against what came.

A model's few numbers are estimated once, from what lies before the first of these moments, and kept. Its interval is
made wider (or narrower) by the errors of the moments before, of which the end was known by then (conformal: the
quantile of error over spread); so the coverage that is told is of values that the width had not seen.

Source: Hyndman & Athanasopoulos, Forecasting (3rd ed.), 5.10 (rolling origin) and 5.8 (MASE); Vovk et al. 2005.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from workbench.analytics.forecast_models import Model, fitted

Floats = npt.NDArray[np.float64]

SHARE = 0.8
"""What an interval is to hold."""
_Z = NormalDist().inv_cdf((1 + SHARE) / 2)
MOST_ORIGINS = 16
ENOUGH = 4
"""So many earlier moments must be over before their errors say how wide the interval is."""
LEAST_SEASONS = 6
"""Seasons before the first moment."""


@dataclass(frozen=True, slots=True)
class Score:
    """The back-test of steps `first` to `last` ahead.

    error: mean absolute error, in the unit of the series. scaled: the same over the mean absolute difference of one
    season's step in what lies before (MASE: under 1 is better than that). coverage: share of values inside of the 80%
    interval as widened; raw: as the model gives it; None: nothing was tested. values: how many errors; tested: how many
    intervals.
    """

    first: int
    last: int
    error: float
    scaled: float | None
    coverage: float | None
    raw: float | None
    values: int
    tested: int


@dataclass(frozen=True)
class Tested:
    """A model, tested. error: mean absolute error of all steps. factors: of the interval, [(first step, factor)]."""

    model: Model
    error: float
    scores: tuple[Score, ...]
    coverage: float | None
    origins: int
    factors: tuple[tuple[int, float], ...]


def back_test(values: Floats, limit: Floats, season: int, steps: int, methods: Sequence[str]) -> list[Tested]:
    """Every method tested on the series; at least one is there.

    Args:
        values: the series, NaN unknown.
        limit: the most that each value can be (inf: no limit).
        season: steps of one.
        steps: how far ahead is tested.
        methods: names of forecast_models.MODELS.

    Raises:
        ValueError: no method can be fitted.
    """
    origins = _origins(len(values), season, steps)
    before = values[: origins[0]] if origins else values
    found = []
    for name in methods:
        try:
            model = fitted(name, before, season)
            found.append(_tested(model, values, limit, origins, steps, _naive_step(before, season)))
        except (np.linalg.LinAlgError, ValueError):  # these values are nothing for this model; others remain
            continue
    if not found:
        raise ValueError(f"none of {', '.join(methods)} can be fitted to these {len(values)} values")
    return found


def widths(factors: Sequence[tuple[int, float]], steps: int) -> Floats:
    """The factor of the interval's width at each of these steps ahead; past the last one tested it stays."""
    wide = np.ones(steps)
    for first, factor in factors:
        wide[first - 1 :] = factor
    return wide


def _origins(count: int, season: int, steps: int) -> list[int]:
    """From where it is forecast, oldest first: every other season, or every season where the series is short."""
    room = count - steps - LEAST_SEASONS * season
    if room < 0:
        return []
    step = 2 * season if room >= 2 * season * (MOST_ORIGINS // 2) else season
    return [count - steps - step * back for back in reversed(range(min(MOST_ORIGINS, room // step + 1)))]


def _bands(season: int, steps: int) -> list[tuple[int, int]]:
    """Steps ahead that are looked at together: the first season, the second, and those after."""
    edges = sorted({0, min(season, steps), min(2 * season, steps), steps})
    return [(first + 1, last) for first, last in pairwise(edges)]


def _naive_step(before: Floats, season: int) -> float | None:
    known = np.abs(before[season:] - before[:-season])
    known = known[~np.isnan(known)]
    return float(known.mean()) if len(known) and known.mean() > 0 else None


def _tested(model: Model, values: Floats, limit: Floats, origins: list[int], steps: int, naive: float | None) -> Tested:
    if not origins:
        return Tested(model, np.inf, (), None, 0, ())
    error, spread, inside = (np.full((len(origins), steps), np.nan) for _ in range(3))
    middle = np.empty_like(error)
    for row, origin in enumerate(origins):
        middle[row], spread[row] = model.ahead(values[:origin], steps)
        error[row] = values[origin : origin + steps] - middle[row]
    if not (np.isfinite(middle).all() and np.isfinite(spread).all()):
        raise ValueError(f"{model.name} has no end for these values")
    ceiling = np.array([limit[origin : origin + steps] for origin in origins])
    truth = middle + error
    cut = np.abs(truth - np.clip(middle, 0, ceiling))
    bands = _bands(model.season, steps)
    raw = _inside(truth, middle, _Z * spread, ceiling)
    for row, origin in enumerate(origins):
        over = [place for place, earlier in enumerate(origins) if earlier + steps <= origin]
        if len(over) >= ENOUGH:
            wide = widths(_factors(error[over], spread[over], bands), steps)
            inside[row] = _inside(truth[row], middle[row], _Z * spread[row] * wide, ceiling[row])
    enough = len(origins) >= ENOUGH
    return Tested(
        model=model,
        error=np.inf if (whole := _mean(cut)) is None else whole,
        scores=tuple(_score(band, cut, naive, inside, raw) for band in bands),
        coverage=_mean(inside),
        origins=len(origins),
        factors=tuple(_factors(error, spread, bands)) if enough else (),
    )


def _factors(error: Floats, spread: Floats, bands: list[tuple[int, int]]) -> list[tuple[int, float]]:
    """By band: what the interval must be multiplied by to hold its share of these errors."""
    found = []
    for first, last in bands:
        ratio = (np.abs(error) / (_Z * spread))[:, first - 1 : last]
        ratio = ratio[~np.isnan(ratio)]
        share = min(1.0, SHARE * (1 + 1 / max(1, len(ratio))))
        found.append((first, float(np.quantile(ratio, share)) if len(ratio) else 1.0))
    return found


def _inside(truth: Floats, middle: Floats, half: Floats, ceiling: Floats) -> Floats:
    """1 inside, 0 outside, NaN where what came is unknown."""
    low, high = np.clip(middle - half, 0, ceiling), np.clip(middle + half, 0, ceiling)
    # What was measured is rounded: a value on the edge lies inside.
    there = (truth >= low - 1e-9 * np.abs(low)) & (truth <= high + 1e-9 * np.abs(high))
    return np.where(np.isnan(truth), np.nan, there)


def _score(band: tuple[int, int], cut: Floats, naive: float | None, inside: Floats, raw: Floats) -> Score:
    first, last = band
    part = slice(first - 1, last)
    error = _mean(cut[:, part])
    return Score(
        first=first,
        last=last,
        error=np.nan if error is None else error,
        scaled=None if naive is None or error is None else error / naive,
        coverage=_mean(inside[:, part]),
        raw=_mean(raw[:, part]),
        values=int((~np.isnan(cut[:, part])).sum()),
        tested=int((~np.isnan(inside[:, part])).sum()),
    )


def _mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None
