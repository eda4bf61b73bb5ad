"""Awards become limits in a real Slurm: what a spent project starts is refused or held, each with its reason.

One small centre for all tests, in order: vision (wb-ana) has an award, speech (wb-bo) has none.
"""

import time

import pytest
from sqlalchemy import insert

from tests.builders import DATA_UNTIL_S, small_centre
from tests.services.test_holds import opt_in
from tests.starts import HOUR_MINOR, cover
from workbench.domain.brakes import DOWNSCALE, Brake
from workbench.domain.projects import Member, Person, Project
from workbench.errors import NoBalance
from workbench.hub import books
from workbench.periods import moment
from workbench.services.charging.rating import rate
from workbench.services.dask_clusters import Asked, open_cluster
from workbench.services.meter import ServerRequest
from workbench.services.quote import quote
from workbench.services.slurm import brakes
from workbench.services.slurm.enforce import apply, plan
from workbench.slurm.associations import present
from workbench.slurm.reasons import in_words
from workbench.slurm.squeue import look
from workbench.store.engine import open_store
from workbench.store.tables import server_events
from workbench.units import GPU_PARTS, HOUR_S

pytestmark = pytest.mark.slurm

NOW = DATA_UNTIL_S - 1
DRAWN = 336 * HOUR_MINOR
VISION, SPEECH, FOREIGN = "e-vision", "e-speech", "e-foreign"


@pytest.fixture(scope="module")
def centre(slurm, tmp_path_factory):
    settings = slurm.settings(tmp_path_factory.mktemp("enforce") / "state", account_prefix="e-")
    store = small_centre(open_store(settings))
    rate(store, NOW)
    with store.db(writes=True) as db:
        db.add_all([Person(name, name) for name in ("wb-ana", "wb-bo")])
        db.add(Person("op", "Operator", role="operator"))
        db.add_all([Project(name, "t", "university", "o") for name in ("x,root", "x name=root", "$(id)")])
        db.flush()
        db.add_all([Member("vision", "wb-ana", "lead"), Member("speech", "wb-bo", "lead")])
    cover(store, 100, DRAWN)
    slurm.sacctmgr("add", "account", f"name={FOREIGN}", "cluster=testcentre", "GrpTRESMins=gres/gpu=7")
    slurm.sacctmgr("add", "user", "name=wb-cy", f"account={FOREIGN}", "cluster=testcentre")
    yield store
    for account in (VISION, SPEECH):
        slurm.run("scancel", f"--account={account}")
    store.engine.dispose()


@pytest.fixture
def follow(centre, slurm):
    """Plan and apply; a second plan is empty."""

    def follow():
        done = apply(slurm.runner, plan(centre, slurm.runner, NOW))
        assert done.failed == ()
        assert plan(centre, slurm.runner, NOW).changes == ()
        return [f"{one.account}: {one.what}" for one in done.done]

    return follow


@pytest.fixture
def reason(slurm):
    """The reason that squeue shows for a waiting job, once Slurm has looked at it."""

    def reason(job_id):
        limit = time.monotonic() + 10
        while (found := look(slurm.runner, job_id)) is not None and found.reason in ("", "None", "Priority"):
            assert time.monotonic() < limit, found
            time.sleep(0.2)
        assert found is not None
        assert found.state == "PENDING"
        return found.reason

    return reason


def test_projects_become_accounts_and_a_second_plan_is_empty(centre, slurm, follow):
    assert follow() == [f"{name}: {what}" for name in (SPEECH, VISION) for what in ("account", "minutes", "users")]
    there = present(slurm.runner, centre.settings.slurm.cluster)
    assert there.accounts[VISION].minutes == {"gres/gpu": 6_000, "cpu": 840_000}
    assert there.accounts[FOREIGN].minutes == {"gres/gpu": 7}
    assert (FOREIGN, "wb-cy") in there.users
    assert not [name for name in there.accounts if name.startswith(("e-x", "e-$", "x"))]
    said = "\n".join(plan(centre, slurm.runner, NOW).reported)
    assert said.count("cannot be the name of a Slurm account") == 3
    assert f"Account {FOREIGN} is of no project of ours" in said


