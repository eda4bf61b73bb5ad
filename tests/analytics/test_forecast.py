"""A series carried on: a season that is known, coverage that is measured, gaps, bounds, series that are too short."""

import numpy as np
import pytest

from workbench.analytics.forecast import SHORTEST, WEEK, first_reached, forecast, likely_by, step_of
from workbench.analytics.forecast_backtest import back_test, widths
from workbench.analytics.forecast_models import CONSTANT
from workbench.errors import NotEnoughHistory

PATTERN = np.array([10, 30, 50, 60, 50, 20, 5], dtype=np.float64)


def weeks(count, *, noise=0.0, level=100.0, wander=0.0, seed=1):
    """So many weeks of the pattern on a level."""
    drawn = np.random.default_rng(seed)
    days = count * WEEK
    return (
        level + np.tile(PATTERN, count) + noise * drawn.normal(size=days) + np.cumsum(wander * drawn.normal(size=days))
    )


def test_a_week_that_repeats_itself_goes_on():
    found = forecast(weeks(20, noise=0.5), 14)
    assert np.abs(found.middle - (100 + np.tile(PATTERN, 2))).max() < 1.5
    assert (found.low <= found.middle).all()
    assert (found.middle <= found.high).all()
    assert (found.high - found.low).max() < 4


def test_the_same_series_has_the_same_forecast():
    one, two = (forecast(weeks(16, noise=3), 28) for _ in range(2))
    assert np.array_equal(one.paths, two.paths)
    assert one.method == two.method


def test_the_range_holds_eight_of_ten_of_what_comes():
    """Ten simulated centres, 28 days that no forecast has seen: not every range holds 80%, together they do."""
    inside, told = [], []
    for seed in range(10):
        whole = weeks(54, noise=4, wander=1.5, seed=seed)
        found = forecast(whole[: -4 * WEEK], 4 * WEEK, methods=("level", "last week"))
        truth = whole[-4 * WEEK :]
        inside.append((truth >= found.low) & (truth <= found.high))
        told.append(found.coverage)
    assert 0.66 < np.mean(inside) < 0.92
    assert 0.7 < np.mean(told) < 0.9
    # A range that ignored how far ahead it looks would not hold the last week.
    assert 0.55 < np.mean([one[-WEEK:] for one in inside]) < 0.97


def test_the_width_makes_up_for_a_model_that_is_too_sure():
    """A quiet half year and then a loud one: as modelled the range is too narrow, earlier errors widen it."""
    drawn = np.random.default_rng(3)
    loud = np.concatenate((np.full(150, 1.0), np.full(242, 12.0))) * drawn.normal(size=392)
    found = forecast(200 + np.tile(PATTERN, 56) + loud, 28, methods=("level",))
    assert max(score.raw for score in found.scores) < 0.5
    assert found.widened > 2
    assert 0.65 < found.coverage < 0.95


def test_of_the_models_the_one_with_the_smallest_error_is_taken():
    values = weeks(30, noise=5)
    limit = np.full(len(values) + 28, np.inf)
    tests = {one.model.name: one for one in back_test(values, limit, WEEK, 28, ("level", "last week"))}
    assert tests["level"].error < tests["last week"].error
    found = forecast(values, 28, methods=("level", "last week"))
    assert found.method == "level"
    assert found.scores == tests["level"].scores
    assert found.naive == tests["last week"].scores
    assert all(score.scaled < 1 for score in found.scores)


def test_a_model_knows_nothing_of_the_days_that_test_it():
    values = weeks(40, noise=4)
    limit = np.full(len(values) + 28, np.inf)
    before = back_test(values, limit, WEEK, 28, ("level",))[0]
    wild = values.copy()
    wild[-28:] += 1000
    after = back_test(wild, limit, WEEK, 28, ("level",))[0]
    assert np.array_equal(before.model.params, after.model.params)
    assert after.coverage < before.coverage


