"""What Slurm says of a server's job, and what is made of it; the Slurm here is a few shell scripts."""

import pwd
import time
from types import SimpleNamespace

import pytest

from workbench.errors import SlurmRefused, SlurmSilent
from workbench.hub.slurm import job, strays
from workbench.hub.slurm.server import deliver, free_port, tell
from workbench.services import meter
from workbench.services.meter import ServerRequest
from workbench.settings import SlurmSettings
from workbench.slurm import squeue
from workbench.slurm.free import GPUS, Cluster, default_of, nodes_of
from workbench.slurm.jobscript import JobAsk
from workbench.slurm.runner import Runner

NOW = 1_790_000_000
ASK = JobAsk(account="a", name="wb-1", cpus=1, mem_mib=1, time_s=60)


@pytest.fixture
def programs(tmp_path):
    """Puts a program in place: its name, and the shell that it runs."""

    def put(name, text):
        file = tmp_path / name
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)

    put.folder = tmp_path
    put.runner = Runner(str(tmp_path), {"PATH": "/usr/bin:/bin"})
    return put


@pytest.fixture
def slurm(settings, programs):
    return settings.model_copy(
        update={"slurm": SlurmSettings(cluster="c1", bin=str(programs.folder), run_as="env U={user}")}
    )


def test_a_job_is_submitted_as_its_user_with_its_own_environment_only(slurm, programs, monkeypatch):
    monkeypatch.setenv("SBATCH_ACCOUNT", "root")
    programs("sbatch", f'cat > {programs.folder}/given; env > {programs.folder}/environ; echo "$@" >&2; echo "42;c1"')
    assert job.submit(slurm, "ana", ASK, "exec true", {"PATH": "/usr/bin:/bin", "TOKEN": "t"}) == "42"
    assert "#SBATCH --export=PATH,TOKEN\n" in (programs.folder / "given").read_text()
    environ = (programs.folder / "environ").read_text()
    assert "U=ana" in environ
    assert "SBATCH_ACCOUNT" not in environ


def test_what_names_no_job_is_no_job(slurm, programs):
    programs("sbatch", "echo Submitted")
    with pytest.raises(SlurmRefused, match="names no job"):
        job.submit(slurm, "ana", ASK, "exec true", {"PATH": "/usr/bin:/bin"})


def test_refusals_say_what_to_do():
    account = "sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified"
    assert "this project's account yet" in job.refusal(SlurmRefused("sbatch", "", account, 1))
    other = job.refusal(SlurmRefused("sbatch", "", "sbatch: error: Requested node configuration is not available", 1))
    assert other.startswith("Slurm did not take the job: Requested node configuration is not available. Choose")
    assert "Try again in some minutes" in job.refusal(SlurmSilent("sbatch", "a test"))


MINE = job.Mine("7", "ana", "1", NOW)


def a_job(state, **changes):
    facts = {"user": "ana", "state": state, "node": "n1", "tags": {"server": "1"}, "submit_at": NOW + 5}
    return SimpleNamespace(**facts | changes)


def queued(monkeypatch, answer):
    def ask(_runner, _job_id):
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(squeue, "of_id", ask)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (SlurmSilent("squeue", "a test"), job.UNKNOWN),
        (SlurmRefused("squeue", "", "Unable to contact slurm controller", 1), job.UNKNOWN),
        (ValueError("no job"), job.UNKNOWN),
        (None, job.ENDED),
        (a_job("PENDING"), job.WAITS),
        (a_job("RUNNING"), job.RUNS),
        (a_job("SUSPENDED"), job.RUNS),
        (a_job("COMPLETING"), job.ENDED),
        (a_job("OUT_OF_MEMORY"), job.ENDED),
        (a_job("RUNNING", user="root-like"), job.UNKNOWN),  # a name service that hiccups
        (a_job("RUNNING", tags={"server": "x"}, submit_at=NOW + 3600), job.ENDED),  # the id came again
        (a_job("RUNNING", tags={}), job.RUNS),  # its user has changed what it says
        (a_job("RUNNING", submit_at=None), job.RUNS),
    ],
)
def test_silence_says_nothing_of_a_job(monkeypatch, programs, answer, status):
    queued(monkeypatch, answer)
    assert job.look(programs.runner, MINE)[0] == status


def test_a_job_that_was_submitted_just_now_is_not_missed(monkeypatch, programs):
    queued(monkeypatch, None)
    assert job.look(programs.runner, job.Mine("7", "ana", "1", int(time.time())))[0] == job.UNKNOWN


