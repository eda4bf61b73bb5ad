"""What a person at a notebook is told of worker jobs: the cost, why they wait, why they ended, what is refused."""

import json
from types import SimpleNamespace

import pytest

import workbench.notebook as wb
from workbench.clusters import versions
from workbench.errors import ClusterCannotStart, EnvironmentsDiffer, NoAnswer, SlurmRefused, SlurmSilent
from workbench.notebook import workers
from workbench.notebook.sources import LocalSource
from workbench.slurm.squeue import FIELDS

FACTS = {
    "id": "d-1", "project": "climate", "profile": "One GPU", "workers": 2, "gpus_per_worker": 1, "hours": 3, "cores": 4,
    "mem_mib": 32768, "directives": [], "python": "/opt/wb/bin/python", "interface": "", "idle_s": 600,
    "versions": versions.here(), "list_minor_per_hour": 5600, "subsidy_minor_per_hour": 3920, "why": "",
    "symbol": "HK$",
}  # fmt: skip


class FakeRunner:
    """Answers programs with `said`: text, or an error."""

    def __init__(self, **said):
        self.bin, self.environ = str(id(self)), {}
        self.said, self.asked = said, []

    def run(self, program, *words, **_more):
        self.asked.append((program, *words))
        said = self.said.get(program.rpartition("/")[2], "")
        if isinstance(said, Exception):
            raise said
        if program == "squeue" and said:
            mark = next(word for word in words if word.startswith("--format=")).removeprefix("--format=").split(">")[0]
            row = dict.fromkeys(FIELDS, "") | {"job_id": "7", "priority": "1"} | said
            return f"{mark}>" + f"{mark}|".join(row[name] for name in FIELDS) + "\n"
        return said


def line(least=None, **given):
    facts = FACTS | given
    return workers.line_of(facts, workers.plan_of(facts, least))


def test_one_line_says_what_comes_and_what_it_costs():
    assert line() == (
        "Dask in Slurm: 2 worker job(s) of One GPU (1 GPU(s), 4 core(s), 32 GiB each) for 3 h, climate pays. "
        "While all run: HK$56.00 an hour at list price, of which HK$39.20 is subsidy."
    )
    assert "0 to 2 worker jobs of Notebook (4 core(s), 32 GiB each)" in line(0, gpus_per_worker=0, profile="Notebook")
    assert line(list_minor_per_hour=None, why="No price.").endswith("What it costs is not known. No price.")


def test_alike_environments_may_start():
    runner = FakeRunner(python=json.dumps(versions.here()))
    workers.check_versions(runner, "/opt/wb/bin/python", versions.here())
    assert runner.asked == [("/opt/wb/bin/python", "-c", versions.PROGRAM)]


def test_a_mismatch_is_refused_with_the_difference():
    runner = FakeRunner(python=json.dumps(versions.here() | {"dask": "2026.1.0"}))
    with pytest.raises(EnvironmentsDiffer, match=r"dask: 2026\.7\.1 in the Hub, .*, 2026\.1\.0 in the workers.*ask"):
        workers.check_versions(runner, "/opt/wb/bin/python", versions.here())


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (SlurmSilent("python", "there is no /opt/wb/bin/python"), "there is no /opt/wb/bin/python"),
        (SlurmRefused("python", "-c", "No module named workbench", 1), "No module named workbench"),
        ("hello", "does not answer"),
    ],
)
def test_an_interpreter_that_does_not_say_is_named(said, why):
    with pytest.raises(ClusterCannotStart, match=why):
        workers.check_versions(FakeRunner(python=said), "/opt/wb/bin/python", versions.here())


def test_why_they_wait_is_said_in_words():
    waiting = FakeRunner(squeue={"state": "PENDING", "reason": "AssocGrpGRESMinutes"})
    assert workers.waiting_words(waiting, ["7"]).startswith(
        "Worker job 7 waits: The project's award has too little GPU"
    )
    assert workers.waiting_words(FakeRunner(squeue={"state": "RUNNING"}), ["7"]) == ""
    assert workers.waiting_words(FakeRunner(squeue=SlurmSilent("squeue", "no answer")), ["7"]) == ""


