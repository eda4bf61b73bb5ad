"""Which GPUs each job had. A job's devices are said by Slurm, else by the exporter that labels samples with jobs.

`device` tells the devices of a job on a node apart. Slurm does not say which slice of MIG a job has, and not every
centre has it count GPUs: then a row keeps that it was asked, and no reader takes it for a place.
"""

from collections.abc import Iterable

import pandas as pd
from sqlalchemy import BigInteger, Column, Connection, Integer, String, Table, text

from workbench.analytics.samples import PLACED_COLUMNS, placed_frame
from workbench.analytics.schema import JOB_KEY
from workbench.domain.base import Stored
from workbench.periods import Window
from workbench.store.bulk import insert_rows, rows_of

SLURM, LABEL = SAID_BY = ("slurm", "label")
"""Slurm itself; the label of a sample, which may be of some of the job's devices only."""

job_gpus = Table(
    "job_gpus",
    Stored.metadata,
    Column("cluster", String(80), primary_key=True),
    Column("job_id", String, primary_key=True),
    Column("submit_at", BigInteger, primary_key=True),
    Column("node", String, primary_key=True),
    Column("device", String, primary_key=True),
    Column("gpu_index", Integer, nullable=True),
    Column("gpu_uuid", String, nullable=True),
    Column("mig", String, nullable=True),
    Column("gpu_parts", BigInteger, nullable=False),
    Column("said_by", String(10), nullable=False),
)

_COLUMNS = (*PLACED_COLUMNS, "device", "said_by")
_SAME_JOB = " AND ".join(f"g.{name} = j.{name}" for name in JOB_KEY)
_PLACE = "(gpu_index IS NOT NULL OR gpu_uuid IS NOT NULL)"


def write(conn: Connection, placed: pd.DataFrame, said_by: str = SLURM) -> int:
    """Keep where jobs are; writing the same again changes nothing.

    What Slurm says of a job takes the place of all that was known of it. What a label says is added, unless Slurm has
    said where the job is.

    Args:
        conn: inside a transaction (`store.begin()`).
        placed: a frame of PLACED_COLUMNS. A row without index and uuid: it has so much of a GPU on this node, but
            which is not known.
        said_by: one of SAID_BY.

    Returns:
        Devices of it that are new, or that take the place of others.

    Raises:
        ValueError: it is no frame of placements.
    """
    frame = _devices(placed_frame(placed)).assign(said_by=said_by)
    jobs = frame[list(JOB_KEY)].drop_duplicates()
    known = _of_jobs(conn, jobs)
    if said_by == LABEL:
        taken = known[(known["said_by"] == SLURM) & (known["gpu_index"].notna() | known["gpu_uuid"].notna())]
        frame = frame[~_in(frame, taken, list(JOB_KEY))]
    by = [*JOB_KEY, "node", "device"]
    new = frame[~_in(frame, known, [*by, "said_by"])]
    if said_by == SLURM:
        gone = known[~_in(known, frame, [*by, "said_by"])][list(JOB_KEY)].drop_duplicates()
        changed = pd.concat((gone, new[list(JOB_KEY)])).drop_duplicates()
        new = frame[_in(frame, changed, list(JOB_KEY))]
        remove = text("DELETE FROM job_gpus WHERE cluster = :cluster AND job_id = :job_id AND submit_at = :submit_at")
        for row in changed.to_dict("records"):
            conn.execute(remove, row)
    insert_rows(conn, "job_gpus", _COLUMNS, rows_of(new, _COLUMNS), then="ON CONFLICT DO NOTHING")
    return len(new)


def read(conn: Connection, window: Window, cluster: str | None = None) -> pd.DataFrame:
    """The devices of the jobs that ran in a window, by job and node: a frame of PLACED_COLUMNS.

    Args:
        conn: of the store.
        window: UTC epoch seconds.
        cluster: of this one only.
    """
    names = ", ".join(f"g.{name}" for name in PLACED_COLUMNS)
    mine = " AND j.cluster = :cluster" if cluster is not None else ""
    ask = text(
        f"SELECT {names} FROM jobs j JOIN job_gpus g ON {_SAME_JOB}"  # noqa: S608  (names of our own)
        f" WHERE j.start_at < :until AND j.seen_until_at > :since AND {_PLACE}{mine}"
        " ORDER BY g.cluster, g.job_id, g.submit_at, g.node, g.gpu_index, g.device"
    )
    found = conn.execute(ask, {"since": window.start_s, "until": window.end_s, "cluster": cluster}).all()
    return placed_frame(pd.DataFrame.from_records(found, columns=list(PLACED_COLUMNS)))


def unplaced(conn: Connection, cluster: str) -> pd.DataFrame:
    """The running jobs with GPUs of which Slurm has not been heard: a row each with JOB_KEY and gpu_parts."""
    ask = text(
        "SELECT j.cluster, j.job_id, j.submit_at, j.gpu_parts FROM jobs j"  # noqa: S608
        " WHERE j.cluster = :cluster AND j.end_at IS NULL AND j.gpu_parts > 0 AND NOT EXISTS"
        f" (SELECT 1 FROM job_gpus g WHERE {_SAME_JOB} AND g.said_by = '{SLURM}')"
    )
    found = conn.execute(ask, {"cluster": cluster}).all()
    return pd.DataFrame.from_records(found, columns=[*JOB_KEY, "gpu_parts"])


def _devices(placed: pd.DataFrame) -> pd.DataFrame:
    """With `device`: the slice, else the index, else the uuid; what is none of these is counted on its node."""
    index = placed["gpu_index"].astype("string")
    board = ("gpu " + index).fillna(placed["gpu_uuid"].astype("string"))
    device = (board + " " + placed["mig"].astype("string")).fillna(board)
    place = placed.groupby([*JOB_KEY, "node"]).cumcount().astype("string")
    frame = placed.assign(device=device.fillna("? " + place).astype("str"))
    return frame.drop_duplicates([*JOB_KEY, "node", "device"])


def _of_jobs(conn: Connection, jobs: pd.DataFrame) -> pd.DataFrame:
    names = ", ".join(_COLUMNS)
    ask = text(f"SELECT {names} FROM job_gpus WHERE cluster = :cluster AND job_id = :job_id AND submit_at = :submit_at")  # noqa: S608
    rows: Iterable = [row for job in jobs.to_dict("records") for row in conn.execute(ask, job)]
    return pd.DataFrame.from_records(list(rows), columns=list(_COLUMNS)).astype(
        {"gpu_parts": "int64", "submit_at": "int64"}
    )


def _in(rows: pd.DataFrame, others: pd.DataFrame, by: list[str]) -> pd.Series:
    known = set(others[by].itertuples(index=False, name=None))
    return pd.Series(
        [row in known for row in rows[by].itertuples(index=False, name=None)], index=rows.index, dtype=bool
    )
