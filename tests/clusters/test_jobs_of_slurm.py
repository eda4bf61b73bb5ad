"""Workers as jobs of Slurm, as far as it goes without one: how many are wanted, what they get, what must be alike."""

import asyncio
import shlex
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from workbench.clusters import slurm, versions
from workbench.clusters.demand import Demand
from workbench.clusters.slurm import JobCluster, Plan
from workbench.errors import ClusterRefused

PLAN = Plan("d-1", 2, None, ("--account=climate",), 4, 1, 1024, "/usr/bin/python3", "lo", 600)


class FakeCluster:
    """What a Demand looks at: which workers are asked for, which are here, and their tasks."""

    def __init__(self):
        self.scheduler = SimpleNamespace(workers={}, queued=[], unrunnable=[])
        self.plan, self.requested = set(), set()
        self.scheduler_comm = SimpleNamespace(adaptive_target=self.adaptive_target)
        self.wanted, self.loop = 3, None

    @property
    def observed(self):
        return set(self.scheduler.workers)

    async def adaptive_target(self, target_duration=None):
        return self.wanted

    def here(self, **tasks):
        """These workers are here, with so many tasks each."""
        self.scheduler.workers = {name: SimpleNamespace(processing=range(n)) for name, n in tasks.items()}
        self.plan = set(tasks)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def cluster():
    return FakeCluster()


@pytest.fixture
def demand(cluster):
    def of(fixed, **given):
        clock = Clock()
        made = Demand(cluster, idle_s=600, fixed=fixed, ending=lambda _: None, clock=clock, interval=0, **given)

        def at(second):
            clock.now = second
            return asyncio.run(made.safe_target())

        return at

    return of


def test_a_fixed_number_stays_for_as_long_as_it_was_not_idle(demand, cluster):
    at = demand(2, minimum=0, maximum=2)
    cluster.here(a=1, b=0)
    assert at(0) == 2
    cluster.here(a=0, b=0)
    assert [at(second) for second in (300, 599, 601)] == [2, 2, 0]
    cluster.scheduler.queued = ["task"]
    assert at(602) == 2  # back with work


def test_who_waits_in_the_queue_is_not_idle(demand, cluster):
    at = demand(2, minimum=0, maximum=2)
    cluster.plan = {"a", "b"}
    assert [at(second) for second in (0, 700, 7000)] == [2, 2, 2]
    cluster.here(a=0, b=0)
    assert [at(second) for second in (7001, 7599, 7602)] == [2, 2, 0]


def test_an_elastic_one_follows_its_work_within_its_limits(demand, cluster):
    at = demand(None, minimum=1, maximum=2)
    assert at(0) == 1
    cluster.scheduler.unrunnable = ["task"]
    assert at(1) == 2  # three are wanted
    cluster.scheduler.unrunnable = []
    assert [at(second) for second in (500, 602)] == [2, 1]


def test_nothing_that_slurm_told_the_notebook_reaches_the_submission():
    environ = {
        "SLURM_JOB_ID": "7",
        "SLURM_MEM_PER_NODE": "4096",
        "SBATCH_QOS": "x",
        "SLURM_CONF": "/etc/s",
        "HOME": "/h",
    }
    words = shlex.split(slurm.submit_command(environ))
    assert words == ["env", "-u", "SBATCH_QOS", "-u", "SLURM_JOB_ID", "-u", "SLURM_MEM_PER_NODE", "sbatch"]


def test_no_more_workers_than_are_held_for():
    cluster = JobCluster.__new__(JobCluster)
    cluster.plan_ = PLAN
    for given in ({"n": 3}, {"jobs": 3}):
        with pytest.raises(ClusterRefused, match="2 workers are held for, not 3"):
            cluster.scale(**given)


def test_one_task_for_each_gpu_else_for_each_core():
    assert PLAN.threads == 1
    assert Plan("d-1", 2, None, (), 4, 0, 1024, "p", "", 600).threads == 4


def test_workers_with_a_gpu_spill_and_are_accelerated_where_their_kernel_is(monkeypatch):
    assert "export CUDF_SPILL=on" in slurm.prologue(PLAN)
    assert not any("CUDF" in line for line in slurm.prologue(replace(PLAN, gpus=0)))
    assert slurm.worker_arguments(PLAN) == ["--no-dashboard", "--resources", "GPU=1"]
    monkeypatch.setitem(sys.modules, "cudf.pandas", SimpleNamespace(LOADED=True))
    assert slurm.worker_arguments(replace(PLAN, gpus=0))[1:] == ["--preload", "workbench.clusters.accelerated"]


@pytest.mark.parametrize(("seconds", "words"), [(10, "idle for 10 seconds"), (600, "idle for 10 minutes")])
def test_idle_is_said_in_words(seconds, words):
    assert slurm.idle_words(seconds) == words


def test_alike_environments_differ_in_nothing():
    here = versions.here()
    assert here["dask"] == "2026.7.1"
    assert versions.differences({"the Hub": here, "the workers": dict(here)}) == []


def test_a_difference_says_what_is_where():
    here = versions.here()
    other = {name: what for name, what in here.items() if name != "msgpack"} | {"numpy": "1.0", "python": "3.9"}
    said = versions.differences({"this notebook": here, "the workers": other})
    assert said == [
        f"python: {here['python']} in this notebook, 3.9 in the workers",
        f"msgpack: {here['msgpack']} in this notebook, not there in the workers",
        f"numpy: {here['numpy']} in this notebook, 1.0 in the workers",
    ]


def test_an_interpreter_that_says_something_before_its_answer_is_understood():
    assert versions.read('a warning\n{"python": "3.11"}\n') == {"python": "3.11"}
    for said in ("", "[]", "no"):
        with pytest.raises(ValueError):
            versions.read(said)