def test_a_spent_project_starts_nothing_and_goes_on_with_a_supplement(centre, slurm, follow, reason):
    before = slurm.sbatch("wb-ana", VISION, "--gres=gpu:1", "--cpus-per-task=1", "--time=5")
    slurm.wait(before, "RUNNING", limit_s=15)
    cover(centre, 0, DRAWN)
    assert follow() == [f"{VISION}: minutes"]

    # A notebook, as the Hub asks: refused, with what is left and what it needs.
    profile = next(profile for profile in centre.settings.profiles if profile.gpus)
    asks = ServerRequest("e-s1", "wb-ana", "vision", profile.id, profile.gpu_model, GPU_PARTS, 4, NOW, HOUR_S)
    with pytest.raises(NoBalance, match=r"HK\$0\.00 free"):
        books.enter(centre, asks, quote(centre, profile, "vision", NOW), NOW)

    # A Dask worker beyond a notebook that runs still: refused the same way.
    with centre.begin() as conn:
        row = {"server_id": "e-s0", "user_name": "wb-ana", "project": "vision", "profile": profile.id}
        row |= {"gpu_model": "H800", "gpu_parts": GPU_PARTS, "cpu_cores": 4, "requested_at": NOW - 60}
        conn.execute(insert(server_events).values(**row, started_at=NOW - 50))
    with pytest.raises(NoBalance, match=r"HK\$0\.00 free"):
        open_cluster(centre, "wb-ana", Asked("e-s0", workers=1), NOW)

    # Plain jobs as the user's own account, past the Hub: held, with a reason in squeue; the shortest ones, too.
    gpu = slurm.sbatch("wb-ana", VISION, "--gres=gpu:1", "--cpus-per-task=1", "--time=1")
    cpu = slurm.sbatch("wb-ana", VISION, "--cpus-per-task=1", "--time=1")
    never = slurm.sbatch("wb-bo", SPEECH, "--cpus-per-task=1", "--time=1")
    for job in (gpu, cpu, never):
        code = reason(job)
        assert code in ("AssocGrpCPUMinutesLimit", "AssocGrpGRESMinutes")
        assert "award" in in_words(code)
    # What ran goes on.
    slurm.wait(before, "RUNNING", limit_s=1)

    cover(centre, 10, DRAWN)
    assert follow() == [f"{VISION}: minutes"]
    for job in (gpu, cpu):
        slurm.wait(job, "RUNNING", limit_s=10)
    assert reason(never)


def test_a_paused_project_starts_nothing_until_it_is_resumed(centre, slurm, follow, reason):
    brakes.pause(centre, "vision", "op", "Fills the disk", NOW)
    assert follow() == [f"{VISION}: pause"]
    job = slurm.sbatch("wb-ana", VISION, "--cpus-per-task=1", "--time=1")
    assert reason(job) == "AssocGrpJobsLimit"
    assert "paused" in in_words("AssocGrpJobsLimit")
    brakes.resume(centre, "vision", "op", "Cleaned up", NOW)
    assert follow() == [f"{VISION}: pause"]
    slurm.wait(job, "RUNNING", limit_s=10)


def test_a_downscaled_project_has_so_many_gpus_at_a_time(centre, slurm, follow, reason):
    brakes.downscale(centre, slurm.runner, Brake("vision", DOWNSCALE, "op", moment(NOW), "Deadline", 2))
    assert follow() == [f"{VISION}: GPUs"]
    job = slurm.sbatch("wb-ana", VISION, "--gres=gpu:3", "--cpus-per-task=1", "--time=1")
    assert reason(job).startswith("AssocGrpGRES")
    brakes.resume(centre, "vision", "op", "It is over", NOW)
    assert follow() == [f"{VISION}: GPUs"]
    slurm.wait(job, "RUNNING", limit_s=10)


def test_over_use_goes_on_at_low_priority(centre, slurm, follow):
    cover(centre, 0, DRAWN)
    opt_in(centre)
    whole = [": QOS wb-low", f"{VISION}: minutes", f"{VISION}: QOS allowed", f"{VISION}: QOS of new jobs"]
    assert follow() == whole
    job = slurm.sbatch("wb-ana", VISION, "--gres=gpu:1", "--cpus-per-task=1", "--time=1")
    slurm.wait(job, "RUNNING", limit_s=10)
    assert look(slurm.runner, job).qos == "wb-low"
    cover(centre, 10, DRAWN)
    assert follow() == [f"{VISION}: minutes", f"{VISION}: QOS of new jobs"]
    assert present(slurm.runner, "testcentre").accounts[VISION].default_qos == ""


def test_who_left_a_project_is_refused_at_once(centre, slurm, follow):
    with centre.db(writes=True) as db:
        db.delete(db.get(Member, ("vision", "wb-ana")))
    assert follow() == [f"{VISION}: user wb-ana"]
    with pytest.raises(Exception, match="AssocMaxSubmitJobLimit"):
        slurm.sbatch("wb-ana", VISION, "--cpus-per-task=1", "--time=1")
