"""Our books against a real Slurm's: to the second, each difference by job; settings written from it can be loaded.

slurmdbd adds an hour up when it is over. So that no test waits for that, a Slurm of its own has finished jobs written
into its database, and is told to add them up (`sacctmgr roll`).
"""

import time

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from benchmarks.slurm_history import DAYS, insert
from tests.slurm_stack.slurm import running
from workbench.cli import main
from workbench.domain.projects import Project
from workbench.periods import moment
from workbench.services.slurm import follow
from workbench.services.slurm.causes import what_differs
from workbench.services.slurm.reconcile import compare, month_now, window_of
from workbench.settings import load
from workbench.store.engine import open_store
from workbench.store.frames import JOBS
from workbench.units import DAY_S, GPU_PARTS, HOUR_S

pytestmark = pytest.mark.slurm

MANY = 600


@pytest.fixture(scope="module")
def slurm():
    """Its own: the jobs of before are no other test's business."""
    with running() as started:
        begin = insert(started.stack, MANY, int(time.time()))
        started.run("sacctmgr", "--immediate", "roll", f"{moment(begin):%Y-%m-%dT%H:%M:%S}")
        yield started


@pytest.fixture
def past():
    """The end of the last whole hour."""
    return int(time.time()) // HOUR_S * HOUR_S


@pytest.fixture
def centre(slurm, workbench_home):
    """A store that follows this Slurm, with climate as its only project."""
    opened = open_store(slurm.settings(workbench_home))
    with opened.db() as db:
        db.add(Project("climate", "Weather", "university", "University A"))
    follow.poll(opened, slurm.runner, int(time.time()))
    yield opened
    opened.engine.dispose()


def compared(centre, slurm, past):
    """All months that the past lies in."""
    now = int(time.time())
    months = dict.fromkeys(month_now(centre, past - day * DAY_S) for day in range(DAYS, -1, -1))
    zone = centre.settings.centre.zone
    return [compare(centre, slurm.runner, month, now) for month in months if window_of(month, zone, past).seconds]


def some_jobs(centre):
    """Ids of jobs with GPUs, none of them at an edge of the past."""
    with centre.read() as conn:
        ask = select(JOBS.c.job_id, JOBS.c.gpu_parts, JOBS.c.project).where(
            JOBS.c.gpu_parts > 0, JOBS.c.suspended_s == 0, JOBS.c.seen_until_at > JOBS.c.start_at + 60
        )
        rows = conn.execute(ask.order_by(JOBS.c.start_at)).all()
    return rows[len(rows) // 2 :]


def test_our_gpu_time_is_slurms_to_the_second(slurm, past, centre):
    found = compared(centre, slurm, past)
    assert [one.differences for one in found] == [0] * len(found)
    assert sum(one.jobs_seen for one in found) > MANY * 0.9
    sums = {(line.account, line.project) for one in found for line in one.accounts if line.ours == line.sums > 0}
    assert sums >= {("climate", "climate"), ("genome", None), ("tiny", None)}
    assert found[-1].window.end_s == past or found[-1].compared_at - past < 60


def test_each_change_of_ours_is_found_at_its_job(slurm, past, centre):
    more, other, shorter, elsewhere = some_jobs(centre)[:4]
    account = "tiny" if elsewhere.project != "tiny" else "genome"
    ends = {"seen_until_at": JOBS.c.seen_until_at - 5, "end_at": JOBS.c.end_at - 5}
    changes = {
        more.job_id: {"gpu_parts": 7 * GPU_PARTS},
        other.job_id: {"job_id": "5"},
        shorter.job_id: ends,
        elsewhere.job_id: {"project": account},
    }
    with centre.begin() as conn:
        for job, change in changes.items():
            conn.execute(update(JOBS).where(JOBS.c.job_id == job).values(**change))
    found = compared(centre, slurm, past)
    lines = {line.job_id: line for one in found for line in one.jobs}
    assert set(lines) == {*changes, "5"}
    assert (lines[other.job_id].missing, lines["5"].missing) == ("here", "slurm")
    assert "GPUs: here 7" in what_differs(lines[more.job_id])
    assert what_differs(lines[shorter.job_id]).startswith("end: here")
    assert f"account: here {account}, in Slurm {elsewhere.project}" in what_differs(lines[elsewhere.job_id])
    assert lines[shorter.job_id].ours - lines[shorter.job_id].slurm == -5 * shorter.gpu_parts
    assert sum(line.difference for one in found for line in one.accounts) == sum(
        line.ours - line.slurm for line in lines.values()
    )


def test_what_runs_now_is_left_to_the_next_hour(slurm, past, centre):
    job = slurm.sbatch("wb-ana", "climate", "--gres=gpu:2")
    slurm.wait(job, "RUNNING")
    follow.poll(centre, slurm.runner, int(time.time()))
    assert all(one.differences == 0 for one in compared(centre, slurm, past))
    slurm.cancel(job)


def test_settings_written_from_a_running_slurm_can_be_loaded(slurm, tmp_path, workbench_home):
    out = tmp_path / "centre.toml"
    done = CliRunner().invoke(main, ["init", "--slurm", "--conf", str(slurm.conf), "--out", str(out)])
    assert done.exit_code == 0, done.output
    settings = load(out)
    assert (settings.slurm.cluster, settings.slurm.model("h800")) == (slurm.cluster, "H800")
    cards = {card.id: card for card in settings.profiles}
    assert list(cards) == ["cpu", "h800-1", "h800-2", "h800-4", "h800-8"]
    assert (cards["h800-2"].cpu_cores, cards["h800-2"].mem_gib, cards["h800-2"].gres) == (16, 125, "gpu:h800")
    assert (cards["h800-8"].partition, cards["h800-8"].most_hours) == ("interactive", 12)
    assert "without a project of ours: climate, genome, tiny" in out.read_text()
