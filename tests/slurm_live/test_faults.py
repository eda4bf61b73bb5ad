"""What goes wrong with a Slurm, one after the other; our books have each attempt of each job once, as Slurm has it.

A Slurm of its own, since its daemons are killed. At the end all that happened is moved three hours back in slurmdbd's
database, so that its sums hold it (they are made of whole hours that are over), and the books are compared with them.
"""

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select, text

from tests.slurm_stack.slurm import Slurm, running
from workbench.domain.projects import Project
from workbench.errors import SlurmError
from workbench.periods import epoch, moment
from workbench.services.slurm import follow
from workbench.services.slurm.reconcile import compare, month_now
from workbench.store.engine import Store, open_store
from workbench.store.frames import JOBS
from workbench.units import GPU_PARTS, HOUR_S

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(180)]
BACK_S = 3 * HOUR_S
COLUMNS = "JobIDRaw,Submit,Start,End,ElapsedRaw,Account,User,AllocTRES%200"


@dataclass
class Faulty:
    """The Slurm, and a store that follows it. long: a job with two cards that runs from the beginning on."""

    slurm: Slurm
    store: Store
    long: int

    def poll(self) -> follow.Polled:
        return follow.poll(self.store, self.slurm.runner, int(time.time()))

    def until_the_books_have(self, *job_ids: int, attempts: int = 1, seconds: float = 25) -> None:
        """Poll until slurmdbd knows the ends of these jobs (it may learn of them late) and the books are as it is."""
        limit = time.monotonic() + seconds
        while True:
            self.poll()
            slurms, ours = attempts_of(self.slurm), attempts_in(self.store)
            known = Counter(key[0] for key in slurms)
            if (slurms == ours and all(known[str(job)] >= attempts for job in job_ids)) or time.monotonic() > limit:
                break
            time.sleep(0.3)
        assert ours == slurms
        assert max(ours.values()) == 1, "an attempt is there twice"

    def job(self, *words: object, seconds: float | str, user: str = "wb-ana", account: str = "climate") -> int:
        return self.slurm.sbatch(user, account, "--gres=gpu:h800:1", *words, command=f"sleep {seconds}")

    def ours(self, job_id: int) -> list[Any]:
        """Our rows of a job, in their order."""
        ask = select(JOBS).where(JOBS.c.job_id == str(job_id)).order_by(JOBS.c.submit_at)
        with self.store.read() as conn:
            return conn.execute(ask).all()


def attempts_of(slurm: Slurm) -> Counter:
    """All attempts that ended, as sacct lists them: id, submit, start, end, account, user, GPUs."""
    environ = slurm.stack.environ | {"SLURM_TIME_FORMAT": "%s"}
    said = slurm.stack.run("sacct", "-aDXPn", "-S", "now-1day", "-o", COLUMNS, environ=environ)
    found: Counter = Counter()
    for line in said.splitlines():
        job_id, submit, start, end, elapsed, account, user, tres = line.split("|")
        if end.isdigit() and int(elapsed):
            gpus = dict(part.partition("=")[::2] for part in tres.split(",")).get("gres/gpu", "0")
            found[job_id, int(submit), int(start), int(end), account, user, int(gpus)] += 1
    return found


