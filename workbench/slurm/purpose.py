"""What a job was for, as its comment says: a notebook server, a worker of a Dask cluster, or any other job.

Whoever submits a job writes its comment. What is read here is only what it says of itself; whether the named server or
cluster knows of this job is asked elsewhere, before anything follows from it.
"""

import re
from dataclasses import dataclass

from workbench.domain.jobs import BATCH, DASK
from workbench.domain.jobs import SERVER as NOTEBOOK
from workbench.slurm.tags import CLUSTER, SERVER, tags_of

_DASK_ID = re.compile(r"d-[0-9a-f]{8}")
LONGEST = 4_000
"""No comment of ours is longer; a longer one is somebody's own."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """`kind` of workbench.domain.jobs, None unknown; the server that it is or belongs to; its Dask cluster."""

    kind: str | None = None
    server_id: str | None = None
    dask_id: str | None = None


UNTOLD, PLAIN = Purpose(), Purpose(BATCH)


def purpose_of(comment: str, *, ended: bool) -> Purpose:
    """What a comment says that its job was for.

    Args:
        comment: as Slurm has it; '' where it has none.
        ended: whether the job has; Slurm's accounting has a comment only then, so that a job that runs without one may
            be anything.
    """
    if not comment:
        return PLAIN if ended else UNTOLD
    tags = tags_of(comment) if len(comment) <= LONGEST else {}
    server, cluster = tags.get(SERVER), tags.get(CLUSTER)
    if cluster is not None:
        return Purpose(DASK, server, cluster) if _DASK_ID.fullmatch(cluster) else PLAIN
    return Purpose(NOTEBOOK, server) if server is not None else PLAIN
