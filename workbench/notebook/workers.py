"""Dask workers beyond this server: asked of the centre, submitted to Slurm, and why each has ended, told here."""

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from workbench.clusters import slurm, versions
from workbench.clusters.slurm import JobClient, Plan
from workbench.errors import ClusterCannotStart, EnvironmentsDiffer, NoAnswer, SlurmError
from workbench.notebook.sources import Source
from workbench.settings import SlurmSettings
from workbench.slurm import reasons, shared
from workbench.slurm.runner import Runner
from workbench.units import HOUR_S, money

WAIT_S = 120
"""How long a cell waits for the first worker; then the cluster is there and its workers join when they start."""
LOOK_EVERY_S = 2.0
FOLDER = Path(".workbench") / "dask"
SHORT = {
    "TIMEOUT": "its time limit",
    "NODE_FAIL": "its node failed",
    "OUT_OF_MEMORY": "it used more memory than it had",
    "PREEMPTED": "a job of higher priority took its place",
    "COMPLETED": "it ended by itself",
}

_client: JobClient | None = None


def running() -> JobClient | None:
    """The client of the cluster of jobs that runs in this kernel, None without one."""
    return _client if _client is not None and _client.running else None


def start(
    source: Source,
    given: Mapping[str, Any],
    least: int | None,
    say: Callable[[str], None],
    runner: Runner | None = None,
) -> JobClient:
    """Ask the centre for workers and submit them.

    Args:
        source: of the centre.
        given: server, workers, gpus_per_worker, hours, profile: as the API takes them.
        least: from so many workers on, as the work needs them; None: all of them at once.
        say: for the person at the notebook, a line at a time.
        runner: of Slurm's programs.

    Raises:
        NoAnswer: the centre refuses, with its sentence. EnvironmentsDiffer, ClusterCannotStart.
    """
    global _client
    runner = runner or Runner.of(SlurmSettings())
    facts = source.send("cluster", **given)
    plan = plan_of(facts, least)

    def closed() -> None:
        tell_closed(source, plan.id)

    try:
        check_versions(runner, plan.python, facts["versions"])
    except BaseException:
        closed()
        raise
    client = slurm.start(plan, Path.home() / FOLDER / plan.id, closed)
    client.line = f"{line_of(facts, plan)} Watch it work: {client.dashboard_link}"
    say(client.line)
    _client = client
    Keeper(client, source, runner, say, facts["hours"] * HOUR_S).start()
    if plan.least is None or plan.least:
        wait_for_one(client, runner, say)
    return client


def plan_of(facts: Mapping[str, Any], least: int | None) -> Plan:
    """What the centre's answer allows."""
    return Plan(
        id=facts["id"],
        workers=facts["workers"],
        least=least,
        directives=tuple(facts["directives"]),
        cores=facts["cores"],
        gpus=facts["gpus_per_worker"],
        mem_mib=facts["mem_mib"],
        python=facts["python"],
        interface=facts["interface"],
        idle_s=facts["idle_s"],
    )


def check_versions(runner: Runner, python: str, hub: Mapping[str, str]) -> None:
    """Refuse, before anything starts, what would not understand each other.

    Raises:
        EnvironmentsDiffer: which package, where. ClusterCannotStart: the workers' interpreter does not say.
    """
    try:
        workers = versions.read(runner.run(python, "-c", versions.PROGRAM))
    except (SlurmError, ValueError) as problem:
        why = getattr(problem, "why", "") or getattr(problem, "said", "") or str(problem)
        raise ClusterCannotStart(
            f"the workers' interpreter {python} does not answer ({why})", on_gpu=False
        ) from problem
    found = {"the Hub": hub, "this notebook": versions.here(), "the workers": workers}
    if differing := versions.differences(found):
        raise EnvironmentsDiffer(differing, python)


def line_of(facts: Mapping[str, Any], plan: Plan) -> str:
    """What was asked for and what it costs, for a person."""
    many = f"{plan.workers} worker job(s)" if plan.least is None else f"{plan.least} to {plan.workers} worker jobs"
    gpus = f"{plan.gpus} GPU(s), " if plan.gpus else ""
    each = f"{gpus}{facts['cores']} core(s), {facts['mem_mib'] / 1024:.0f} GiB each"
    what = f"Dask in Slurm: {many} of {facts['profile']} ({each}) for {facts['hours']} h, {facts['project']} pays."
    listed, subsidy = facts["list_minor_per_hour"], facts["subsidy_minor_per_hour"]
    if listed is None or subsidy is None:
        return f"{what} What it costs is not known. {facts['why']}".strip()
    cost, part = money(listed, facts["symbol"]), money(subsidy, facts["symbol"])
    return f"{what} While all run: {cost} an hour at list price, of which {part} is subsidy. {facts['why']}".strip()


