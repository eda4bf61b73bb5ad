"""What was read becomes samples in the lake; the labels of samples say where jobs are that Slurm does not tell of."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, bindparam, text

from workbench.analytics.parsed import Reject
from workbench.analytics.samples import placed_frame
from workbench.store import placed
from workbench.store.engine import Store
from workbench.telemetry import lake
from workbench.telemetry.parsed import ParsedSamples, not_of_the_future
from workbench.units import GPU_PARTS

LATE_S = 300
"""A label may still name a job that ended so long ago: it is taken off after the job."""
AT_ONCE = 500
"""Ids in one question."""


@dataclass(frozen=True)
class Kept:
    """What became of samples: written (each once), rejected, devices of jobs that they told of anew."""

    samples: int
    placed: int
    rejects: tuple[Reject, ...]


def keep(store: Store, parsed: ParsedSamples, now: int, cluster: str | None = None) -> Kept:
    """Write samples into the lake; the same ones again change nothing.

    Args:
        store: its settings name the lake.
        parsed: what was read.
        now: UTC epoch seconds; samples from after it are rejected.
        cluster: whose jobs the labels name; by default the one of the settings. Without any no label is believed.
    """
    fit = not_of_the_future(parsed, now)
    written = lake.write(store.settings.telemetry_folder, fit.samples) if len(fit.samples) else 0
    named = cluster or store.settings.slurm.cluster
    return Kept(written, _place(store, fit.samples, named) if named else 0, fit.rejects)


def _place(store: Store, samples: pd.DataFrame, cluster: str) -> int:
    labelled = samples[samples["job_id"].notna()]
    if labelled.empty:
        return 0
    device = ["job_id", "node", "gpu_index", "gpu_uuid", "mig"]
    seen = labelled.groupby(device, dropna=False, as_index=False)["sampled_at"].agg(first="min", last="max")
    with store.read() as conn:
        jobs = _jobs(conn, cluster, sorted(set(seen["job_id"])))
    found = seen.merge(jobs, on="job_id")
    until = found["end_at"].fillna(2**62).astype("int64")
    found = found[(found["start_at"] <= found["last"]) & (until + LATE_S >= found["first"])]
    # An id comes again: of two attempts that fit, the label means the newer one.
    found = found.sort_values("submit_at").drop_duplicates(device, keep="last")
    if found.empty:
        return 0
    # A slice, or a part of a GPU, counts what the job's accounting counts it.
    share = found["gpu_parts"] // found.groupby(["job_id", "submit_at"])["node"].transform("size")
    part = found["mig"].notna() | (found["gpu_parts"] < GPU_PARTS)
    parts = share.clip(upper=GPU_PARTS).where(part, GPU_PARTS)
    rows = found[[*device, "submit_at"]].assign(cluster=cluster, gpu_parts=parts)
    with store.begin() as conn:
        return placed.write(conn, placed_frame(rows), placed.LABEL)


def _jobs(conn: Connection, cluster: str, job_ids: list[str]) -> pd.DataFrame:
    ask = text(
        "SELECT job_id, submit_at, start_at, end_at, gpu_parts FROM jobs"
        " WHERE cluster = :cluster AND gpu_parts > 0 AND job_id IN :job_ids"
    ).bindparams(bindparam("job_ids", expanding=True))
    rows: list[Any] = []
    for first in range(0, len(job_ids), AT_ONCE):
        rows += conn.execute(ask, {"cluster": cluster, "job_ids": job_ids[first : first + AT_ONCE]}).all()
    types = {"job_id": "str", "submit_at": "int64", "start_at": "int64", "end_at": "Int64", "gpu_parts": "int64"}
    return pd.DataFrame.from_records(rows, columns=list(types)).astype(types)
