"""Upsert: once is enough, order does not matter, and the rollups always equal the jobs."""

import itertools
import tempfile
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import insert, text

from tests.builders import OPENING_S, a_job
from workbench.settings import load
from workbench.store import rollups
from workbench.store.engine import open_store
from workbench.store.jobs import Upserted, upsert_jobs
from workbench.store.tables import captures
from workbench.units import DAY_S, GPU_PARTS, HOUR_S

HONG_KONG = ZoneInfo("Asia/Hong_Kong")
EXAMPLES = 15  # each opens dozens of transactions
TABLES = ("jobs", "rollup_hourly", "rollup_daily", "rollup_user_daily")


@pytest.fixture(scope="module")
def shared():
    """One migrated store for many examples; each begins by emptying it."""
    with tempfile.TemporaryDirectory() as home:
        store = open_store(load(home=Path(home)))
        yield store
        store.engine.dispose()


def emptied(store):
    with store.begin() as conn:
        for table in (*TABLES, "dirty"):
            conn.execute(text(f"DELETE FROM {table}"))
    return store


def upsert(store, *jobs, zone=HONG_KONG):
    with store.begin() as conn:
        return upsert_jobs(conn, pd.DataFrame(list(jobs)), zone)


def rows(store, table, leave_out=("id", "capture_id")):
    with store.read() as conn:
        frame = pd.DataFrame(conn.execute(text(f"SELECT * FROM {table}")).mappings().all())
    kept = frame.drop(columns=[c for c in leave_out if c in frame.columns])
    return sorted(kept.astype(object).where(kept.notna(), None).itertuples(index=False, name=None), key=repr)


def columns(store, table, *names):
    return sorted(rows(store, f"(SELECT {', '.join(names)} FROM {table}) AS some"), key=repr)


def differing(store, zone=HONG_KONG):
    with store.read() as conn:
        return {name: count for name, count in rollups.differences(conn, zone).items() if count}


@st.composite
def a_history(draw):
    """Looks at one job, from the first to the last: running ones, then perhaps its end."""
    start = OPENING_S + draw(st.integers(-40 * DAY_S, 40 * DAY_S))
    seen = sorted(draw(st.lists(st.integers(0, 3 * DAY_S), min_size=1, max_size=3, unique=True)))
    fixed = {
        "job_id": str(draw(st.integers(1, 3))),
        "submit_at": start - draw(st.integers(0, 5000)),
        "submit_known": draw(st.booleans()),
        "start_at": start,
        "project": draw(st.sampled_from(["a", "b", None])),
        "user_name": draw(st.sampled_from(["ana", None])),
        "gpu_parts": draw(st.sampled_from([0, 1, GPU_PARTS, 3 * GPU_PARTS])),
        "cpu_cores": draw(st.sampled_from([None, 4])),
    }
    looks = [a_job(**fixed, end_at=None, seen_until_at=start + s) for s in seen]
    if draw(st.booleans()):
        end = start + seen[-1]
        looks.append(a_job(**fixed, end_at=end, seen_until_at=end))
    return looks


def key(look):
    return look["job_id"], look["submit_at"]


@hypothesis_settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=EXAMPLES)
@given(st.lists(a_history(), max_size=5, unique_by=lambda h: key(h[0])), st.randoms(use_true_random=False))
def test_any_order_and_any_batches_give_the_same_jobs_and_rollups(shared, histories, chance):
    looks = list(itertools.chain.from_iterable(histories))
    in_order = [rows(emptied(shared), t) for t in TABLES] if not looks else None
    if looks:
        upsert(emptied(shared), *looks)
        in_order = [rows(shared, t) for t in TABLES]
    chance.shuffle(looks)
    emptied(shared)
    while looks:
        some = chance.randint(1, len(looks))
        upsert(shared, *looks[:some])
        looks = looks[some:]
    assert [rows(shared, t) for t in TABLES] == in_order
    assert differing(shared) == {}


@hypothesis_settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=EXAMPLES)
@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.integers(0, 50_000), st.sampled_from(["a", "b", None]), st.integers(0, 3))
    ),
    st.sampled_from(["Asia/Hong_Kong", "Asia/Kolkata", "America/New_York", "UTC"]),
)
@example([(1, 100, "a", 1), (1, 100, "b", 1)], "Asia/Hong_Kong")
def test_corrections_of_any_kind_keep_the_rollups_equal_to_the_jobs(shared, corrections, zone):
    emptied(shared)
    for number, length, project, gpus in corrections:
        job = a_job(job_id=str(number), end_at=OPENING_S + length, project=project, gpu_parts=gpus * GPU_PARTS)
        upsert(shared, job, zone=ZoneInfo(zone))
    assert differing(shared, ZoneInfo(zone)) == {}
    with shared.begin() as conn:
        before = [rows(shared, t) for t in TABLES]
        rollups.rebuild(conn, ZoneInfo(zone))
    assert [rows(shared, t) for t in TABLES] == before


