"""The accounting of a real Slurm, followed: every kind of job, what ends, what is out; asked twice it is the same.

All jobs are submitted at once, so that they wait for each other as little as they can.
"""

import time
from datetime import UTC, datetime

import pytest

from dashboards._centre import Centre
from dashboards._filters import Filters
from tests.slurm_centre import make_centre
from workbench.domain.access import WholeCentre
from workbench.pages.shell import Viewer
from workbench.services import meter, reports
from workbench.services.slurm import follow
from workbench.services.slurm.capacity import capacity
from workbench.slurm.tres import gpus_of
from workbench.store import rollups
from workbench.store.tables import server_events
from workbench.units import GPU_PARTS, HOUR_S

pytestmark = pytest.mark.slurm

ANA, CY = ("wb-ana", "climate"), ("wb-cy", "genome")
COLUMNS = "JobID,Submit,Start,End,State,Account,User,AllocTRES"


@pytest.fixture(scope="module")
def store(slurm, tmp_path_factory):
    made = make_centre(tmp_path_factory.mktemp("follow") / "state", slurm)
    yield made.store
    made.store.engine.dispose()


@pytest.fixture(scope="module")
def jobs(slurm, store):
    """Job ids by what became of each; `running` runs on."""
    one = "--gres=gpu:1"
    found = {
        "requeued": slurm.sbatch(*ANA, one, "--requeue"),
        "suspended": slurm.sbatch(*ANA, one, command="sleep 3"),
        "running": slurm.sbatch(*CY, "--gres=gpu:h800:1", command="sleep 300"),
        "server": slurm.sbatch(*ANA, "--gres=gpu:h800:1"),
        "held": slurm.sbatch(*ANA, "--hold"),
        "array": slurm.sbatch(*ANA, one, "--array=1-3", command="sleep 1"),
        "typed": slurm.sbatch(*ANA, "--gres=gpu:h800:2", command="sleep 1"),
        "no GPU": slurm.sbatch(*CY, "--cpus-per-task=2", command="sleep 1"),
        "failed": slurm.sbatch(*CY, one, command="exit 3"),
        "two parts": slurm.sbatch(*ANA, "--gres=gpu:h800:1", ":", "--mem=100M", "--gres=gpu:h800:2", command="sleep 1"),
    }
    for server_id, name in (("server-1", "server"), ("server-2", "held")):
        asked_for(store, server_id, found[name])
    for name in ("requeued", "suspended", "running", "server"):
        slurm.wait(found[name], "RUNNING")
    slurm.run("scontrol", "suspend", found["suspended"])
    slurm.requeue(found["requeued"], hold=True)
    slurm.cancel(found["held"])
    time.sleep(1.2)  # Slurm counts whole seconds
    slurm.run("scontrol", "resume", found["suspended"])
    slurm.wait(found["suspended"])
    yield found
    slurm.cancel(found["requeued"], found["running"])


def asked_for(store, server_id, job_id):
    """A notebook server was asked for, and is this job."""
    request = meter.ServerRequest(server_id, ANA[0], ANA[1], "one", "H800", GPU_PARTS, 8, int(time.time()) - 2, HOUR_S)
    meter.record_request(store, request)
    mine = server_events.c.server_id == server_id
    with store.begin() as conn:
        conn.execute(server_events.update().where(mine).values(cluster="testcentre", slurm_job_id=str(job_id)))


def polled(store, slurm):
    return follow.poll(store, slurm.runner, int(time.time()))


def rows(store, sql):
    with store.read() as conn:
        return [tuple(row) for row in conn.exec_driver_sql(sql)]


def told(slurm):
    """What sacct itself prints of jobs that have begun: (id, submit) → start, end, state, account, user, GPU parts."""
    said = slurm.run("sacct", "-a", "-X", "-D", "-n", "-P", "-S", "now-1hours", f"--format={COLUMNS}")
    found = {}
    for line in said.splitlines():
        job_id, submit, start, end, state, account, user, tres = line.split("|")
        if start not in ("Unknown", "None"):
            state = state.partition(" ")[0]
            found[job_id, moment(submit)] = moment(start), moment(end), state, account, user, gpus_of(tres).parts
    return found


def moment(text):
    return None if text == "Unknown" else int(datetime.fromisoformat(f"{text}+00:00").timestamp())


def until(true, limit_s=10, otherwise=None):
    """What this says as soon as it is true. otherwise: says what there is instead when the time is up."""
    limit = time.monotonic() + limit_s
    while not (said := true()):
        assert time.monotonic() < limit, otherwise() if otherwise else said
        time.sleep(0.2)
    return said


def test_every_attempt_is_in_the_books_as_slurm_has_it(slurm, store, jobs):
    def mine(found):
        numbers = {str(number) for number in jobs.values()}
        return {key: job for key, job in found.items() if key[0].partition("_")[0].partition("+")[0] in numbers}

    def settled():  # slurmdbd hears of an end a moment later
        found = mine(told(slurm))
        return found if len(found) == 12 and sum(job[1] is None for job in found.values()) == 2 else None

    theirs = until(settled, 20, lambda: slurm.run("sacct", "-aXDP", "-S", "now-1hours", f"--format={COLUMNS}"))
    polled(store, slurm)
    columns = "job_id, submit_at, start_at, end_at, state, project, user_name, gpu_parts"
    ours = mine({row[:2]: row[2:] for row in rows(store, f"SELECT {columns} FROM jobs")})
    assert ours == theirs
    names = {number: name for name, number in jobs.items()}
    states = {names.get(int(job_id.partition("_")[0].partition("+")[0])): job[2] for (job_id, _), job in ours.items()}
    assert states == {
        "requeued": "REQUEUED", "suspended": "COMPLETED", "running": "RUNNING", "server": "RUNNING",
        "array": "COMPLETED", "typed": "COMPLETED", "no GPU": "COMPLETED", "failed": "FAILED", "two parts": "COMPLETED",
    }  # fmt: skip
    suspended = f"SELECT suspended_s > 0 FROM jobs WHERE job_id = '{jobs['suspended']}'"
    assert rows(store, suspended) == [(1,)]


