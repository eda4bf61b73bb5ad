"""A daily (or hourly) series carried on into the days ahead: middle, 80% interval, and many possible courses.

The models are statsmodels' (analytics.forecast_models); which of them is used, and how wide its interval must be, is
found by the back-test (analytics.forecast_backtest). All values are in the unit of the series; NaN is unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.analytics.forecast_backtest import SHARE, Score, Tested, back_test, widths
from workbench.analytics.forecast_models import CONSTANT, MODELS, NAIVE, TREND, Model, fitted
from workbench.errors import NotEnoughHistory

Floats = npt.NDArray[np.float64]

WEEK = 7
LONGEST = 56
"""Seasons (weeks of days: a year and four weeks) that are looked back on: what lies before says little of now."""
SHORTEST = 4
"""Seasons of known values without which nothing is said."""
PATHS = 500
TREND_MARGIN = 1.05
SEED = 20_241


@dataclass(frozen=True)
class Forecast:
    """What lies ahead.

    middle, low, high: float64 [step], the interval holds 80%. paths: float64 [path, step], courses as likely as one
    another, of the same width. method: a key of forecast_models.MODELS, or CONSTANT. scores: of the back-test, by how
    far ahead, of the method, naive: of the seasonal naive one. coverage: share of the tested values inside of their
    interval, each interval widened by earlier errors only; None: not tested. origins: how many times it was tested.
    widened: the last factor of the interval's width. known, unknown: values of the series used.
    """

    middle: Floats
    low: Floats
    high: Floats
    paths: Floats
    method: str
    scores: tuple[Score, ...]
    naive: tuple[Score, ...]
    coverage: float | None
    origins: int
    widened: float
    known: int
    unknown: int


def forecast(
    values: Floats,
    horizon: int,
    *,
    season: int = WEEK,
    room: Floats | None = None,
    methods: Sequence[str] = tuple(MODELS),
    tested_steps: int = 4 * WEEK,
) -> Forecast:
    """The series carried on.

    Args:
        values: one number a step, oldest first, ≥ 0; NaN where unknown. Steps are all as long as one another.
        horizon: steps ahead, ≥ 1.
        season: steps after which it repeats.
        room: the most a value can be, of each step of the series and then of the horizon (NaN: no limit); whatever is
            above it, or below zero, is cut to it.
        methods: which models to choose from.
        tested_steps: how far ahead the back-test looks.

    Returns:
        The forecast of the model with the smallest mean absolute error in the back-test (one with a trend: smaller by
        a twentieth); of the first one where the series is too short for a back-test. A series that never changes goes
        on so.

    Raises:
        NotEnoughHistory: fewer than four seasons of values are known.
    """
    values, limit = _recent(np.asarray(values, dtype=np.float64), season, horizon, room)
    known = values[~np.isnan(values)]
    if len(known) < SHORTEST * season:
        raise NotEnoughHistory(len(known), SHORTEST * season)
    unknown = len(values) - len(known)
    if np.ptp(known) <= 1e-9 * max(1.0, float(np.abs(known).max())):
        flat = np.clip(np.full(horizon, known[0]), 0, limit[len(values) :])
        return Forecast(flat, flat, flat, flat[None, :], CONSTANT, (), (), None, 0, 1.0, len(known), unknown)
    tests = back_test(values, limit, season, tested_steps, methods)
    # A rise that goes on for a year is a bold claim: it must be clearly better.
    best = min(tests, key=lambda test: test.error * (TREND_MARGIN if test.model.name == TREND else 1))
    naive = next((test.scores for test in tests if test.model.name == NAIVE), ())
    model = best.model if best.origins else fitted(best.model.name, values, season)
    return _ahead(values, limit[len(values) :], model, best, naive, unknown)


def _recent(values: Floats, season: int, horizon: int, room: Floats | None) -> tuple[Floats, Floats]:
    """The last values from the first known one on, and the limit of each of them and of the horizon."""
    limit = np.full(len(values) + horizon, np.inf) if room is None else np.asarray(room, dtype=np.float64)
    limit = np.where(np.isnan(limit), np.inf, limit)
    there = np.flatnonzero(~np.isnan(values))
    first = max(there[0] if len(there) else 0, len(values) - LONGEST * season)
    return values[first:], limit[first:]


def _ahead(
    values: Floats, limit: Floats, model: Model, test: Tested, naive: tuple[Score, ...], unknown: int
) -> Forecast:
    middle, _spread = model.ahead(values, len(limit))
    wide = widths(test.factors, len(limit))
    paths = middle + wide * (model.paths(values, len(limit), PATHS, SEED) - middle)
    low, high = np.quantile(paths, [(1 - SHARE) / 2, (1 + SHARE) / 2], axis=0)
    return Forecast(
        middle=np.clip(middle, 0, limit),
        low=np.clip(low, 0, limit),
        high=np.clip(high, 0, limit),
        paths=np.clip(paths, 0, limit),
        method=model.name,
        scores=test.scores,
        naive=naive,
        coverage=test.coverage,
        origins=test.origins,
        widened=float(wide[-1]),
        known=len(values) - unknown,
        unknown=unknown,
    )


def first_reached(paths: Floats, level: Floats, over: int = WEEK) -> npt.NDArray[np.int64]:
    """When each course first reaches a level with the mean of its last steps.

    Args:
        paths: [path, step].
        level: [step]; NaN is never reached.
        over: so many steps are averaged (fewer at the beginning).

    Returns:
        int64 [path]: the step, or -1 where it does not.
    """
    sums = np.cumsum(paths, axis=1)
    sums[:, over:] -= sums[:, :-over].copy()
    mean = sums / np.minimum(np.arange(1, paths.shape[1] + 1), over)
    there = mean >= level
    return np.where(there.any(axis=1), there.argmax(axis=1), -1)


def likely_by(reached: npt.NDArray[np.int64], step: int) -> float:
    """Probability that it is reached before the end of this step: the share of the courses that do."""
    return float(((reached >= 0) & (reached <= step)).mean())


def step_of(reached: npt.NDArray[np.int64], share: float) -> int | None:
    """The step by which so large a share of the courses has reached it; None: fewer do."""
    need = int(np.ceil(share * len(reached) - 1e-9))
    there = np.sort(reached[reached >= 0])
    return int(there[need - 1]) if 0 < need <= len(there) else None
