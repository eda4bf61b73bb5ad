"""GPU time that jobs spent waiting for their start, by stretch of time: what was asked for and not given yet."""

from itertools import chain

import numpy as np
from sqlalchemy import BigInteger, Connection, select, type_coerce

from workbench.analytics.sweep_arrays import Int64s, spread
from workbench.store.frames import JOBS
from workbench.store.wanted import Wanted, allowed


def waiting(conn: Connection, edges: Int64s, wanted: Wanted) -> Int64s:
    """GPU part-seconds waited in each bucket, by jobs that have started since and whose submission is known; exact.

    Args:
        conn: any connection.
        edges: ascending bucket edges, UTC epoch seconds.
        wanted: which jobs count.
    """
    submit, start = (type_coerce(JOBS.c[name], BigInteger) for name in ("submit_at", "start_at"))
    first, last = int(edges[0]), int(edges[-1])
    where = (JOBS.c.submit_known, start > submit, start > first, submit < last, *allowed(JOBS, wanted))
    rows = conn.execute(select(submit, start, JOBS.c.gpu_parts).where(*where)).all()
    sums = np.zeros(len(edges), dtype=np.int64)
    if rows:
        began, ended, parts = np.fromiter(chain.from_iterable(rows), np.int64).reshape(-1, 3).T
        place, found = spread(began, ended, np.zeros(len(parts), dtype=np.int64), {"parts": parts}, edges)
        sums[place] = found["parts"]
    return sums[:-1]  # the place past the last edge holds nothing
