"""Dask workers as jobs of a real Slurm: they compute encrypted, end when idle, and never survive their owner.

One kernel inside one server's job goes through it all, step by step; a test lets it go on by making a file. The
centre's API runs here; the pulse's look at orphans is called by hand.
"""

import json
import os
import signal
import time
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta

import pytest
import serving_api
from sqlalchemy import insert, select

from tests.builders import add_prices
from workbench.domain.awards import Award
from workbench.domain.holds import Hold, settled_for
from workbench.domain.jobs import Job
from workbench.domain.projects import Project
from workbench.hub.slurm.orphans import SERVER_ENDED, end_orphans
from workbench.services.prices.stored import CPU
from workbench.services.slurm import follow
from workbench.settings import ProfileSettings
from workbench.slurm import squeue
from workbench.store.dask_tables import dask_clusters
from workbench.store.engine import Store, open_store
from workbench.store.tables import server_events
from workbench.units import GPU_PARTS

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(180)]
PROFILES = (
    ProfileSettings(id="cpu", title="Notebook", purpose="p", cpu_cores=2, mem_gib=2, partition="interactive"),
    ProfileSettings(
        id="gpu-1", title="One GPU", purpose="p", cpu_cores=2, mem_gib=1, gpus=1, gpu_model="H800", partition="gpu"
    ),
)
KERNEL = """
import json, os, sys, time
from pathlib import Path
import workbench.notebook as wb
from workbench.clusters import versions
from workbench.errors import WorkbenchError

folder = Path(sys.argv[1])

def tell(step, **facts):
    (folder / f"{step}.part").write_text(json.dumps(facts))
    (folder / f"{step}.part").rename(folder / f"{step}.json")

def until(step):
    while not (folder / step).exists():
        time.sleep(0.1)

def refused(**given):
    try:
        wb.cluster(**given)
    except WorkbenchError as problem:
        return f"{type(problem).__name__}: {problem}"

def look(_number):
    time.sleep(0.3)
    return [os.environ.get(name) for name in ("SLURM_JOB_ID", "CUDA_VISIBLE_DEVICES", "JUPYTERHUB_API_TOKEN")]

def elastic():  # one worker runs, a second one waits in the queue
    client = wb.cluster(workers=(1, 2), gpus_per_worker=1)
    client.wait_for_workers(1, timeout=30)
    tell("one", pid=os.getpid(), watcher=client.watcher.pid, id=client.workers.name)
    until("two")
    client.gather(client.map(look, range(2000), pure=False))

if __name__ == "__main__":
    if sys.argv[2] == "elastic":
        elastic()
        sys.exit()
    real = versions.here
    versions.here = lambda: real() | {"numpy": "0.1"}
    differing = refused(workers=1, gpus_per_worker=1)
    versions.here = real
    tell("refused", pid=os.getpid(), many=refused(workers=5, hours=1), differing=differing)
    client = wb.cluster(workers=2, gpus_per_worker=1, hours=1)
    seen = []
    while len({job for job, *_more in seen}) < 2:  # with work for both, so that none is idle before the other is there
        seen += client.gather(client.map(look, range(8), pure=False))
    certificates = [oct(path.stat().st_mode & 0o777) for path in (client.folder, *client.folder.glob(".dask*"))]
    tell("computed", seen=seen, address=client.scheduler.address, id=client.workers.name, line=client.line,
         modes=certificates, total=client.submit(sum, range(1000)).result())
    while client.scheduler_info()["workers"] or not client.why:
        time.sleep(0.1)
    tell("idle", why=client.why)
    until("more")
    waiting = client.map(look, range(2), pure=False)  # the two workers are wanted again
    tell("asked")
    client.gather(waiting)
    tell("again")
    time.sleep(300)
"""


