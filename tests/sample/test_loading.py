"""The sample centre in a store: loaded once, continued later, to the same rows as one that was loaded later."""

import json
from datetime import date

import pandas as pd
import pytest
from sqlalchemy import func, select, text

from workbench import sample
from workbench.domain.capacity import CapacityChange, Outage
from workbench.domain.projects import Person
from workbench.periods import parse_moment
from workbench.sample import logins
from workbench.sample.definition import definition
from workbench.sample.loading import STEP_S
from workbench.sample.replay import outage_windows, schedule, seen_at
from workbench.services.people import check_password, groups
from workbench.settings import load
from workbench.store import rollups
from workbench.store.engine import open_store
from workbench.store.tables import captures, freshness

PLAN = definition()
TABLES = ("jobs", "rollup_hourly", "rollup_daily", "rollup_user_daily", "charges_daily", "freshness")


@pytest.fixture(scope="module")
def zone():
    return load().centre.zone


@pytest.fixture(scope="module")
def early(tmp_path_factory, zone):
    """Loaded in the middle of a night of January 2025, then continued in two steps to the next evening."""
    settings = load(home=tmp_path_factory.mktemp("early") / "state")
    store = open_store(settings)
    told = []
    sample.load(store, settings, parse_moment("2025-01-21T03:00", zone), lambda *stage: told.append(stage))
    for until in ("2025-01-21T11:17", "2025-01-22T20:00"):
        sample.top_up(store, settings, parse_moment(until, zone))
    yield store, told
    store.engine.dispose()


@pytest.fixture(scope="module")
def late(tmp_path_factory, zone):
    """Loaded at once at the moment to which the other was continued."""
    settings = load(home=tmp_path_factory.mktemp("late") / "state")
    store = open_store(settings)
    sample.load(store, settings, parse_moment("2025-01-22T20:00", zone))
    yield store
    store.engine.dispose()


def rows(store, table):
    with store.read() as conn:
        frame = pd.read_sql(text(f"SELECT * FROM {table}"), conn)
    frame = frame.drop(columns=[c for c in ("id", "capture_id", "noted_at") if c in frame])
    return frame.sort_values(list(frame.columns), ignore_index=True)


@pytest.mark.parametrize("table", TABLES)
def test_a_centre_continued_in_steps_equals_one_loaded_later(early, late, table):
    pd.testing.assert_frame_equal(rows(early[0], table), rows(late, table))


def test_its_rollups_equal_its_jobs(early):
    store, _ = early
    with store.read() as conn:
        assert not any(rollups.differences(conn, store.settings.centre.zone).values())


def test_some_jobs_are_running_and_none_has_an_end_ahead(late, zone):
    now = parse_moment("2025-01-22T20:00", zone)
    jobs = rows(late, "jobs")
    assert jobs["end_at"].isna().any()
    assert (jobs.loc[jobs["end_at"].isna(), "seen_until_at"] == now).all()
    assert jobs["end_at"].max() <= now
    assert jobs["start_at"].max() < now


def test_loading_again_changes_nothing(late, zone):
    now = parse_moment("2025-01-22T20:00", zone)
    before = {table: rows(late, table) for table in TABLES}
    again = sample.load(late, late.settings, now + STEP_S - 1)
    assert (again.inserted, again.updated) == (0, 0)
    for table in TABLES:
        pd.testing.assert_frame_equal(rows(late, table), before[table])


def test_it_says_how_far_it_is(early):
    _, told = early
    stages = list(dict.fromkeys(what for what, _, _ in told))
    whole = ["replay the log", "store jobs", "price the usage", "post the ledger", "write the lake", "sample the GPUs"]
    assert stages == whole
    assert all(0 <= done <= total for _, done, total in told)
    assert {what for what, done, total in told if done == total} == set(stages)


def test_the_capture_names_the_log_and_its_digest(late):
    with late.read() as conn:
        capture = conn.execute(select(captures)).one()
    assert capture.source == "sample"
    assert capture.name == "philly_jobs.parquet"
    assert capture.accepted == len(rows(late, "jobs"))


