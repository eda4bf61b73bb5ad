"""A notebook server as a job of a real Slurm: whose it is, what it is given, what nobody can make of it.

The tests are read in order: one Hub serves them all.
"""

import pwd
import signal
import time

import httpx
import psutil
import pytest
from sqlalchemy import select

from tests.slurm_centre import MEMBERS, hub_of, make_centre, wait_until
from workbench.domain.holds import Hold
from workbench.slurm.tags import tags_of
from workbench.store.tables import server_events

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(180)]
GOOD = {"profile": "gpu-1", "project": "climate", "hours": 1}
ATTACKS = [
    *(GOOD | {name: "root"} for name in ("account", "gres", "prologue", "cmd", "srun", "options", "reservation")),
    GOOD | {"profile": "gpu-1\n#SBATCH --account=root"},
    GOOD | {"project": "climate --qos=high"},
    GOOD | {"project": "$(id)"},
    GOOD | {"hours": "1\n#SBATCH --qos=high"},
    GOOD | {"project": "genome"},
    {"profile": {"id": "gpu-1", "gpus": 8}, "project": ["climate"], "hours": [1]},
    {},
]
"""All of them: tests/hub/test_slurm_options.py."""


@pytest.fixture(scope="module")
def centre(slurm, tmp_path_factory):
    members = MEMBERS | {"ghost": ("wb-ana",)}  # without an account in Slurm
    ceilings = {"climate": 100_000_000, "genome": 100_000_000, "ghost": 1_000_000}
    made = make_centre(tmp_path_factory.mktemp("spawner") / "state", slurm, members=members, ceilings=ceilings)
    yield made
    made.store.engine.dispose()


@pytest.fixture(scope="module")
def hub(centre, tmp_path_factory):
    with hub_of(centre, tmp_path_factory.mktemp("hub")) as started:
        yield started


@pytest.fixture(scope="module")
def ana(hub):
    return hub.login("wb-ana")


def rows(centre):
    with centre.store.read() as conn:
        return conn.execute(select(server_events).order_by(server_events.c.id)).all()


def of_ana(slurm):
    """Numbers of her jobs that wait or run."""
    return slurm.run("squeue", "--noheader", "--user=wb-ana", "--format=%A").split()


def server_process(centre):
    """The notebook server's process, by what it was given."""
    server_id = rows(centre)[-1].server_id
    for process in psutil.process_iter():
        try:
            said = process.environ()
            if said.get("WORKBENCH_SERVER_ID") == server_id and "JUPYTERHUB_DEFAULT_URL" not in said:
                return process
        except psutil.Error:
            continue
    return None


def test_nothing_but_a_choice_can_be_sent_by_form_or_api(slurm, centre, ana):
    for given in ATTACKS:
        assert ana.api("POST", "/users/wb-ana/server", json=given).status_code == 400, given
    for given in ATTACKS[6:9]:
        assert ana.choose(**given).status_code == 400, given
    assert ana.api("POST", "/users/wb-ana/servers/second", json=GOOD).status_code in (400, 403, 404)
    assert ana.api("POST", "/users/wb-bo/server", json=GOOD).status_code in (403, 404)
    assert rows(centre) == []
    assert of_ana(slurm) == []


def test_what_slurm_refuses_is_said_and_nothing_stays_held(centre, ana):
    ana.choose(profile="cpu-small", project="ghost", hours="1")
    said = ana.client.get("/hub/spawn-pending/wb-ana").text + str(ana.progress())
    assert "Slurm does not let you use this project" in said
    (row,) = rows(centre)
    assert (row.cluster, row.slurm_job_id, row.metered) == ("testcentre", None, True)
    with centre.store.db() as db:
        assert db.get(Hold, row.server_id).settled_minor == 0


def test_a_server_is_a_job_of_its_user_with_what_slurm_gives(slurm, centre, ana):
    began = time.monotonic()
    assert ana.choose(profile="gpu-1", project="climate", hours="1").status_code == 200
    told = ana.progress()
    print(f"choice to ready: {time.monotonic() - began:.1f} s")
    assert told[-1]["ready"], told
    assert ana.client.get("/user/wb-ana/lab").status_code == 200
    process = server_process(centre)
    given, account = process.environ(), pwd.getpwnam("wb-ana")
    assert set(process.uids()) == {account.pw_uid}
    assert given["CUDA_VISIBLE_DEVICES"].isdecimal()
    assert (given["HOME"], given["USER"]) == (account.pw_dir, "wb-ana")
    assert (given["WORKBENCH_PROJECT"], given["WORKBENCH_PROFILE"]) == ("climate", "gpu-1")
    assert given["WORKBENCH_API"].startswith("http://127.0.0.1:")
    assert not [name for name in given if name.startswith("CONFIGPROXY") or name == "WORKBENCH_HOME"]
    row = rows(centre)[-1]
    (job,) = of_ana(slurm)
    assert (row.cluster, row.slurm_job_id, row.server_id) == ("testcentre", job, given["WORKBENCH_SERVER_ID"])
    said = slurm.run("scontrol", "--oneliner", "show", "job", job)
    assert "Account=climate" in said
    assert "TimeLimit=01:00:00" in said


