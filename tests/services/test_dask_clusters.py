"""Workers beyond a notebook server: who may have them, what is held, when it is settled."""

import pytest
from sqlalchemy import insert, select, update

from tests.builders import DATA_UNTIL_S, a_job, small_centre
from tests.starts import HOUR_MINOR, cover
from workbench.analytics.schema import job_frame
from workbench.domain.holds import Hold
from workbench.errors import ClusterRefused, NoBalance, UnknownCluster, UnknownServer
from workbench.services.charging.rating import rate
from workbench.services.dask_clusters import Asked, close_cluster, open_cluster, standing
from workbench.services.dask_jobs import Seen, in_queue, note, settle_ended
from workbench.services.holds.outlook import outlook
from workbench.services.slurm.workers import attributed
from workbench.store.dask_tables import dask_clusters
from workbench.store.engine import Store
from workbench.store.jobs import upsert_jobs
from workbench.store.tables import freshness, server_events
from workbench.units import GPU_PARTS, HOUR_S

NOW = DATA_UNTIL_S - 1
DRAWN = 336 * HOUR_MINOR


@pytest.fixture
def centre(store):
    small_centre(store)
    rate(store, NOW)
    slurm = store.settings.slurm.model_copy(update={"cluster": "alpha", "max_workers": 4, "max_worker_gpus": 3})
    on_slurm = Store(store.engine, store.settings.model_copy(update={"slurm": slurm}))
    a_server(on_slurm, "s1")
    return on_slurm


def a_server(store, server_id, **given):
    row = {
        "server_id": server_id, "user_name": "ana", "project": "vision", "profile": "cpu-small", "gpu_parts": 0,
        "cpu_cores": 1, "requested_at": NOW - 60, "started_at": NOW - 50,
    }  # fmt: skip
    with store.begin() as conn:
        conn.execute(insert(server_events).values(**row | given))


def asked(server_id="s1", workers=2, gpus=1, hours=1, **given):
    return Asked(server_id, workers, gpus, hours, **given)


def hold_of(store, key):
    with store.db() as db:
        return db.get(Hold, key)


def test_the_full_time_of_all_workers_is_held_under_the_clusters_id(centre):
    opened = open_cluster(centre, "ana", asked(hours=3), NOW)
    assert (opened.profile.id, opened.project) == ("gpu-1", "vision")
    assert opened.list_minor_per_hour == 2 * 2800
    hold = hold_of(centre, opened.id)
    assert (hold.amount_minor, hold.requested_s, hold.cluster) == (6 * HOUR_MINOR, 6 * HOUR_S, "alpha")
    assert standing(centre, "ana", opened.id) == {"id": opened.id, "open": True, "reason": None, "closed_at": None}


def test_without_a_number_of_gpus_a_worker_is_like_its_server(centre):
    assert open_cluster(centre, "ana", asked(gpus=None), NOW).profile.id == "cpu-small"
    assert open_cluster(centre, "ana", asked(gpus=0, profile="cpu-large"), NOW).profile.id == "cpu-large"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"workers": 5, "gpus": 0}, r"vision may have 4 workers at a time.*Ask for at most 4\."),
        ({"workers": 4}, r"3 GPUs in workers at a time, and has 0.*4 more\. Ask for at most 3\."),
        ({"gpus": 7}, r"no profile gives a worker 7 GPU\(s\)\. There are: cpu-small"),
        ({"profile": "nothing", "gpus": None}, "there is no profile nothing"),
        ({"workers": 0}, "Ask for one at least"),
        ({"hours": 0}, "1 to 24 hours"),
        ({"hours": 25}, "1 to 24 hours"),
    ],
)
def test_what_cannot_be_asked_for(centre, given, says):
    with pytest.raises(ClusterRefused, match=says):
        open_cluster(centre, "ana", asked(**given), NOW)


def test_the_limit_is_of_the_project_over_all_its_open_clusters(centre):
    first = open_cluster(centre, "ana", asked(workers=2), NOW)
    a_server(centre, "s2", user_name="amy")
    with pytest.raises(ClusterRefused, match=r"has 2 in its Dask clusters.*at most 1"):
        open_cluster(centre, "amy", asked("s2", workers=2), NOW)
    close_cluster(centre, "ana", first.id, NOW + 5)
    assert open_cluster(centre, "amy", asked("s2", workers=2), NOW + 6)


def test_a_spent_award_refuses_in_the_words_of_the_whole_cluster(centre):
    cover(centre, 3, DRAWN)
    with pytest.raises(NoBalance, match=r"HK\$58\.80 free, this needs HK\$78\.40 for 2 hours: choose 1 hour.*fewer"):
        open_cluster(centre, "ana", asked(workers=2, hours=2), NOW)
    with centre.read() as conn:
        row = conn.execute(select(dask_clusters)).mappings().one()
    assert row["settled_at"] == NOW
    assert "HK$58.80 free" in row["reason"]
    assert open_cluster(centre, "ana", asked(workers=3), NOW)  # what was refused takes nothing of the limit


@pytest.mark.parametrize("who", ["bo", "lee"])
def test_a_server_of_somebody_else_opens_nothing(centre, who):
    with pytest.raises(UnknownServer):
        open_cluster(centre, who, asked(), NOW)
    opened = open_cluster(centre, "ana", asked(), NOW)
    for question in (lambda: standing(centre, who, opened.id), lambda: close_cluster(centre, who, opened.id, NOW)):
        with pytest.raises(UnknownCluster):
            question()


