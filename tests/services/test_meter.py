"""Servers become jobs once, whatever crashed between. Moments are UTC epoch seconds."""

from datetime import date
from itertools import count

import pytest
from hypothesis import given
from hypothesis import settings as with_settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from tests.builders import a_job, add_prices
from workbench.analytics.schema import job_frame
from workbench.domain.awards import Award
from workbench.domain.holds import Hold
from workbench.domain.jobs import Job
from workbench.domain.projects import Project
from workbench.periods import day_of, epoch
from workbench.services import meter
from workbench.services.charging.rating import rate
from workbench.services.holds.holds import Start, place
from workbench.services.holds.outlook import outlook
from workbench.services.meter import ServerRequest, Sighting, reconcile, record_refusal, record_request
from workbench.settings import load
from workbench.store.engine import open_store
from workbench.store.jobs import upsert_jobs
from workbench.store.tables import freshness, rollup_hourly, server_events
from workbench.units import GPU_PARTS, HOUR_S

T0 = 1_790_000_000


def a_request(server_id="s1", requested_at=T0, gpus=0, **changes):
    facts = {"user_name": "ana", "project": "alpha", "profile": "cpu-large", "gpu_model": "H800" if gpus else None}
    facts |= {"gpu_parts": gpus * GPU_PARTS, "cpu_cores": 2}
    return ServerRequest(server_id=server_id, requested_at=requested_at, **(facts | changes))


def jobs(store, *server_ids):
    with store.db() as db:
        ask = select(Job).where(Job.cluster == meter.CLUSTER).order_by(Job.job_id)
        return list(db.execute(ask.where(Job.job_id.in_(server_ids)) if server_ids else ask).scalars())


def core_seconds(store):
    with store.read() as conn:
        return conn.execute(select(func.coalesce(func.sum(rollup_hourly.c.core_seconds), 0))).scalar_one()


def test_a_server_that_ran_is_one_job_with_what_was_asked_for(store):
    record_request(store, a_request(gpus=1))
    done = reconcile(store, [Sighting("s1", T0 + 3, T0 + 100, T0 + 100, "stopped")], T0 + 110)
    (job,) = jobs(store)
    assert (job.cluster, job.job_id, job.partition, job.source) == ("hub", "s1", "notebooks", "hub")
    assert (job.project, job.user_name, job.gpu_model, job.gpu_parts, job.cpu_cores) == (
        "alpha",
        "ana",
        "H800",
        GPU_PARTS,
        2,
    )
    seconds = [int(moment.timestamp()) - T0 for moment in (job.submit_at, job.start_at, job.end_at, job.seen_until_at)]
    assert seconds == [0, 3, 100, 100]
    assert (job.state, job.submit_known) == ("COMPLETED", True)
    assert done == meter.Metered(running=(), ended=("s1",))


def test_a_running_server_is_a_running_job_seen_until_its_last_heartbeat(store):
    record_request(store, a_request())
    done = reconcile(store, [Sighting("s1", T0, T0 + 45, None, None)], T0 + 50)
    (job,) = jobs(store)
    assert job.end_at is None
    assert int(job.seen_until_at.timestamp()) == T0 + 45
    assert job.state == "RUNNING"
    assert done.running == ("s1",)
    assert core_seconds(store) == 90


def test_a_second_look_changes_nothing(store):
    record_request(store, a_request())
    ended = [Sighting("s1", T0, T0 + 60, T0 + 60, "stopped")]
    reconcile(store, ended, T0 + 70)
    assert reconcile(store, ended, T0 + 130).ended == ("s1",)
    assert len(jobs(store)) == 1
    assert core_seconds(store) == 120


def test_an_end_while_the_hub_was_down_is_counted_once_it_is_read(store):
    record_request(store, a_request())
    reconcile(store, [Sighting("s1", T0, T0 + 15, None, None)], T0 + 20)
    # Hub and meter were away for a day.
    reconcile(store, [Sighting("s1", T0, T0 + 500, T0 + 500, "stopped")], T0 + 86_400)
    assert core_seconds(store) == 1000


