"""A job log through its mapping: each row becomes a job, or a rejected row with line and reason.

A log without job ids keys a row by its content and its occurrence: equal rows are different jobs, and a second look at
the same rows finds the same keys.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from workbench.analytics.parsed import ParsedLog, Reject, shortened, trouble
from workbench.analytics.schema import job_frame
from workbench.errors import MappingError
from workbench.periods import parse_moment
from workbench.services.joblog.cells import Undecided, longer_than
from workbench.services.joblog.fields import UTC, Fields, is_one_of
from workbench.services.joblog.gpus import gpus
from workbench.services.joblog.rows import Batch, open_log
from workbench.services.joblog.spans import Spans, spans
from workbench.services.mapping import LogMapping, check_columns
from workbench.wallclock import Flags, Ints

LONGEST_ID = 400
CONTENT = (
    "submit_at", "start_at", "end_at", "project", "user_name", "partition", "gpu_model", "gpu_parts", "cpu_cores",
    "state", "name",
)  # fmt: skip
"""What keys a row of a log without job ids."""


def parse_joblog(
    path: Path,
    mapping: LogMapping,
    cluster: str,
    *,
    mapping_path: Path | str = "mapping",
    progress: Callable[[int], None] | None = None,
) -> ParsedLog:
    """The jobs of a CSV or Parquet log.

    Args:
        path: the log.
        mapping: what its columns mean.
        cluster: name to file the jobs under.
        mapping_path: to name in an error.
        progress: told how many rows were read so far.

    Raises:
        FileUnreadable: the file cannot be read as CSV or Parquet.
        MappingError: the log lacks columns, or the mapping leaves open what its times are.
    """
    columns = mapping.columns.given().values()
    log = open_log(path, mapping.csv, columns)
    check_columns(mapping, log.names, mapping_path, path)
    parts: list[_Part] = []
    rows = 0
    for batch in log.batches(columns):
        try:
            parts.append(_part(batch, mapping, is_text=log.is_text))
        except (Undecided, pa.ArrowNotImplementedError) as problem:
            raise MappingError(mapping_path, [str(problem)]) from problem
        rows += len(batch) + len(batch.broken)
        if progress:
            progress(rows)
    return _whole(parts, mapping, cluster)


@dataclass(frozen=True)
class _Part:
    """What one batch gave. `open`: running jobs whose row does not say how long they were seen."""

    jobs: pd.DataFrame
    open: Flags
    rejects: list[Reject]
    not_started: int
    skipped: int
    submit_odd: int
    duration_differs: int
    newest: int


def _part(batch: Batch, mapping: LogMapping, *, is_text: bool) -> _Part:
    fields = Fields(batch, mapping, is_text=is_text)
    state = fields.text("state")
    skipped = _skipped(state, mapping)
    ran = spans(fields, state)
    parts, model = gpus(fields)
    cores = fields.cores()
    job_id = _job_id(fields, ran)
    names = {ours: fields.text(theirs) for ours, theirs in (("project", "project"), ("user_name", "user"))}
    names |= {"partition": fields.text("partition"), "gpu_model": model, "state": state, "name": fields.text("name")}
    _check(fields, ran, parts.values)
    used = ~(fields.problems.mask(fields.length) | skipped | ran.not_started)
    jobs = pd.DataFrame(
        {
            "job_id": _series(job_id),
            "submit_at": ran.submit,
            "start_at": ran.start,
            "end_at": pd.arrays.IntegerArray(ran.until, ran.runs_on),
            "seen_until_at": ran.until,
            **{name: _series(column) for name, column in names.items()},
            "gpu_parts": parts.values,
            "cpu_cores": pd.arrays.IntegerArray(cores.values, ~cores.known),
            "submit_known": ran.submit_known,
        }
    )
    rejects = [
        Reject(batch.lines[row], kind, reason, shortened(batch.text(row)))
        for row, (kind, reason) in fields.problems.rows.items()
        if not (skipped[row] or ran.not_started[row])
    ]
    return _Part(
        jobs=jobs if used.all() else jobs[used],
        open=(ran.runs_on & ~ran.until_known)[used],
        rejects=sorted([*rejects, *batch.broken], key=lambda reject: reject.line),
        not_started=int((ran.not_started & ~skipped).sum()),
        skipped=int(skipped.sum()),
        submit_odd=int((ran.submit_odd & used).sum()),
        duration_differs=int((ran.duration_differs & used).sum()),
        newest=int(max(ran.until[used].max(initial=0), ran.submit[used | ran.not_started].max(initial=0))),
    )


def _skipped(state: pa.Array, mapping: LogMapping) -> Flags:
    keep, drop = mapping.states.keep, mapping.states.drop
    dropped = is_one_of(state, drop)
    return dropped | ~is_one_of(state, keep) if keep else dropped


def _job_id(fields: Fields, ran: Spans) -> pa.Array:
    if fields.mapping.columns.job_id is None:
        fields.note(
            ran.runs_on,
            "running without a job id",
            "it still runs, and without a job id it could not be known again when it ends; import it then",
        )
        return pa.nulls(fields.length, pa.string())
    found = fields.text("job_id")
    fields.note(np.asarray(pc.is_null(found)), "no job id", "its job id is empty")
    for row in longer_than(found, LONGEST_ID):
        fields.problems.note(row, "no job id", f"its job id has more than {LONGEST_ID} characters")
    if fields.mapping.one_row_per == "attempt":
        return pc.binary_join_element_wise(found, pa.array(ran.start).cast(pa.string()), "@")
    return found


def _check(fields: Fields, ran: Spans, parts: Ints) -> None:
    length = ran.until - ran.start
    # The quick look lets through what is certainly fine; the rest is looked at one by one.
    doubtful = (length < 0) | (length > 9 * 366 * 86_400) | (parts.astype(float) * length > 2.0**59)
    for row in np.flatnonzero(doubtful & ~ran.not_started):
        if wrong := trouble(int(ran.start[row]), int(ran.until[row]), int(parts[row])):
            fields.problems.note(int(row), *wrong)


def _whole(parts: list[_Part], mapping: LogMapping, cluster: str) -> ParsedLog:
    newest = max((part.newest for part in parts), default=0)
    observed = parse_moment(mapping.observed_at, UTC) if mapping.observed_at else newest
    filled = [part for part in parts if len(part.jobs)]
    jobs = job_frame([])
    if filled:
        jobs = pd.concat([part.jobs for part in filled], ignore_index=True)
        still_open = np.concatenate([part.open for part in filled])
        seen = np.maximum(jobs["start_at"], observed)
        jobs["seen_until_at"] = np.where(still_open, seen, jobs["seen_until_at"])
        if mapping.columns.job_id is None:
            jobs["job_id"] = _content_keys(jobs)
        jobs = job_frame(jobs.assign(cluster=cluster, source="joblog"))
    return ParsedLog(
        jobs=jobs,
        rejects=[reject for part in parts for reject in part.rejects],
        not_started=sum(part.not_started for part in parts),
        skipped=sum(part.skipped for part in parts),
        notices=_notices(parts, jobs),
        observed_until=max(newest, observed) or None,
    )


def _notices(parts: list[_Part], jobs: pd.DataFrame) -> list[str]:
    said = []
    if odd := sum(part.submit_odd for part in parts):
        said.append(f"Jobs with a submit time after their start, or one that came twice, their wait unknown: {odd}.")
    if differs := sum(part.duration_differs for part in parts):
        said.append(f"Rows in which the duration is not end − start (end − start counts): {differs}.")
    again = jobs[jobs.duplicated(["job_id", "submit_at"], keep=False)]
    if clashing := int((~again.duplicated(keep=False)).sum()):
        said.append(
            f"Rows that share job id and submit time and say different things (the newest counts): {clashing}. "
            'If ids are not unique, leave job_id out; if a job has a row per attempt, set one_row_per = "attempt".'
        )
    return said


def _content_keys(jobs: pd.DataFrame) -> pd.Series:
    """A key per row from what it says, and which occurrence of that it is."""
    cells: list[Any] = [_words(jobs[name]) for name in CONTENT]
    digest = hashlib.blake2b
    digests = pd.Series(
        [digest("\x1f".join(row).encode(), digest_size=12).hexdigest() for row in zip(*cells, strict=True)]
    )
    occurrence = digests.groupby(digests).cumcount()
    return digests.where(occurrence == 0, digests + "." + occurrence.astype(str))


def _words(column: pd.Series) -> list[str]:
    return list(pc.fill_null(pa.array(column).cast(pa.string()), "\x1e").to_pylist())


def _series(column: pa.Array) -> pd.Series:
    return pd.Series(pd.array(column, dtype="str"))
