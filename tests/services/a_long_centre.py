"""A centre with a history long enough for a forecast.

Cluster `alpha`, 8 H800 in service from Monday 5 January 2026 (Hong Kong), and DAYS days of one job a day of the project
vision: from Monday 3, 4, 5, 6, 5, 2, 1 GPUs for the whole day, and the same every week, but for up to a tenth of a GPU
drawn with a seed. Priced at HK$28.00 per GPU-hour, of which the award pays 70%. Mondays' jobs waited for six hours.
"""

from datetime import UTC, date, datetime, timedelta

import numpy as np
from sqlalchemy import update

from tests.builders import OPENING_S, a_job, small_centre
from workbench.analytics.schema import job_frame
from workbench.domain.capacity import CapacityChange
from workbench.services.charging.rating import rate
from workbench.store.engine import Store
from workbench.store.jobs import upsert_jobs
from workbench.store.tables import freshness, metadata
from workbench.units import DAY_S, HOUR_S, gpu_parts

DAYS = 140
WEEK = (3, 4, 5, 6, 5, 2, 1)
NOW = OPENING_S + DAYS * DAY_S + 3 * HOUR_S
"""Three in the morning: the day that has begun is the first one ahead."""
FIRST_ON = date(2026, 1, 5) + timedelta(days=DAYS)


def long_centre(store: Store) -> Store:
    """Fill the store with it: the small centre's projects, prices and award, and these jobs in place of its own."""
    small_centre(store)
    drawn = np.random.default_rng(4).integers(0, 11, DAYS)
    jobs = [
        a_job(
            job_id=f"d{day}",
            submit_at=OPENING_S + day * DAY_S - (6 * HOUR_S if day % 7 == 0 else 0),
            submit_known=True,
            start_at=OPENING_S + day * DAY_S,
            end_at=OPENING_S + (day + 1) * DAY_S,
            gpu_parts=gpu_parts(WEEK[day % 7]) + gpu_parts("0.01") * int(drawn[day]),
        )
        for day in range(DAYS)
    ]
    with store.begin() as conn:
        for name in ("jobs", "rollup_hourly", "rollup_daily", "rollup_user_daily"):
            conn.execute(metadata.tables[name].delete())
        upsert_jobs(conn, job_frame(jobs), store.settings.centre.zone)
        conn.execute(update(freshness).values(data_until_at=NOW, noted_at=NOW))
    rate(store, NOW)
    return store


def in_service(store: Store, day: date, gpus: int) -> None:
    """State another capacity from a day on."""
    with store.db(writes=True) as db:
        at = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=8)
        db.add(CapacityChange("alpha", "main", "H800", at, installed=gpus, in_service=gpus, allocatable=gpus))