class Centre:
    """The books of a centre on this Slurm, its API, and one server of wb-ana in which a kernel runs."""

    def __init__(self, slurm, home):
        self.slurm, now = slurm, int(time.time())
        settings = slurm.settings(home, interface="lo", max_workers=4, worker_idle_s=10, account_prefix="")
        # A person waits for ten minutes; a test does not.
        quick = settings.slurm.model_copy(update={"worker_idle_s": 3})
        settings = settings.model_copy(update={"slurm": quick, "profiles": PROFILES})
        made = open_store(settings)
        self.store = Store(made.engine, settings)
        term = {"starts_on": date(2026, 1, 1), "ends_on": datetime.now(UTC).date() + timedelta(days=30)}
        with self.store.db(writes=True) as db:
            db.add(Project("climate", "Climate", "university", "University A", made_up=True))
            db.flush()
            db.add(
                Award(
                    project="climate",
                    application=None,
                    rate_bp=7000,
                    ceiling_minor=10_000_000,
                    decided_on=date(2026, 1, 1),
                    **term,
                )
            )
        add_prices(self.store, {"2025-01-01": {"H800": "28.00", CPU: "0.20"}})
        self.now = now

    def start_server(self, api, folder):
        """A job as a server's would be: a shell that outlives its kernel."""
        script = folder / "kernel.py"
        script.write_text(KERNEL)
        told = f"WORKBENCH_API={api} JUPYTERHUB_API_TOKEN=wb-token WORKBENCH_SERVER_ID=s1 WORKBENCH_PROJECT=climate"
        command = "; ".join(
            f"{told} {self.slurm.python} {script} {folder} {kind} > {folder}/kernel.log 2>&1"
            for kind in ("fixed", "elastic")
        )
        words = ["--partition=interactive", "--cpus-per-task=2", "--mem=2G", "--comment=wb=1;server=s1"]
        job = self.slurm.sbatch("wb-ana", "climate", *words, command=f"{command}; sleep 300")
        with self.store.begin() as conn:
            conn.execute(
                insert(server_events).values(
                    server_id="s1", user_name="wb-ana", project="climate", profile="cpu", gpu_parts=0, cpu_cores=2,
                    requested_at=self.now, started_at=self.now, cluster=self.slurm.cluster, slurm_job_id=str(job),
                )
            )  # fmt: skip
        return job

    def clusters(self):
        with self.store.read() as conn:
            return conn.execute(select(dask_clusters).order_by(dask_clusters.c.opened_at)).mappings().all()

    def cluster(self, dask_id):
        return next(row for row in self.clusters() if row["id"] == dask_id)

    def workers(self):
        there = [job for job in squeue.present(self.slurm.runner) if job.state != "COMPLETING"]
        return [job for job in there if "dask" in job.tags]

    def wait_for_workers(self, *states, limit_s=20.0):
        """Wait until the queue holds workers in exactly these states; how long it took."""
        began = time.monotonic()
        while sorted(job.state for job in self.workers()) != sorted(states):
            took = time.monotonic() - began
            assert took < limit_s, f"{self.workers()} after {took:.0f} s"
            time.sleep(0.1)
        return time.monotonic() - began


@pytest.fixture(scope="module")
def centre(slurm, tmp_path_factory):
    made = Centre(slurm, tmp_path_factory.mktemp("centre"))
    yield made
    made.store.engine.dispose()


@pytest.fixture(scope="module")
def folder(slurm):
    made = slurm.home / "dask"
    made.mkdir(mode=0o777)
    made.chmod(0o777)
    return made


@pytest.fixture(scope="module")
def told(centre, folder):
    """What the kernel tells of a step: `told(step)` waits for it."""

    def of(step, limit_s=60.0):
        file, limit = folder / f"{step}.json", time.monotonic() + limit_s
        while not file.exists():
            log = folder / "kernel.log"
            said = log.read_text() if log.exists() else "the kernel said nothing"
            assert "Traceback" not in said, said
            assert time.monotonic() < limit, f"no {step} yet: {said}"
            time.sleep(0.1)
        return json.loads(file.read_text())

    return of


@pytest.fixture(scope="module")
def hub(centre, folder):
    """The API, while it is not stopped, and the server's job."""
    serving_api.PEOPLE["wb-token"] = {
        "name": "wb-ana", "groups": ["member:climate"], "scopes": [serving_api.ACCESS],
    }  # fmt: skip
    with ExitStack() as running:
        api = running.enter_context(serving_api.serving(centre.store))
        running.job = centre.start_server(api, folder)
        yield running
        if centre.slurm.state(running.job) == "RUNNING":
            centre.slurm.cancel(running.job)


def test_what_cannot_be_is_refused_before_anything_starts(centre, hub, told):
    said = told("refused")
    assert "climate may have 4 workers at a time" in said["many"]
    assert said["differing"].startswith("EnvironmentsDiffer")
    assert "0.1 in this notebook" in said["differing"]
    (refused,) = (row for row in centre.clusters() if row["workers"] == 1)
    assert (refused["reason"], refused["workers"]) == ("its notebook closed it", 1)


def test_two_worker_jobs_compute_with_a_gpu_each_over_tls(centre, hub, told, folder):
    said = told("computed")
    assert said["total"] == 499500
    assert {cards for _job, cards, _token in said["seen"]} == {"0", "1"}
    assert {token for _job, _cards, token in said["seen"]} == {None}
    assert said["address"].startswith("tls://127.0.0.1:")
    assert said["modes"][0] == "0o700"
    assert set(said["modes"][1:]) == {"0o600"}
    assert "HK$56.00 an hour at list price, of which HK$39.20 is subsidy" in said["line"]
    _speak_plainly(said["address"])


