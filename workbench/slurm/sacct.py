"""`sacct --parsable2` text to a job frame: one row per allocation and attempt; steps are counted, never added up.

Times without an offset are the cluster's wall clock; where clocks went back, Elapsed says which hour it was.
Source: sacct(1).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from workbench.analytics.parsed import ParsedLog, Reject, shortened, trouble
from workbench.analytics.schema import job_frame
from workbench.periods import iso
from workbench.slurm.allocated import Allocated, Unusable, cores, name_in
from workbench.slurm.records import JOB_ID, Record, Records, read_records
from workbench.slurm.times import elapsed_seconds, wall_seconds
from workbench.wallclock import LATEST_S, Clock

FORMAT = "JobID,User,Account,Partition,State,Submit,Start,End,Elapsed,AllocCPUS,AllocTRES"
COMMAND = f"sacct --allusers --duplicates --array --parsable2 --format={FORMAT}"
"""How to ask sacct for what is read here; without the name, in which anybody may write what looks like another row."""

RUNS_ON = frozenset(
    {"RUNNING", "SUSPENDED", "COMPLETING", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING", "CONFIGURING"}
)
WAITS = frozenset({"PENDING", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "SPECIAL_EXIT"})
NEVER_RAN = frozenset(
    {"CANCELLED", "FAILED", "NODE_FAIL", "BOOT_FAIL", "DEADLINE", "REVOKED", "REQUEUED", "LAUNCH_FAILED"}
)
"""States of a job that may have no start: it was withdrawn before it could run."""


@dataclass
class _Counts:
    steps: int = 0
    not_started: int = 0
    clock_differs: int = 0
    late_submit: int = 0
    newest: int = 0

    def saw(self, *moments: int | None) -> None:
        self.newest = max(self.newest, *(m or 0 for m in moments))


def parse_sacct(
    text: str,
    cluster: str,
    zone: ZoneInfo,
    *,
    delimiter: str | None = None,
    columns: Sequence[str] | None = None,
    weights: Mapping[str, Fraction] | None = None,
) -> ParsedLog:
    """Jobs of a sacct text.

    Args:
        text: `sacct --parsable2` output; bytes that were no UTF-8 as surrogates.
        cluster: name to file the jobs under.
        zone: of the clock that sacct printed.
        delimiter: as given to sacct; default: found in the header.
        columns: names in order where the text has no header.
        weights: GPUs that one unit of a GPU type counts for (slurm.tres).

    Raises:
        ValueError: it is no such text, or columns are missing without which no GPU time can be told.
    """
    records = read_records(text, delimiter=delimiter, columns=columns)
    reader = _Reader(records, cluster, zone, weights or {})
    rejects = list(records.broken)
    rows: list[dict[str, Any]] = []
    for record in records.rows:
        try:
            row = reader.row(record)
        except Unusable as problem:
            rejects.append(
                Reject(record.line, problem.kind, str(problem), shortened(records.delimiter.join(record.cells)))
            )
            continue
        if row is not None:
            rows.append(row)
    counts = reader.counts
    for row in rows:
        counts.saw(row["end_at"])
    for row in rows:  # a running job without Elapsed was alive at the newest moment that the text tells of
        if row["seen_until_at"] is None:
            row["seen_until_at"] = max(row["start_at"], counts.newest)
    return ParsedLog(
        jobs=job_frame(pd.DataFrame(rows)),
        rejects=sorted(rejects, key=lambda reject: reject.line),
        steps=counts.steps,
        not_started=counts.not_started,
        notices=_notices(reader),
        observed_until=counts.newest or None,
    )


def _notices(reader: "_Reader") -> list[str]:
    counts, said = reader.counts, []
    if len(reader.clusters) > 1:
        said.append(f"Jobs of several clusters, filed under one name: {', '.join(sorted(reader.clusters))}.")
    if reader.allocated.unlisted:
        said.append(f"Jobs with an empty AllocTRES, taken as jobs without GPUs: {reader.allocated.unlisted}.")
    if counts.clock_differs:
        said.append(
            f"Jobs in which End − Start is not Elapsed (End − Start counts): {counts.clock_differs}. "
            f"Times were read as {reader.zone.key}: is that the cluster's zone?"
        )
    if counts.late_submit:
        said.append(f"Jobs submitted after they started, their wait unknown: {counts.late_submit}.")
    return said


class _Reader:
    """One text's columns, and how a row becomes a job."""

    def __init__(self, records: Records, cluster: str, zone: ZoneInfo, weights: Mapping[str, Fraction]) -> None:
        self.place = {name: at for at, name in reversed(list(enumerate(records.columns)))}
        self.cluster, self.zone = cluster, zone
        self.clock = Clock(zone)
        self.counts = _Counts()
        self.clusters: set[str] = set()
        self.allocated = Allocated(weights)
        _check_columns(self.place)
        # JobID is in every export and unique for tasks and components too; a text with JobIDRaw alone is keyed by that.
        self.id_column = "jobid" if "jobid" in self.place else "jobidraw"

    def row(self, record: Record) -> dict[str, Any] | None:
        """The job of a row; None for a step or a job that never started (counted)."""
        cell = self._cells(record)
        job_id = cell(self.id_column)
        if not JOB_ID.fullmatch(job_id):
            raise Unusable("no job id", f"{job_id!r} is no job id")
        if "." in job_id:
            self.counts.steps += 1
            return None
        state = cell("state").partition(" ")[0].rstrip("+") or None
        submit, start, end = (self._moment(cell, name) for name in ("submit", "start", "end"))
        elapsed = self._elapsed(cell)
        if not start or state in WAITS:
            self._without_start(state, elapsed, submit)
            return None
        if "[" in job_id:
            raise Unusable("several tasks in one row", f"{job_id} stands for tasks of an array: export with --array")
        runs_on = not end and (state is None or state in RUNS_ON)
        if not end and not runs_on and elapsed is None:
            raise Unusable("no end", f"state {state}, but no End and no Elapsed")
        start_at, end_at = self._span(start, end, elapsed, runs_on=runs_on)
        submit_at = self._submit(submit, start_at)
        seen_until_at = end_at if end_at is not None else None if elapsed is None else start_at + elapsed
        self.counts.saw(submit_at, start_at, seen_until_at)
        self.clusters.add(cell("cluster"))
        until = start_at if seen_until_at is None else seen_until_at
        gpus = self.allocated.gpus(cell, ran=until > start_at)
        if wrong := trouble(start_at, until, gpus.parts):
            raise Unusable(*wrong)
        submit_known = submit_at is not None and submit_at <= start_at
        self.counts.late_submit += submit_at is not None and submit_at > start_at
        return {
            "cluster": self.cluster,
            # A resized job has a row per size, all with one id and submit time.
            "job_id": f"{job_id}/{start_at}" if state == "RESIZING" and end_at is not None else job_id,
            "submit_at": start_at if submit_at is None else submit_at,
            "start_at": start_at,
            "end_at": end_at,
            "seen_until_at": seen_until_at,
            "project": name_in(cell, "account"),
            "user_name": name_in(cell, "user"),
            "partition": name_in(cell, "partition"),
            "gpu_model": gpus.model,
            "gpu_parts": gpus.parts,
            "cpu_cores": cores(cell),
            "state": state,
            "name": cell("jobname").encode("utf-8", "surrogateescape").decode("utf-8", "replace") or None,
            "source": "sacct",
            "submit_known": submit_known,
        }

    def _cells(self, record: Record) -> Callable[[str], str]:
        cells, place = record.cells, self.place

        def cell(name: str) -> str:
            at = place.get(name)
            return "" if at is None else cells[at] if name == "jobname" else cells[at].strip()

        return cell

    def _moment(self, cell: Callable[[str], str], name: str) -> tuple[int, ...]:
        """UTC readings of a time: none where there is no time yet, two where clocks went back."""
        try:
            found = wall_seconds(cell(name))
        except ValueError as problem:
            raise Unusable("no time", f"{name.capitalize()} {problem}") from problem
        if found is None:
            return ()
        seconds, is_utc = found
        if not 0 < seconds < LATEST_S:
            raise Unusable("no time", f"{name.capitalize()} {cell(name)!r} is beyond the years 1970 to 2100")
        readings = (seconds,) if is_utc else self.clock.readings(seconds)
        if not readings:
            raise Unusable(
                "a time that never was",
                f"{name.capitalize()} {cell(name)} was skipped by the clocks in {self.zone.key}",
            )
        return readings

    def _elapsed(self, cell: Callable[[str], str]) -> int | None:
        """Seconds from start to end or to the moment of asking: Slurm takes suspended time out of Elapsed."""
        try:
            elapsed = elapsed_seconds(cell("elapsedraw") or cell("elapsed"))
            suspended = elapsed_seconds(cell("suspended"))
        except ValueError as problem:
            raise Unusable("no elapsed time", str(problem)) from problem
        return None if elapsed is None else elapsed + (suspended or 0)

    def _without_start(self, state: str | None, elapsed: int | None, submit: tuple[int, ...]) -> None:
        if state not in WAITS and (elapsed or (state is not None and state not in NEVER_RAN)):
            raise Unusable("no start", f"state {state or 'unknown'}, elapsed {elapsed or 0} s, but no Start")
        self.counts.not_started += 1
        self.counts.saw(*submit)

    def _span(
        self, start: tuple[int, ...], end: tuple[int, ...], elapsed: int | None, *, runs_on: bool
    ) -> tuple[int, int | None]:
        """The start and end that all that the row says leaves possible."""
        if runs_on:
            ways: list[tuple[int, int | None]] = [(s, None) for s in start]
        elif not end:
            assert elapsed is not None
            ways = [(s, s + elapsed) for s in start]
        else:
            pairs = [(s, e) for s in start for e in end]
            if len(pairs) > 1:
                pairs = [p for p in pairs if p[1] >= p[0] and (elapsed is None or p[1] - p[0] == elapsed)] or pairs
            elif elapsed is not None and pairs[0][1] >= pairs[0][0]:
                self.counts.clock_differs += pairs[0][1] - pairs[0][0] != elapsed
            ways = list(pairs)
        if len(ways) > 1:
            moments = " or ".join(iso(s) for s in dict.fromkeys(s for s, _ in ways))
            raise Unusable(
                "an hour that came twice", f"clocks in {self.zone.key} went back; it may have started at {moments}"
            )
        return ways[0]

    def _submit(self, submit: tuple[int, ...], start_at: int) -> int | None:
        """The submit time; of two readings the last that is not after the start (it is part of the job's key)."""
        before = [moment for moment in submit if moment <= start_at]
        return before[-1] if before else submit[0] if submit else None


def _check_columns(place: Mapping[str, int]) -> None:
    lacks = []
    if not {"jobid", "jobidraw"} & place.keys():
        lacks.append("JobID")
    if "start" not in place:
        lacks.append("Start")
    if not {"end", "elapsed", "elapsedraw"} & place.keys():
        lacks.append("End or Elapsed")
    if not {"alloctres", "allocgres"} & place.keys():
        lacks.append("AllocTRES (what GPUs a job was given)")
    if lacks:
        raise ValueError(f"it lacks {', '.join(lacks)}. Ask for them: {COMMAND}")