def wait_for_one(client: JobClient, runner: Runner, say: Callable[[str], None], limit_s: float = WAIT_S) -> None:
    """Wait for the first worker, and say why it does not come yet; Ctrl-C leaves the cluster as it is."""
    told, began = "", time.monotonic()
    while client.running and not client.scheduler_info()["workers"]:
        if time.monotonic() - began > limit_s:
            say("The workers join when Slurm starts them; what you compute waits for them.")
            return
        time.sleep(0.2)
        if time.monotonic() - began < LOOK_EVERY_S:
            continue
        words = waiting_words(runner, list(client.workers.jobs().values()))
        if words and words != told:
            told = words
            say(words)
        time.sleep(LOOK_EVERY_S)


def waiting_words(runner: Runner, job_ids: list[str]) -> str:
    """Why these jobs wait, by the first of them that does; '' where none waits or Slurm does not say."""
    for job_id in job_ids:
        try:
            job = shared.look(runner, int(job_id))
        except (SlurmError, ValueError):
            return ""
        if job is not None and job.pending:
            before = f" {job.ahead} job(s) come before it." if job.ahead else ""
            return f"Worker job {job_id} waits: {reasons.in_words(job.reason)}{before}"
    return ""


class Keeper(threading.Thread):
    """Tells why workers have ended, and closes what the centre has closed or whose time is over."""

    def __init__(
        self, client: JobClient, source: Source, runner: Runner, say: Callable[[str], None], time_s: float
    ) -> None:
        super().__init__(name=f"keeper of {client.workers.name}", daemon=True)
        self.client, self.source, self.runner, self.say, self.time_s = client, source, runner, say, time_s
        self.ends_at: float | None = None

    def run(self) -> None:
        """Until the cluster is closed."""
        while self.client.running:
            self.look(time.monotonic())
            time.sleep(LOOK_EVERY_S)

    def look(self, now: float) -> None:
        """One look: what has left, what will never come, whether the time is over."""
        cluster = self.client.workers
        here = {info["name"] for info in cluster.scheduler_info["workers"].values()}
        if here and self.ends_at is None:
            self.ends_at = now + self.time_s
        for name, job_id in cluster.jobs().items():
            if name not in here and self.has_ended(job_id):
                loop: Any = cluster.loop
                loop.add_callback(cluster.left, name)
        while not cluster.lost.empty():
            lost = cluster.lost.get()
            why = lost.why or self.why_ended(lost.job_id)
            if not self.client.running:
                return
            self.tell(f"A worker (job {lost.job_id}) has ended: {why}.", why)
        if self.ends_at is not None and now > self.ends_at:
            self.tell(f"The Dask cluster is closed: its time of {self.time_s / HOUR_S:g} h is over.", "its time limit")
            self.client.close()

    def has_ended(self, job_id: str) -> bool:
        """Whether a job that brought no worker is over; while Slurm does not say, it is not."""
        try:
            job = shared.of_id(self.runner, int(job_id))
        except (SlurmError, ValueError):
            return False
        return job is None or bool(reasons.ended_in_words(job.state))

    def why_ended(self, job_id: str) -> str:
        """Why a worker has ended: what the centre says, else what Slurm's accounting does."""
        if closed := self.closed_because():
            self.tell(f"The Dask cluster is closed: {closed}.", closed)
            self.client.close()
            return closed
        state, exit_code = state_of(self.runner, job_id)
        return why_of(state, exit_code, os.getuid())

    def closed_because(self) -> str:
        """Why the centre has closed the cluster; '' where it has not, or does not answer."""
        try:
            said = self.source.ask("cluster", id=self.client.workers.name).facts
        except NoAnswer:
            return ""
        return "" if said["open"] else str(said["reason"])

    def tell(self, line: str, why: str) -> None:
        """Say it, and keep why."""
        self.client.why = why
        self.say(line)


def state_of(runner: Runner, job_id: str, tries: int = 4) -> tuple[str, str]:
    """State and exit code of an ended job by Slurm's accounting, which may be some seconds late; '' not known."""
    words = ("--allocations", "--noheader", "--parsable2", "--format=State,ExitCode", f"--jobs={job_id}")
    for again in range(tries):
        try:
            state, _, exit_code = runner.run("sacct", *words).strip().partition("|")
        except SlurmError:
            break
        if state and reasons.ended_in_words(state):
            return state, exit_code
        if again < tries - 1:
            time.sleep(LOOK_EVERY_S)
    return "", ""


def why_of(state: str, exit_code: str, uid: int) -> str:
    """Why a job has ended, in a few words.

    Args:
        state: "CANCELLED by 1001", "TIMEOUT" …; '' not known.
        exit_code: "1:0".
        uid: of its owner.
    """
    word, _, by = state.partition(" by ")
    if word == "CANCELLED":
        return "you cancelled it" if by == str(uid) else "cancelled by the operator"
    if word == "FAILED":
        return f"it ended with exit code {exit_code.partition(':')[0]}"
    return SHORT.get(word, f"Slurm says {word}" if word else "Slurm does not say why")


def tell_closed(source: Source, cluster_id: str) -> None:
    """Tell the centre that the cluster is closed; where it does not answer, its own look at Slurm finds out."""
    try:
        source.send("cluster/close", id=cluster_id)
    except NoAnswer as problem:
        print(f"The centre was not told that {cluster_id} is closed: {problem}", file=sys.stderr)  # noqa: T201