def test_a_server_that_has_ended_opens_nothing(centre):
    with centre.begin() as conn:
        conn.execute(update(server_events).values(ended_at=NOW))
    with pytest.raises(UnknownServer):
        open_cluster(centre, "ana", asked(), NOW)


def test_one_machine_says_how_to_have_workers_there(store):
    with pytest.raises(ClusterRefused, match=r"no Slurm.*wb\.cluster\(workers=2\)"):
        open_cluster(store, "ana", asked(), NOW)


def worker_job(job_id, dask_id, seconds, **given):
    job = a_job(job_id=job_id, submit_at=NOW, start_at=NOW, end_at=None if seconds is None else NOW + seconds)
    return job | {"seen_until_at": NOW + (seconds or 0), "gpu_parts": GPU_PARTS, "dask_id": dask_id, **given}


def put(store, *jobs):
    with store.begin() as conn:
        upsert_jobs(conn, job_frame(list(jobs)), store.settings.centre.zone)


def know_until(store, at):
    with store.begin() as conn:
        conn.execute(update(freshness).where(freshness.c.cluster == "alpha").values(data_until_at=at))


def settle(store, now):
    with store.begin() as conn:
        return settle_ended(conn, "alpha", now)


def test_it_is_settled_with_what_its_workers_ran_when_none_is_left(centre):
    opened = open_cluster(centre, "ana", asked(hours=2), NOW)
    with centre.begin() as conn:
        note(conn, "alpha", [Seen("7", NOW, opened.id), Seen("8", NOW, opened.id)], NOW)
        assert in_queue(conn, "alpha") == {("7", NOW): opened.id, ("8", NOW): opened.id}
    put(centre, worker_job("7", opened.id, 1800), worker_job("8", opened.id, None))
    # Somebody else's job of this tag, and one of another project, are none of its own.
    put(centre, worker_job("9", opened.id, 3600, user_name="bo"), worker_job("10", opened.id, 60, project="speech"))
    close_cluster(centre, "ana", opened.id, NOW + 1800)
    with centre.begin() as conn:
        note(conn, "alpha", [], NOW + 1900)
        assert in_queue(conn, "alpha") == {}
    know_until(centre, NOW + 4000)
    assert settle(centre, NOW + 4000) == 0  # job 8 runs on in the books
    put(centre, worker_job("8", opened.id, 1800))
    assert settle(centre, NOW + 4000) == 1
    assert hold_of(centre, opened.id).settled_minor == HOUR_MINOR
    assert settle(centre, NOW + 4001) == 0


def test_what_is_charged_of_its_workers_is_not_held_a_second_time(centre):
    """One has ended, one runs: both their seconds come off what the cluster holds."""
    opened = open_cluster(centre, "ana", asked(workers=2, hours=2), NOW)
    held = outlook(centre, NOW)[0].balance.held_minor
    assert held == 4 * HOUR_MINOR
    put(centre, worker_job("7", opened.id, HOUR_S), worker_job("8", opened.id, None, seen_until_at=NOW + 1800))
    put(centre, worker_job("9", opened.id, HOUR_S, user_name="bo"))
    know_until(centre, NOW + HOUR_S)
    rate(centre, NOW + HOUR_S)
    assert outlook(centre, NOW + HOUR_S)[0].balance.held_minor == held - 3 * HOUR_MINOR // 2


def test_a_cluster_whose_jobs_never_ran_costs_nothing(centre):
    opened = open_cluster(centre, "ana", asked(), NOW)
    close_cluster(centre, "ana", opened.id, NOW + 10)
    know_until(centre, NOW + 30)
    assert settle(centre, NOW + 30) == 0  # Slurm's accounting may not know of it yet
    know_until(centre, NOW + 80)
    assert settle(centre, NOW + 80) == 1
    assert hold_of(centre, opened.id).settled_minor == 0


def test_a_running_worker_is_known_by_the_queue(centre):
    """Slurm's accounting does not tell the comment of a job that runs; a job of before with its number is none."""
    opened = open_cluster(centre, "ana", asked(), NOW)
    bare = [worker_job("7", None, None), worker_job("8", None, None)]
    before = [worker_job("7", None, 60, submit_at=NOW - 90_000, start_at=NOW - 90_000)]
    with centre.begin() as conn:
        note(conn, "alpha", [Seen("7", NOW, opened.id)], NOW)
        jobs = attributed(conn, job_frame(bare + before), "alpha")
    assert jobs["dask_id"].fillna("").tolist() == [opened.id, "", ""]
    assert jobs["kind"].fillna("").tolist() == ["dask", "", ""]
    put(centre, *jobs.to_dict("records"))


def test_a_job_that_comes_back_into_the_queue_is_there_again(centre):
    opened = open_cluster(centre, "ana", asked(), NOW)
    job = Seen("7", NOW, opened.id)
    with centre.begin() as conn:
        for seen in ([job], [], [job]):
            note(conn, "alpha", seen, NOW)
        assert in_queue(conn, "alpha") == {("7", NOW): opened.id}