def test_the_state_says_how_it_ended(store):
    reasons = {
        "a": "stopped",
        "b": "failed with status 1",
        "c": "the server's supervisor was lost",
        "d": "ended by itself",
    }
    for server_id in reasons:
        record_request(store, a_request(server_id))
    reconcile(store, [Sighting(i, T0, T0 + 9, T0 + 9, reason) for i, reason in reasons.items()], T0 + 10)
    assert [job.state for job in jobs(store)] == ["COMPLETED", "FAILED", "NODE_FAIL", "COMPLETED"]


def test_a_request_that_came_to_nothing_is_no_job(store):
    record_request(store, a_request())
    reconcile(store, [], T0 + 30)
    reconcile(store, [], T0 + meter.UNHEARD_AFTER_S)
    assert jobs(store) == []
    with store.read() as conn:
        assert conn.execute(select(server_events.c.end_reason)).scalar_one() == meter.NEVER_STARTED


def test_a_refused_start_is_no_job(store):
    record_request(store, a_request())
    record_refusal(store, "s1", T0 + 2, "no memory")
    # The runner had begun to write; the Hub stopped it before anybody could use the server.
    done = reconcile(store, [Sighting("s1", T0, T0 + 2, T0 + 2, "stopped")], T0 + 5)
    assert jobs(store) == []
    assert done.ended == ("s1",)


def test_a_removed_record_ends_its_server_only_after_the_heartbeats_had_time_to_bring_it_back(store):
    record_request(store, a_request())
    reconcile(store, [Sighting("s1", T0, T0 + 60, None, None)], T0 + 61)
    reconcile(store, [], T0 + 70)
    assert jobs(store)[0].end_at is None
    reconcile(store, [], T0 + 60 + meter.UNHEARD_AFTER_S)
    assert int(jobs(store)[0].end_at.timestamp()) == T0 + 60


def test_a_record_of_a_server_that_is_not_in_the_books_is_ignored(store):
    done = reconcile(store, [Sighting("stranger", T0, T0 + 60, T0 + 60, "stopped")], T0 + 61)
    assert jobs(store) == []
    assert done == meter.Metered((), ())


def test_a_clock_set_back_never_makes_a_job_that_ends_before_it_starts(store):
    record_request(store, a_request())
    reconcile(store, [Sighting("s1", T0 - 30, T0 - 20, T0 - 10, "stopped")], T0)
    (job,) = jobs(store)
    assert job.submit_at == job.start_at == job.end_at


def test_two_servers_cannot_have_one_id(store):
    record_request(store, a_request())
    with pytest.raises(IntegrityError):
        record_request(store, a_request(requested_at=T0 + 5))


def test_the_hub_says_how_fresh_its_data_is(store):
    reconcile(store, [], T0)
    reconcile(store, [], T0 + 60)
    with store.read() as conn:
        assert conn.execute(select(freshness.c.data_until_at)).scalars().all() == [T0 + 60]


@pytest.fixture(scope="module")
def one_store(tmp_path_factory):
    opened = open_store(load(home=tmp_path_factory.mktemp("meter")))
    yield opened
    opened.engine.dispose()


ids = count()
MOMENTS = st.lists(st.integers(0, 5000), min_size=3, max_size=8).map(sorted)


@with_settings(deadline=None, max_examples=60)
@given(MOMENTS, st.lists(st.sampled_from(["reconcile", "crash", "forget", "stale"]), max_size=12), st.data())
def test_any_interleaving_of_crashes_and_looks_gives_one_job_with_the_right_seconds(one_store, moments, steps, data):
    """The supervisor's record grows; the meter looks, is killed in its transaction, or has not cleaned up."""
    server_id = f"h{next(ids)}"
    requested_at, started_at, *beats, ended_at = (T0 + s for s in (moments[0], *moments))
    record_request(one_store, a_request(server_id, requested_at))
    history = [Sighting(server_id, started_at, seen, None, None) for seen in (started_at, *beats)]
    history.append(Sighting(server_id, started_at, ended_at, ended_at, "stopped"))
    at, present = 0, True
    for step in steps:
        at = data.draw(st.integers(at, len(history) - 1))
        looked = history[data.draw(st.integers(0, at))] if step == "stale" else history[at]
        if step == "crash":
            with pytest.raises(KeyboardInterrupt):
                crash(one_store, looked)
        elif present:
            done = reconcile(one_store, [looked], looked.seen_at)
            present = not (step == "forget" and server_id in done.ended)
    if present:
        reconcile(one_store, [history[-1]], ended_at + 1)
    reconcile(one_store, [], ended_at + 2)
    (job,) = jobs(one_store, server_id)
    assert int(job.end_at.timestamp()) - int(job.start_at.timestamp()) == ended_at - started_at


