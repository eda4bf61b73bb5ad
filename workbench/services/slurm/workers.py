"""Which jobs of Slurm are workers of our Dask clusters: those seen in the queue, and those that say so and may.

A job's comment is no proof: it is believed where its user and project are the cluster's own (services.dask_jobs).
"""

import pandas as pd
from sqlalchemy import Connection, select

from workbench.domain.jobs import BATCH, DASK
from workbench.store.dask_tables import dask_clusters, dask_jobs


def attributed(conn: Connection, jobs: pd.DataFrame, cluster: str) -> pd.DataFrame:
    """The job frame with `kind`, `dask_id` and `server_id` of Dask workers as our books have them.

    A job that calls itself a worker of a cluster that is not its user's, or not there, is a batch job.
    """
    if jobs.empty:
        return jobs
    first, last = int(jobs["submit_at"].min()), int(jobs["submit_at"].max())
    ask = select(dask_jobs).where(dask_jobs.c.cluster == cluster, dask_jobs.c.submit_at.between(first, last))
    seen = {(row.job_id, row.submit_at): row.dask_id for row in conn.execute(ask)}
    claims = jobs["kind"].eq(DASK).fillna(False)
    named = {*seen.values(), *jobs.loc[claims, "dask_id"].dropna()}
    if not named:
        return jobs if not claims.any() else jobs.assign(kind=jobs["kind"].mask(claims, BATCH))
    ask = select(dask_clusters).where(dask_clusters.c.cluster == cluster, dask_clusters.c.id.in_(sorted(named)))
    known = {row.id: row for row in conn.execute(ask)}
    ids: list[str | None] = []
    for key, user, project, claimed in zip(
        zip(jobs["job_id"], jobs["submit_at"], strict=True), jobs["user_name"], jobs["project"],
        jobs["dask_id"].where(claims), strict=True,
    ):  # fmt: skip
        said = known.get(claimed) if isinstance(claimed, str) else None
        may = said is not None and (said.user_name, said.project) == (user, project)
        ids.append(seen.get(key) or (str(claimed) if may else None))
    mine = pd.Series(ids, index=jobs.index, dtype="str")
    servers = mine.map({name: row.server_id for name, row in known.items()})
    is_mine = mine.notna()
    return jobs.assign(
        kind=jobs["kind"].mask(claims, BATCH).mask(is_mine, DASK),
        dask_id=mine,
        server_id=jobs["server_id"].mask(claims).mask(is_mine, servers),
    )