def test_a_centre_that_grows_is_forecast_to_grow_on():
    values = weeks(40, noise=3) + 2.0 * np.arange(40 * WEEK)
    found = forecast(values, 8 * WEEK)
    assert found.method == "level and trend"
    further = found.middle[-WEEK:].mean() - found.middle[:WEEK].mean()
    assert further == pytest.approx(2.0 * 7 * WEEK, rel=0.1)


def test_a_model_that_does_not_end_is_left_out():
    found = forecast(np.exp(np.arange(400) / 60), 14)
    assert np.isfinite(found.middle).all()


def test_unknown_days_are_neither_zero_nor_forgotten():
    values = weeks(20, noise=0.5)
    values[60:67] = np.nan
    values[101] = np.nan
    found = forecast(values, 7)
    assert (found.known, found.unknown) == (132, 8)
    assert np.abs(found.middle - (100 + PATTERN)).max() < 1.5
    assert not np.isnan(found.low).any()
    assert not np.isnan(found.paths).any()


def test_days_before_the_first_known_one_are_not_looked_at():
    values = np.concatenate((np.full(300, np.nan), weeks(10, noise=1)))
    found = forecast(values, 7)
    assert (found.known, found.unknown) == (70, 0)


def test_nothing_leaves_its_bounds():
    values = np.maximum(0, weeks(20, noise=30, level=0))
    room = np.concatenate((np.full(len(values), 90.0), np.linspace(90, 40, 60)))
    found = forecast(np.minimum(values, 90), 60, room=room)
    for one in (found.middle, found.low, found.high, found.paths):
        assert (one >= 0).all()
        assert (one <= room[-60:] + 1e-9).all()
    assert found.high[-1] == 40


@pytest.mark.parametrize("value", [0.0, 8.0])
def test_a_series_that_never_changes_goes_on_so(value):
    found = forecast(np.full(60, value), 30)
    assert found.method == CONSTANT
    assert found.coverage is None
    assert (found.middle == value).all()
    assert (found.low == value).all()
    assert (found.paths == value).all()


@pytest.mark.parametrize("days", [0, 1, SHORTEST * WEEK - 1])
def test_too_few_days_are_refused_with_how_many_it_takes(days):
    with pytest.raises(NotEnoughHistory, match=rf"takes 28 known days .* there are {days}\."):
        forecast(weeks(5)[:days], 30)


def test_unknown_days_do_not_count_as_days():
    values = weeks(6)
    values[::2] = np.nan
    with pytest.raises(NotEnoughHistory, match="there are 21"):
        forecast(values, 30)


def test_a_short_series_is_forecast_and_not_tested():
    found = forecast(weeks(6, noise=1), 14)
    assert found.coverage is None
    assert found.origins == 0
    assert found.scores == ()
    assert np.isfinite(found.middle).all()
    assert (found.high > found.low).all()


def test_the_width_stays_past_the_last_step_that_was_tested():
    assert widths([(1, 0.5), (8, 2.0)], 10).tolist() == [0.5] * 7 + [2.0] * 3


def test_when_a_level_is_reached_on_the_mean_of_days():
    paths = np.array([[1.0, 1, 1, 9, 9, 9], [1, 1, 1, 1, 1, 1], [9, 9, 9, 9, 9, 9]])
    reached = first_reached(paths, np.full(6, 5.0), over=2)
    assert reached.tolist() == [3, -1, 0]  # (1 + 9) / 2 reaches 5
    assert likely_by(reached, 2) == pytest.approx(1 / 3)
    assert likely_by(reached, 3) == pytest.approx(2 / 3)
    assert step_of(reached, 0.5) == 3
    assert step_of(reached, 1 / 3) == 0
    assert step_of(reached, 0.9) is None


def test_a_level_that_is_unknown_is_never_reached():
    assert first_reached(np.full((2, 3), 9.0), np.full(3, np.nan)).tolist() == [-1, -1]
