"""Occupancy and the fund ahead, of a centre whose weeks are known."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from tests.builders import DATA_UNTIL_S, OPENING_S, a_job, small_centre
from tests.services.a_long_centre import DAYS, FIRST_ON, NOW, WEEK, in_service, long_centre
from workbench.analytics.schema import job_frame
from workbench.domain.access import OwnProjects, WholeCentre
from workbench.domain.charging import AwardVersion
from workbench.domain.runway import Pace, drawn_ahead
from workbench.errors import NoAccess, NotEnoughHistory
from workbench.periods import Window
from workbench.services.forecast import fund_forecast, occupancy_forecast, told
from workbench.services.forecast.drawn import drawn_paths
from workbench.settings import load
from workbench.store.engine import open_store
from workbench.store.jobs import upsert_jobs
from workbench.store.waiting import waiting
from workbench.store.wanted import Wanted
from workbench.units import DAY_S, GPU_PARTS, HOUR_S, gpu_parts

EVERYBODY = WholeCentre("eve")
LIST_A_DAY = 2800 * 24
"""Minor units of one GPU for a day."""


@pytest.fixture(scope="module")
def centre(tmp_path_factory):
    opened = long_centre(open_store(load(home=tmp_path_factory.mktemp("forecast") / "state")))
    yield opened
    opened.engine.dispose()


@pytest.fixture
def own(store):
    """A long centre of one test's own, to change."""
    return long_centre(store)


def test_the_days_behind_are_those_of_the_centre(centre):
    found = occupancy_forecast(centre, EVERYBODY, NOW)
    assert found.first_on == FIRST_ON
    assert len(found.history) == DAYS
    busy = found.history["busy_gpus"].to_numpy()
    assert np.abs(busy - np.resize(WEEK, DAYS)).max() < 0.101
    assert found.history["share"].to_numpy() == pytest.approx(busy / 8)
    # Six hours of Sunday, Monday's job waited.
    sundays = found.history["demand_gpus"].to_numpy()[6:-1:7] - busy[6:-1:7]
    assert sundays == pytest.approx(busy[7::7] / 4)


def test_the_days_ahead_go_on_in_their_week(centre):
    found = occupancy_forecast(centre, EVERYBODY, NOW)
    first = found.ahead.head(14)
    assert first["day"].iloc[0].date() == FIRST_ON
    assert np.abs(first["busy_gpus"].to_numpy() - np.resize(WEEK, 14) - 0.05).max() < 0.2
    for low, middle, high in (("busy_low_gpus", "busy_gpus", "busy_high_gpus"), ("share_low", "share", "share_high")):
        assert (found.ahead[low] <= found.ahead[middle]).all()
        assert (found.ahead[middle] <= found.ahead[high]).all()
    assert (found.ahead["demand_gpus"] >= found.ahead["busy_gpus"]).all()
    assert (found.ahead["busy_high_gpus"] <= 8).all()
    assert found.busy.coverage is not None
    assert found.full.day is None


def test_months_add_up_their_days(centre):
    found = occupancy_forecast(centre, EVERYBODY, NOW)
    assert [m.month for m in found.months][:3] == ["2026-05", "2026-06", "2026-07"]
    june = found.ahead[found.ahead["day"].dt.month.eq(6) & found.ahead["day"].dt.year.eq(2026)]
    assert found.months[1].share == pytest.approx(june["busy_gpus"].sum() / june["capacity_gpus"].sum(), abs=0.02)
    chances = [m.chance for m in found.months]
    assert chances == sorted(chances)


def test_a_stated_change_of_capacity_counts_from_its_day(own):
    later = FIRST_ON + timedelta(days=30)
    in_service(own, later, 16)
    found = occupancy_forecast(own, EVERYBODY, NOW)
    assert found.ahead["in_service_gpus"].tolist() == [8.0] * 30 + [16.0] * 335
    assert found.ahead["share"].iloc[31] == pytest.approx(found.ahead["busy_gpus"].iloc[31] / 16)
    assert any(f"+8 GPUs on {later:%-d %b %Y}" in said for said in found.says)