def test_a_centre_made_by_another_rule_is_left_as_it_is(tmp_path, zone, monkeypatch):
    settings = load(home=tmp_path / "state")
    store = open_store(settings)
    now = parse_moment("2025-01-08", zone)
    sample.load(store, settings, now)
    monkeypatch.setattr("workbench.sample.definition.RULE", "another")
    assert sample.top_up(store, settings, now + 7200).until == now
    with store.read() as conn:
        assert "make reset" in conn.execute(select(freshness.c.note)).scalar_one()
    store.engine.dispose()


def test_a_lost_schedule_is_worked_out_anew(tmp_path, zone):
    settings = load(home=tmp_path / "state")
    store = open_store(settings)
    now = parse_moment("2025-01-08", zone)
    sample.load(store, settings, now)
    (settings.home / "sample" / "ahead.parquet").write_bytes(b"cut short")
    assert sample.top_up(store, settings, now + 86_400).inserted > 0
    store.engine.dispose()


def test_every_invented_person_says_so(late):
    with late.db() as db:
        people = list(db.scalars(select(Person)))
    assert people
    assert all(person.made_up for person in people)
    assert {"lead-01", "analyst-01", "executive-01", "student-01"} <= {person.name for person in people}


def test_capacity_and_outages_are_there(late):
    with late.db() as db:
        assert db.scalar(select(func.count()).select_from(CapacityChange)) == 4
        assert db.scalar(select(func.count()).select_from(Outage)) == 3


def test_the_logins_open_what_their_roles_say(late):
    found = {login.role: login for login in logins.read(late.settings)}
    assert list(found) == [
        *("executive", "analyst", "lead", "lead2", "student", "operator", "secretariat", "instructor"),
        *("reviewer", "reviewer2", "committee", "committee2", "applicant"),
    ]
    lead = found["lead"]
    assert check_password(late, lead.name, lead.password).name == lead.name
    assert groups(late, lead.name) == [f"lead:{lead.project}"]
    assert groups(late, found["analyst"].name) == [f"member:{lead.project}"]
    assert groups(late, found["student"].name) == ["member:training", "students"]
    assert found["lead2"].project != lead.project
    assert groups(late, found["reviewer2"].name) == ["reviewers"]
    assert groups(late, found["committee"].name) == ["committee"]
    assert groups(late, found["applicant"].name) == []


def test_only_the_owner_of_the_state_folder_can_read_the_logins(late):
    file = logins.file(late.settings)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    hashes = json.dumps([str(row) for row in rows(late, "people")["password_hash"]])
    assert not any(login.password in hashes for login in logins.read(late.settings))


def test_no_more_gpus_are_ever_in_use_than_are_allocatable(zone):
    """Over both capacities and both outages, at every start and end."""
    centre = load().centre
    until = parse_moment("2026-04-20", zone)
    jobs = seen_at(schedule(PLAN, centre, until), until)
    for partition in ("train", "general"):
        mine = jobs[jobs["partition"] == partition]
        gpus = mine["gpu_parts"] // 420_000
        steps = pd.concat(
            [pd.Series(gpus.to_numpy(), mine["start_at"]), pd.Series(-gpus.to_numpy(), mine["seen_until_at"])]
        )
        used = steps.groupby(level=0).sum().sort_index().cumsum()
        there = pd.Series(0, index=used.index)
        for row in sorted((c for c in PLAN.capacity if c.partition == partition), key=lambda c: c.from_on):
            there[used.index >= parse_moment(row.from_on.isoformat(), zone)] = row.allocatable
        for start, end, out in outage_windows(PLAN, centre, partition):
            there[(used.index >= start) & (used.index < end)] -= out
        assert (used <= there).all()
        assert used.max() > 0.9 * there.max()


def test_mid_2025_about_nine_tenths_of_what_is_in_service_are_in_use(zone):
    centre = load().centre
    start, end = parse_moment("2025-06-01", zone), parse_moment("2025-07-01", zone)
    jobs = schedule(PLAN, centre, end, since=start)
    inside = jobs["seen_until_at"].clip(upper=end) - jobs["start_at"].clip(lower=start)
    busy = (inside * (jobs["gpu_parts"] // 420_000)).sum() / (end - start)
    in_service = sum(c.in_service for c in PLAN.capacity if c.from_on == date(2024, 12, 9))
    assert 0.88 < busy / in_service < 0.95
