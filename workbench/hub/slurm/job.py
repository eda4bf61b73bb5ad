"""A server's job in Slurm: submit it as its user; as the Hub: look, end it, find out how it ended.

Every function waits for Slurm's programs: call them in a thread.
"""

import pwd
import re
import shlex
import stat
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.errors import SlurmError, SlurmRefused
from workbench.i18n import _
from workbench.settings import ROOT, Settings
from workbench.slurm import reasons, shared
from workbench.slurm.jobscript import JobAsk, script
from workbench.slurm.runner import Runner
from workbench.slurm.squeue import QueuedJob
from workbench.slurm.tags import SERVER
from workbench.slurm.times import wall_seconds

FIRST_UID = 1000
"""Accounts below are the system's own: nobody's server runs as one of them."""
FRESH_S = 5
"""So long after sbatch a job that Slurm does not name is no job that has ended."""
CLOCKS_S = 60
"""How far the clocks of Slurm's machine and of ours may differ."""
SUBMIT_LIMIT_S, LOOK_LIMIT_S, KILL_LIMIT_S = 60.0, 15.0, 20.0
WAITS, RUNS, ENDED, UNKNOWN = "waits", "runs", "ended", "unknown"
_STATES = {"PENDING": WAITS, "CONFIGURING": WAITS, "REQUEUED": WAITS, "SUSPENDED": RUNS, "RUNNING": RUNS}
_STATES |= {"REQUEUE_FED": WAITS, "REQUEUE_HOLD": WAITS, "SPECIAL_EXIT": WAITS}
_STATES |= {"STOPPED": RUNS, "RESIZING": RUNS, "SIGNALING": RUNS, "STAGE_OUT": ENDED, "COMPLETING": ENDED}


@dataclass(frozen=True, slots=True)
class End:
    """How a job ended, as sacct says: state "CANCELLED by 1001", times in UTC epoch seconds, None where not known."""

    state: str
    exit_code: str
    ran: bool
    by_uid: int | None


@dataclass(frozen=True, slots=True)
class Mine:
    """A server's own job. Its id may come again after Slurm has lost its state, so that alone is no proof.

    job_id: '' where nobody has heard it; submitted_at: UTC epoch seconds; 0 unknown.
    """

    job_id: str
    user: str
    server_id: str
    submitted_at: int = 0

    def is_it(self, found: QueuedJob) -> bool:
        """Whether a job of this id and user is the one: users may change what it says of itself, not when it came."""
        return found.tags.get(SERVER) == self.server_id or self._about_then(found.submit_at)

    def submitted_then(self, moment: tuple[int, ...] | None) -> bool:
        """Whether accounting's moment of submission is its own."""
        return not self.submitted_at or self._about_then(moment[0] if moment else None)

    def _about_then(self, at: int | None) -> bool:
        return at is not None and abs(at - self.submitted_at) <= CLOCKS_S


def name_of(server_id: str) -> str:
    """The job's own name, by which it is found where nobody has heard its id."""
    return f"wb-{server_id}"


def account_of(name: str) -> pwd.struct_passwd | None:
    """The Unix account that a person's servers run as; None where there is none, or it is the system's own."""
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        return None
    return found if found.pw_uid >= FIRST_UID else None


def closed_to_others(python: str) -> Path | None:
    """The first folder or file that keeps job users from our programs; None where they can read all, or it is not here.

    Args:
        python: the interpreter of servers; its path is one of the nodes and may not be on this machine.
    """
    asked = [Path(python), Path(python).resolve()] + ([ROOT / "workbench"] if python == sys.executable else [])
    for path in asked:
        for part in [*reversed(path.parents), path]:
            try:
                mode = part.stat().st_mode
            except OSError:
                break
            if not mode & stat.S_IXOTH:
                return part
    return None


def submit(settings: Settings, user: str, ask: JobAsk, text: str, environ: Mapping[str, str]) -> str:
    """Submit as the user; the job's id.

    Args:
        settings: how a command runs as somebody.
        user: the Unix account.
        ask: what it asks; all of `environ` is exported and nothing else.
        text: what the script runs.
        environ: of the job.

    Raises:
        SlurmError: Slurm did not take it, or nobody knows whether it did. ValueError: a value no job can have.
    """
    slurm = settings.slurm
    whole = script(replace(ask, export=tuple(sorted(environ))), text)
    words = [word.replace("{user}", user) for word in shlex.split(slurm.run_as)]
    sbatch = str(Path(slurm.bin) / "sbatch") if slurm.bin else "sbatch"
    # Nothing of the Hub's own environment: options of sbatch in it would win over the script's.
    runner = Runner("", dict(environ))
    said = runner.run(*words, sbatch, "--parsable", given=whole, limit_s=SUBMIT_LIMIT_S)
    found = re.search(r"^(\d+)(?:;\S*)?\s*$", said, re.M)
    if found is None:
        raise SlurmRefused("sbatch", "", f"it answered {said[:200]!r}, which names no job", 0)
    return found[1]


