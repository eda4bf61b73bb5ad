"""Our jobs against sacct's, one by one: what of a window is missing here, missing there, or not the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, and_

from workbench.analytics.parsed import Reject
from workbench.analytics.schema import JOB_KEY
from workbench.periods import Window, iso
from workbench.services.slurm.compared import ATTEMPTS, BEHIND, REFUSED, UNKNOWN, WEIGHT, JobLine
from workbench.store.frames import JOBS, job_rows
from workbench.units import GPU_PARTS, gpu_seconds

KEYS_AT_ONCE = 500
KEY = ["job_id", "submit_at"]
SIDE = ["start_at", "end_at", "seen_until_at", "gpu_parts", "project"]


@dataclass(frozen=True)
class Sides:
    """One row a job that touches the window on either side; columns of SIDE with _ours and _slurm, `here`, `there`,
    and the part-seconds `ours` and `slurm` inside of the window.
    """

    rows: pd.DataFrame


def our_jobs(conn: Connection, cluster: str, window: Window, theirs: pd.DataFrame) -> pd.DataFrame:
    """Job frame of what touches the window by our books, and of what Slurm says touches it, wherever we have that."""
    of = JOBS.c
    touching = and_(of.cluster == cluster, of.start_at < window.end_s, of.seen_until_at >= window.start_s)
    found = [job_rows(conn, [touching])]
    known = set(zip(found[0]["job_id"], found[0]["submit_at"], strict=True))
    asked = [key for key in zip(theirs["job_id"], theirs["submit_at"], strict=True) if key not in known]
    for first in range(0, len(asked), KEYS_AT_ONCE):
        some = asked[first : first + KEYS_AT_ONCE]
        rows = job_rows(conn, [of.cluster == cluster, of.job_id.in_(sorted({job_id for job_id, _ in some}))])
        wanted = [key in some for key in zip(rows["job_id"], rows["submit_at"], strict=True)]
        found.append(rows[wanted])
    return pd.concat([part for part in found if not part.empty] or found[:1], ignore_index=True)


def sides(ours: pd.DataFrame, theirs: pd.DataFrame, window: Window) -> Sides:
    """Both job frames side by side, cut to the window."""
    both = ours[[*KEY, *SIDE]].merge(
        theirs.drop_duplicates(list(JOB_KEY), keep="last")[[*KEY, *SIDE]],
        how="outer", on=KEY, suffixes=("_ours", "_slurm"), indicator=True, validate="one_to_one",
    )  # fmt: skip
    both = both.assign(here=both["_merge"].ne("right_only"), there=both["_merge"].ne("left_only"))
    for side in ("ours", "slurm"):
        start = both[f"start_at_{side}"].clip(window.start_s, window.end_s)
        end = both[f"seen_until_at_{side}"].clip(window.start_s, window.end_s)
        if side == "slurm":  # what runs on in Slurm runs to the window's end, which lies before the asking
            end = end.where(both["end_at_slurm"].notna() | ~both["there"], window.end_s)
        parts = both[f"gpu_parts_{side}"].fillna(0).astype("int64")
        both[side] = ((end - start).fillna(0).astype("int64").clip(lower=0)) * parts
    touches = pd.Series(data=False, index=both.index)
    for side in ("ours", "slurm"):
        end = both[f"end_at_{side}"].fillna(window.end_s)
        touches |= ((both[f"start_at_{side}"] < window.end_s) & (end > window.start_s)).fillna(False).astype(bool)
    # Cancelled before the time that it was to wait for: sacct tells of it only when that has come, and it used nothing.
    touches &= both["here"] | ~both["start_at_slurm"].eq(both["end_at_slurm"]).fillna(False).astype(bool)
    return Sides(both[touches].drop(columns="_merge").reset_index(drop=True))


def differing(found: Sides, window: Window, data_until: int | None, rejects: Sequence[Reject]) -> list[JobLine]:
    """The jobs that are not the same inside of the window, and the rows of Slurm's that cannot be read."""
    rows = found.rows
    ends = {
        side: rows[f"end_at_{side}"].where(rows[f"end_at_{side}"] < window.end_s).astype("Int64")
        for side in ("ours", "slurm")
    }
    same = (
        rows["here"]
        & rows["there"]
        & rows["start_at_ours"].eq(rows["start_at_slurm"])
        & (ends["ours"].eq(ends["slurm"]).fillna(False) | (ends["ours"].isna() & ends["slurm"].isna()))
        & rows["gpu_parts_ours"].eq(rows["gpu_parts_slurm"])
        & (rows["project_ours"].fillna("") == rows["project_slurm"].fillna(""))
        & rows["ours"].eq(rows["slurm"])
    )
    left = rows[~same]
    known = set(rows.loc[rows["here"] & rows["there"], "job_id"])
    lines = [_line(row, window, data_until, known) for row in left.to_dict("records")]
    lines += [JobLine("", 0, "", "", (), 0, 0, REFUSED, f"{reject.reason}: {reject.text}") for reject in rejects]
    return sorted(lines, key=lambda line: (-abs(line.ours - line.slurm), line.job_id, line.submit_at))


def _line(row: dict[str, Any], window: Window, data_until: int | None, known: set[str]) -> JobLine:
    missing = "" if row["here"] and row["there"] else "slurm" if row["here"] else "here"
    account = row["project_slurm"] if row["there"] else row["project_ours"]
    fields = () if missing else tuple(_fields(row, window))
    cause = _cause(row, missing, fields, window, data_until, known)
    return JobLine(
        str(row["job_id"]), int(row["submit_at"]), "" if pd.isna(account) else str(account), missing, fields,
        int(row["ours"]), int(row["slurm"]), cause,
    )  # fmt: skip


def _fields(row: dict[str, Any], window: Window) -> list[tuple[str, str, str]]:
    found = []
    for name, words in (
        ("start_at", _moment),
        ("end_at", lambda at: _moment(at) if pd.notna(at) and at < window.end_s else "runs on"),
        ("seen_until_at", _moment),
        ("gpu_parts", lambda parts: f"{gpu_seconds(parts)}"),
        ("project", lambda name: "" if pd.isna(name) else str(name)),
    ):
        ours, slurm = words(row[f"{name}_ours"]), words(row[f"{name}_slurm"])
        if ours != slurm and (name != "seen_until_at" or pd.isna(row["end_at_ours"])):
            found.append((name, ours, slurm))
    # Until when a running job was seen is news only where nothing else explains its time.
    rest = [field for field in found if field[0] != "seen_until_at"]
    return rest or found


def _cause(
    row: dict[str, Any],
    missing: str,
    fields: tuple[tuple[str, str, str], ...],
    window: Window,
    data_until: int | None,
    known: set[str],
) -> str:
    newest = window.end_s if pd.isna(row["end_at_slurm"]) else min(int(row["end_at_slurm"]), window.end_s)
    is_behind = data_until is None or data_until < newest
    differs = {name for name, _, _ in fields}
    if missing and row["job_id"] in known:
        return ATTEMPTS
    if is_behind and (missing == "here" or differs <= {"end_at", "seen_until_at"}) and missing != "slurm":
        return BEHIND
    if differs == {"gpu_parts"} and row["gpu_parts_ours"] % GPU_PARTS and not row["gpu_parts_slurm"] % GPU_PARTS:
        return WEIGHT
    return UNKNOWN


def _moment(at: Any) -> str:
    return "unknown" if pd.isna(at) else iso(int(at))
