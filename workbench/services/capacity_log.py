"""Capacity over time from a CSV or Parquet file: rows (time, GPUs), long or with a column per partition.

Each row holds from its time on until the next. Stored are the moments at which something changes. The file is the word
on its own window: what was known of its partitions there and is not in it any more, goes. See
docs/bring-your-own-log.md.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from pydantic import AfterValidator, BeforeValidator, Field
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from workbench.analytics.parsed import NAME_MAX, Reject, by_kind, first_reason, shortened
from workbench.domain.capacity import CapacityChange
from workbench.errors import MappingError, NothingReadable
from workbench.periods import moment
from workbench.services.checked_toml import Part, check_names, checked, read_toml
from workbench.services.joblog.cells import Problems, Undecided, amounts, counted, decoded, plain, texts
from workbench.services.joblog.moments import NS, TimeForm, moments
from workbench.services.joblog.rows import Batch, LogFile, open_log
from workbench.services.mapping import NULL_WORDS, Csv, known_zone, time_format
from workbench.slurm.tres import MOST_GPUS
from workbench.store.engine import Store
from workbench.store.raw import Capture, Outcome, add_capture, keep_bytes, known_capture, note_outcome

Kind = Literal["installed", "in_service", "allocatable"]
KINDS: tuple[Kind, ...] = ("installed", "in_service", "allocatable")


class CapacityColumns(Part):
    """Ours = the file's column. `gpus`: one number for installed, in service and allocatable."""

    since: Annotated[str, Field(alias="from")]
    gpus: str | None = None
    installed: str | None = None
    in_service: str | None = None
    allocatable: str | None = None
    partition: str | None = None
    gpu_model: str | None = None


class CapacityConstants(Part):
    partition: str = "all"
    gpu_model: str = "gpu"


class Wide(Part):
    """A column per partition: these, or all but those named."""

    columns: tuple[str, ...] = ()
    all_but: tuple[str, ...] = ()


class CapacityMapping(Part):
    """What a capacity file's columns mean."""

    cluster: Annotated[str, Field(min_length=1, max_length=NAME_MAX)] | None = None
    time_zone: Annotated[str, AfterValidator(known_zone)] | None = None
    format: Annotated[str, BeforeValidator(time_format)] = "auto"
    note: str = ""
    columns: CapacityColumns
    constants: CapacityConstants = CapacityConstants()
    partitions: Wide | None = None
    csv: Csv = Csv()


@dataclass(frozen=True)
class CapacityReport:
    """What became of a capacity file: rows that could be read or not, and moments of change brought in or known."""

    cluster: str
    rows: int
    changes: int
    added: int
    removed: int
    rejects: list[Reject] = field(repr=False)
    window: tuple[int, int] | None
    capture_id: int | None

    @property
    def by_reason(self) -> dict[str, int]:
        return by_kind(self.rejects)


Place = tuple[str, str]
"""Partition and GPU model."""
Gpus = tuple[int, int, int]
"""Installed, in service, allocatable."""


def ingest_capacity(
    store: Store, path: Path, mapping_path: Path, now: int, *, cluster: str | None = None, dry_run: bool = False
) -> CapacityReport:
    """Bring in how many GPUs there were over time.

    Raises:
        FileUnreadable, MappingError: nothing was kept.
        NothingReadable: no row could be used.
    """
    values, read_as = read_toml(mapping_path)
    mapping = checked(CapacityMapping, values, mapping_path)
    name = cluster or mapping.cluster
    problems = [] if name else ['cluster: missing; write cluster = "name", or give --cluster']
    if mapping.partitions is None and not any(getattr(mapping.columns, kind) for kind in ("gpus", *KINDS)):
        problems.append("columns.gpus: missing; name the column with GPUs, or a [partitions] table of columns")
    if problems or name is None:
        raise MappingError(mapping_path, problems)
    log = open_log(path, mapping.csv, [mapping.columns.since])
    readings, rejects, rows = _read(log, mapping, mapping_path)
    if not readings:
        raise NothingReadable(path.name, len(rejects), first_reason(rejects))
    changes = {place: _changes(by_time) for place, by_time in readings.items()}
    times = [at for by_time in readings.values() for at in by_time]
    window = (min(times), max(times) + 1)
    count = sum(map(len, changes.values()))
    if dry_run:
        return CapacityReport(name, rows, count, count, 0, rejects, window, None)
    digest, size = keep_bytes(store.settings.raw, path)
    capture = Capture("capacity", name, path.name, digest, size, read_as)
    with store.db(writes=True) as db:
        added, removed = _store(db, name, changes, window, mapping.note)
        conn = db.connection()
        known = known_capture(conn, capture)
        capture_id = add_capture(conn, capture, now) if known is None else known
        note_outcome(conn, capture_id, Outcome(added, count - added, rejects, window), is_new=known is None)
    return CapacityReport(name, rows, count, added, removed, rejects, window, capture_id)