def test_capacity_that_goes_away_is_used_up_that_week(own):
    later = FIRST_ON + timedelta(days=60)
    in_service(own, later, 3)
    found = occupancy_forecast(own, EVERYBODY, NOW)
    assert found.full.chance == 1
    assert later <= found.full.day <= later + timedelta(days=7)
    assert [m.chance for m in found.months if m.month < f"{later:%Y-%m}"] == [0.0] * 2
    assert (found.ahead["busy_high_gpus"].iloc[60:] <= 3).all()


def test_a_day_that_nobody_stated_the_capacity_of_is_unknown(store):
    small_centre(store)
    with pytest.raises(NotEnoughHistory, match="there are 14"):
        occupancy_forecast(store, EVERYBODY, DATA_UNTIL_S)
    with pytest.raises(NotEnoughHistory, match="there are 0"):
        fund_forecast(store, EVERYBODY, DATA_UNTIL_S)  # nothing is rated yet


def test_an_empty_centre_has_no_forecast(store):
    for ask in (occupancy_forecast, fund_forecast):
        with pytest.raises(NotEnoughHistory, match="there are 0"):
            ask(store, EVERYBODY, NOW)


@pytest.mark.parametrize("ask", [occupancy_forecast, fund_forecast])
def test_only_those_who_see_the_whole_centre_are_told(centre, ask):
    with pytest.raises(NoAccess, match="executive"):
        ask(centre, OwnProjects("ana", frozenset({"vision"})), NOW)


def test_the_same_records_are_forecast_once(own):
    for ask in (occupancy_forecast, fund_forecast):
        assert ask(own, EVERYBODY, NOW) is ask(own, EVERYBODY, NOW + 60)
    before = occupancy_forecast(own, EVERYBODY, NOW)
    more = a_job(job_id="late", start_at=OPENING_S, end_at=OPENING_S + DAY_S)
    with own.begin() as conn:
        upsert_jobs(conn, job_frame([more]), own.settings.centre.zone)
    after = occupancy_forecast(own, EVERYBODY, NOW)
    assert after is not before
    assert after.history["busy_gpus"].iloc[0] == pytest.approx(before.history["busy_gpus"].iloc[0] + 1)


def test_what_is_drawn_goes_on_from_what_was(centre):
    found = fund_forecast(centre, EVERYBODY, NOW)
    assert found.drawn_minor == found.history["subsidy_minor"].sum()
    day = found.ahead["drawn_total_minor"].iloc[0] - found.drawn_minor
    monday = (WEEK[FIRST_ON.weekday()] + 0.05) * LIST_A_DAY * 0.7
    assert day == pytest.approx(monday, rel=0.05)
    assert (found.ahead["drawn_low_minor"] <= found.ahead["drawn_total_minor"]).all()
    assert (found.ahead["drawn_total_minor"] <= found.ahead["drawn_high_minor"]).all()
    assert found.lasts == 1
    assert found.gone.day is None


def test_as_decided_nothing_is_drawn_past_the_awards_end(centre):
    found = fund_forecast(centre, EVERYBODY, NOW)
    decided = found.ahead.set_index("day")["decided_total_minor"]
    assert decided["2026-12-31"] == pytest.approx(decided["2027-03-31"])
    assert decided["2026-12-31"] == pytest.approx(
        found.ahead.set_index("day")["drawn_total_minor"]["2026-12-31"], rel=0.02
    )


def test_a_small_fund_is_used_up_when_the_arithmetic_says(centre):
    """26 and a little GPU-days a week, 70% of HK$672: so much more than is drawn lasts for ten weeks."""
    a_week = (sum(WEEK) + 7 * 0.05) * LIST_A_DAY * 0.7
    drawn = fund_forecast(centre, EVERYBODY, NOW).drawn_minor
    scheme = centre.settings.scheme.model_copy(update={"budget": drawn + round(10 * a_week), "reserve": 0})
    poor = replace(centre, settings=centre.settings.model_copy(update={"scheme": scheme}))
    found = fund_forecast(poor, EVERYBODY, NOW)
    assert abs((found.gone.day - FIRST_ON).days - 70) <= 3
    assert found.gone.early <= found.gone.day <= found.gone.late
    assert found.lasts == 0
    assert found.lasts_until == found.gone.day
    assert (found.months[0].chance, found.months[-1].chance) == (0, 1)


