"""Workers of Dask whose owner is gone are cancelled, with a reason; nobody else's job ever is."""

import pytest
from sqlalchemy import insert, select, update

from tests.builders import DATA_UNTIL_S, small_centre
from workbench.domain.awards import Award
from workbench.hub.slurm.orphans import SERVER_ENDED, TIME_OVER, end_orphans
from workbench.services.charging.rating import rate
from workbench.services.dask_clusters import Asked, close_cluster, open_cluster
from workbench.services.dask_jobs import in_queue
from workbench.slurm.squeue import FIELDS
from workbench.store.dask_tables import dask_clusters
from workbench.store.engine import Store
from workbench.store.tables import freshness, server_events
from workbench.units import HOUR_S

NOW = DATA_UNTIL_S - 1
SERVER_JOB = {"job_id": "70", "comment": "wb=1;server=s1;project=vision"}


class FakeSlurm:
    """Answers squeue with `jobs`, and remembers what was cancelled."""

    def __init__(self):
        self.jobs, self.cancelled, self.asked = [], [], 0

    def run(self, program, *words, **_more):
        if program == "scancel":
            self.cancelled += [word for word in words if not word.startswith("-")]
            return ""
        assert program == "squeue"
        self.asked += 1
        mark = next(word for word in words if word.startswith("--format=")).removeprefix("--format=").split(">")[0]
        one = next((word.removeprefix("--jobs=") for word in words if word.startswith("--jobs=")), None)
        rows = [job for job in self.jobs if one == job["job_id"] or (one is None and job["state"] != "CANCELLED")]
        return "".join(f"{mark}>" + f"{mark}|".join(job[name] for name in FIELDS) + "\n" for job in rows)


@pytest.fixture
def slurm():
    return FakeSlurm()


@pytest.fixture
def centre(store):
    small_centre(store)
    rate(store, NOW)
    settings = store.settings.slurm.model_copy(update={"cluster": "alpha", "account_prefix": "p_"})
    on_slurm = Store(store.engine, store.settings.model_copy(update={"slurm": settings}))
    row = {
        "server_id": "s1", "user_name": "ana", "project": "vision", "profile": "cpu-small", "gpu_parts": 0,
        "cpu_cores": 1, "requested_at": NOW - 60, "started_at": NOW - 50, "cluster": "alpha", "slurm_job_id": "70",
    }  # fmt: skip
    with on_slurm.begin() as conn:
        conn.execute(insert(server_events).values(**row))
    return on_slurm


@pytest.fixture
def opened(centre):
    return open_cluster(centre, "ana", Asked("s1", 2, 1), NOW).id


def a_row(**given):
    row = dict.fromkeys(FIELDS, "") | {
        "job_id": "71", "state": "RUNNING", "reason": "None", "start": "2026-01-18T15:00:00", "priority": "1",
        "submit": "2026-01-18T15:00:00", "partition": "gpu", "user": "ana", "account": "p_vision", "limit": "1:00:00",
    }  # fmt: skip
    return row | given


def a_worker(dask_id, **given):
    return a_row(comment=f"wb=1;dask={dask_id};server=s1;project=vision;profile=gpu-1", **given)


def row_of(store, dask_id):
    with store.read() as conn:
        return conn.execute(select(dask_clusters).where(dask_clusters.c.id == dask_id)).mappings().one()


def test_without_a_cluster_slurm_is_not_even_asked(centre, slurm):
    assert end_orphans(centre, slurm, NOW).closed == {}
    assert slurm.asked == 0


def test_what_has_its_owner_runs_on(centre, slurm, opened):
    slurm.jobs = [a_row(**SERVER_JOB), a_worker(opened), a_worker(opened, job_id="72", state="PENDING")]
    assert end_orphans(centre, slurm, NOW).closed == {}
    assert slurm.cancelled == []
    assert row_of(centre, opened)["began_at"] == NOW
    with centre.read() as conn:
        assert {job: mine for (job, _at), mine in in_queue(conn, "alpha").items()} == {"71": opened, "72": opened}