def test_another_s_job_of_the_same_id_is_not_ours(monkeypatch, programs):
    queued(monkeypatch, a_job("RUNNING", user="bo"))
    monkeypatch.setattr(job, "account_of", lambda name: name == "bo")
    assert job.look(programs.runner, MINE)[0] == job.ENDED


def test_the_newest_end_of_the_server_s_own_job_counts(programs):
    mine = job.Mine("7", "ana", "1", 1_769_904_030)  # 1 February 2026, 00:00:30
    rows = ["ana|2026-01-01T00:00:00|COMPLETED|0:0|2026-01-01T00:00:01", "bo|2026-02-01T00:00:00|FAILED|1:0|Unknown"]
    rows += ["ana|2026-02-01T00:00:00|CANCELLED by 1001|0:15|Unknown", "sacct: something else"]
    rows += ["ana|2026-03-01T00:00:00|FAILED|1:0|2026-03-01T00:00:01"]  # the id came again
    programs("sacct", "cat <<'END'\n" + "\n".join(rows) + "\nEND")
    assert job.end_of(programs.runner, mine, 0) == job.End("CANCELLED by 1001", "0:15", False, 1001)
    assert job.end_of(programs.runner, job.Mine("7", "cy", "1"), 0) is None
    programs("sacct", "echo 'ana|2026-02-01T00:00:00|RUNNING|0:0|2026-02-01T00:00:01'")
    assert job.end_of(programs.runner, mine, 0) is None
    programs("sacct", "exit 1")
    assert job.end_of(programs.runner, mine, 0) is None


def test_who_cancelled_a_job_is_told_apart():
    ana = pwd.struct_passwd(("ana", "x", 1001, 1001, "", "/home/ana", "/bin/bash"))
    facts = [
        job.ended_facts(job.End("CANCELLED by 1", "0:15", True, uid), "7", ana, "1 hour", NOW) for uid in (1001, 0)
    ]
    assert [one["by_owner"] for one in facts] == [True, False]
    assert facts[0]["words"].startswith("You stopped it.")
    timeout = job.ended_facts(job.End("TIMEOUT", "0:0", True, None), "7", ana, "1 hour", NOW)
    assert (timeout["by_owner"], timeout["job_id"], timeout["at"]) == (None, "7", NOW)
    assert "1 hour" in timeout["words"]


def test_a_job_is_cancelled_by_its_number_or_else_by_its_own_name(monkeypatch, programs):
    programs("scancel", f'echo "$@" >> {programs.folder}/asked')
    queued(monkeypatch, a_job("RUNNING"))
    job.cancel(programs.runner, MINE)
    queued(monkeypatch, SlurmSilent("squeue", "a test"))
    job.cancel(programs.runner, MINE)
    queued(monkeypatch, a_job("RUNNING", tags={}, submit_at=NOW + 3600))
    job.cancel(programs.runner, MINE)  # the id came again: it is left alone
    job.cancel(programs.runner, job.Mine("", "ana", "1"))
    asked = (programs.folder / "asked").read_text().splitlines()
    assert asked == ["--user=ana 7", "--user=ana --name=wb-1 7", "--user=ana --name=wb-1"]
    queued(monkeypatch, a_job("RUNNING"))
    programs("scancel", "echo 'scancel: error: Kill job error on job id 7: Invalid job id specified' >&2; exit 1")
    job.cancel(programs.runner, MINE)
    programs("scancel", "echo 'Unable to contact slurm controller' >&2; exit 1")
    with pytest.raises(SlurmRefused):
        job.cancel(programs.runner, MINE)


def test_a_node_is_reached_where_slurm_reaches_it(programs):
    programs("scontrol", "echo 'NodeName=n1 Gres=gpu:8 NodeAddr=10.0.0.7 NodeHostName=n1.x Port=1'")
    assert job.address_of(programs.runner, "n1") == "10.0.0.7"
    assert job.address_of(programs.runner, "n1;id") == "n1;id"
    programs("scontrol", "exit 1")
    assert job.address_of(programs.runner, "n1") == "n1"


def test_nobody_s_server_runs_as_a_system_account():
    assert job.account_of("root") is None
    assert job.account_of("daemon") is None
    assert job.account_of("nobody-of-this-name") is None


def test_a_closed_folder_above_the_interpreter_is_named(tmp_path):
    tmp_path.chmod(0o755)
    python = tmp_path / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("")
    python.chmod(0o755)
    (tmp_path / "env").chmod(0o700)
    closed = job.closed_to_others(str(python))
    assert closed is not None
    (tmp_path / "env").chmod(0o755)
    assert job.closed_to_others(str(python)) != tmp_path / "env"
    assert job.closed_to_others("/no/such/python/on/this/machine") is None