def _read(
    log: LogFile, mapping: CapacityMapping, mapping_path: Path
) -> tuple[dict[Place, dict[int, Gpus]], list[Reject], int]:
    columns = {
        f"columns.{ours}": theirs for ours, theirs in mapping.columns.model_dump(by_alias=True).items() if theirs
    }
    wide = _wide(mapping, log.names)
    check_names(columns | {f"partitions.{name}": name for name in wide}, log.names, mapping_path, log.path)
    found: dict[Place, dict[int, Gpus]] = {}
    rejects: list[Reject] = []
    rows = 0
    for batch in log.batches([*columns.values(), *wide]):
        rows += len(batch) + len(batch.broken)
        problems = Problems()
        try:
            for place, at, gpus in _readings(batch, mapping, wide, problems):
                found.setdefault(place, {})[at] = gpus
        except Undecided as problem:
            raise MappingError(mapping_path, [str(problem)]) from problem
        rejects += [
            Reject(batch.lines[r], kind, why, shortened(batch.text(r))) for r, (kind, why) in problems.rows.items()
        ]
        rejects += batch.broken
    return found, sorted(rejects, key=lambda reject: reject.line), rows


def _wide(mapping: CapacityMapping, names: Iterable[str]) -> tuple[str, ...]:
    if mapping.partitions is None:
        return ()
    if mapping.partitions.columns:
        return mapping.partitions.columns
    others = {mapping.columns.since, *mapping.partitions.all_but}
    return tuple(name for name in names if name not in others)


def _readings(
    batch: Batch, mapping: CapacityMapping, wide: tuple[str, ...], problems: Problems
) -> Iterator[tuple[Place, int, Gpus]]:
    nulls = frozenset(NULL_WORDS)

    def cells(column: str) -> pa.Array:
        def broken(row: int) -> None:
            problems.note(row, "not UTF-8", f"{column} is not valid UTF-8")

        return plain(decoded(batch.columns[column], broken), nulls)

    zone = ZoneInfo(mapping.time_zone) if mapping.time_zone else None
    times = moments(cells(mapping.columns.since), TimeForm(mapping.format, zone), "from", problems)
    names = {
        ours: texts(cells(theirs), nulls).to_pylist() if theirs else [None] * len(batch)
        for ours, theirs in (("partition", mapping.columns.partition), ("gpu_model", mapping.columns.gpu_model))
    }
    counts = {
        column: amounts(cells(column), Fraction(1), counted, column, problems)
        for column in (wide or [c for c in (getattr(mapping.columns, k) for k in ("gpus", *KINDS)) if c])
    }
    for row in range(len(batch)):
        if not times.known[row]:
            problems.note(row, "no time", "it does not say from when")
        if any(amount.known[row] and amount.values[row] > MOST_GPUS for amount in counts.values()):
            problems.note(row, "too many GPUs", "more GPUs than can be real")
        if not wide and any(not amount.known[row] for amount in counts.values()):
            problems.note(row, "GPUs not known", "it does not say how many GPUs")
    for row in map(int, np.flatnonzero(~problems.mask(len(batch)))):
        at = int(times.first[row]) // NS
        model = names["gpu_model"][row] or mapping.constants.gpu_model
        for column in wide:
            if counts[column].known[row]:
                gpus = int(counts[column].values[row])
                yield (column, model), at, (gpus, gpus, gpus)
        if not wide:
            partition = names["partition"][row] or mapping.constants.partition
            yield (partition, model), at, _three(mapping.columns, {c: int(a.values[row]) for c, a in counts.items()})


def _three(columns: CapacityColumns, counts: dict[str, int]) -> Gpus:
    """Installed, in service, allocatable; a number that is not given is that of the nearest that is."""
    given = {kind: counts[name] for kind in KINDS if (name := getattr(columns, kind))}
    common = counts[columns.gpus] if columns.gpus else None
    service = given.get(
        "in_service", common if common is not None else given.get("allocatable", given.get("installed", 0))
    )
    return given.get("installed", common or service), service, given.get("allocatable", common or service)


def _changes(by_time: dict[int, Gpus]) -> dict[int, Gpus]:
    """The moments at which the numbers become others."""
    kept: dict[int, Gpus] = {}
    last: Gpus | None = None
    for at, gpus in sorted(by_time.items()):
        if gpus != last:
            kept[at] = gpus
        last = gpus
    return kept


def _store(
    db: Session, cluster: str, changes: dict[Place, dict[int, Gpus]], window: tuple[int, int], note: str
) -> tuple[int, int]:
    """Make the store say on the window what the file says; how many changes were new or other, and how many went."""
    added = removed = 0
    for (partition, model), wanted in changes.items():
        here = (
            CapacityChange.cluster == cluster,
            CapacityChange.partition == partition,
            CapacityChange.gpu_model == model,
        )
        inside = (CapacityChange.from_at >= moment(window[0]), CapacityChange.from_at < moment(window[1]))
        known = {
            int(row.from_at.timestamp()): (row.installed, row.in_service, row.allocatable)
            for row in db.scalars(select(CapacityChange).where(*here, *inside))
        }
        before = db.scalars(
            select(CapacityChange)
            .where(*here, CapacityChange.from_at < moment(window[0]))
            .order_by(CapacityChange.from_at.desc())
            .limit(1)
        ).first()
        first = min(wanted)
        if before and (before.installed, before.in_service, before.allocatable) == wanted[first]:
            wanted = {at: gpus for at, gpus in wanted.items() if at != first}  # it was so already
        for at in known.keys() - wanted.keys():
            db.execute(delete(CapacityChange).where(*here, CapacityChange.from_at == moment(at)))
            removed += 1
        for at, gpus in wanted.items():
            if known.get(at) != gpus:
                db.merge(_row(cluster, partition, model, moment(at), gpus, note))
                added += 1
        db.flush()
    return added, removed


def _row(cluster: str, partition: str, model: str, at: datetime, gpus: Gpus, note: str) -> CapacityChange:
    return CapacityChange(cluster, partition, model, at, *gpus, note=note)
