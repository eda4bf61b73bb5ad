"""The Parquet lake: jobs by cluster, project and month of start (centre's zone), for notebooks and Dask.

cluster=<c>/project=<p>/month=<YYYY-MM>/part.parquet, names percent-encoded; jobs of an unknown project lie under a name
that no encoded one can have. The lake is disposable: each upsert marks the files that no longer equal the jobs,
`refresh` writes those anew, each under another name first and then in place, so that a reader sees the old file or the
new one.
"""

import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, delete, select

from workbench.analytics.schema import LAKE_COLUMNS, LAKE_KEYS, UNKNOWN
from workbench.periods import month_window
from workbench.store.engine import Store
from workbench.store.frames import JOBS, job_rows
from workbench.store.rollups import months_of
from workbench.store.tables import dirty
from workbench.units import GPU_PARTS, HOUR_S

NO_PROJECT = "(unknown)"
FILE = "part.parquet"
LONGEST = 200

ARROW = {
    "string": pa.string(),
    "datetime64[us, UTC]": pa.timestamp("us", "UTC"),
    "float64": pa.float64(),
    "int64": pa.int64(),
    "Int64": pa.int64(),
}
IN_FILE = {name: dtype for name, dtype in LAKE_COLUMNS.items() if name not in LAKE_KEYS}
LAKE_SCHEMA = pa.schema([(name, ARROW[dtype]) for name, dtype in IN_FILE.items()])


def refresh(store: Store, *, everything: bool = False) -> int:
    """Write the files that are marked dirty, or all; remove those without jobs.

    Returns:
        Files written or removed.
    """
    lake, zone = store.settings.lake, store.settings.centre.zone
    with store.begin() as conn:
        if everything:
            for path in lake.glob(f"cluster=*/project=*/month=*/{FILE}"):
                _remove(path, lake)
            keys = _all_keys(conn, zone)
        else:
            keys = _marked(conn)
        # First, so that the transaction writes from here on: a mark that comes meanwhile waits, and none is lost.
        conn.execute(delete(dirty).where(dirty.c.kind == "lake"))
        for (cluster, project), months in _grouped(keys).items():
            _write(conn, lake, cluster, project, months, zone)
    return len(keys)


def path_of(lake: Path, cluster: str, project: str, month: str) -> Path:
    """Where the jobs of a cluster, project ('' unknown) and month lie."""
    named = NO_PROJECT if project == UNKNOWN else _safe(project)
    return lake / f"cluster={_safe(cluster)}" / f"project={named}" / f"month={month}" / FILE


def lake_table(jobs: pd.DataFrame) -> pa.Table:
    """A job frame as the lake keeps it: LAKE_SCHEMA, in the same order."""
    duration = jobs["seen_until_at"] - jobs["start_at"]
    part_seconds = jobs["gpu_parts"] * duration
    wait = jobs["start_at"] - jobs["submit_at"]
    known = jobs["submit_known"] & (wait >= 0)
    columns = {
        "job_id": jobs["job_id"],
        "submit_at": _moments(jobs["submit_at"].astype("Int64").where(jobs["submit_known"])),
        "start_at": _moments(jobs["start_at"]),
        "end_at": _moments(jobs["end_at"]),
        "seen_until_at": _moments(jobs["seen_until_at"]),
        "user_name": jobs["user_name"],
        "partition": jobs["partition"],
        "gpu_model": jobs["gpu_model"],
        "gpus": jobs["gpu_parts"] / GPU_PARTS,
        "gpu_part_seconds": part_seconds,
        "gpu_hours": part_seconds / GPU_PARTS / HOUR_S,
        "cpu_cores": jobs["cpu_cores"],
        "state": jobs["state"],
        "wait_s": wait.astype("Int64").where(known),
        "duration_s": duration,
        "source": jobs["source"],
        "kind": jobs["kind"],
        "qos": jobs["qos"],
    }
    frame = pd.DataFrame(columns).astype(IN_FILE)  # also into the file's own notes for pandas: NA stays NA there
    return pa.Table.from_pandas(frame, schema=LAKE_SCHEMA, preserve_index=False)


def _marked(conn: Connection) -> list[tuple[str, str, str]]:
    rows = select(dirty.c.cluster, dirty.c.project, dirty.c.period).where(dirty.c.kind == "lake")
    return [(row.cluster, row.project, row.period) for row in conn.execute(rows)]


def _grouped(keys: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str], list[str]]:
    months: dict[tuple[str, str], list[str]] = {}
    for cluster, project, month in sorted(keys):
        months.setdefault((cluster, project), []).append(month)
    return months


def _write(conn: Connection, lake: Path, cluster: str, project: str, months: list[str], zone: ZoneInfo) -> None:
    """The files of these months, ascending: read at once, for much of the cost is by query and by frame."""
    windows = {month: month_window(month, zone) for month in months}
    first, last = windows[months[0]].start_s, windows[months[-1]].end_s
    owner = JOBS.c.project.is_(None) if project == UNKNOWN else JOBS.c.project == project
    where = [owner, JOBS.c.start_at >= first, JOBS.c.start_at < last, JOBS.c.cluster == cluster]
    jobs = job_rows(conn, where).sort_values(["start_at", "job_id"], kind="stable", ignore_index=True)
    table, start = lake_table(jobs), jobs["start_at"].to_numpy()
    for month, window in windows.items():
        low, high = np.searchsorted(start, (window.start_s, window.end_s))
        _put(lake, path_of(lake, cluster, project, month), table.slice(low, high - low))


def _all_keys(conn: Connection, zone: ZoneInfo) -> list[tuple[str, str, str]]:
    starts = pd.DataFrame.from_records(
        list(conn.exec_driver_sql("SELECT DISTINCT cluster, project, start_at / 900 * 900 FROM jobs")),
        columns=["cluster", "project", "start_at"],
    )
    return [tuple(row) for row in months_of(starts, zone).itertuples(index=False, name=None)]


def _put(lake: Path, path: Path, jobs: pa.Table) -> None:
    if not jobs.num_rows:
        _remove(path, lake)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{FILE}.{os.getpid()}")
    pq.write_table(jobs, unfinished, compression="zstd")
    unfinished.replace(path)


def _remove(path: Path, lake: Path) -> None:
    path.unlink(missing_ok=True)
    for folder in _folders(path, lake):
        if not folder.is_dir() or any(folder.iterdir()):
            return
        folder.rmdir()


def _folders(path: Path, lake: Path) -> Iterable[Path]:
    return (folder for folder in path.parents if folder != lake and lake in folder.parents)


def _moments(seconds: pd.Series) -> pd.Series:
    return pd.to_datetime(seconds.astype("Int64"), unit="s", utc=True).dt.as_unit("us")


def _safe(name: str) -> str:
    """A name as part of a folder's. One too long for a file system is cut and told apart by its digest."""
    encoded = quote(name, safe="")
    if len(encoded) <= LONGEST:
        return encoded
    kept = name
    while len(quote(kept, safe="")) > LONGEST - 20:
        kept = kept[:-1]  # whole characters, so that what is left still reads as text
    return f"{quote(kept, safe='')}~{sha256(name.encode()).hexdigest()[:16]}"
