"""Ingest of job logs: bytes kept first, then rows to jobs, in one transaction; idempotent.

The same file twice changes nothing; files whose windows overlap may come in any order; rejected rows are kept with line
and reason; a running job may be completed by a later file.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from workbench.analytics.parsed import NAME_MAX, ParsedLog, Reject, by_kind, first_reason
from workbench.analytics.schema import JOB_KEY
from workbench.errors import FileUnreadable, MappingError, NothingReadable
from workbench.services.charging.rating import rate
from workbench.services.joblog.parse import parse_joblog
from workbench.services.joblog.rows import read_text
from workbench.services.mapping import load_mapping
from workbench.slurm.read import read_any
from workbench.store import lake
from workbench.store.engine import Store
from workbench.store.jobs import upsert_jobs
from workbench.store.raw import Capture, Outcome, add_capture, keep_bytes, known_capture, note_freshness, note_outcome

Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class IngestReport:
    """What became of a log's rows: each is accepted, unchanged, rejected, or one of the last three.

    Args:
        cluster: name that the jobs are filed under.
        accepted: rows that brought a new job, or something new about a known one (`inserted` + `updated`).
        unchanged: rows that say what was known already.
        rejected: rows that could not be used; `rejects` holds them, `by_reason` counts them.
        not_started: rows of jobs that never began to run.
        steps: rows of job steps.
        skipped: rows that the mapping leaves out by their state.
        notices: sentences about what was read but looks odd.
        window: [start, end) of the jobs read, epoch seconds; None without any.
        capture_id: where bytes and rejected rows are kept; None for a dry run.
    """

    cluster: str
    inserted: int
    updated: int
    unchanged: int
    rejects: list[Reject] = field(repr=False)
    not_started: int = 0
    steps: int = 0
    skipped: int = 0
    notices: list[str] = field(default_factory=list)
    window: tuple[int, int] | None = None
    capture_id: int | None = None

    @property
    def accepted(self) -> int:
        return self.inserted + self.updated

    @property
    def rejected(self) -> int:
        return len(self.rejects)

    @property
    def by_reason(self) -> dict[str, int]:
        return by_kind(self.rejects)

    @property
    def rows(self) -> int:
        return self.accepted + self.unchanged + self.rejected + self.not_started + self.steps + self.skipped


@dataclass(frozen=True, slots=True)
class SacctOptions:
    """How a sacct text was asked for: the clock's zone, delimiter, columns without header, GPUs per unit of a type."""

    zone: ZoneInfo
    delimiter: str | None = None
    columns: Sequence[str] | None = None
    weights: dict[str, Fraction] | None = None

    def digest(self) -> str:
        parts = (
            self.zone.key,
            self.delimiter,
            self.columns and list(self.columns),
            sorted((self.weights or {}).items()),
        )
        return sha256(repr(parts).encode()).hexdigest()


