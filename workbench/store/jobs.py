"""Upsert of jobs by their key (cluster, job id, submit time), with the rollups kept equal to the jobs.

An identical row changes nothing; a running job may be completed later; an older look at a job never overwrites a newer
one. Of two differing looks at the same moment the one that comes later stays (the source corrected itself).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection, text

from workbench.analytics.schema import JOB_COLUMNS, JOB_KEY, job_frame
from workbench.store import rollups
from workbench.store.bulk import insert_rows, rows_of, update_rows

COLUMNS = tuple(JOB_COLUMNS)
AT_ONCE = 50_000
"""Rows handed to the driver at a time: as Python values they are several times as large as in their frame."""
CONTENT = tuple(c for c in COLUMNS if c not in (*JOB_KEY, "capture_id"))
"""What is compared: a row that another capture repeats is unchanged."""


@dataclass(frozen=True, slots=True)
class Upserted:
    """How many jobs were new, changed, and as known (repeated, or older than what is known)."""

    inserted: int
    updated: int
    unchanged: int


def upsert_jobs(conn: Connection, jobs: pd.DataFrame, zone: ZoneInfo) -> Upserted:
    """Bring jobs into the store, in the caller's transaction; rollups follow, lake and charges are marked dirty.

    Args:
        conn: inside a transaction (`store.begin()`).
        jobs: a job frame (analytics.schema.JOB_COLUMNS; columns that may be unknown may be left out). Several rows with
            one key: the one that saw the job last counts, the others are unchanged.
        zone: the centre's, which cuts days and months.

    Raises:
        ValueError: it is no job frame.
    """
    frame = _one_a_key(job_frame(jobs))
    known = _known(conn, frame)
    matched = frame.merge(known, how="left", on=list(JOB_KEY), suffixes=("", "_known"), validate="one_to_one")
    new = matched["id"].isna()
    changed = matched[~new & _differs(matched) & _is_newer(matched)]
    # A look that is kept nowhere (it told only that the job runs on) leaves the one that told of the job.
    changed = changed.assign(capture_id=changed["capture_id"].fillna(changed["capture_id_known"]))
    inserted = frame[new]
    for first in range(0, len(inserted), AT_ONCE):
        insert_rows(conn, "jobs", COLUMNS, rows_of(inserted.iloc[first : first + AT_ONCE], COLUMNS))
    update_rows(conn, "jobs", (*CONTENT, "capture_id"), "id", rows_of(changed, (*CONTENT, "capture_id", "id")))
    was = changed[[f"{name}_known" if name in CONTENT else name for name in COLUMNS]].set_axis(list(COLUMNS), axis=1)
    rollups.apply(conn, was, pd.concat((inserted, changed[list(COLUMNS)]), ignore_index=True), zone)
    return Upserted(len(inserted), len(changed), len(jobs) - len(inserted) - len(changed))


def told(conn: Connection, jobs: pd.DataFrame) -> tuple[int, int]:
    """How many jobs of a job frame are new, and how many are other than known in more than that they run on."""
    frame = _one_a_key(job_frame(jobs))
    matched = frame.merge(_known(conn, frame), how="left", on=list(JOB_KEY), suffixes=("", "_known"))
    other = _differs(matched, tuple(name for name in CONTENT if name != "seen_until_at")) & _is_newer(matched)
    new = matched["id"].isna()
    return int(new.sum()), int((other & ~new).sum())


def _one_a_key(frame: pd.DataFrame) -> pd.DataFrame:
    """The newest look at each job; of two equally new ones the later row."""
    if not frame.duplicated(list(JOB_KEY)).any():
        return frame
    order = frame.assign(ended=frame["end_at"].notna()).sort_values(["ended", "seen_until_at"], kind="stable")
    return frame.loc[order.drop_duplicates(list(JOB_KEY), keep="last").index.sort_values()].reset_index(drop=True)


def _known(conn: Connection, frame: pd.DataFrame) -> pd.DataFrame:
    """The stored rows that have a key of the frame, with their `id`."""
    columns = ("id", *COLUMNS)
    found: Sequence[Any] = []
    if _may_know(conn, frame):
        conn.exec_driver_sql("CREATE TEMPORARY TABLE IF NOT EXISTS asked (cluster TEXT, job_id TEXT, submit_at BIGINT)")
        conn.exec_driver_sql("DELETE FROM asked")
        insert_rows(conn, "asked", JOB_KEY, rows_of(frame, JOB_KEY))
        names = ", ".join(f'j."{name}"' for name in columns)
        found = conn.exec_driver_sql(
            f"SELECT {names} FROM asked a JOIN jobs j"  # noqa: S608
            " ON j.cluster = a.cluster AND j.job_id = a.job_id AND j.submit_at = a.submit_at"
        ).all()
        conn.exec_driver_sql("DELETE FROM asked")
    raw = pd.DataFrame.from_records(found, columns=list(columns))
    return raw.astype({"id": "Int64", **JOB_COLUMNS})


def _may_know(conn: Connection, frame: pd.DataFrame) -> bool:
    """False where no cluster of the frame has a job yet: the first load asks for nothing."""
    ask = "SELECT 1 FROM jobs WHERE cluster = :cluster LIMIT 1"
    return any(conn.execute(text(ask), {"cluster": c}).first() for c in frame["cluster"].unique())


def _differs(matched: pd.DataFrame, names: Sequence[str] = CONTENT) -> pd.Series:
    differs = pd.Series(data=False, index=matched.index)
    for name in names:
        new, old = matched[name], matched[f"{name}_known"]
        if new.isna().all() and old.isna().all():
            continue  # most sources never say it
        same = (new == old).fillna(False).astype(bool) | (new.isna() & old.isna())
        differs |= ~same
    return differs


def _is_newer(matched: pd.DataFrame) -> pd.Series:
    """Not an older look: a running one never replaces an ended one, nor an earlier running one a later."""
    ended, was_ended = matched["end_at"].notna(), matched["end_at_known"].notna()
    later = (matched["seen_until_at"] >= matched["seen_until_at_known"]).fillna(False).astype(bool)
    return ended | (~was_ended & later)