def crash(store, sighting):
    """A look whose process is killed at its very end: the transaction is never finished."""

    class Dying(type(store)):
        def begin(self):
            return _dying(super().begin())

    reconcile(Dying(store.engine, store.settings), [sighting], sighting.seen_at)


class _dying:  # noqa: N801 - stands where a context manager's function stands
    def __init__(self, inner):
        self.inner = inner

    def __enter__(self):
        return self.inner.__enter__()

    def __exit__(self, *_problem):
        try:
            self.inner.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
        finally:
            raise KeyboardInterrupt


def held(store, server_id="s1", hours=4, ceiling=1_000_000):
    """A server of this id that was asked for and is held for, on an award of its own."""
    with store.db() as db:
        db.add(Project("alpha", "Alpha", "university", "University A"))
        db.flush()
        day = day_of(T0, store.settings.centre.zone)
        db.add(Award("alpha", None, 7000, ceiling, day, date(2027, 12, 31), day))
    record_request(store, a_request(server_id, gpus=1, limit_s=hours * HOUR_S))
    return place(store, Start(server_id, "alpha", meter.CLUSTER, hours * HOUR_S, 2800), T0)


def the_hold(store):
    with store.db() as db:
        return db.scalars(select(Hold)).one()


def free(store, now):
    return outlook(store, now)[0].balance.free_minor


def test_the_end_of_a_server_settles_what_was_held_for_it_once(store):
    assert held(store).amount_minor == 4 * 1960
    assert free(store, T0) == 1_000_000 - 4 * 1960
    ended = [Sighting("s1", T0, T0 + HOUR_S, T0 + HOUR_S, "stopped")]
    for _ in range(2):
        reconcile(store, ended, T0 + HOUR_S + 5)
        assert (the_hold(store).settled_minor, epoch(the_hold(store).ended_at)) == (1960, T0 + HOUR_S)
        assert free(store, T0 + HOUR_S + 5) == 1_000_000 - 1960


def test_a_server_that_ran_its_time_is_a_job_that_timed_out_and_never_counts_for_more(store):
    held(store, hours=1)
    reconcile(store, [Sighting("s1", T0, T0 + HOUR_S + 4, T0 + HOUR_S + 4, "reached its 1 h")], T0 + HOUR_S + 9)
    assert jobs(store)[0].state == "TIMEOUT"
    assert the_hold(store).settled_minor == 1960


def test_a_hold_of_a_server_that_never_started_is_released(store):
    held(store)
    record_refusal(store, "s1", T0 + 3, "the port was taken")
    assert (the_hold(store).settled_minor, free(store, T0 + 4)) == (0, 1_000_000)


def test_a_hold_of_a_server_whose_hub_was_killed_before_it_started_is_released(store):
    held(store)
    reconcile(store, [], T0 + meter.UNHEARD_AFTER_S - 1)
    assert the_hold(store).settled_minor is None
    reconcile(store, [], T0 + meter.UNHEARD_AFTER_S)
    assert the_hold(store).settled_minor == 0


def test_what_a_running_server_was_charged_already_is_not_held_a_second_time(store):
    held(store, hours=4)
    add_prices(store, {"2025-01-01": {"H800": "28.00"}})
    reconcile(store, [Sighting("s1", T0, T0 + HOUR_S, None, None)], T0 + HOUR_S)
    rate(store, T0 + HOUR_S)
    balance = outlook(store, T0 + HOUR_S)[0].balance
    assert (balance.drawn_minor, balance.held_minor) == (1960, 3 * 1960)


# --- a server that is a job of Slurm ---


def row_of(store, server_id="s1"):
    with store.read() as conn:
        return conn.execute(select(server_events).where(server_events.c.server_id == server_id)).one()


