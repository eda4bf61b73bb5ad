"""What awards draw ahead: pace times rate until the ceiling or the end of the term, planned where nothing was used."""

from workbench.domain.charging import AwardVersion
from workbench.domain.runway import Pace, drawn_ahead
from workbench.periods import Window
from workbench.units import DAY_S

DAYS = [("2026-12", Window(day * DAY_S, (day + 1) * DAY_S)) for day in range(5)]


def award(number, first, last, rate_bp, ceiling):
    return AwardVersion(number, f"award {number}", first * DAY_S, last * DAY_S, rate_bp, ceiling)


def test_a_project_draws_its_rate_until_the_ceiling():
    found = drawn_ahead({"a": [award(1, 0, 9, 7000, 1000)]}, {"a": Pace(500, {})}, {1: 200}, DAYS)
    assert found == [{1: 350}, {1: 350}, {1: 100}, {}, {}]  # 800 left: 350 + 350 + 100


def test_the_award_that_began_first_pays_and_the_next_one_follows():
    awards = [award(1, 0, 2, 7000, 10_000), award(2, 1, 9, 6000, 10_000)]
    found = drawn_ahead({"a": awards}, {"a": Pace(100, {})}, {}, DAYS)
    assert found == [{1: 70}, {1: 70}, {2: 60}, {2: 60}, {2: 60}]


def test_versions_of_one_award_draw_on_one_sum():
    supplemented = [award(1, 0, 2, 7000, 100), award(1, 2, 9, 7000, 250)]
    found = drawn_ahead({"a": supplemented}, {"a": Pace(100, {})}, {}, DAYS)
    assert [sum(day.values()) for day in found] == [70, 30, 70, 70, 10]


def test_without_usage_the_plan_counts_and_without_a_pace_nothing():
    awards = {"a": [award(1, 3, 9, 7000, 1000)], "b": [award(2, 0, 9, 7000, 1000)]}
    found = drawn_ahead(awards, {"a": Pace(0, {"2026-12": 40})}, {}, DAYS)
    assert [sum(day.values()) for day in found] == [0, 0, 0, 40, 40]