@pytest.mark.parametrize(
    ("state", "exit_code", "why"),
    [
        ("TIMEOUT", "0:0", "its time limit"),
        ("CANCELLED by 1001", "0:0", "you cancelled it"),
        ("CANCELLED by 0", "0:0", "cancelled by the operator"),
        ("NODE_FAIL", "0:0", "its node failed"),
        ("FAILED", "3:0", "it ended with exit code 3"),
        ("BOOT_FAIL", "0:0", "Slurm says BOOT_FAIL"),
        ("", "", "Slurm does not say why"),
    ],
)
def test_why_a_worker_ended(state, exit_code, why):
    assert workers.why_of(state, exit_code, 1001) == why


def test_accounting_is_asked_until_it_knows_of_the_end():
    assert workers.state_of(FakeRunner(sacct="CANCELLED by 0|0:0\n"), "7") == ("CANCELLED by 0", "0:0")
    assert workers.state_of(FakeRunner(sacct="RUNNING|0:0\n"), "7", tries=1) == ("", "")
    assert workers.state_of(FakeRunner(sacct=SlurmSilent("sacct", "it hangs")), "7") == ("", "")


class FakeJobs:
    """The part of a cluster of jobs that the keeper looks at."""

    name = "d-1"

    def __init__(self):
        import queue

        self.lost, self.scheduler_info, self.ids, self.gone = queue.SimpleQueue(), {"workers": {}}, {}, []
        self.loop = SimpleNamespace(add_callback=lambda do, name: do(name))

    def jobs(self):
        return dict(self.ids)

    def left(self, name):
        from workbench.clusters.slurm import Lost

        self.lost.put(Lost(self.ids.pop(name), ""))


@pytest.fixture
def kept():
    """A keeper without its thread: what it said, and the client it looks after."""
    said = []
    client = SimpleNamespace(workers=FakeJobs(), running=True, why="")
    client.close = lambda: setattr(client, "running", False)
    source = SimpleNamespace(ask=lambda *_a, **_k: SimpleNamespace(facts={"open": True, "reason": None}))
    keeper = workers.Keeper(client, source, FakeRunner(), said.append, 3600)
    return SimpleNamespace(keeper=keeper, client=client, said=said, source=source)


def test_a_job_that_never_came_up_is_told_of(kept):
    kept.client.workers.ids = {"d-1-0": "7"}
    kept.keeper.runner = FakeRunner(squeue={"state": "CANCELLED"}, sacct="CANCELLED by 99999|0:0")
    kept.keeper.look(0)
    assert kept.said == ["A worker (job 7) has ended: cancelled by the operator."]
    assert (kept.client.why, kept.client.running) == ("cancelled by the operator", True)


def test_what_the_centre_closed_is_closed_here_with_its_reason(kept):
    why = "the award of climate is used up"
    kept.source.ask = lambda *_a, **_k: SimpleNamespace(facts={"open": False, "reason": why})
    kept.client.workers.ids = {"d-1-0": "7"}
    kept.client.workers.left("d-1-0")
    kept.keeper.look(0)
    assert kept.said == [f"The Dask cluster is closed: {why}."]
    assert (kept.client.why, kept.client.running) == (why, False)


def test_its_time_begins_with_its_first_worker(kept):
    kept.keeper.look(0)
    kept.client.workers.scheduler_info = {"workers": {"tls://1": {"name": "d-1-0"}}}
    kept.keeper.look(5000)
    kept.keeper.look(8599)
    assert kept.client.running
    kept.keeper.look(8601)
    assert kept.said == ["The Dask cluster is closed: its time of 1 h is over."]
    assert not kept.client.running


def test_while_slurm_does_not_say_nothing_has_ended(kept):
    kept.client.workers.ids = {"d-1-0": "7"}
    kept.keeper.runner = FakeRunner(squeue=SlurmSilent("squeue", "no answer"))
    kept.keeper.look(0)
    assert kept.said == []


def test_without_the_hub_there_are_none_beyond_this_machine(store, monkeypatch):
    monkeypatch.setattr(wb, "_source", LocalSource(store, lambda: 0))
    with pytest.raises(NoAnswer, match=r"Without the Hub there is no cluster beyond this machine\. Open"):
        wb.cluster(workers=2, gpus_per_worker=1)
    with pytest.raises(NoAnswer):
        wb.cluster((0, 4))
