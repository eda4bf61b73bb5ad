"""GPU time that jobs spent waiting for their start, by stretch of time: what was asked for and not given yet."""

import numpy as np
from sqlalchemy import BigInteger, Connection, case, func, select, type_coerce

from workbench.analytics.sweep import Int64s
from workbench.store.frames import JOBS
from workbench.store.wanted import Wanted, allowed

QUARTER_S = 900
"""Days of every zone begin on a quarter of an hour."""


def waiting(conn: Connection, edges: Int64s, wanted: Wanted) -> Int64s:
    """GPU part-seconds waited in each bucket, by jobs that have started since and whose submission is known; exact.

    Args:
        conn: any connection.
        edges: ascending, each on a quarter of an hour; UTC epoch seconds.
        wanted: which jobs count.
    """
    first, last = int(edges[0]), int(edges[-1])
    submit, start = (type_coerce(JOBS.c[name], BigInteger) for name in ("submit_at", "start_at"))
    began = case((submit < first, first), else_=submit)
    where = (JOBS.c.submit_known, start > submit, start > first, submit < last, *allowed(JOBS, wanted))
    quarters = (last - first) // QUARTER_S
    amount, level = np.zeros(quarters, dtype=np.int64), np.zeros(quarters + 1, dtype=np.int64)
    for moment, sign in ((began, 1), (start, -1)):
        quarter = (moment - first) // QUARTER_S
        into = func.sum(JOBS.c.gpu_parts * ((moment - first) % QUARTER_S))
        for number, parts, part_seconds in conn.execute(
            select(quarter, func.sum(JOBS.c.gpu_parts), into).where(*where, moment < last).group_by(quarter)
        ):
            level[int(number) + 1] += sign * int(parts)
            amount[int(number)] += sign * (int(parts) * QUARTER_S - int(part_seconds))
    amount += level.cumsum()[:-1] * QUARTER_S
    place = (edges[:-1] - first) // QUARTER_S
    return np.add.reduceat(amount, place).astype(np.int64)