def test_the_rows_for_programs_are_whole_minor_units(centre):
    found = fund_forecast(centre, EVERYBODY, NOW)
    by_day, by_month = told.rows(found, "day"), told.rows(found, "month")
    assert {str(by_day[name].dtype) for name in by_day.columns if name.endswith("_minor")} == {"Int64"}
    assert by_month["month"].iloc[0] == "2026-05"
    assert told.facts(found)["gone_on"] is None


DAY_WINDOWS = [("2026-12", Window(day * DAY_S, (day + 1) * DAY_S)) for day in range(8)]


def award(number, first, last, rate_bp, ceiling):
    return AwardVersion(number, f"award {number}", first * DAY_S, last * DAY_S, rate_bp, ceiling)


@pytest.mark.parametrize(
    ("awards", "paces", "drawn"),
    [
        ({"a": [award(1, 0, 9, 7000, 1000)]}, {"a": Pace(500, {})}, {1: 200}),
        ({"a": [award(1, 0, 2, 7000, 10_000), award(2, 1, 9, 6000, 10_000)]}, {"a": Pace(100, {})}, {}),
        ({"a": [award(1, 0, 6, 7000, 175), award(2, 1, 9, 6000, 100)]}, {"a": Pace(100, {})}, {}),
        ({"a": [award(1, 0, 2, 7000, 100), award(1, 2, 9, 7000, 250)]}, {"a": Pace(100, {})}, {}),
        ({"a": [award(1, 3, 9, 7000, 1000)], "b": [award(2, 0, 9, 7000, 9)]}, {"a": Pace(0, {"2026-12": 40})}, {}),
        ({"a": [award(1, 0, 9, 7000, 100)]}, {"a": Pace(100, {})}, {1: 300}),
    ],
)
def test_many_courses_are_drawn_by_the_rule_of_one(awards, paces, drawn):
    one = [sum(day.values()) for day in drawn_ahead(awards, paces, drawn, DAY_WINDOWS)]
    days = [(month, window.start_s) for month, window in DAY_WINDOWS]
    found = drawn_paths(awards, paces, drawn, days, np.ones((3, len(days))))
    assert found.tolist() == [one] * 3


def test_each_course_draws_at_its_own_pace():
    days = [(month, window.start_s) for month, window in DAY_WINDOWS[:3]]
    pace = np.array([[1.0, 1, 1], [0, 2, 4]])
    found = drawn_paths({"a": [award(1, 0, 9, 5000, 200)]}, {"a": Pace(100, {})}, {}, days, pace)
    assert found.tolist() == [[50, 50, 50], [0, 100, 100]]  # 200 are left of the ceiling, not 300


def test_time_waited_is_counted_to_the_second(store):
    """Against the plain definition: each job's wait inside of each bucket, times its GPUs."""
    drawn = np.random.default_rng(7)
    jobs = [
        a_job(
            job_id=str(n),
            submit_at=s,
            submit_known=bool(n % 5),
            start_at=s + w,
            end_at=s + w + 60,
            gpu_parts=gpu_parts(g),
        )
        for n, (s, w, g) in enumerate(
            zip(
                OPENING_S + drawn.integers(-DAY_S, 4 * DAY_S, 60),
                drawn.integers(0, 2 * DAY_S, 60),
                drawn.integers(1, 9, 60),
                strict=True,
            )
        )
    ]
    jobs = [{k: int(v) if isinstance(v, np.integer) else v for k, v in job.items()} for job in jobs]
    with store.begin() as conn:
        upsert_jobs(conn, job_frame(jobs), store.settings.centre.zone)
    edges = OPENING_S + np.array([0, DAY_S, 2 * DAY_S, 2 * DAY_S + 6 * HOUR_S + 900, 3 * DAY_S])
    known = [job for job in jobs if job["submit_known"]]
    expected = [
        sum(j["gpu_parts"] * max(0, min(j["start_at"], high) - max(j["submit_at"], low)) for j in known)
        for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    ]
    with store.read() as conn:
        assert waiting(conn, edges, Wanted()).tolist() == expected
        assert waiting(conn, edges, Wanted(clusters=("beta",))).tolist() == [0] * 4
    assert sum(expected) > GPU_PARTS