def attempts_in(store: Store) -> Counter:
    """The same, as our books have it."""
    with store.read() as conn:
        rows = conn.execute(select(JOBS).where(JOBS.c.end_at.is_not(None))).all()
    return Counter(
        (row.job_id, epoch(row.submit_at), epoch(row.start_at), epoch(row.end_at), row.project, row.user_name,
         row.gpu_parts // GPU_PARTS)
        for row in rows if row.end_at > row.start_at
    )  # fmt: skip


def store_of(slurm: Slurm, home) -> Store:
    opened = open_store(slurm.settings(home))
    with opened.db() as db:
        db.add_all([Project(name, name.title(), "university", "University A") for name in ("climate", "genome")])
    return opened


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    with running() as slurm:
        long = slurm.sbatch("wb-bo", "genome", "--gres=gpu:h800:2", command="sleep 30")
        store = store_of(slurm, tmp_path_factory.mktemp("faults") / "state")
        yield Faulty(slurm, store, long)
        store.engine.dispose()


def test_a_requeued_job_is_two_attempts_of_one_id(faulty):
    job = faulty.job("--requeue", seconds="$((SLURM_RESTART_COUNT ? 2 : 60))")
    faulty.slurm.wait(job, "RUNNING")
    time.sleep(1.1)
    faulty.slurm.requeue(job)
    faulty.poll()
    faulty.slurm.wait(job, "COMPLETED")
    faulty.until_the_books_have(job, attempts=2)
    assert [row.state for row in faulty.ours(job)] == ["REQUEUED", "COMPLETED"]


def test_a_job_that_runs_on_while_slurmctld_is_killed_is_one_job(faulty):
    faulty.slurm.wait(faulty.long, "RUNNING")
    faulty.slurm.wait_saved(time.time())
    faulty.slurm.kill("slurmctld")
    faulty.poll()
    time.sleep(0.5)
    faulty.slurm.start("slurmctld")
    faulty.slurm.wait(faulty.long, "COMPLETED")
    faulty.until_the_books_have(faulty.long)
    (row,) = faulty.ours(faulty.long)
    assert epoch(row.end_at) - epoch(row.start_at) >= 30


def test_a_job_cancelled_while_it_runs_counts_one_that_waits_does_not(faulty):
    runs = faulty.job(seconds=30)
    faulty.slurm.wait(runs, "RUNNING")
    waits = faulty.job("--nodes=2", "--gres=gpu:h800:8", seconds=30)  # every card there is
    time.sleep(1.1)
    faulty.poll()
    assert faulty.slurm.state(waits) == "PENDING"
    faulty.slurm.cancel(waits)
    faulty.slurm.cancel(runs)
    faulty.until_the_books_have(runs)
    assert [row.state for row in faulty.ours(runs)] == ["CANCELLED"]
    assert all(row.end_at == row.start_at for row in faulty.ours(waits))


def test_ends_that_slurmdbd_missed_come_late(faulty):
    over, after = faulty.job(seconds=2), faulty.job(seconds=30, user="wb-bo", account="genome")
    faulty.slurm.wait(over, "RUNNING")
    faulty.slurm.wait(after, "RUNNING")
    faulty.poll()
    faulty.slurm.stop("slurmdbd")
    unseen = faulty.job("--begin=now", seconds=1)
    faulty.slurm.wait(over, "COMPLETED")
    faulty.slurm.wait(unseen, "COMPLETED")
    faulty.slurm.cancel(after)
    with pytest.raises(SlurmError):
        faulty.poll()
    faulty.slurm.start("slurmdbd")
    faulty.until_the_books_have(over, unseen, after)
    assert [row.state for job in (over, unseen, after) for row in faulty.ours(job)] == [
        "COMPLETED", "COMPLETED", "CANCELLED",
    ]  # fmt: skip


def test_a_job_whose_node_is_lost_ends_with_it(faulty):
    job = faulty.job("--no-requeue", "--nodelist=gpu002", seconds=30)
    faulty.slurm.wait(job, "RUNNING")
    time.sleep(1.1)
    faulty.slurm.kill("gpu002")
    # As slurmctld does by itself once a node was silent for SlurmdTimeout.
    faulty.slurm.run("scontrol", "update", "nodename=gpu002", "state=down", "reason=lost")
    faulty.slurm.wait(job, "NODE_FAIL")
    faulty.until_the_books_have(job)
    faulty.slurm.start("gpu002")
    assert [row.state for row in faulty.ours(job)] == ["NODE_FAIL"]


def test_after_a_wipe_two_jobs_of_one_id_are_two(faulty):
    faulty.slurm.forget()
    again = faulty.job(seconds=1, user="wb-bo", account="climate")
    assert again == faulty.long == 1
    faulty.slurm.wait(again, "COMPLETED")
    faulty.until_the_books_have(again, attempts=2)
    assert [(row.user_name, row.project) for row in faulty.ours(1)] == [("wb-bo", "genome"), ("wb-bo", "climate")]


def test_after_all_of_it_the_books_are_slurms_sums(faulty):
    """Both sides are moved back; a second store that knows nothing yet comes to the same."""
    faulty.until_the_books_have()
    now = int(time.time())
    begin = (now - BACK_S) // HOUR_S * HOUR_S - HOUR_S
    _move_back(faulty.slurm, begin)
    moved = ", ".join(f"{name} = {name} - {BACK_S}" for name in ("submit_at", "start_at", "end_at", "seen_until_at"))
    with faulty.store.begin() as conn:
        conn.execute(text(f"UPDATE jobs SET {moved}"))
    faulty.slurm.sacctmgr("roll", f"{moment(begin):%Y-%m-%dT%H:%M:%S}")
    fresh = store_of(faulty.slurm, faulty.store.settings.home.parent / "fresh")
    follow.poll(fresh, faulty.slurm.runner, now, since=begin)
    for store in (fresh, faulty.store):
        months = dict.fromkeys(month_now(store, at) for at in (begin, now))
        found = [compare(store, faulty.slurm.runner, month, now) for month in months]
        assert sum(one.differences for one in found) == 0, str([(one.jobs, one.accounts) for one in found])
        assert sum(one.jobs_seen for one in found) >= 9
        sums = {line.account: line.ours for one in found for line in one.accounts if line.ours == line.sums > 0}
        assert set(sums) == {"climate", "genome"}
    assert attempts_in(fresh) == attempts_in(faulty.store) == attempts_of(faulty.slurm)
    fresh.engine.dispose()


def _move_back(slurm: Slurm, begin: int) -> None:
    """All jobs, and the nodes: an hour in which a cluster has none is in no sum. slurmdbd adds up from `begin` on."""
    moments = {"job": ("submit", "eligible", "start", "end"), "event": ("start", "end")}
    for table, names in moments.items():
        moved = ", ".join(f"time_{name} = IF(time_{name} > 0, time_{name} - {BACK_S}, 0)" for name in names)
        slurm.database(f"UPDATE {slurm.cluster}_{table}_table SET {moved}")
    slurm.database(
        f"UPDATE {slurm.cluster}_last_ran_table SET hourly_rollup={begin}, daily_rollup={begin}, monthly_rollup={begin}"
    )