def test_the_same_jobs_twice_change_nothing(store):
    jobs = [a_job(job_id=str(n), project=None if n % 3 else "a", cpu_cores=None) for n in range(5)]
    assert upsert(store, *jobs) == Upserted(5, 0, 0)
    before = [rows(store, t, ()) for t in (*TABLES, "dirty")]
    assert upsert(store, *jobs) == Upserted(0, 0, 5)
    assert [rows(store, t, ()) for t in (*TABLES, "dirty")] == before


def test_another_capture_of_the_same_job_changes_nothing(store):
    upsert(store, a_job())
    with store.begin() as conn:
        counts = {"bytes": 1, "taken_at": 1, "accepted": 1, "rejected": 0, "unchanged": 0}
        named = {"id": 7, "source": "sacct", "cluster": "alpha", "name": "x", "sha256": "y"}
        conn.execute(insert(captures).values(**named, **counts))
    assert upsert(store, a_job(capture_id=7)) == Upserted(0, 0, 1)


def test_a_running_job_is_completed_later_and_counted_once(store):
    upsert(store, a_job(end_at=None, seen_until_at=OPENING_S + 60))
    assert upsert(store, a_job(end_at=OPENING_S + 90)) == Upserted(0, 1, 0)
    amounts = columns(store, "rollup_hourly", "gpu_part_seconds", "core_seconds", "jobs_started")
    assert amounts == [(90 * GPU_PARTS, 90 * 8, 1)]


def test_a_running_look_never_replaces_the_end(store):
    upsert(store, a_job(end_at=OPENING_S + 90))
    assert upsert(store, a_job(end_at=None, seen_until_at=OPENING_S + 500)) == Upserted(0, 0, 1)
    assert columns(store, "rollup_hourly", "gpu_part_seconds") == [(90 * GPU_PARTS,)]


def test_an_earlier_running_look_never_replaces_a_later_one(store):
    upsert(store, a_job(end_at=None, seen_until_at=OPENING_S + 500))
    assert upsert(store, a_job(end_at=None, seen_until_at=OPENING_S + 100)) == Upserted(0, 0, 1)


def test_of_two_rows_with_one_key_in_one_frame_the_newest_look_counts(store):
    done, running = a_job(end_at=OPENING_S + 9), a_job(end_at=None, seen_until_at=OPENING_S + 5)
    assert upsert(store, done, running) == Upserted(1, 0, 1)
    assert columns(store, "rollup_hourly", "gpu_part_seconds") == [(9 * GPU_PARTS,)]


def test_requeued_attempts_and_other_clusters_are_other_jobs(store):
    attempts = (a_job(), a_job(submit_at=OPENING_S - 1), a_job(cluster="beta"), a_job(job_id="2"))
    assert upsert(store, *attempts) == Upserted(4, 0, 0)


def test_a_job_that_moves_to_another_project_leaves_nothing_behind(store):
    upsert(store, a_job(project="a", end_at=OPENING_S + 2 * DAY_S))
    upsert(store, a_job(project="b", end_at=OPENING_S + 2 * DAY_S))
    for table in TABLES[1:]:
        assert set(columns(store, table, "project")) == {("b",)}


def test_what_stands_on_a_changed_job_is_marked(store):
    upsert(store, a_job(project="a", end_at=OPENING_S + DAY_S + 1))
    days = [("charges", "alpha", "a", "2026-01-05"), ("charges", "alpha", "a", "2026-01-06")]
    assert columns(store, "dirty", "kind", "cluster", "project", "period") == [*days, ("lake", "alpha", "a", "2026-01")]


def test_days_are_the_centres_and_a_job_starts_on_one_of_them(store):
    upsert(store, a_job(start_at=OPENING_S - HOUR_S, submit_at=OPENING_S - HOUR_S, end_at=OPENING_S + HOUR_S))
    assert columns(store, "rollup_daily", "day", "gpu_part_seconds", "core_seconds", "jobs_started") == [
        ("2026-01-04", HOUR_S * GPU_PARTS, HOUR_S * 8, 1),
        ("2026-01-05", HOUR_S * GPU_PARTS, HOUR_S * 8, 0),
    ]


def test_no_jobs_are_no_change(store):
    assert upsert(store) == Upserted(0, 0, 0)


def test_two_writers_wait_for_one_another(store):
    from threading import Thread

    failures = []

    def write(name):
        try:
            for n in range(10):
                upsert(store, a_job(cluster=name, job_id=str(n)))
        except Exception as problem:  # noqa: BLE001  (told below)
            failures.append(problem)

    writers = [Thread(target=write, args=(name,)) for name in ("one", "two")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failures == []
    assert len(rows(store, "jobs")) == 20