def _speak_plainly(address):
    """A scheduler that lets in who has no certificate runs anybody's code."""
    import asyncio

    from distributed.comm import connect

    async def attempt():
        comm = await connect(address.replace("tls://", "tcp://"), timeout=2)
        await comm.close()

    with pytest.raises(OSError):
        asyncio.run(attempt())


def test_idle_workers_end_say_why_and_are_accounted(centre, hub, told):
    assert told("idle")["why"] == "idle for 3 seconds"
    said = told("computed")
    jobs = sorted({job for job, _cards, _token in said["seen"]})
    words = ["--noheader", "--parsable2", "--allocations", "--format=Account,AllocTRES,Comment%200", "--jobs"]
    for row in centre.slurm.runner.run("sacct", *words, ",".join(jobs)).splitlines():
        account, tres, comment = row.split("|")
        assert account == "climate"
        assert "gres/gpu:h800=1" in tres.split(",")
        assert comment == f"wb=1;dask={said['id']};server=s1;project=climate;profile=gpu-1"
    assert len(jobs) == 2


@pytest.fixture
def no_gpu_for_new_jobs(centre):
    """The partition of the workers starts nothing while the test lasts."""

    def state(word):
        centre.slurm.run("scontrol", "update", "PartitionName=gpu", f"State={word}")

    yield lambda: state("DOWN")
    state("UP")


def test_a_killed_kernel_leaves_no_worker_in_the_queue(centre, hub, told, folder, no_gpu_for_new_jobs):
    """They wait, so none finds out by itself that its scheduler is gone."""
    no_gpu_for_new_jobs()
    (folder / "more").touch()
    told("asked")
    centre.wait_for_workers("PENDING", "PENDING")
    assert look_for_orphans(centre).cancelled == ()
    os.kill(told("refused")["pid"], signal.SIGKILL)
    took = centre.wait_for_workers(limit_s=10)
    print(f"none waits {took:.1f} s after kill -9 of the kernel")
    limit = time.monotonic() + 10
    first = told("computed")["id"]
    while centre.cluster(first)["closed_at"] is None:  # the centre was told, beside the dead kernel
        assert time.monotonic() < limit
        time.sleep(0.1)
    assert centre.cluster(first)["reason"] == "its notebook closed it"


def test_killed_with_its_watcher_and_without_a_hub_it_ends_with_its_server(
    centre, hub, told, folder, no_gpu_for_new_jobs
):
    """What runs ends by itself; what waits is cancelled once the server has ended; a stranger's job is left alone."""
    kernel = told("one")
    no_gpu_for_new_jobs()
    (folder / "two").touch()
    centre.wait_for_workers("PENDING", "RUNNING")
    look_for_orphans(centre)
    hub.close()
    for pid in (kernel["watcher"], kernel["pid"]):
        os.kill(pid, signal.SIGKILL)
    took = centre.wait_for_workers("PENDING")
    print(f"none runs {took:.1f} s after kill -9 of kernel and watcher")
    tag = f"--comment=wb=1;dask={kernel['id']};server=s1;project=climate;profile=gpu-1"
    strangers = centre.slurm.sbatch("wb-bo", "genome", tag, "--partition=interactive")
    centre.slurm.cancel(hub.job)
    done = look_for_orphans(centre)
    assert done.closed == {kernel["id"]: SERVER_ENDED}
    assert len(done.cancelled) == 1
    centre.slurm.wait(done.cancelled[0], "CANCELLED")
    assert centre.slurm.state(strangers) in ("PENDING", "RUNNING")
    centre.slurm.cancel(strangers)
    assert centre.cluster(kernel["id"])["reason"] == SERVER_ENDED


def look_for_orphans(centre, now=None):
    return end_orphans(centre.store, centre.slurm.runner, now or int(time.time()))


def test_what_they_ran_is_in_the_books_and_their_hold_is_settled(centre, hub, told):
    """By Slurm's accounting: two cards of the first cluster, for as long as their jobs ran."""
    later, dask_id = int(time.time()) + 120, told("computed")["id"]
    follow.poll(centre.store, centre.slurm.runner, later)
    look_for_orphans(centre, later)
    with centre.store.db() as db:
        told_of = db.scalars(select(Job).where(Job.dask_id == dask_id)).all()
        hold = db.get(Hold, dask_id)
    jobs = [job for job in told_of if job.end_at > job.start_at]  # two never ran
    assert {(job.kind, job.project, job.server_id, job.gpu_parts) for job in jobs} == {
        ("dask", "climate", "s1", GPU_PARTS)
    }
    ran_s = sum((job.end_at - job.start_at).total_seconds() for job in jobs)
    assert len(jobs) == 2
    assert hold.settled_minor == settled_for(hold, int(ran_s))
    assert centre.cluster(dask_id)["settled_at"] == later
