"""An award of 70% with a ceiling of HK$200,000.00 for speech-lab, February 2026 to January 2027, led by ada.

Decided on 5 January 2026 by com, recommended by rev. Its plan: HK$25,000 in February, 75,000 in March, 100,000 in
April. A GPU-hour costs HK$28.00, of which the award pays HK$19.60.
"""

from itertools import count
from zoneinfo import ZoneInfo

from tests.builders import a_job, small_centre
from tests.services.scheme_people import NOW, WAY, a_draft, add_people, bring
from workbench.analytics.schema import job_frame
from workbench.domain.awards import Award
from workbench.domain.projects import Person
from workbench.periods import day_start
from workbench.services.applications import meetings
from workbench.services.applications import steps as applications
from workbench.services.charging import rating
from workbench.store.jobs import upsert_jobs
from workbench.units import HOUR_S, gpu_parts

HK = ZoneInfo("Asia/Hong_Kong")
SUBSIDY_HOUR = 1960
_jobs = count(1)


def noon(day):
    """UTC epoch seconds of noon in Hong Kong on a day."""
    return day_start(day, HK) + 12 * HOUR_S


def awarded(store):
    """The centre with that award; its number."""
    small_centre(store)
    add_people(store)
    with store.db(writes=True) as db:
        db.add_all([Person("carl", "Carl", role="committee"), Person("sue", "Sue", role="secretariat")])
    meetings.attend(store, 1, ("carl",), "sec")
    reference = applications.begin(store, a_draft(), "ada", NOW)
    bring(store, reference, *WAY[:8])
    with store.db() as db:
        return db.query(Award).filter_by(project="speech-lab").one().id


def use(store, day, gpu_hours, now, project="speech-lab"):
    """Usage of so many GPU-hours on one day, of which accounting hears at `now`."""
    start = day_start(day, HK)
    job = a_job(
        job_id=f"u{next(_jobs)}", project=project, start_at=start, end_at=start + HOUR_S, gpu_parts=gpu_parts(gpu_hours)
    )
    with store.begin() as conn:
        upsert_jobs(conn, job_frame([job]), HK)
    rating.rate(store, now)


def stored(store, query):
    with store.read() as conn:
        return [tuple(row) for row in conn.exec_driver_sql(query)]


def charged(store, day, project="speech-lab"):
    """List cost, subsidy and user's share of a day, minor units."""
    return stored(
        store,
        "SELECT list_minor, subsidy_minor, user_minor FROM charges_daily "
        f"WHERE project = '{project}' AND day = '{day.isoformat()}' ORDER BY cluster, partition, gpu_model",
    )