def test_a_user_s_own_token_moves_nothing_of_the_spawner(hub, centre):
    token = server_process(centre).environ()["JUPYTERHUB_API_TOKEN"]
    api = f"{hub.url}/hub/api"
    with httpx.Client(headers={"Authorization": f"token {token}"}, trust_env=False) as client:
        setting = {"cmd": ["sh"], "job_id": "1", "exec_prefix": "sh -c id"}
        assert client.post(f"{api}/batchspawner", json=setting).status_code == 404
        for said in ({"port": 8001}, {"port": 80}, {"port": 8001, "cmd": "sh"}, {"problem": "x"}, [], "8001"):
            assert client.post(f"{api}/listening", json=said).status_code in (400, 409)
    with httpx.Client(trust_env=False) as client:
        assert client.post(f"{api}/listening", json={"port": 8001}).status_code == 403


def test_a_slurm_that_is_away_ends_nobody_s_server(slurm, ana):
    slurm.stop("slurmctld")
    try:
        time.sleep(6)  # longer than the Hub waits between two looks
        assert ana.server()["ready"]
        assert ana.client.get("/user/wb-ana/lab").status_code == 200
    finally:
        slurm.start("slurmctld")
    assert ana.server()["ready"]


def test_a_killed_hub_finds_its_job_again(slurm, hub, centre):
    job = rows(centre)[-1].slurm_job_id
    hub.end(signal.SIGKILL)
    assert of_ana(slurm) == [job]
    hub.start()
    ana = hub.login("wb-ana")
    assert wait_until(lambda: (ana.server() or {}).get("ready"), 20, hub.log)
    assert ana.client.get("/user/wb-ana/lab").status_code == 200
    assert of_ana(slurm) == [job]


def test_a_job_cancelled_from_outside_says_so_to_its_user(slurm, hub, centre):
    ana = hub.login("wb-ana")
    row = rows(centre)[-1]
    slurm.run("scancel", row.slurm_job_id)
    wait_until(lambda: not ana.server(), 20, hub.log)
    page = ana.client.get("/user/wb-ana/lab").text
    assert "It was cancelled by the operator" in page
    row = wait_until(lambda: (found := rows(centre)[-1]).metered and found, 20, hub.log)
    assert row.started_at < row.ended_at
    assert "cancelled by the operator" in row.end_reason
    with centre.store.db() as db:
        assert db.get(Hold, row.server_id).ended_at is not None
    columns = "Account,QOS,AllocTRES,State,Comment"
    said = slurm.run("sacct", "-X", "-n", "-P", f"--jobs={row.slurm_job_id}", f"--format={columns}").strip().split("|")
    assert said[0] == "climate"
    assert "gres/gpu:h800=1" in said[2]
    assert "cpu=4" in said[2]
    assert said[3] == "CANCELLED by 0"
    assert tags_of(said[4]) == {"server": row.server_id, "project": "climate", "profile": "gpu-1"}


def test_a_start_that_waits_outlives_a_hub_that_is_stopped(slurm, hub, centre):
    whole = [slurm.sbatch("wb-bo", "genome", "--gres=gpu:h800:8", "--nodelist", node) for node in slurm.nodes]
    for job in whole:
        slurm.wait(job, "RUNNING")
    try:
        ana = hub.login("wb-ana")
        ana.choose(profile="gpu-1", project="climate", hours="1")
        (job,) = wait_until(lambda: of_ana(slurm), 20, hub.log)
        wait_until(lambda: rows(centre)[-1].slurm_job_id == job, 10, hub.log)
        time.sleep(0.5)
        assert slurm.state(int(job)) == "PENDING"
        hub.end()
        hub.start()
    finally:
        slurm.cancel(*whole)
    ana = hub.login("wb-ana")
    assert wait_until(lambda: (ana.server() or {}).get("ready"), 40, hub.log)
    assert of_ana(slurm) == [job]
    assert ana.stop().status_code in (202, 204)
    wait_until(lambda: not of_ana(slurm), 20, hub.log)
