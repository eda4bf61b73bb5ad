"""Charges by day follow the rollups; what was rated in pieces equals what is rated at once."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text

from tests.builders import DATA_UNTIL_S, OPENING_S, a_job, add_prices, small_centre, small_centre_jobs
from workbench.analytics.schema import job_frame
from workbench.domain.awards import Award
from workbench.services.charging.rating import Rated, rate
from workbench.store import rollups
from workbench.store.jobs import upsert_jobs
from workbench.store.tables import charges_daily, charges_user_daily, dirty
from workbench.units import DAY_S, HOUR_S, gpu_parts

NOW = DATA_UNTIL_S


@pytest.fixture
def centre(store):
    return small_centre(store)


def bring(store, *jobs):
    with store.begin() as conn:
        upsert_jobs(conn, job_frame(list(jobs)), store.settings.centre.zone)


def charged(store, **where):
    with store.read() as conn:
        rows = conn.execute(select(charges_daily).filter_by(**where).order_by(charges_daily.c.day)).mappings()
        return [dict(row) for row in rows]


def table(store):
    with store.read() as conn:
        return pd.read_sql(
            text("SELECT * FROM charges_daily ORDER BY project, day, cluster, partition, gpu_model"), conn
        )


def test_each_day_of_a_project_is_charged_and_split(centre):
    assert rate(centre, NOW) == Rated(projects=3, lines=17, unpriced=0, usage_lines=17)
    vision = charged(centre, project="vision")
    assert len(vision) == 14
    assert {(r["list_minor"], r["subsidy_minor"], r["user_minor"]) for r in vision} == {(67_200, 47_040, 20_160)}
    assert sum(r["list_minor"] for r in charged(centre, project="speech")) == 6 * 2800
    assert {r["subsidy_minor"] for r in charged(centre, project="speech")} == {0}


def test_usage_of_nobody_is_charged_and_kept_apart(centre):
    rate(centre, NOW)
    [line] = charged(centre, project="")
    assert (line["list_minor"], line["subsidy_minor"], line["user_minor"]) == (2800, 0, 2800)


def test_rating_again_changes_nothing(centre):
    rate(centre, NOW)
    before = table(centre)
    assert rate(centre, NOW) == Rated(0, 0, 0, 0)
    rate(centre, NOW, everything=True)
    pd.testing.assert_frame_equal(table(centre), before)


def test_usage_without_a_price_is_there_and_has_no_amount(centre):
    bring(centre, a_job(job_id="new", gpu_model="B300"))
    assert rate(centre, NOW).unpriced == 1
    [line] = charged(centre, gpu_model="B300")
    assert line["list_minor"] is line["subsidy_minor"] is line["user_minor"] is None
    assert line["price_version"] == ""
    assert line["gpu_part_seconds"] == gpu_parts(1) * HOUR_S


def test_a_late_job_moves_the_ceiling_for_all_days_after_it(centre):
    with centre.db() as db:
        db.scalars(select(Award)).one().ceiling_minor = 5 * 47_040
    rate(centre, NOW)
    assert [r["subsidy_minor"] for r in charged(centre, project="vision")] == [47_040] * 5 + [0] * 9
    bring(centre, a_job(job_id="late", start_at=OPENING_S + 12 * HOUR_S, gpu_parts=gpu_parts(24)))
    rate(centre, NOW)
    subsidies = [r["subsidy_minor"] for r in charged(centre, project="vision")]
    assert subsidies == [94_080, 47_040, 47_040, 47_040] + [0] * 10
    assert [r["award_id"] for r in charged(centre, project="vision")] == [1] * 4 + [None] * 10


def test_a_job_taken_back_takes_its_charge_back(centre):
    rate(centre, NOW)
    before = table(centre)
    bring(centre, a_job(job_id="s9", project="speech", start_at=OPENING_S + 2 * DAY_S))
    rate(centre, NOW)
    assert len(table(centre)) == len(before) + 1
    bring(centre, a_job(job_id="s9", project="speech", start_at=OPENING_S + 2 * DAY_S, end_at=OPENING_S + 2 * DAY_S))
    rate(centre, NOW)
    pd.testing.assert_frame_equal(table(centre), before)


def test_a_job_that_changes_its_user_takes_its_charge_along(centre):
    rate(centre, NOW)
    known = small_centre_jobs().iloc[[3]].to_dict("records")[0]
    bring(centre, {**known, "user_name": "eve"})
    assert rate(centre, NOW).lines == 11
    with centre.read() as conn:
        ask = select(charges_user_daily.c.list_minor).where(charges_user_daily.c.user_name == "eve")
        assert conn.scalars(ask).all() == [67_200]


def test_two_jobs_that_change_their_sizes_are_charged_anew_though_the_day_uses_the_same(centre):
    early, late = (
        a_job(job_id=name, submit_at=OPENING_S, start_at=OPENING_S + hours * HOUR_S, gpu_parts=gpu_parts(gpus))
        for name, hours, gpus in (("e", 8, 1), ("l", 9, 4))
    )
    bring(centre, early, late)
    rate(centre, NOW)
    bring(centre, {**early, "gpu_parts": late["gpu_parts"]}, {**late, "gpu_parts": early["gpu_parts"]})
    assert rate(centre, NOW).projects == 1


def test_days_ahead_are_not_charged_yet(centre):
    rate(centre, OPENING_S + 3 * DAY_S - 1)
    assert [r["day"] for r in charged(centre, project="vision")] == ["2026-01-05", "2026-01-06", "2026-01-07"]
    rate(centre, NOW)
    assert len(charged(centre, project="vision")) == 14


def test_a_new_price_is_used_once_its_day_is_marked(centre):
    rate(centre, NOW)
    add_prices(centre, {"2026-01-12": {"H800": "26.00", "cpu": "0.20"}})
    assert rate(centre, NOW) == Rated(3, 8, 0, 8)
    assert [r["list_minor"] for r in charged(centre, project="vision")] == [67_200] * 7 + [62_400] * 7


def test_marks_are_gone_afterwards(centre):
    rate(centre, NOW)
    with centre.read() as conn:
        assert not conn.execute(select(dirty).where(dirty.c.kind == "charges")).all()


def test_a_project_used_on_two_clusters_draws_one_award(centre):
    with centre.db() as db:
        db.scalars(select(Award)).one().ceiling_minor = 47_040 + 1_000
    bring(centre, a_job(job_id="h", cluster="hub", start_at=OPENING_S + 30_000))
    rate(centre, NOW)
    first = [r for r in charged(centre, project="vision") if r["day"] == "2026-01-05"]
    paid = sorted((r["cluster"], r["award_version"], r["list_minor"], r["subsidy_minor"]) for r in first)
    # To the second: HK$10.00 are 70% of HK$14.28, so that the award pays for 1,836 of the 3,600 seconds.
    assert paid == [
        ("alpha", "award 1 of 2025-12-01", 67_200, 47_040),
        ("hub", "", 1_372, 0),
        ("hub", "award 1 of 2025-12-01", 1_428, 1_000),
    ]


jobs = st.lists(
    st.builds(
        a_job,
        job_id=st.sampled_from("abcdef"),
        submit_at=st.just(OPENING_S),
        project=st.sampled_from(("vision", "speech", None)),
        start_at=st.integers(OPENING_S, OPENING_S + 5 * DAY_S),
        gpu_parts=st.integers(0, 64).map(gpu_parts),
        gpu_model=st.sampled_from(("H800", "B300", None)),
        cpu_cores=st.sampled_from((None, 8)),
    ).map(lambda job: {**job, "end_at": job["start_at"] + 7 * HOUR_S, "seen_until_at": job["start_at"] + 7 * HOUR_S}),
    max_size=6,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(jobs, max_size=4), st.integers(0, 10**7))
def test_rating_after_every_change_equals_rating_once(centre, batches, ceiling):
    store = centre
    with store.begin() as conn:
        for emptied in ("jobs", "charges_daily", "dirty", "rollup_hourly", "rollup_daily", "rollup_user_daily"):
            conn.execute(text(f"DELETE FROM {emptied}"))
    with store.db() as db:
        db.scalars(select(Award)).one().ceiling_minor = ceiling
    rate(store, NOW)
    for batch in batches:
        if batch:
            bring(store, *batch)
        rate(store, NOW)
    in_pieces = table(store)
    with store.begin() as conn:
        rollups.rebuild(conn, store.settings.centre.zone)
        conn.execute(delete(charges_daily))
    rate(store, NOW, everything=True)
    pd.testing.assert_frame_equal(table(store), in_pieces)
    priced = in_pieces.dropna(subset="list_minor")
    assert (priced["list_minor"] == priced["subsidy_minor"] + priced["user_minor"]).all()
    assert in_pieces["subsidy_minor"].sum() <= ceiling