def ingest_joblog(
    store: Store,
    path: Path,
    mapping_path: Path,
    now: int,
    *,
    cluster: str | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> IngestReport:
    """Bring in a CSV or Parquet job log through its mapping.

    Args:
        store: where to.
        path: the log.
        mapping_path: its mapping (docs/bring-your-own-log.md).
        now: epoch seconds, noted with the capture.
        cluster: name to file the jobs under; default the mapping's.
        dry_run: read and report, keep nothing.
        progress: told a stage ("read", "store", "charges", "lake") and the rows it has done.

    Raises:
        FileUnreadable, MappingError: nothing was kept.
        NothingReadable: no row could be used; the bytes and the rejected rows are kept.
    """
    mapping, read_as = load_mapping(mapping_path)
    name = cluster or mapping.cluster
    if not name:
        raise MappingError(mapping_path, ['cluster: missing; write cluster = "name", or give --cluster'])
    if len(name) > NAME_MAX:
        raise MappingError(mapping_path, [f"cluster: {name!r} has more than {NAME_MAX} characters"])
    tell = progress or _silent
    parsed = parse_joblog(path, mapping, name, mapping_path=mapping_path, progress=lambda rows: tell("read", rows))
    tell("read", parsed.rows)
    if dry_run:
        return _tried(name, path, parsed)
    digest, size = keep_bytes(store.settings.raw, path)
    return _stored(store, Capture("joblog", name, path.name, digest, size, read_as), parsed, now, tell)


def ingest_sacct(
    store: Store,
    path: Path,
    cluster: str,
    now: int,
    options: SacctOptions | None = None,
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> IngestReport:
    """Bring in what Slurm's accounting said: `sacct --parsable2` text, or JSON of `sacct --json` or slurmrestd.

    Args:
        store: where to.
        path: the file, also packed with gzip, bzip2 or xz.
        cluster: name to file the jobs under.
        now: epoch seconds, noted with the capture.
        options: how text was asked for; default: times in the centre's zone, delimiter and columns from its header.
        dry_run: read and report, keep nothing.
        progress: told a stage ("read", "store", "charges", "lake") and the rows it has done.

    Raises:
        FileUnreadable: it is no such file; nothing was kept.
        NothingReadable: no row could be used; the bytes and the rejected rows are kept.
    """
    asked = options or SacctOptions(store.settings.centre.zone)
    tell = progress or _silent
    try:
        parsed = read_any(
            read_text(path),
            cluster,
            asked.zone,
            delimiter=asked.delimiter,
            columns=asked.columns,
            weights=asked.weights,
        )
    except ValueError as problem:
        raise FileUnreadable(path, str(problem)) from problem
    tell("read", parsed.rows)
    if dry_run:
        return _tried(cluster, path, parsed)
    digest, size = keep_bytes(store.settings.raw, path)
    return _stored(store, Capture("sacct", cluster, path.name, digest, size, asked.digest()), parsed, now, tell)


def _stored(store: Store, capture: Capture, parsed: ParsedLog, now: int, tell: Progress) -> IngestReport:
    tell("store", 0)
    with store.begin() as conn:
        known = known_capture(conn, capture)
        capture_id = add_capture(conn, capture, now) if known is None else known
        counts = (0, 0, 0)
        if len(parsed.jobs):
            done = upsert_jobs(conn, parsed.jobs.assign(capture_id=capture_id), store.settings.centre.zone)
            counts = (done.inserted, done.updated, done.unchanged)
        report = _report(capture.cluster, parsed, counts, capture_id)
        outcome = Outcome(report.accepted, report.unchanged, parsed.rejects, report.window)
        note_outcome(conn, capture_id, outcome, is_new=known is None)
        if parsed.observed_until is not None:
            note_freshness(conn, capture.cluster, parsed.observed_until, now, f"{capture.source} {capture.name}")
    _check_readable(capture.name, parsed)
    tell("store", report.rows)
    rate(store, now)
    tell("charges", report.rows)
    lake.refresh(store)
    tell("lake", report.rows)
    return report


def _tried(cluster: str, path: Path, parsed: ParsedLog) -> IngestReport:
    _check_readable(path.name, parsed)
    keys = len(parsed.jobs.drop_duplicates(list(JOB_KEY)))
    return _report(cluster, parsed, (keys, 0, len(parsed.jobs) - keys), None)


def _check_readable(name: str, parsed: ParsedLog) -> None:
    if not parsed.understood:
        raise NothingReadable(name, len(parsed.rejects), first_reason(parsed.rejects))


def _report(cluster: str, parsed: ParsedLog, counts: tuple[int, int, int], capture_id: int | None) -> IngestReport:
    inserted, updated, unchanged = counts
    jobs = parsed.jobs
    return IngestReport(
        cluster=cluster,
        inserted=inserted,
        updated=updated,
        unchanged=unchanged,
        rejects=parsed.rejects,
        not_started=parsed.not_started,
        steps=parsed.steps,
        skipped=parsed.skipped,
        notices=parsed.notices,
        window=(int(jobs["start_at"].min()), int(jobs["seen_until_at"].max())) if len(jobs) else None,
        capture_id=capture_id,
    )


def _silent(_stage: str, _rows: int) -> None: ...