def look(runner: Runner, mine: Mine) -> tuple[str, str]:
    """WAITS, RUNS, ENDED or UNKNOWN, and the node it runs on. A silent Slurm says nothing of a job: that is UNKNOWN."""
    try:
        found = shared.of_id(runner, int(mine.job_id))
    except (SlurmError, ValueError):
        return UNKNOWN, ""
    if found is None:
        # An answer that is shared may be older than the job.
        return (UNKNOWN if time.time() - mine.submitted_at < FRESH_S else ENDED), ""
    if found.user != mine.user:
        # An id comes again after Slurm has lost its state. But a name service that hiccups is no other person.
        return (ENDED if account_of(found.user) else UNKNOWN), ""
    return (_STATES.get(found.state, ENDED), found.node) if mine.is_it(found) else (ENDED, "")


def address_of(runner: Runner, node: str) -> str:
    """Where a node is reached, as Slurm itself does; its name where Slurm does not say."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", node):
        return node
    try:
        said = runner.run("scontrol", "--oneliner", "show", "node", node, limit_s=LOOK_LIMIT_S)
    except SlurmError:
        return node
    found = re.search(r"\sNodeAddr=(\S+)", said)
    return found[1] if found else node


def cancel(runner: Runner, mine: Mine) -> None:
    """End a job: by its id as long as it is ours, or by its own name where nobody has heard its id.

    Raises:
        SlurmError: Slurm did not do it.
    """
    words = [f"--user={mine.user}"]
    if not mine.job_id:
        words += [f"--name={name_of(mine.server_id)}"]
    else:
        status, _node = look(runner, mine)
        if status == ENDED:
            return
        # Both where nobody knows whose the id is now.
        words += [*([f"--name={name_of(mine.server_id)}"] if status == UNKNOWN else []), mine.job_id]
    try:
        runner.run("scancel", *words, limit_s=KILL_LIMIT_S)
    except SlurmRefused as problem:
        if "invalid job id" not in problem.said.lower():
            raise


def end_of(runner: Runner, mine: Mine, patience_s: float = 5.0) -> End | None:
    """How a job ended; None where accounting does not know it (yet): it hears of an end some moments later."""
    deadline = time.monotonic() + patience_s
    while True:
        found = _asked_sacct(runner, mine)
        if found is not None or time.monotonic() >= deadline:
            return found
        time.sleep(0.5)


def _asked_sacct(runner: Runner, mine: Mine) -> End | None:
    columns = "User,Submit,State,ExitCode,Start"
    words = ("--allocations", "--noheader", "--parsable2", "--duplicates", f"--jobs={mine.job_id}")
    try:
        said = runner.run("sacct", *words, f"--format={columns}", limit_s=LOOK_LIMIT_S)
    except SlurmError:
        return None
    rows = sorted((row for line in said.splitlines() if len(row := line.split("|")) == 5), key=lambda row: row[1])
    own = [row for row in rows if row[0] == mine.user and mine.submitted_then(wall_seconds(row[1]))]
    if not own or own[-1][2].startswith(("RUNNING", "PENDING", "COMPLETING", "REQUEUED")):
        return None
    _user, _submit, state, exit_code, start = own[-1]
    by = re.fullmatch(r"CANCELLED by (\d+)", state)
    return End(state, exit_code, start not in ("", "None", "Unknown"), int(by[1]) if by else None)


def ended_facts(end: End, job_id: str, account: pwd.struct_passwd | None, limit: str, now: int) -> dict[str, object]:
    """What is kept of an end for its user to read.

    Args:
        end: as accounting has it.
        job_id: of the job.
        account: whose job it was.
        limit: its time limit in words.
        now: UTC epoch seconds.
    """
    by_owner = None if end.by_uid is None or account is None else end.by_uid == account.pw_uid
    words = reasons.ended_in_words(end.state, exit_code=end.exit_code, by_owner=by_owner, limit=limit, ran=end.ran)
    facts = {"state": end.state, "exit_code": end.exit_code, "by_owner": by_owner, "ran": end.ran}
    return facts | {"job_id": job_id, "at": now, "words": words}


def refusal(problem: SlurmError) -> str:
    """What somebody reads whose job Slurm did not take, and when to try again."""
    if not isinstance(problem, SlurmRefused):
        return _("Slurm does not answer now, so nothing was started. Try again in some minutes.")
    said = re.sub(r"^sbatch: (error: )?", "", problem.said, flags=re.M).replace("\n", " ")
    if "account" in said.lower():
        return _(
            "Slurm does not let you use this project's account yet. Accounts follow the projects within minutes: try "
            "again then, or ask the operator. Slurm says: {said}"
        ).format(said=said)
    return _("Slurm did not take the job: {said} Choose something smaller, or ask the operator.").format(
        said=said.rstrip(".") + "."
    )
