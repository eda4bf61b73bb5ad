"""One answer of Slurm's accounting brought into the books, in the caller's transaction; the same one twice is once.

The bytes of an answer are kept where it tells anything that no kept one told: a job that is new, has begun, ended or is
otherwise another, or a row that could not be read. One that says only that what ran runs on is not kept; how far such
jobs were seen is in the jobs themselves. So the kept ones are few, and all that is known of ended jobs is in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection, select

from workbench.analytics.parsed import Reject
from workbench.services.slurm.answers import Answer
from workbench.slurm.records import JOB_ID
from workbench.store.engine import Store
from workbench.store.jobs import upsert_jobs
from workbench.store.raw import Capture, Outcome, add_capture, keep_answer, known_capture, note_outcome
from workbench.store.tables import captures, rejected_rows

SOURCE = "sacct"


@dataclass(frozen=True, slots=True)
class Taken:
    """What an answer brought: new and changed jobs, rows that were known or could not be read, and the capture."""

    rows: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    captures: tuple[int, ...] = ()

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


def take(store: Store, conn: Connection, answer: Answer, jobs: pd.DataFrame, now: int, *, keep: bool) -> Taken:
    """Bring the jobs of an answer in.

    Args:
        store: where to.
        conn: its writing transaction.
        answer: what came.
        jobs: its jobs.
        now: UTC epoch seconds.
        keep: with its bytes and the rows that could not be read.
    """
    capture_id, is_new = _captured(store, conn, answer, now) if keep else (None, False)
    rows = jobs if capture_id is None else jobs.assign(capture_id=capture_id)
    done = upsert_jobs(conn, rows, store.settings.centre.zone)
    if capture_id is not None:
        outcome = Outcome(done.inserted + done.updated, done.unchanged, answer.log.rejects, _window(jobs))
        note_outcome(conn, capture_id, outcome, is_new=is_new)
    counts = (answer.log.rows, done.inserted, done.updated, done.unchanged, len(answer.log.rejects))
    return Taken(*counts, () if capture_id is None else (capture_id,))


def _captured(store: Store, conn: Connection, answer: Answer, now: int) -> tuple[int, bool]:
    digest, size = keep_answer(store.settings.raw, answer.data)
    capture = Capture(SOURCE, store.settings.slurm.cluster, answer.name, digest, size, answer.read_as)
    known = known_capture(conn, capture)
    return (add_capture(conn, capture, now), True) if known is None else (known, False)


def _window(jobs: pd.DataFrame) -> tuple[int, int] | None:
    return (int(jobs["start_at"].min()), int(jobs["seen_until_at"].max())) if len(jobs) else None


def unheard(conn: Connection, rejects: Sequence[Reject], cluster: str) -> list[Reject]:
    """Rows that could not be read and are not known yet: by job and reason, since a running job's row changes."""
    if not rejects:
        return []
    ask = select(rejected_rows.c.reason, rejected_rows.c.text).join(captures)
    ask = ask.where(captures.c.cluster == cluster, captures.c.source == SOURCE)
    known = {(reason, _job(text)) for reason, text in conn.execute(ask)}
    return [reject for reject in rejects if (reject.reason, _job(reject.text)) not in known]


def _job(text: str) -> str:
    found = JOB_ID.match(text)
    return found[0] if found else text
