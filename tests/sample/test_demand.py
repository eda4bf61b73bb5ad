"""The replay rule: which jobs are submitted, and when."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from workbench.periods import day_start, parse_moment
from workbench.sample.definition import definition
from workbench.sample.demand import WEEK_S, block, demand
from workbench.settings import Centre

PLAN = definition()
HONG_KONG = ZoneInfo("Asia/Hong_Kong")
CENTRE = Centre(name="c", time_zone="Asia/Hong_Kong", opened_on=PLAN.calendar.opened_on)
OPENING = day_start(PLAN.calendar.opened_on, HONG_KONG)
UNTIL = parse_moment("2026-03-30", HONG_KONG)


@pytest.fixture(scope="module")
def taken():
    return block(PLAN)


@pytest.fixture(scope="module")
def jobs(taken):
    return demand(PLAN, CENTRE, taken, UNTIL)


def test_the_block_is_eleven_whole_weeks_of_the_log(taken):
    log = pd.read_parquet(PLAN.log.path)
    inside = log["timestamp"].between("2017-09-25", "2017-12-10 23:59:59")
    assert len(taken.row) == inside.sum() == 79_083
    assert taken.seconds == 77 * 86_400
    assert (taken.duration_s * taken.gpus).sum() == int(log.loc[inside, "gpu_time"].sum())


def test_weekday_and_time_of_day_are_those_of_the_log(taken, jobs):
    log = pd.read_parquet(PLAN.log.path)["timestamp"]
    some = jobs.sample(500, random_state=1)
    then = log.iloc[some["row"]].reset_index(drop=True)
    local = pd.to_datetime(some["submit_at"], unit="s", utc=True).dt.tz_convert(HONG_KONG).dt.tz_localize(None)
    assert (local.dt.weekday.to_numpy() == then.dt.weekday.to_numpy()).all()
    assert (local.dt.time.to_numpy() == then.dt.time.to_numpy()).all()


def test_each_copy_runs_each_job_of_its_virtual_cluster_once_a_round(taken, jobs):
    place = next(n for n, p in enumerate(PLAN.projects) if p.slug == "protein-design")
    project = PLAN.projects[place]
    mine = jobs[(jobs["project"] == place) & (jobs["round"] == 2)]
    rows = np.sort(taken.row[taken.vc == project.vc])
    for weeks in project.copies:
        assert np.array_equal(np.sort(mine.loc[mine["copy"] == weeks, "row"]), rows)
    assert set(mine["copy"]) == set(project.copies)


def test_a_copy_is_the_block_turned_by_its_weeks(taken, jobs):
    some = jobs.sample(500, random_state=2)
    at = taken.at_s[np.searchsorted(taken.row, some["row"])]
    turned = (at + some["copy"].to_numpy() * WEEK_S) % taken.seconds
    assert (some["submit_at"].to_numpy() == OPENING + some["round"].to_numpy() * taken.seconds + turned).all()


def test_no_job_is_there_twice(jobs):
    projects = pd.Series([p.vc for p in PLAN.projects])
    keys = jobs.assign(vc=projects.iloc[jobs["project"]].to_numpy())
    assert not keys.duplicated(["vc", "row", "copy", "round"]).any()


def test_a_project_submits_from_its_first_day_to_its_last(jobs):
    for place, project in enumerate(PLAN.projects):
        mine = jobs.loc[jobs["project"] == place, "submit_at"]
        if mine.empty:
            assert project.vc is None or day_start(project.starts_on, HONG_KONG) > UNTIL - 12 * WEEK_S
            continue
        assert mine.min() >= day_start(project.starts_on, HONG_KONG)
        assert project.ends_on is None or mine.max() < day_start(project.ends_on, HONG_KONG)


def test_a_shorter_demand_is_the_beginning_of_a_longer_one(taken, jobs):
    cut = parse_moment("2025-06-15T13:00", HONG_KONG)
    shorter = demand(PLAN, CENTRE, taken, cut)
    pd.testing.assert_frame_equal(shorter, jobs[jobs["submit_at"] < cut].reset_index(drop=True))


def test_daylight_saving_moves_no_job_to_another_day(taken):
    zone = ZoneInfo("Europe/Zurich")
    project = next(p for p in PLAN.projects if p.slug == "port-logistics")
    one = PLAN.model_copy(update={"projects": (project,)})
    centre = CENTRE.model_copy(update={"time_zone": "Europe/Zurich"})
    jobs = demand(one, centre, replace(taken), parse_moment("2025-06-01", zone))
    at = taken.at_s[np.searchsorted(taken.row, jobs["row"])]
    local = [datetime.fromtimestamp(s, zone) for s in jobs["submit_at"]]
    same = [
        moment.hour * 3600 + moment.minute * 60 + moment.second == a % 86_400
        for moment, a in zip(local, at, strict=True)
    ]
    # Only the small hours of the one day on which clocks change may read another hour.
    assert {moment.date().isoformat() for moment, ok in zip(local, same, strict=True) if not ok} <= {"2025-03-30"}
