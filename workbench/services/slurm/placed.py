"""Where jobs run, kept as soon as it is known: asked of Slurm while they run, for its accounting does not say.

One question a round for all jobs of which Slurm has not been heard yet. A job that has more GPUs by Slurm's answer than
by its accounting has been given a name that looks like an answer: nothing of it is believed. Such a job, and one of
which Slurm does not say which GPUs it has, is not asked for again.
"""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from workbench.analytics.parsed import Reject, shortened
from workbench.analytics.samples import placed_frame
from workbench.slurm.placed import JobPlace, places
from workbench.slurm.runner import Runner
from workbench.store import placed
from workbench.store.engine import Store
from workbench.units import GPU_PARTS

NOWHERE = "(unknown)"
"""The node of a job of which Slurm said nothing that can be used; no node has this name."""


@dataclass(frozen=True)
class Looked:
    """What a look brought: jobs that have a place now, those of which it stays unknown, what could not be read."""

    placed: int
    unknown: int
    rejects: tuple[Reject, ...] = ()


def look(store: Store, runner: Runner) -> Looked:
    """Ask Slurm for the GPUs of the running jobs that have no place yet, and keep them.

    Raises:
        SlurmError: no answer; nothing was changed.
    """
    with store.read() as conn:
        wanted = placed.unplaced(conn, store.settings.slurm.cluster)
    if wanted.empty:
        return Looked(0, 0)
    answer = places(runner)
    told = {(job.job_id, job.submit_at): job for job in answer.jobs}
    rows: list[dict[str, Any]] = []
    rejects = list(answer.rejects)
    known = unknown = 0
    for job in wanted.to_dict("records"):
        place = told.get((job["job_id"], job["submit_at"]))
        if place is None:
            continue  # it has ended, or was requeued: its accounting comes
        kept = _rows(job, place)
        if sum(row["gpu_index"] is not None for row in kept) * GPU_PARTS > job["gpu_parts"]:
            why = f"job {place.job_id} has more GPUs by scontrol than by its accounting"
            rejects.append(Reject(0, "place of a job", why, shortened(str(place.devices))))
            kept = []
        if any(row["gpu_index"] is not None for row in kept):
            known += 1
        else:
            unknown += 1
        rows += kept or [_row(job, NOWHERE, None, None)]
    if rows:
        with store.begin() as conn:
            placed.write(conn, placed_frame(pd.DataFrame(rows)))
    return Looked(known, unknown, tuple(rejects))


def _rows(job: dict[str, Any], place: JobPlace) -> list[dict[str, Any]]:
    return [_row(job, device.node.split(".")[0], device.index, device.profile) for device in place.devices]


def _row(job: dict[str, Any], node: str, index: int | None, profile: str | None) -> dict[str, Any]:
    key = {name: job[name] for name in ("cluster", "job_id", "submit_at")}
    return {**key, "node": node, "gpu_index": index, "mig": profile, "gpu_parts": GPU_PARTS}
