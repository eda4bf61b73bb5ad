"""Figures of a small centre that can be checked by hand, as each viewer sees them."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from tests.builders import DATA_UNTIL_S, DAYS, OPENING_S, a_job, small_centre
from workbench.analytics.schema import job_frame
from workbench.domain.access import OwnProjects, WholeCentre
from workbench.domain.capacity import Outage
from workbench.errors import BadQuestion, UnknownProject
from workbench.services import reports
from workbench.services.reports import Only
from workbench.store.jobs import upsert_jobs
from workbench.units import DAY_S, GPU_PARTS, HOUR_S

EXECUTIVE = WholeCentre("eve")
ANA = OwnProjects("ana", frozenset({"vision"}))
NOBODY = OwnProjects("stu", frozenset())
ALL = (OPENING_S, DATA_UNTIL_S)


@pytest.fixture
def centre(store):
    return small_centre(store)


def hours(frame):
    return {row[0]: row[1] for row in zip(frame.iloc[:, 0], frame["gpu_hours"], strict=True)}


def test_usage_by_project_is_what_the_jobs_used(centre):
    frame = reports.usage(centre, EXECUTIVE, *ALL)
    assert hours(frame) == {"vision": 336, "speech": 6, "": 1}
    assert frame["jobs"].tolist() == [14, 2, 1]


def test_own_projects_are_all_that_their_members_see(centre):
    assert hours(reports.usage(centre, ANA, *ALL)) == {"vision": 336}
    assert hours(reports.usage(centre, ANA, *ALL, by=("user_name",))) == {"ana": 336}
    assert reports.usage(centre, ANA, *ALL, only=Only(project="speech")).empty
    assert reports.occupancy(centre, ANA, *ALL, only=Only(project="speech"))["gpu_part_seconds"].sum() == 0
    assert reports.projects(centre, ANA, *ALL)["project"].tolist() == ["vision"]
    assert reports.choices(centre, ANA).projects == (("vision", "Seeing machines"),)
    assert reports.wait(centre, ANA, *ALL)["project"].tolist() == ["vision"]


def test_who_belongs_to_no_project_sees_none(centre):
    assert reports.usage(centre, NOBODY, *ALL).empty
    assert reports.projects(centre, NOBODY, *ALL).empty
    assert reports.choices(centre, NOBODY).projects == ()
    assert reports.occupancy(centre, NOBODY, *ALL)["gpu_part_seconds"].sum() == 0
    assert reports.data_window(centre, NOBODY) is None


def test_a_project_of_others_is_not_confirmed_to_exist(centre):
    for slug in ("speech", "no-such"):
        with pytest.raises(UnknownProject, match="Yours: vision"):
            reports.project_users(centre, ANA, slug, *ALL)


def test_usage_in_a_window_counts_the_part_inside_to_the_second(centre):
    frame = reports.usage(centre, EXECUTIVE, OPENING_S + 1800 + 1, OPENING_S + DAY_S + 1)
    seconds = dict(zip(frame["project"], frame["gpu_part_seconds"] / GPU_PARTS, strict=True))
    assert seconds == {"vision": 4 * (6 * HOUR_S - 1801) + 4, "speech": 3 * HOUR_S}
    assert frame["jobs"].tolist() == [1, 1]


def test_usage_by_category_and_month(centre):
    frame = reports.usage(centre, EXECUTIVE, *ALL, by=("category", "month"))
    january = pd.Timestamp("2026-01-01", tz="Asia/Hong_Kong")
    assert frame[["category", "month", "gpu_hours"]].values.tolist() == [
        ["", january, 1.0],
        ["start-up", january, 6.0],
        ["university", january, 336.0],
    ]


def test_usage_in_all_is_one_row(centre):
    frame = reports.usage(centre, EXECUTIVE, *ALL, by=())
    assert frame[["jobs", "gpu_hours"]].values.tolist() == [[17, 343.0]]


@pytest.mark.parametrize("by", [("colour",), ("day", "month"), ("project", "project")])
def test_usage_by_what_there_is_not_is_refused(centre, by):
    with pytest.raises(BadQuestion):
        reports.usage(centre, EXECUTIVE, *ALL, by=by)


def test_filters_narrow_and_never_widen(centre):
    assert hours(reports.usage(centre, EXECUTIVE, *ALL, only=Only(category="start-up"))) == {"speech": 6}
    assert hours(reports.usage(centre, EXECUTIVE, *ALL, only=Only(project=""))) == {"": 1}
    assert reports.usage(centre, EXECUTIVE, *ALL, only=Only(gpu_model="A100")).empty
    assert reports.usage(centre, ANA, *ALL, only=Only(category="start-up")).empty


def test_occupancy_by_day_is_busy_over_in_service(centre):
    frame = reports.occupancy(centre, EXECUTIVE, *ALL, by="day")
    assert len(frame) == DAYS
    assert frame["share"].tolist()[:3] == [(24 + 3) / (8 * 24), (24 + 1) / (8 * 24), 24 / (8 * 24)]
    assert frame["start_at"].iloc[0] == pd.Timestamp("2026-01-05", tz="Asia/Hong_Kong")


def test_an_outage_takes_its_gpus_out_of_the_denominator(centre):
    start = datetime.fromtimestamp(OPENING_S, UTC)
    noon = datetime.fromtimestamp(OPENING_S + 12 * HOUR_S, UTC)
    with centre.db() as db:
        db.add(Outage("alpha", "main", "H800", start, noon, gpus=4, planned=True, reason="cooling"))
    day = reports.occupancy(centre, EXECUTIVE, OPENING_S, OPENING_S + DAY_S, by="day").iloc[0]
    assert day["capacity_gpus"] == 6
    assert day["in_service_part_seconds"] == 8 * DAY_S * GPU_PARTS
    assert day["share"] == (24 + 3) / (6 * 24)
    listed = reports.outages(centre, OPENING_S, OPENING_S + 1)
    assert listed[["gpus", "reason"]].values.tolist() == [[4, "cooling"]]
    line = reports.capacity_steps(centre, OPENING_S, OPENING_S + DAY_S)
    assert line["capacity"].tolist() == [4, 8]
    assert line["to_at"].iloc[1] == pd.Timestamp(OPENING_S + DAY_S, unit="s", tz="UTC")


def test_after_the_data_end_nothing_is_idle_it_is_unknown(centre):
    hours_ = reports.occupancy(centre, EXECUTIVE, DATA_UNTIL_S - HOUR_S, DATA_UNTIL_S + HOUR_S)
    assert hours_["share"].isna().tolist() == [False, True]
    assert hours_["capacity_part_seconds"].isna().tolist() == [False, True]
    last = reports.occupancy(centre, EXECUTIVE, DATA_UNTIL_S - DAY_S, DATA_UNTIL_S + DAY_S, by="month").iloc[0]
    assert last["share"] == 24 / (8 * 24)


def test_split_by_project_adds_up_to_the_whole(centre):
    whole = reports.occupancy(centre, EXECUTIVE, *ALL, by="day")
    parts = reports.occupancy(centre, EXECUTIVE, *ALL, by="day", split=("project",))
    assert parts.groupby("start_at")["gpu_part_seconds"].sum().tolist() == whole["gpu_part_seconds"].tolist()
    kinds = reports.occupancy(centre, EXECUTIVE, *ALL, by="day", split=("category",))
    assert kinds.groupby("start_at")["gpu_part_seconds"].sum().tolist() == whole["gpu_part_seconds"].tolist()


def test_clusters_without_stated_capacity_can_be_left_out(centre):
    with centre.begin() as conn:
        upsert_jobs(conn, job_frame([a_job(cluster="hub", gpu_parts=GPU_PARTS)]), centre.settings.centre.zone)
    window = (OPENING_S, OPENING_S + HOUR_S)
    assert reports.occupancy(centre, EXECUTIVE, *window)["share"].isna().all()
    assert reports.occupancy(centre, EXECUTIVE, *window, only=Only(measured=True))["share"].tolist() == [0.5]
    alone = reports.occupancy(centre, EXECUTIVE, *window, only=Only(cluster="hub", measured=True))
    assert alone["busy_gpus"].tolist() == [1.0]


def test_heat_has_every_hour_of_the_week(centre):
    week = reports.heat(centre, EXECUTIVE, *ALL)
    assert len(week) == 168
    by_hour = week.set_index(["weekday", "hour"])["share"]
    assert (by_hour[(0, 0)], by_hour[(0, 12)], by_hour[(2, 23)]) == (0.5, 0.0625, 0.0)


def test_now_is_the_last_moment_the_data_reach(centre):
    since = {"start_at": DATA_UNTIL_S - 60, "end_at": None, "seen_until_at": DATA_UNTIL_S}
    running = a_job(job_id="r", gpu_parts=2 * GPU_PARTS, **since)
    with centre.begin() as conn:
        upsert_jobs(conn, job_frame([running]), centre.settings.centre.zone)
    now = reports.centre_now(centre, EXECUTIVE, DATA_UNTIL_S + 90)
    assert (now.at_s, now.age_s, now.running) == (DATA_UNTIL_S, 90, 1)
    assert (now.total.busy, now.total.installed, now.total.in_service, now.total.share) == (2.0, 10, 8, 0.25)
    theirs = reports.centre_now(centre, NOBODY, DATA_UNTIL_S)
    assert (theirs.running, theirs.total.busy, theirs.total.in_service) == (0, 0.0, 8)


def test_a_moment_in_the_past_is_seen_as_it_was(centre):
    now = reports.centre_now(centre, EXECUTIVE, OPENING_S + 3 * HOUR_S)
    assert (now.at_s, now.age_s, now.total.busy) == (OPENING_S + 3 * HOUR_S, 0, 4.0)


def test_an_empty_store_has_answers_too(store):
    assert reports.centre_now(store, EXECUTIVE, OPENING_S) is None
    assert reports.data_window(store, EXECUTIVE) is None
    assert reports.freshness(store, EXECUTIVE, OPENING_S) == ()
    assert reports.usage(store, EXECUTIVE, *ALL).empty
    assert reports.projects(store, EXECUTIVE, *ALL).empty
    assert reports.occupancy(store, EXECUTIVE, *ALL, by="day")["share"].isna().all()
    assert reports.occupancy_summary(store, EXECUTIVE, OPENING_S, OPENING_S) is None
    assert reports.wait(store, EXECUTIVE, *ALL).empty


def test_projects_side_by_side_include_the_idle_and_the_unowned(centre):
    frame = reports.projects(centre, EXECUTIVE, OPENING_S + 8 * DAY_S, OPENING_S + 9 * DAY_S)
    assert frame["project"].tolist() == ["vision", "speech"]
    assert frame["gpu_hours"].tolist() == [24.0, 0.0]
    assert frame["users"].tolist() == [1, 0]
    assert frame["share"].tolist() == [1.0, 0.0]
    assert (frame["before_part_seconds"] / GPU_PARTS / HOUR_S).tolist() == [24.0, 3.0]
    everyone = reports.projects(centre, EXECUTIVE, *ALL)
    assert everyone[["project", "title", "users"]].values.tolist() == [
        ["vision", "Seeing machines", 1],
        ["speech", "Hearing machines", 1],
        ["", "", 0],
    ]


def test_wait_is_told_where_the_submit_time_is_known(centre):
    frame = reports.wait(centre, EXECUTIVE, *ALL).set_index("project")
    assert frame.loc["vision", ["jobs", "known_jobs", "mean_s", "median_s", "p95_s"]].tolist() == [
        14,
        14,
        600,
        600,
        600,
    ]
    assert frame.loc["speech", ["jobs", "known_jobs"]].tolist() == [2, 0]
    assert frame.loc["speech", ["mean_s", "median_s", "p95_s"]].isna().all()


def test_users_of_a_project_add_up_to_it(centre):
    assert hours(reports.project_users(centre, EXECUTIVE, "vision", *ALL)) == {"ana": 336}


def test_freshness_is_the_noted_one_and_never_lies_ahead(centre):
    assert [f.data_until_s for f in reports.freshness(centre, EXECUTIVE, DATA_UNTIL_S + 5)] == [DATA_UNTIL_S]
    assert [f.age_s for f in reports.freshness(centre, EXECUTIVE, OPENING_S)] == [0]
