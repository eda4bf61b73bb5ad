"""What a job was charged can be said, and all jobs together are what charges by day say."""

import pytest
from sqlalchemy import func, select

from tests.builders import DATA_UNTIL_S, OPENING_S, a_job, small_centre
from workbench.analytics.schema import job_frame
from workbench.domain.awards import Award
from workbench.domain.jobs import Job
from workbench.errors import UnknownJob
from workbench.periods import epoch
from workbench.services.charging.explain import charged_by_key, explain, posted, told
from workbench.services.charging.rating import rate
from workbench.services.ledger.posting import bring_up
from workbench.store.jobs import upsert_jobs
from workbench.store.ledger_tables import ledger_transactions
from workbench.store.tables import charges_daily
from workbench.units import DAY_S, HOUR_S


@pytest.fixture
def centre(store):
    return small_centre(store)


def all_charged(store, project):
    rate(store, DATA_UNTIL_S)
    whose = Job.project == project if project else Job.project.is_(None)
    with store.db() as db:
        keys = {(job.cluster, job.job_id, epoch(job.submit_at)) for job in db.scalars(select(Job).where(whose))}
    return sorted(charged_by_key(store, project, keys), key=lambda job: job.lines[0].window.start_s)


def test_a_job_says_price_award_and_sum(centre):
    [charged] = explain(centre, "v3")
    [(sentence, sums)] = told(charged, centre.settings.centre.zone, "HK$")
    assert sentence == (
        "From 8 Jan 2026 00:00:00 to 8 Jan 2026 06:00:00 (21,600 s) the job was charged for 4 GPU at HK$28.00 an "
        "hour (price list 'prices of 2025-01-01'): HK$672.00. The subsidy (award 1 of 2025-12-01) pays 70%, "
        "HK$470.40; the user pays HK$201.60."
    )
    assert sums == [
        "28.00 × 4 × 1 × 1 × 21,600 s ÷ 3,600 = 672.000000",
        "list cost: rounded, less the rounded lines before = 672.00",
        "subsidy: 70% of it = 470.40",
        "user's share: 672.00 − 470.40 = 201.60",
    ]
    assert [charged.total(name) for name in ("list_minor", "subsidy_minor", "user_minor")] == [67_200, 47_040, 20_160]


@pytest.mark.parametrize("project", ["vision", "speech", None])
def test_all_jobs_of_a_project_add_up_to_its_charges_by_day(centre, project):
    rate(centre, DATA_UNTIL_S)
    with centre.read() as conn:
        columns = [func.sum(charges_daily.c[name]) for name in ("list_minor", "subsidy_minor", "user_minor")]
        by_day = conn.execute(select(*columns).where(charges_daily.c.project == (project or ""))).one()
    jobs = all_charged(centre, project)
    assert tuple(by_day) == tuple(sum(j.total(n) for j in jobs) for n in ("list_minor", "subsidy_minor", "user_minor"))


def test_jobs_draw_on_the_award_in_the_order_in_which_they_started(centre):
    with centre.db() as db:
        db.scalars(select(Award)).one().ceiling_minor = 2 * 47_040 + 23_520
    assert [job.total("subsidy_minor") for job in all_charged(centre, "vision")] == [47_040, 47_040, 23_520, *[0] * 11]
    [third] = explain(centre, "v2", "alpha")
    assert [(x.seconds, x.ends_with) for x in third.lines] == [(3 * HOUR_S, "ceiling"), (3 * HOUR_S, "end")]


def test_a_job_over_the_end_of_a_month_is_cut_there(centre):
    first_of_february = OPENING_S + 27 * DAY_S
    job = a_job(job_id="long", start_at=first_of_february - HOUR_S, end_at=first_of_february + HOUR_S, seen_until_at=0)
    with centre.begin() as conn:
        upsert_jobs(conn, job_frame([{**job, "seen_until_at": job["end_at"]}]), centre.settings.centre.zone)
    [charged] = explain(centre, "long")
    assert [(x.window.end_s, x.ends_with) for x in charged.lines] == [
        (first_of_february, "cut"),
        (first_of_february + HOUR_S, "end"),
    ]


def test_a_job_without_a_price_says_so(centre):
    with centre.begin() as conn:
        upsert_jobs(conn, job_frame([a_job(job_id="new", gpu_model="B300")]), centre.settings.centre.zone)
    [charged] = explain(centre, "new")
    assert charged.total("list_minor") is None
    assert "B300 has no price" in told(charged, centre.settings.centre.zone, "HK$")[0][0]


def test_every_attempt_of_a_requeued_job_is_charged(centre):
    again = a_job(job_id="v0", submit_at=OPENING_S + 1, start_at=OPENING_S + 10 * HOUR_S)
    with centre.begin() as conn:
        upsert_jobs(conn, job_frame([again]), centre.settings.centre.zone)
    assert [charged.total("list_minor") for charged in explain(centre, "v0")] == [67_200, 2800]


def test_a_job_that_is_not_there_is_said(centre):
    with pytest.raises(UnknownJob, match="There is no job 'x' on alpha"):
        explain(centre, "x", "alpha")


def test_nights_do_not_part_a_line_and_the_second_of_the_ceiling_does(centre):
    with centre.db() as db:
        db.scalars(select(Award)).one().ceiling_minor = 14 * 47_040 + 36 * 1960
    start = OPENING_S + 20 * DAY_S + HOUR_S
    job = a_job(job_id="long", start_at=start, end_at=start + 3 * DAY_S)
    with centre.begin() as conn:
        upsert_jobs(conn, job_frame([job]), centre.settings.centre.zone)
    rate(centre, DATA_UNTIL_S + 30 * DAY_S)
    [charged] = explain(centre, "long")
    assert [(x.seconds, x.subsidy_minor, x.ends_with) for x in charged.lines] == [
        (36 * HOUR_S, 36 * 1960, "ceiling"),
        (36 * HOUR_S, 0, "end"),
    ]
    with centre.read() as conn:
        columns = [func.sum(charges_daily.c[name]) for name in ("list_minor", "subsidy_minor", "user_minor")]
        stored = conn.execute(select(*columns).where(charges_daily.c.day >= "2026-01-25")).one()
    assert tuple(charged.total(n) for n in ("list_minor", "subsidy_minor", "user_minor")) == tuple(stored)


def test_what_was_posted_is_said_by_day(centre):
    rate(centre, DATA_UNTIL_S)
    [charged] = explain(centre, "v3")
    assert posted(centre, charged) == {"2026-01-08": None}
    bring_up(centre, DATA_UNTIL_S)
    [number] = posted(centre, charged).values()
    with centre.read() as conn:
        [row] = conn.execute(select(ledger_transactions).where(ledger_transactions.c.seq == number))
    assert (row.kind, row.project, row.day) == ("charge", "vision", "2026-01-08")
