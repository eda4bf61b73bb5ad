"""Things to test with, small enough to check by hand.

`small_centre(store)` fills a store: cluster `alpha`, partition `main` with 8 H800 in service from Monday 5 January 2026
(Hong Kong), two projects and one job that belongs to nobody:

  vision  14 jobs, one a day from 00:00 to 06:00 (HKT) with 4 GPUs   14 × 24 = 336 GPU-hours, queued for 10 minutes
  speech   2 jobs, Mondays from 12:00 to 18:00 with half a GPU        2 ×  3 =   6 GPU-hours, submit time not known
  nobody   1 job, on the 6th from 12:00 to 13:00 with 1 GPU                      1 GPU-hour

Priced at HK$28.00 per GPU-hour; vision has an award of 70% with a ceiling of HK$1,000,000, speech has none.
"""

from datetime import UTC, date, datetime

import pandas as pd
from sqlalchemy import insert

from workbench.analytics.schema import job_frame
from workbench.domain.awards import Award
from workbench.domain.capacity import CapacityChange
from workbench.domain.projects import Member, Person, Project
from workbench.services.prices.stored import CPU, add_versions, plain_contents
from workbench.store.engine import Store
from workbench.store.jobs import upsert_jobs
from workbench.store.tables import freshness
from workbench.units import DAY_S, HOUR_S, gpu_parts

OPENING_S = int(datetime(2026, 1, 4, 16, tzinfo=UTC).timestamp())
"""Monday 5 January 2026, 00:00 in Hong Kong."""
DAYS = 14
DATA_UNTIL_S = OPENING_S + DAYS * DAY_S
VISION_GPU_HOURS, SPEECH_GPU_HOURS, NOBODYS_GPU_HOURS = 336, 6, 1


def a_job(**given: object) -> dict[str, object]:
    """A finished job of one GPU and one hour, with what is given in place of that."""
    start = int(given.get("start_at", OPENING_S))  # type: ignore[call-overload]
    end = given.get("end_at", start + HOUR_S)
    job = {
        "cluster": "alpha",
        "job_id": "1",
        "submit_at": start,
        "start_at": start,
        "end_at": end,
        "seen_until_at": end,
        "project": "vision",
        "user_name": "ana",
        "partition": "main",
        "gpu_model": "H800",
        "gpu_parts": gpu_parts(1),
        "cpu_cores": 8,
        "state": "COMPLETED",
        "name": None,
        "source": "joblog",
        "submit_known": False,
        "capture_id": None,
    }
    return job | given


def small_centre_jobs() -> pd.DataFrame:
    """The jobs that the module's table lists, as a job frame."""
    vision = [
        a_job(
            job_id=f"v{day}",
            submit_at=OPENING_S + day * DAY_S - 600,
            submit_known=True,
            start_at=OPENING_S + day * DAY_S,
            end_at=OPENING_S + day * DAY_S + 6 * HOUR_S,
            gpu_parts=gpu_parts(4),
        )
        for day in range(DAYS)
    ]
    noon = 12 * HOUR_S
    speech = [
        a_job(
            job_id=f"s{week}",
            project="speech",
            user_name="bo",
            gpu_parts=gpu_parts("0.5"),
            start_at=OPENING_S + week * 7 * DAY_S + noon,
            end_at=OPENING_S + week * 7 * DAY_S + noon + 6 * HOUR_S,
        )
        for week in range(2)
    ]
    nobodys = a_job(job_id="n1", project=None, user_name=None, start_at=OPENING_S + DAY_S + noon, cpu_cores=None)
    return job_frame([*vision, *speech, nobodys])


def add_prices(store: Store, changes: dict[str, dict[str, str]]) -> None:
    """Put versions into the price list: day → what an hour costs from then on (name everything)."""
    centre = store.settings.centre
    contents = plain_contents({date.fromisoformat(day): (prices, "") for day, prices in changes.items()})
    with store.begin() as conn:
        add_versions(conn, contents, centre.currency, centre, "a test", OPENING_S)


def small_centre(store: Store) -> Store:
    """Fill the store with it."""
    opening = datetime.fromtimestamp(OPENING_S, UTC)
    with store.db() as db:
        db.add_all(
            [
                Project("vision", "Seeing machines", "university", "University A", made_up=True),
                Project("speech", "Hearing machines", "start-up", "Start-up B", made_up=True),
                Person("ana", "Analyst of vision", made_up=True),
                Person("lee", "Lead of speech", made_up=True),
                CapacityChange("alpha", "main", "H800", opening, installed=10, in_service=8, allocatable=8),
            ]
        )
        db.flush()
        db.add_all(
            [
                Member("vision", "ana", "member"),
                Member("speech", "lee", "lead"),
                Award(
                    project="vision",
                    application=None,
                    rate_bp=7000,
                    ceiling_minor=100_000_000,
                    starts_on=date(2026, 1, 1),
                    ends_on=date(2027, 1, 1),
                    decided_on=date(2025, 12, 1),
                ),
            ]
        )
    add_prices(store, {"2025-01-01": {"H800": "28.00", CPU: "0.20"}})
    with store.begin() as conn:
        upsert_jobs(conn, small_centre_jobs(), store.settings.centre.zone)
        noted = {"cluster": "alpha", "data_until_at": DATA_UNTIL_S, "noted_at": DATA_UNTIL_S, "note": ""}
        conn.execute(insert(freshness).values(**noted))
    return store