def test_a_server_of_slurm_is_never_metered_here(store):
    record_request(store, a_request(cluster="c1"))
    meter.note_slurm_job(store, "s1", "77")
    reconcile(store, [Sighting("s1", T0, T0 + 60, T0 + 60, "stopped")], T0 + 90_000)
    assert jobs(store) == []
    assert (row_of(store).metered, row_of(store).ended_at, row_of(store).slurm_job_id) == (False, None, "77")


def test_a_request_that_slurm_never_took_is_closed_and_its_hold_freed(store):
    held_start(store)
    reconcile(store, [], T0 + meter.UNHEARD_AFTER_S - 1)
    assert not row_of(store).metered
    reconcile(store, [], T0 + meter.UNHEARD_AFTER_S)
    assert row_of(store).end_reason == meter.NEVER_STARTED
    assert the_hold(store).settled_minor == 0
    assert jobs(store) == []


def test_accounting_closes_a_server_of_slurm_and_settles_what_ran(store):
    held_start(store)
    meter.note_slurm_job(store, "s1", "77")
    record_refusal(store, "s1", T0 + 1, "a Hub that knows less than Slurm")  # the job is there: accounting closes it
    assert not row_of(store).metered
    with store.begin() as conn:
        meter.started_slurm(conn, "s1", T0 + 5, T0 + 50)
    assert (row_of(store).started_at, row_of(store).seen_at) == (T0 + 5, T0 + 50)
    for _again in range(2):
        with store.begin() as conn:
            meter.close_slurm(conn, "s1", T0 + 5, T0 + 5 + 1800, "TIMEOUT")
            meter.close_slurm(conn, "nobody", T0, T0 + 1, "FAILED")
    assert (row_of(store).ended_at, row_of(store).end_reason, row_of(store).metered) == (T0 + 1805, "timeout", True)
    assert the_hold(store).settled_minor == 1400 * 7 // 10
    assert jobs(store) == []


def test_a_job_that_never_ran_costs_nothing_and_keeps_its_reason(store):
    held_start(store)
    meter.note_slurm_job(store, "s1", "77")
    with store.begin() as conn:
        meter.close_slurm(conn, "s1", None, T0 + 90, "CANCELLED")
    meter.note_reason(store, "s1", "You cancelled it.")
    with store.begin() as conn:
        meter.close_slurm(conn, "s1", None, T0 + 90, "CANCELLED")
    assert (row_of(store).started_at, row_of(store).end_reason) == (None, "You cancelled it.")
    assert the_hold(store).settled_minor == 0


def test_what_is_charged_of_a_running_server_of_slurm_comes_off_its_hold(store):
    held_start(store)
    meter.note_slurm_job(store, "s1", "77")
    assert outlook(store, T0)[0].balance.held_minor == 4 * 1960
    job = {"job_id": "77", "cluster": "c1", "submit_at": T0, "start_at": T0, "end_at": None, "project": "alpha"}
    job |= {"seen_until_at": T0 + HOUR_S, "kind": "server", "server_id": "s1", "state": "RUNNING", "source": "sacct"}
    with store.begin() as conn:
        upsert_jobs(conn, job_frame([a_job(**job)]), store.settings.centre.zone)
        conn.execute(freshness.insert().values(cluster="c1", data_until_at=T0 + HOUR_S, noted_at=T0 + HOUR_S, note=""))
    assert outlook(store, T0 + HOUR_S)[0].balance.held_minor == 4 * 1960  # come in, not charged
    rate(store, T0 + HOUR_S)
    balance = outlook(store, T0 + HOUR_S)[0].balance
    assert (balance.drawn_minor, balance.held_minor) == (1960, 3 * 1960)


def held_start(store):
    """Server s1 on cluster c1 with four hours of a GPU at HK$28 held, 70% of it subsidy."""
    with store.db() as db:
        db.add(Project("alpha", "Alpha", "university", "University A"))
        db.flush()
        db.add(Award("alpha", None, 7000, 1_000_000, date(2026, 1, 1), date(2030, 1, 1), date(2026, 1, 1)))
    add_prices(store, {"2026-01-01": {"H800": "28.00", "cpu": "0.20"}})
    record_request(store, a_request(gpus=1, cluster="c1", limit_s=4 * HOUR_S))
    assert place(store, Start("s1", "alpha", "c1", 4 * HOUR_S, 2800), T0)