# --- in the job ---


def test_the_course_is_delivered_once_and_its_first_page_opened_once(tmp_path):
    course, home = tmp_path / "from", tmp_path / "home"
    course.mkdir()
    home.mkdir()
    (course / "01_explore_occupancy.ipynb").write_text("{}")
    assert deliver(home, course) == "/lab/tree/course/01_explore_occupancy.ipynb"
    assert deliver(home, course) == "/lab"
    assert deliver(home, tmp_path / "nothing") == "/lab"


def test_a_hub_that_is_away_is_told_later_or_given_up():
    port = free_port("127.0.0.1")
    began = time.monotonic()
    assert not tell(f"http://127.0.0.1:{port}", "t", {"port": 1}, give_up_s=0.3)
    assert time.monotonic() - began < 5


# --- strays ---


def test_a_job_that_no_hub_knows_is_cancelled_by_its_own_name(store, slurm, programs):
    programs("scancel", f'echo "$@" >> {programs.folder}/asked')
    for server_id, requested_at in (("known", NOW - 900), ("stray", NOW - 900), ("new", NOW - 60)):
        request = ServerRequest(server_id, "ana", "alpha", "cpu-small", None, 0, 1, requested_at, 3600, "c1")
        meter.record_request(store, request)
        meter.note_slurm_job(store, server_id, "7")
    meter.record_request(store, ServerRequest("unsent", "bo", "alpha", "cpu-small", None, 0, 1, NOW - 900, 3600, "c1"))
    meter.record_request(store, ServerRequest("here", "bo", "alpha", "cpu-small", None, 0, 1, NOW - 900))
    on_slurm = SimpleNamespace(settings=slurm, read=store.read)
    assert strays.end_strays(on_slurm, programs.runner, lambda: {"known"}, NOW) == ["stray", "unsent"]
    asked = (programs.folder / "asked").read_text()
    assert asked == "--user=ana --name=wb-stray\n--user=bo --name=wb-unsent\n"
    with store.begin() as conn:
        for server_id in ("known", "stray", "new"):
            meter.close_slurm(conn, server_id, NOW - 800, NOW - 700, "COMPLETED")
    meter.reconcile(store, [], NOW)
    later = NOW + 2 * 86_400
    assert strays.end_strays(on_slurm, programs.runner, lambda: pytest.fail("nobody asks"), later) == []


# --- what is free ---

HAS = "cpu=64,mem=500G,gres/gpu=8,gres/gpu:h800=8"
NODES = f"""NodeName=n1 Gres=gpu:h800:8 State=MIXED Partitions=gpu,all CfgTRES={HAS} \
AllocTRES=cpu=60,mem=1000M,gres/gpu=6,gres/gpu:h800=6 Reason=none
NodeName=n2 Gres=gpu:h800:8(S:0-1) State=IDLE Partitions=gpu CfgTRES=cpu=64,mem=500G,gres/gpu=8 AllocTRES= OS=x
NodeName=n3 Gres=gpu:h800:8 State=IDLE+DRAIN Partitions=gpu CfgTRES={HAS} AllocTRES=
NodeName=n4 Gres=gpu:h800:8 State=DOWN* Partitions=gpu CfgTRES={HAS} AllocTRES=
NodeName=n5 Gres=(null) State=ALLOCATED Partitions=cpu CfgTRES=cpu=64,mem=500G AllocTRES=cpu=64,mem=1G
"""


def test_what_is_free_is_counted_on_nodes_that_take_jobs(settings):
    assert default_of("PartitionName=cpu Default=NO\nPartitionName=gpu Default=YES x=1\n") == "gpu"
    cluster = Cluster(nodes_of(NODES), "gpu", {"gpu": 4})
    small, _large, gpu = settings.profiles
    found = cluster.supply(settings, gpu)
    assert (found.free, found.all, found.unit, found.ahead) == (10, 16, GPUS, 4)
    assert (found.fits_now, found.fits_ever) == (True, True)
    assert cluster.supply(settings, gpu.model_copy(update={"gpus": 9})).fits_ever is False
    full = cluster.supply(settings, small.model_copy(update={"partition": "cpu"}))
    assert (full.free, full.all, full.fits_now, full.fits_ever) == (0, 64, False, True)
    none = cluster.supply(settings, gpu.model_copy(update={"gpu_model": "A800"}))
    assert (none.all, none.fits_ever) == (0, False)
