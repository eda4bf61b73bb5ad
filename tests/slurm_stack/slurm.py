"""What tests do with the private Slurm: submit, wait, ask, kill a daemon, start it again."""

import os
import pwd
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from tests.slurm_stack import claims, conf, interpreter
from tests.slurm_stack.processes import Process
from tests.slurm_stack.stack import Stack
from workbench.settings import Settings, SlurmSettings, load
from workbench.slurm.runner import Runner

ENDED = ("COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "OUT_OF_MEMORY", "DEADLINE")


class Slurm:
    """A running Slurm. conf: its slurm.conf; home: a folder that job users can read; users: the Unix names it made."""

    def __init__(self, stack: Stack):
        self.stack = stack
        self.conf, self.home, self.users = stack.conf, stack.folder / "home", claims.USERS
        self.cluster, self.nodes, self.ports = conf.CLUSTER, stack.nodes, stack.ports

    @cached_property
    def python(self) -> Path:
        """An interpreter with the workbench that job users can run."""
        return interpreter.for_user(self.stack.folder, self.users[0])

    def section(self, **changes: object) -> dict[str, object]:
        """The part [slurm] of the settings, for this Slurm."""
        return {
            "cluster": self.cluster, "conf": str(self.conf), "run_as": "runuser --user {user} --",
            "python": str(self.python), "address": "127.0.0.1", "poll_s": 1, **changes,
        }  # fmt: skip

    def settings(self, home: Path, **changes: object) -> Settings:
        """Settings with [slurm] filled; changes are of that part."""
        return load(home=home).model_copy(update={"slurm": SlurmSettings.model_validate(self.section(**changes))})

    @property
    def runner(self) -> Runner:
        return Runner.of(SlurmSettings(cluster=self.cluster, conf=str(self.conf)))

    def home_of(self, user: str) -> Path:
        """A user's own folder, which only it can read."""
        return Path(pwd.getpwnam(user).pw_dir)

    def run(self, *command: object) -> str:
        """What a program prints, run as root."""
        return self.stack.run(*command)

    def run_as(self, user: str, *command: object) -> str:
        """What a program prints, run as this user."""
        environ = self.stack.environ | {"HOME": str(self.home_of(user)), "USER": user, "LOGNAME": user}
        return self.stack.run("runuser", "--user", user, "--", *command, environ=environ)

    def sacctmgr(self, *words: object) -> str:
        return self.run("sacctmgr", "--immediate", "--noheader", "--parsable2", *words)

    def sbatch(self, user: str, account: str, *words: object, command: str = "sleep 60") -> int:
        """Submit a job of this user; its id. words: further options of sbatch, which win over the ordinary ones."""
        ordinary = ["--chdir", self.home_of(user), "--output", "/dev/null", "--time", "5", "--mem", "100M"]
        said = self.run_as(
            user, "sbatch", "--parsable", "--account", account, *ordinary, *words, "--wrap", command
        )  # fmt: skip
        return int(said.strip().partition(";")[0])

    def state(self, job_id: int) -> str:
        """The state of a job as slurmctld knows it; '' for a job that it does not know."""
        try:
            said = self.run("squeue", "--noheader", "--states=all", "--jobs", job_id, "--format=%T")
        except AssertionError as problem:
            if "Invalid job id" in str(problem):
                return ""
            raise
        return said.strip()

    def wait(self, job_id: int, *states: str, limit_s: float = 30) -> str:
        """Wait until a job is in one of these states (without any: until it ended); the state."""
        wanted, limit = states or ENDED, time.monotonic() + limit_s
        while (state := self.state(job_id)) not in wanted:
            said = f"job {job_id} is {state or 'unknown'} after {limit_s:.0f} s, not {' or '.join(wanted)}"
            assert time.monotonic() < limit, f"{said}:\n{self.run('scontrol', 'show', 'job', job_id)}"
            time.sleep(0.1)
        return state

    def cancel(self, *job_ids: int) -> None:
        """Cancel jobs, as root, and wait for their ends."""
        self.run("scancel", *job_ids)
        for job_id in job_ids:
            self.wait(job_id)

    def requeue(self, job_id: int, *, hold: bool = False, limit_s: float = 30) -> None:
        """Put a running job back into the queue (hold: to wait there), once slurmdbd knows that it began.

        slurmctld tells slurmdbd of new jobs every few seconds. One that begins between two tellings and is requeued
        before the second leaves a record without a start: that attempt then ran for no time, in Slurm's own sums too.
        """
        ask = ("sacct", "--allocations", "--noheader", "--format=Start", "--jobs", job_id)
        limit = time.monotonic() + limit_s
        while not (said := self.run(*ask).strip())[:1].isdigit():
            assert time.monotonic() < limit, f"slurmdbd knows no start of job {job_id} yet: {said or 'no record'}"
            time.sleep(0.1)
        self.run("scontrol", "requeuehold" if hold else "requeue", job_id)

    def kill(self, daemon: str, number: int = signal.SIGKILL) -> None:
        """End a daemon: slurmctld, slurmdbd, slurmrestd, mariadbd, munged, or the slurmd of a node (gpu001)."""
        self.stack.end(daemon, number)

    def stop(self, daemon: str) -> None:
        """End a daemon in good order."""
        self.stack.end(daemon)

    def start(self, daemon: str) -> None:
        """Start it again; wait until it answers."""
        self.stack.launch(daemon)

    def restart(self, daemon: str) -> None:
        self.stop(daemon)
        self.start(daemon)

    def wait_saved(self, since: float, limit_s: float = 30) -> None:
        """Wait until slurmctld wrote its jobs to disk after this moment: what it did later, a kill makes it forget."""
        file, limit = self.stack.folder / "state" / "job_state", time.monotonic() + limit_s
        while not file.exists() or file.stat().st_mtime <= since:
            assert time.monotonic() < limit, f"slurmctld saved nothing within {limit_s:.0f} s"
            time.sleep(0.1)

    def database(self, statement: str) -> str:
        """What slurmdbd's database answers."""
        return self.stack.database(statement)

    def forget(self) -> None:
        """Lose what slurmctld keeps on disk, as a wiped StateSaveLocation does: job ids restart at 1."""
        self.kill("slurmctld")
        state = self.stack.folder / "state"
        shutil.rmtree(state)
        state.mkdir(mode=0o755)
        self.start("slurmctld")
        for node in self.nodes:
            self.stack.wait_up(node)


@contextmanager
def running(**options: object) -> Iterator[Slurm]:
    """A Slurm while the block lasts (options: of Stack.start); SLURM_CONF names it meanwhile."""
    folder = claims.public_folder("wb-slurm-")
    slurm = Slurm(Stack.start(folder, owner=Process.of(os.getpid()), **options))
    before = os.environ.get("SLURM_CONF")
    os.environ["SLURM_CONF"] = str(slurm.conf)
    try:
        yield slurm
    finally:
        os.environ.pop("SLURM_CONF", None)
        if before is not None:
            os.environ["SLURM_CONF"] = before
        slurm.stack.stop()