def test_typed_and_untyped_requests_are_the_same_cards(store, jobs):
    models = rows(store, "SELECT DISTINCT gpu_model FROM jobs WHERE gpu_parts > 0")
    assert models == [("H800",)]


def test_a_second_poll_changes_nothing(slurm, store, jobs):
    before = rows(store, "SELECT * FROM jobs WHERE end_at IS NOT NULL ORDER BY id")
    done = follow.poll(store, slurm.runner, int(time.time()), since=int(time.time()) - HOUR_S)
    assert (done.taken.inserted, done.taken.captures) == (0, ())
    assert rows(store, "SELECT * FROM jobs WHERE end_at IS NOT NULL ORDER BY id") == before
    with store.read() as conn:
        assert set(rollups.differences(conn, store.settings.centre.zone).values()) == {0}


def test_slurmrestd_tells_of_the_same_jobs(slurm, store, jobs, tmp_path):
    url = f"http://127.0.0.1:{slurm.ports.slurmrestd}"
    asked = make_centre(tmp_path / "rest", slurm, rest_url=url).store
    polled(asked, slurm)
    columns = ("job_id", "submit_at", "start_at", "end_at", "state", "project", "user_name", "gpu_model", "gpu_parts")
    ended = f"SELECT {', '.join((*columns, 'cpu_cores', 'mem_mib', 'qos'))} FROM jobs WHERE end_at > start_at"
    assert sorted(rows(asked, ended)) == sorted(rows(store, ended))
    # One that ran for no time was given nothing: JSON says so, the text repeats how many cores it asked for.
    ended = f"SELECT {', '.join(columns)} FROM jobs WHERE end_at IS NOT NULL"
    assert sorted(rows(asked, ended)) == sorted(rows(store, ended))
    assert rows(asked, "SELECT DISTINCT name LIKE 'slurmrestd %' FROM captures") == [(1,)]
    asked.engine.dispose()


def test_a_server_cancelled_before_it_started_is_closed_and_a_running_one_is_a_running_job(store, jobs):
    servers = dict(rows(store, "SELECT server_id, metered FROM server_events"))
    assert servers == {"server-1": 0, "server-2": 1}
    assert rows(store, "SELECT kind, state FROM jobs WHERE server_id = 'server-1'") == [("server", "RUNNING")]


def test_an_end_is_on_the_dashboard_with_the_next_poll(slurm, store, jobs):
    centre, viewer = Centre(store, None), Viewer("op", frozenset(), WholeCentre("op"), ("spend",))

    def page():
        return centre.build(viewer, "spend", Filters(), int(time.time()))

    shown = page()
    slurm.cancel(jobs["server"])
    until(lambda: polled(store, slurm).ended == ("server-1",))
    start, end = rows(store, "SELECT min(start_at), max(seen_until_at) FROM jobs WHERE project = 'climate'")[0]
    usage = reports.usage(store, WholeCentre("op"), start, end, by=("project",)).set_index("project")
    charged = rows(store, "SELECT sum(gpu_part_seconds) FROM charges_daily WHERE project = 'climate'")[0][0]
    used = rows(store, "SELECT sum((end_at - start_at) * gpu_parts) FROM jobs WHERE project = 'climate'")[0][0]
    assert int(usage.loc["climate", "gpu_part_seconds"]) == charged == used
    assert page().version != shown.version


def test_a_drained_node_is_an_outage_until_it_is_back(slurm, store, jobs):
    def seen():
        capacity(store, slurm.runner, int(time.time()))
        return rows(store, "SELECT partition, gpu_model, gpus, reason, end_at IS NULL FROM outages ORDER BY id")

    name = slurm.nodes[-1]
    until(lambda: slurm.run("sinfo", "-h", "-N", "-n", name, "-o", "%t").split()[0] == "idle", 20)
    assert seen() == []
    assert rows(store, "SELECT partition, gpu_model, installed, in_service, allocatable FROM capacity_changes") == [
        ("gpu", "H800", 8 * len(slurm.nodes), 8 * len(slurm.nodes), 8 * len(slurm.nodes))
    ]
    slurm.run("scontrol", "update", f"nodename={name}", "state=drain", "reason=broken fan")
    drained = [("gpu", "H800", 8, f"{name}: broken fan", 1)]
    try:
        assert seen() == drained
        assert seen() == drained
    finally:
        slurm.run("scontrol", "update", f"nodename={name}", "state=resume")
    time.sleep(1.1)
    assert seen() in ([(*drained[0][:4], 0)], [])
    assert abs(rows(store, "SELECT start_at FROM outages")[0][0] - datetime.now(UTC).timestamp()) < 30
