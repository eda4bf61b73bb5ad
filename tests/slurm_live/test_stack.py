"""The private Slurm itself: jobs run as their users, with GPUs and accounts; nothing is left of it."""

import json
import os
import pwd
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.slurm_centre import wait_until
from tests.slurm_stack import claims, interpreter
from tests.slurm_stack.processes import Process
from workbench.settings import ROOT

pytestmark = pytest.mark.slurm


def test_a_job_has_its_user_its_account_and_its_cards(slurm):
    out = slurm.home_of("wb-ana") / "out.txt"
    words = ["--gres=gpu:h800:2", "--comment=wb=1;project=climate", "--output", out]
    job = slurm.sbatch("wb-ana", "climate", *words, command="id -un; echo $CUDA_VISIBLE_DEVICES")
    slurm.wait(job, "COMPLETED")
    assert out.read_text().split() == ["wb-ana", "0,1"]
    out.unlink()
    row = wait_until(lambda: recorded(slurm, job), 20)
    assert row[:2] == ["climate", "wb-ana"]
    assert {"gres/gpu=2", "gres/gpu:h800=2"} <= set(row[2].split(","))
    assert row[3] == "wb=1;project=climate"


def recorded(slurm, job):
    """Account, user, TRES and comment as soon as slurmdbd has heard of the start, which may come after the end."""
    said = slurm.runner.run("sacct", "-nXPj", str(job), "-o", "Account,User,AllocTRES%200,Comment%80").strip()
    row = said.split("|")
    return row if len(row) == 4 and row[2] else None


def test_another_account_is_refused(slurm):
    with pytest.raises(AssertionError, match="Invalid account"):
        slurm.sbatch("wb-ana", "genome")


def test_the_settings_are_of_this_slurm(slurm, tmp_path):
    settings = slurm.settings(tmp_path, poll_s=2)
    assert settings.slurm.cluster == slurm.cluster
    assert settings.slurm.poll_s == 2
    assert os.environ["SLURM_CONF"] == str(slurm.conf)


def test_slurmrestd_answers_who_has_a_token(slurm):
    token = slurm.run("scontrol", "token", "username=root").strip().partition("=")[2]
    url = f"http://127.0.0.1:{slurm.ports.slurmrestd}/slurm/v0.0.38/nodes"
    heads = {"X-SLURM-USER-NAME": "root", "X-SLURM-USER-TOKEN": token}
    nodes = httpx.get(url, headers=heads, timeout=20).json()["nodes"]
    assert [node["name"] for node in nodes] == slurm.nodes
    assert httpx.get(url, timeout=20).status_code in (401, 500)


def test_where_job_users_cannot_read_the_checkout_they_get_a_copy(slurm):
    folder = slurm.stack.folder / "hidden"
    folder.mkdir()
    copy = interpreter.mirror(folder)
    assert interpreter.runs(copy, "wb-cy")
    said = slurm.run_as("wb-cy", copy, "-c", "import sys, workbench; print(sys.prefix, workbench.__file__)").split()
    assert all(path.startswith(str(folder)) for path in said)
    slurm.run("rm", "-r", folder)


def test_the_next_start_ends_what_a_killed_run_has_left(slurm):
    """A stack of its own, whose process is killed with a job running; a further one is started and stopped."""
    starts = "import time; from tests.slurm_stack.slurm import running\n"
    starts += "with running(nodes=1) as s: print(s.conf, s.sbatch('wb-bo', 'genome'), flush=True); time.sleep({})"
    with subprocess.Popen([sys.executable, "-c", starts.format(600)], cwd=ROOT, stdout=subprocess.PIPE) as killed:
        conf, _job = killed.stdout.readline().decode().split()
        killed.send_signal(signal.SIGKILL)
    ours = [Process.read(path) for path in (slurm.stack.folder / "run").glob("*.pid")]
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", starts.format(0)], cwd=ROOT, check=True, capture_output=True)
    assert time.monotonic() - began < 30
    assert not Path(conf).exists()
    assert not [entry for entry in Path("/proc").glob("[0-9]*") if conf in _environ(entry)]
    assert all(process.lives for process in ours), "the stack beside it was touched"
    assert slurm.state(slurm.sbatch("wb-ana", "climate", command="true")), "its users are there still"


def test_claims_and_users_are_shared(slurm):
    claim = claims.REGISTRY / f"{slurm.ports.first}.json"
    assert json.loads(claim.read_text())["owner"][0] == os.getpid()
    assert {pwd.getpwnam(user).pw_name for user in slurm.users} == {"wb-ana", "wb-bo", "wb-cy"}


def _environ(entry):
    try:
        return (entry / "environ").read_text(errors="replace")
    except OSError:
        return ""
