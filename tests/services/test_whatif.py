"""A what-if on a small centre whose answers can be reckoned by hand.

Beside `main` (tests.builders) there is `busy` with 8 A100, where every day at noon two jobs of 8 GPUs and 6 hours are
submitted at once: half of the jobs wait 6 hours, and 2 × 8 × 6 of 8 × 24 GPU-hours are in use, which is 50%.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from tests.builders import DATA_UNTIL_S, DAYS, OPENING_S, a_job, add_prices, small_centre
from workbench.analytics.schema import job_frame
from workbench.domain.awards import Application
from workbench.domain.capacity import CapacityChange
from workbench.errors import BadScenario
from workbench.periods import Window, moment
from workbench.services.applications.steps import Draft, begin
from workbench.services.charging.rating import rate
from workbench.services.prices.stored import CPU
from workbench.services.whatif.answer import ask
from workbench.services.whatif.changes import capacity, grown, kept_for
from workbench.services.whatif.scenario import ClassReservation, Scenario
from workbench.store.jobs import upsert_jobs
from workbench.units import DAY_S, GPU_PARTS, HOUR_S, gpu_parts

NOW = DATA_UNTIL_S + 3600
"""Monday 19 January 2026, 01:00 in Hong Kong: the answer is of February 2026 to January 2027."""
POOL = "busy, A100"
BUSY = Scenario(POOL)
FEBRUARY_S = int(datetime(2026, 1, 31, 16, tzinfo=UTC).timestamp())
GPU_HOUR = GPU_PARTS * HOUR_S


@pytest.fixture
def centre(store):
    small_centre(store)
    opening = moment(OPENING_S)
    with store.db(writes=True) as db:
        db.add(CapacityChange("alpha", "busy", "A100", opening, installed=8, in_service=8, allocatable=8))
    noon = [OPENING_S + day * DAY_S + 12 * HOUR_S for day in range(DAYS)]
    place = {"partition": "busy", "gpu_model": "A100", "gpu_parts": gpu_parts(8), "submit_known": True}
    pairs = [
        a_job(job_id=f"b{at}-{turn}", submit_at=at, start_at=start, end_at=start + 6 * HOUR_S, **place)
        for at in noon
        for turn, start in enumerate((at, at + 6 * HOUR_S))
    ]
    with store.begin() as conn:
        upsert_jobs(conn, job_frame(pairs), store.settings.centre.zone)
    add_prices(store, {"2025-02-01": {"H800": "28.00", "A100": "10.00", CPU: "0.20"}})
    rate(store, NOW)
    return store


@pytest.fixture
def applied(centre):
    """Three applications before a decision: for H800 at the Committee, for A100 checked, and a draft."""
    found = []
    for slug, model, stage in (("one", "A100", "submitted"), ("two", "H800", "committee"), ("three", "A100", "draft")):
        need = {"gpu_model": model, "gpus": 4, "gpu_hours_by_month": (100, 100)}
        draft = Draft(slug, slug.capitalize(), "university", "University C", 140_000, **need)
        reference = begin(centre, draft, "ana", NOW)
        with centre.begin() as conn:
            conn.execute(update(Application).where(Application.reference == reference).values(stage=stage))
        found.append(reference)
    return found


def test_what_changes_nothing_is_the_base_case_itself(centre):
    found = ask(centre, BUSY, NOW)
    assert found.changed == found.base
    assert (found.months[0], found.months[-1], found.pool, found.gpus) == ("2026-02", "2027-01", POOL, 8)
    year = found.base.whole
    assert (year.occupancy_bp, year.submitted, year.wait_median_s, year.wait_p95_s) == (5000, 730, 3 * HOUR_S, 21600)
    assert year.busy == 365 * 2 * 8 * 6 * GPU_HOUR
    assert [one.occupancy_bp for one in found.base.months] == [5000] * 12
    assert {one.busy for one in found.base.weeks} == {7 * 96 * GPU_HOUR}
    assert ask(centre, BUSY, NOW + 60) is found


def test_twice_the_gpus_from_a_day_bring_waits_to_zero_from_that_day(centre):
    found = ask(centre, replace(BUSY, more_gpus=8, from_on=date(2026, 5, 1)), NOW)
    before, after = found.changed.months[:3], found.changed.months[3:]
    assert before == found.base.months[:3]
    assert {(one.occupancy_bp, one.wait_median_s, one.wait_p95_s) for one in after} == {(2500, 0, 0)}
    assert found.changed.whole.there == found.base.whole.there + 276 * 24 * 8 * GPU_HOUR
    assert found.changed.whole.busy == found.base.whole.busy
    assert found.changed.fund_left_minor == found.base.fund_left_minor
    assert any(said.startswith("8 GPUs more are in service") for said in found.says)


def test_fewer_gpus_leave_out_what_is_larger_than_the_pool_and_say_so(centre):
    found = ask(centre, replace(BUSY, more_gpus=-2, from_on=date(2026, 8, 1)), NOW)
    assert (found.changed.whole.busy, found.changed.whole.submitted) == (0, 0)
    assert found.changed.whole.wait_median_s is None
    assert any("would be larger than the pool" in said for said in found.says)


@pytest.mark.parametrize("policy", ["fifo", "backfill", "fair-share"])
def test_another_policy_is_on_the_changed_side_alone(centre, policy):
    found = ask(centre, replace(BUSY, policy=policy), NOW)
    # Two jobs a day that fill the pool have one order only, whatever the policy.
    assert found.changed.months == found.base.months
    assert any(said.startswith("The queue changed: ") for said in found.says)
    assert not any(said.startswith("The queue changed: ") for said in ask(centre, BUSY, NOW).says)


def test_a_class_takes_its_gpus_every_week(centre):
    tuesday_noon = FEBRUARY_S + 2 * DAY_S + 12 * HOUR_S
    weekly = ask(centre, replace(BUSY, reservation=ClassReservation(8, tuesday_noon, 6)), NOW)
    assert weekly.changed.whole.kept == 52 * 8 * 6 * GPU_HOUR
    assert weekly.changed.whole.busy == weekly.base.whole.busy  # put off, within the day
    assert weekly.changed.whole.wait_p95_s > weekly.base.whole.wait_p95_s
    assert weekly.changed.months[0].occupancy_bp == round(10_000 * (28 * 12 + 4 * 6) / (28 * 24))
    once = ask(centre, replace(BUSY, reservation=ClassReservation(4, tuesday_noon, 6, weekly=False)), NOW)
    assert [one.kept for one in once.changed.months] == [24 * GPU_HOUR] + [0] * 11
    assert once.changed.months[1:] == once.base.months[1:]


def test_approved_applications_ask_for_what_they_planned_and_draw_the_fund(centre, applied):
    elsewhere = ask(centre, replace(BUSY, approve=1), NOW)
    assert [(one.reference, one.here) for one in elsewhere.approved] == [(applied[1], False)]
    assert elsewhere.waiting == 2  # the draft asks for nothing yet
    assert elsewhere.changed.months == elsewhere.base.months
    drawn = [a - b for a, b in zip(elsewhere.base.fund_left_minor, elsewhere.changed.fund_left_minor, strict=True)]
    assert drawn == [70_000] + [140_000] * 11  # half of its 200 GPU-hours in each of two months, up to its ceiling
    assert ask(centre, BUSY, NOW).free_minor - elsewhere.free_minor == 140_000
    found = ask(centre, replace(BUSY, approve=5), NOW)
    assert [(one.reference, one.here, one.gpu_hours) for one in found.approved][1] == (applied[0], True, 200)
    assert found.changed.whole.busy - found.base.whole.busy == 200 * GPU_HOUR
    assert sum(applied[0] in said for said in found.says) == 1


def test_demand_that_grows_asks_for_more_and_draws_more(centre):
    found = ask(centre, replace(BUSY, growth_bp=1000), NOW)
    more = [one.submitted / was.submitted for one, was in zip(found.changed.months, found.base.months, strict=True)]
    assert more[0] == pytest.approx(1.1, abs=0.15)
    assert more[-1] == pytest.approx(1.1**12, rel=0.15)
    less = [a - b for a, b in zip(found.base.fund_left_minor, found.changed.fund_left_minor, strict=True)]
    # vision draws 24 GPU-hours a day at HK$28 and 96 at HK$10, 70% subsidised; in February a tenth more. Until its
    # ceiling: then nothing.
    assert less[0] > 0
    assert found.changed.fund_lasts_until != found.base.fund_lasts_until or found.base.fund_lasts_until is None
    falling = ask(centre, replace(BUSY, growth_bp=-2000), NOW)
    assert falling.changed.months[-1].submitted < 20


def test_every_problem_is_said_at_once(centre):
    with pytest.raises(BadScenario) as bad:
        Scenario(policy="lottery", approve=9, growth_bp=99_999, reservation=ClassReservation(0, 0, 500))
    assert set(bad.value.problems) == {"policy", "approve", "growth", "class_gpus", "class_hours"}
    kept = ClassReservation(9, NOW - DAY_S, 2)
    with pytest.raises(BadScenario, match="the pool has 8 GPUs") as bad:
        ask(centre, Scenario(POOL, -9, date(2025, 1, 1), reservation=kept), NOW)
    assert set(bad.value.problems) == {"from", "gpus", "class_gpus", "class_at"}
    with pytest.raises(BadScenario, match="busy, A100; main, H800"):
        ask(centre, Scenario("main, A100"), NOW)


def test_without_capacity_or_jobs_it_is_unknown_and_the_fund_is_known(store, centre):
    other = ask(centre, Scenario("main, H800"), NOW)
    assert other.base.whole.submitted
    with centre.db(writes=True) as db:
        db.add(CapacityChange("alpha", "new", "L40S", moment(OPENING_S), installed=4, in_service=4, allocatable=4))
    idle = ask(centre, Scenario("new, L40S", more_gpus=4), NOW)
    assert (idle.changed.whole.busy, idle.changed.whole.occupancy_bp, idle.changed.waiting) == (None, None, None)
    assert idle.changed.whole.there == 2 * idle.base.whole.there
    assert any("No job of this pool" in said for said in idle.says)


def test_an_empty_centre_has_an_answer_that_knows_nothing(store):
    found = ask(store, Scenario(), NOW)
    assert (found.pool, found.gpus, found.pools, found.base.whole.occupancy_bp) == ("", 0, (), None)
    assert len(found.base.fund_left_minor) == 12
    assert "No capacity is stated: occupancy and waits are unknown." in found.says


def test_new_records_have_a_new_answer(centre):
    first = ask(centre, BUSY, NOW)
    with centre.db(writes=True) as db:
        db.add(CapacityChange("alpha", "busy", "A100", moment(FEBRUARY_S), installed=16, in_service=16, allocatable=16))
    grown_up = ask(centre, BUSY, NOW)
    assert grown_up.base.whole.occupancy_bp == 2500 == first.base.whole.occupancy_bp // 2


def test_gpus_added_before_a_stated_step_stay_over_it():
    steps = ((0, 8), (100, 16))
    assert capacity(steps, 50, 4) == ((0, 8), (50, 12), (100, 20))
    assert capacity(steps, 100, -20) == ((0, 8), (100, 0))
    assert capacity(steps, 200, 4) == ((0, 8), (100, 16), (200, 20))


def test_a_class_keeps_its_hour_when_the_clocks_change():
    zone = ZoneInfo("Europe/London")
    start = int(datetime(2026, 3, 24, 14, tzinfo=zone).timestamp())
    lessons = kept_for(ClassReservation(2, start, 3), Window(start - DAY_S, start + 15 * DAY_S), zone)
    assert [moment(at).astimezone(zone).hour for at, _end, _parts in lessons] == [14, 14, 14]
    assert lessons[1][0] - lessons[0][0] == 7 * DAY_S - HOUR_S


def test_no_growth_leaves_demand_as_it_is(centre):
    jobs = object()
    assert grown(jobs, [0], 0) is jobs
