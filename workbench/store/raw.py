"""Raw captures: each source's answer kept untouched by its SHA-256, with when and what was made of it.

Everything after the capture can be rebuilt from it. The same bytes are kept once; the same bytes read in the same way
are one capture, however often they come.
"""

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update

from workbench.analytics.parsed import Reject
from workbench.errors import FileUnreadable
from workbench.store.tables import captures, freshness, rejected_rows

CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Capture:
    """Bytes of a source, and how they were read.

    Args:
        source: joblog, sacct, capacity.
        cluster: name that the rows are filed under.
        name: what the file was called.
        sha256: of the bytes.
        size: bytes.
        read_as: SHA-256 of the mapping or options; None where there are none.
    """

    source: str
    cluster: str
    name: str
    sha256: str
    size: int
    read_as: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was made of a capture: counts of rows, its rejected rows, and the window [start, end) of its jobs."""

    accepted: int
    unchanged: int
    rejects: Sequence[Reject]
    window: tuple[int, int] | None


def keep_bytes(raw: Path, file: Path) -> tuple[str, int]:
    """Keep a file's bytes under raw/<first two digits>/<sha256>.

    Returns:
        SHA-256 and size in bytes.

    Raises:
        FileUnreadable: the file cannot be read.
    """
    digest, size = hashlib.sha256(), 0
    raw.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=raw, prefix=".incoming-", delete=False) as copy:
        try:
            with file.open("rb") as source:
                while chunk := source.read(CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    copy.write(chunk)
        except OSError as problem:
            Path(copy.name).unlink()
            raise FileUnreadable(file, problem.strerror or str(problem)) from problem
    kept = raw_path(raw, digest.hexdigest())
    if kept.exists():
        Path(copy.name).unlink()
    else:
        kept.parent.mkdir(exist_ok=True)
        Path(copy.name).replace(kept)
        kept.chmod(0o444)
    return digest.hexdigest(), size


def keep_answer(raw: Path, answer: bytes) -> tuple[str, int]:
    """Keep what a source answered, as `keep_bytes` keeps a file."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(answer)
        file.flush()
        return keep_bytes(raw, Path(file.name))


def raw_path(raw: Path, sha256: str) -> Path:
    """Where the bytes of this digest lie."""
    return raw / sha256[:2] / sha256


def known_capture(conn: Connection, capture: Capture) -> int | None:
    """The id of the same bytes, read in the same way before."""
    return conn.execute(
        select(captures.c.id).where(
            captures.c.source == capture.source,
            captures.c.cluster == capture.cluster,
            captures.c.sha256 == capture.sha256,
            captures.c.mapping_sha256.is_not_distinct_from(capture.read_as),
        )
    ).scalar()


def add_capture(conn: Connection, capture: Capture, now: int) -> int:
    """A new capture, taken now (epoch seconds); its counts come with `note_outcome`."""
    added = conn.execute(
        insert(captures).values(
            source=capture.source,
            cluster=capture.cluster,
            name=capture.name,
            sha256=capture.sha256,
            bytes=capture.size,
            mapping_sha256=capture.read_as,
            taken_at=now,
            accepted=0,
            rejected=0,
            unchanged=0,
        )
    ).inserted_primary_key
    assert added is not None
    return int(added[0])


def note_outcome(conn: Connection, capture_id: int, outcome: Outcome, *, is_new: bool) -> None:
    """Note what was made of a capture; of one that was here before only the rejected rows may be others now."""
    rows = [(r.line, r.reason, r.text) for r in outcome.rejects]
    if is_new:
        start, end = outcome.window or (None, None)
        counts = {"accepted": outcome.accepted, "rejected": len(rows), "unchanged": outcome.unchanged}
        values = counts | {"window_start_at": start, "window_end_at": end}
        conn.execute(update(captures).where(captures.c.id == capture_id).values(values))
    else:
        columns = (rejected_rows.c.line, rejected_rows.c.reason, rejected_rows.c.text)
        kept = select(*columns).where(rejected_rows.c.capture_id == capture_id).order_by(rejected_rows.c.id)
        if [tuple(row) for row in conn.execute(kept)] == rows:
            return
        conn.execute(delete(rejected_rows).where(rejected_rows.c.capture_id == capture_id))
        conn.execute(update(captures).where(captures.c.id == capture_id).values(rejected=len(rows)))
    if rows:
        conn.execute(
            insert(rejected_rows),
            [{"capture_id": capture_id, "line": line, "reason": why, "text": text} for line, why, text in rows],
        )


def note_freshness(conn: Connection, cluster: str, data_until: int, now: int, note: str) -> None:
    """The cluster is known until this moment (epoch seconds); an older one changes nothing."""
    known = conn.execute(select(freshness.c.data_until_at).where(freshness.c.cluster == cluster)).scalar()
    values = {"data_until_at": data_until, "noted_at": now, "note": note}
    if known is None:
        conn.execute(insert(freshness).values(cluster=cluster, **values))
    elif known < data_until:
        conn.execute(update(freshness).where(freshness.c.cluster == cluster).values(values))


def last_capture(conn: Connection) -> int | None:
    """The newest capture's id, None where there is none."""
    return conn.execute(select(captures.c.id).order_by(captures.c.id.desc()).limit(1)).scalar()


def rejects_of(conn: Connection, capture_id: int, most: int) -> list[dict[str, object]]:
    """The first rejected rows of a capture: line, reason, text."""
    columns = (rejected_rows.c.line, rejected_rows.c.reason, rejected_rows.c.text)
    found = select(*columns).where(rejected_rows.c.capture_id == capture_id).order_by(rejected_rows.c.id).limit(most)
    return [dict(row._mapping) for row in conn.execute(found)]