def test_the_end_of_its_server_ends_those_that_run_and_those_that_wait(centre, slurm, opened):
    slurm.jobs = [a_worker(opened), a_worker(opened, job_id="72", state="PENDING")]
    done = end_orphans(centre, slurm, NOW)
    assert done.closed == {opened: SERVER_ENDED}
    assert slurm.cancelled == ["71", "72"]
    slurm.jobs = [a_worker(opened, job_id="73", state="PENDING")]  # was being submitted just then
    assert end_orphans(centre, slurm, NOW + 5).cancelled == (73,)


def test_a_server_that_does_not_say_what_it_is_any_more_still_runs(centre, slurm, opened):
    slurm.jobs = [a_row(job_id="70", comment="mine"), a_worker(opened)]
    assert end_orphans(centre, slurm, NOW).closed == {}
    slurm.jobs[0]["state"] = "CANCELLED"
    assert end_orphans(centre, slurm, NOW).closed == {opened: SERVER_ENDED}


def test_a_tag_is_no_proof(centre, slurm, opened):
    """Whoever writes the cluster's id into their own job can have nothing of it cancelled, counted or kept alive."""
    slurm.jobs = [a_worker(opened, user="bo"), a_worker(opened, job_id="72", account="p_speech")]
    assert end_orphans(centre, slurm, NOW).closed == {opened: SERVER_ENDED}
    assert slurm.cancelled == []
    with centre.read() as conn:
        assert in_queue(conn, "alpha") == {}


def test_a_worker_that_says_nothing_of_itself_any_more_is_still_one(centre, slurm, opened):
    """Its owner may change its comment; that keeps it neither beyond its server nor out of the books."""
    slurm.jobs = [a_row(**SERVER_JOB), a_worker(opened)]
    end_orphans(centre, slurm, NOW)
    slurm.jobs = [a_row(comment="(null)")]
    assert end_orphans(centre, slurm, NOW + 1).closed == {opened: SERVER_ENDED}
    assert slurm.cancelled == ["71"]


def test_a_job_that_has_the_servers_number_by_now_is_not_the_server(centre, slurm, opened):
    slurm.jobs = [a_row(**SERVER_JOB | {"user": "bo"}), a_worker(opened)]
    assert end_orphans(centre, slurm, NOW).closed == {opened: SERVER_ENDED}


def test_a_used_up_award_closes_it(centre, slurm, opened):
    slurm.jobs = [a_row(**SERVER_JOB), a_worker(opened)]
    with centre.begin() as conn:
        conn.execute(update(Award).values(ceiling_minor=1))
    assert end_orphans(centre, slurm, NOW).closed == {opened: "the award of vision is used up"}
    assert slurm.cancelled == ["71"]


def test_its_time_begins_with_its_first_worker(centre, slurm, opened):
    slurm.jobs = [a_row(**SERVER_JOB), a_worker(opened, state="PENDING")]
    assert end_orphans(centre, slurm, NOW + 3 * HOUR_S).closed == {}
    slurm.jobs[1]["state"] = "RUNNING"
    assert end_orphans(centre, slurm, NOW + 3 * HOUR_S).closed == {}
    assert end_orphans(centre, slurm, NOW + 4 * HOUR_S + 1).closed == {opened: TIME_OVER}


def test_closed_by_its_notebook_it_is_settled_when_nothing_is_left(centre, slurm, opened):
    slurm.jobs = [a_row(**SERVER_JOB), a_worker(opened, state="COMPLETING")]
    end_orphans(centre, slurm, NOW)
    close_cluster(centre, "ana", opened, NOW)
    assert end_orphans(centre, slurm, NOW + 1).settled == 0
    assert slurm.cancelled == []  # it ends already
    slurm.jobs = []
    with centre.begin() as conn:
        conn.execute(update(freshness).values(data_until_at=NOW + 90))
    assert end_orphans(centre, slurm, NOW + 20).settled == 1
    assert end_orphans(centre, slurm, NOW + 30).settled == 0
