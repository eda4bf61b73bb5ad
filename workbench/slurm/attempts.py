"""What Slurm's accounting says to a job frame: one row per allocation and attempt; steps are counted, never added up.

The same for text and JSON: a record is what `Cell` gives by the lower-case names of sacct's columns. Each attempt of
each state counts, for a stopped notebook server is CANCELLED, and a requeued job has a record for each time it ran.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from workbench.analytics.parsed import ParsedLog, Reject, trouble
from workbench.analytics.schema import job_frame
from workbench.slurm.allocated import Allocated, Cell, Models, Unusable, cores, mem_mib, name_in
from workbench.slurm.moments import TimeReader, Times, submitted
from workbench.slurm.purpose import UNTOLD, purpose_of
from workbench.slurm.records import JOB_ID
from workbench.slurm.tres import NO_GPUS

RUNS_ON = frozenset(
    {"RUNNING", "SUSPENDED", "COMPLETING", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING", "CONFIGURING"}
)
WAITS = frozenset({"PENDING", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "SPECIAL_EXIT"})
NEVER_RAN = frozenset(
    {"CANCELLED", "FAILED", "NODE_FAIL", "BOOT_FAIL", "DEADLINE", "REVOKED", "REQUEUED", "LAUNCH_FAILED"}
)
"""States of a job that may have no start: it was withdrawn before it could run."""


@dataclass(frozen=True)
class ReadAs:
    """How Slurm's words are read.

    Args:
        cluster: name to file the jobs under.
        zone: of the clock on which times without an offset were printed.
        weights: GPUs that one unit of a GPU type counts for (slurm.tres).
        models: GPU type → model in the price list; default: as it is written.
        projects: account → project; without it, or where it says None, an account stays as it is written.
    """

    cluster: str
    zone: ZoneInfo
    weights: Mapping[str, Fraction] = field(default_factory=dict)
    models: Models | None = None
    projects: Callable[[str], str | None] | None = None


class Attempts:
    """The records of one source: `take` each, then `log`.

    Args:
        read_as: see there.
        has: whether the source has a column.
    """

    def __init__(self, read_as: ReadAs, has: Callable[[str], bool]) -> None:
        self.read_as, self.has = read_as, has
        self.reader = TimeReader(read_as.zone)
        self.allocated = Allocated(read_as.weights, read_as.models)
        self.clusters: set[str] = set()
        self.rows: list[dict[str, Any]] = []
        self.rejects: list[Reject] = []
        self.steps = self.not_started = self.late_submit = self.newest = 0
        # JobID is in every export and unique for tasks and components too; a text with JobIDRaw alone is keyed by that.
        self.id_column = "jobid" if has("jobid") else "jobidraw"
        self.tells_purpose = has("comment")

    def take(self, line: int, cell: Cell, shown: Callable[[], str]) -> None:
        """One record: kept, counted, or rejected with what it looks like."""
        try:
            row = self._row(cell)
        except Unusable as problem:
            self.rejects.append(Reject(line, problem.kind, str(problem), shown()))
            return
        if row is not None:
            self.rows.append(row)

    def log(self, broken: Iterable[Reject] = (), notices: Iterable[str] = ()) -> ParsedLog:
        """All that was taken. `broken`: what could not even be taken; `notices`: what else is to be said."""
        newest = self.newest
        for row in self.rows:  # a running job without Elapsed was alive at the newest moment that the source tells of
            if row["seen_until_at"] is None:
                row["seen_until_at"] = max(row["start_at"], newest)
        return ParsedLog(
            jobs=job_frame(pd.DataFrame(self.rows)),
            rejects=sorted([*self.rejects, *broken], key=lambda reject: reject.line),
            steps=self.steps,
            not_started=self.not_started,
            notices=[*self._notices(), *notices],
            observed_until=newest or None,
        )

    def _notices(self) -> list[str]:
        said = []
        if len(self.clusters) > 1:
            said.append(f"Jobs of several clusters, filed under one name: {', '.join(sorted(self.clusters))}.")
        if self.allocated.unlisted:
            said.append(f"Jobs with an empty AllocTRES, taken as jobs without GPUs: {self.allocated.unlisted}.")
        if self.reader.clock_differs:
            asked = f" Times were read as {self.read_as.zone.key}: is that the cluster's zone?"
            said.append(
                f"Jobs in which End − Start is not Elapsed (End − Start counts): {self.reader.clock_differs}."
                + (asked if self.reader.on_the_wall else "")
            )
        if self.late_submit:
            said.append(f"Jobs submitted after they started, their wait unknown: {self.late_submit}.")
        return said

    def _row(self, cell: Cell) -> dict[str, Any] | None:
        """The job of a record; None for a step or a job that never started (counted)."""
        job_id = cell(self.id_column)
        if not JOB_ID.fullmatch(job_id):
            raise Unusable("no job id", f"{job_id[:80]!r} is no job id")
        if "." in job_id:
            self.steps += 1
            return None
        state = cell("state").partition(" ")[0].rstrip("+") or None
        times = self.reader.times(cell)
        if not times.start or state in WAITS:
            self._without_start(state, times)
            return None
        if "[" in job_id:
            raise Unusable("several tasks in one row", f"{job_id} stands for tasks of an array: ask with --array")
        runs_on = not times.end and (state is None or state in RUNS_ON)
        if not times.end and not runs_on and times.elapsed is None:
            raise Unusable("no end", f"state {state}, but no End and no Elapsed")
        gpus = self.allocated.gpus(cell)
        start_at, end_at, seen_until_at = self.reader.span(times, runs_on=runs_on, keeps=gpus.parts > 0)
        until = start_at if seen_until_at is None else seen_until_at
        if gpus == NO_GPUS and until > start_at:
            self.allocated.check_asked(cell)
        if wrong := trouble(start_at, until, gpus.parts):
            raise Unusable(*wrong)
        purpose = purpose_of(cell("comment"), ended=end_at is not None) if self.tells_purpose else UNTOLD
        submit_at = submitted(times, start_at)
        row = {
            "cluster": self.read_as.cluster,
            # A resized job has a row per size, all with one id and submit time.
            "job_id": f"{job_id}/{start_at}" if state == "RESIZING" and end_at is not None else job_id,
            "submit_at": start_at if submit_at is None else submit_at,
            "start_at": start_at,
            "end_at": end_at,
            "seen_until_at": seen_until_at,
            "project": self._project(name_in(cell, "account")),
            "user_name": name_in(cell, "user"),
            "partition": name_in(cell, "partition"),
            "gpu_model": gpus.model,
            "gpu_parts": gpus.parts,
            "cpu_cores": cores(cell),
            "state": state,
            "name": cell("jobname").encode("utf-8", "surrogateescape").decode("utf-8", "replace") or None,
            "source": "sacct",
            "submit_known": submit_at is not None and submit_at <= start_at,
            "kind": purpose.kind,
            "server_id": purpose.server_id,
            "dask_id": purpose.dask_id,
            "mem_mib": mem_mib(cell),
            "qos": name_in(cell, "qos"),
            "reservation": name_in(cell, "reservation"),
            "suspended_s": times.suspended,
        }
        self.late_submit += submit_at is not None and submit_at > start_at
        self.newest = max(self.newest, submit_at or 0, until if gpus.parts else until + (times.suspended or 0))
        self.clusters.add(cell("cluster"))
        return row

    def _project(self, account: str | None) -> str | None:
        if account is None or self.read_as.projects is None:
            return account
        return self.read_as.projects(account) or account

    def _without_start(self, state: str | None, times: Times) -> None:
        if state not in WAITS and (times.elapsed or (state is not None and state not in NEVER_RAN)):
            raise Unusable("no start", f"state {state or 'unknown'}, elapsed {times.elapsed or 0} s, but no Start")
        self.not_started += 1
        self.newest = max(self.newest, *times.submit, 0)
