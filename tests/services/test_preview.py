"""The preview before the vote, on a small centre whose figures can be checked by hand.

8 H800 in service; in its week of jobs vision takes 4 of them six hours a day (168 GPU-hours), speech 3 and somebody
unknown 1: 172 of 1,344, which is 12.8%.
"""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import update

from tests.builders import DATA_UNTIL_S, small_centre
from workbench.domain.awards import Application
from workbench.domain.capacity import CapacityChange, Outage
from workbench.errors import StepRefused, UnknownApplication
from workbench.periods import moment, parse_moment
from workbench.services.applications.awarding import Decided
from workbench.services.applications.steps import Draft, begin
from workbench.services.charging.rating import rate
from workbench.services.preview.preview import preview

NOW = DATA_UNTIL_S + 3600
"""Monday 19 January 2026, 01:00 in Hong Kong."""
AWARD = Decided(7000, 10_000_000, date(2026, 2, 1), date(2026, 6, 1))


@pytest.fixture
def centre(store):
    small_centre(store)
    rate(store, NOW)
    return store


@pytest.fixture
def asked(centre):
    hours = (1000, 1000, 0, 0)
    need = {"gpu_model": "H800", "gpus": 4, "gpu_hours_by_month": hours}
    draft = Draft("new-lab", "New lab", "university", "University C", 3_920_000, **need)
    return begin(centre, draft, "ana", NOW)


def test_it_says_what_the_award_would_do_beside_the_same_without_it(centre, asked):
    found = preview(centre, asked, AWARD, NOW)
    february, _, april = found.months[:3]
    assert (february.month, found.months[-1].month, found.pool) == ("2026-02", "2027-01", "main, H800")
    assert february.occupancy_bp_without == 1280  # February is four whole weeks
    more = [month.occupancy_bp_with - month.occupancy_bp_without for month in found.months]
    # 1,000 GPU-hours of 8 × 672 are 18.6 points; some of its jobs wait into March.
    assert 1500 < more[0] <= 1860
    hours = [8 * 24 * days * bp / 10_000 for days, bp in zip((28, 31, 30, 31), more, strict=False)]
    assert sum(hours) == pytest.approx(2000, abs=5)
    assert february.applicant_gpu_hours == 1000
    assert april.occupancy_bp_with == pytest.approx(april.occupancy_bp_without, abs=15)
    assert (february.wait_median_s_without, april.applicant_wait_median_s) == (0, None)
    assert february.wait_p95_s_with >= february.wait_p95_s_without


def test_the_fund_is_drawn_by_what_is_used_and_committed_by_the_ceiling(centre, asked):
    found = preview(centre, asked, AWARD, NOW)
    more = [month.fund_left_minor_without - month.fund_left_minor_with for month in found.months]
    assert more[:3] == [1_960_000, 3_920_000, 3_920_000]  # 1,000 h × HK$28 × 70% a month
    assert found.fund_free_minor_without - found.fund_free_minor_with == 10_000_000
    kept = [month.committed_minor_with - month.committed_minor_without for month in found.months]
    assert kept == [10_000_000] * 3 + [3_920_000] * 9  # it ends on 1 June: the rest is free again
    assert found.fund_lasts_until_with is None  # not within a century


def test_a_ceiling_that_pays_for_less_cuts_the_plan(centre, asked):
    found = preview(centre, asked, replace(AWARD, ceiling_minor=1_960_000), NOW)
    assert [month.applicant_gpu_hours for month in found.months[:3]] == [500, 500, 0]
    assert any("the ceiling pays for 1,000" in said for said in found.says)


def test_without_terms_what_is_requested_is_looked_at(centre, asked):
    found = preview(centre, asked, None, NOW)
    assert (found.rate_bp, found.ceiling_minor) == (7000, 3_920_000)
    assert (found.starts_on, found.ends_on) == (date(2026, 2, 1), date(2027, 2, 1))


def test_the_same_question_has_the_same_answer_until_the_records_change(centre, asked):
    told = []
    first = preview(centre, asked, AWARD, NOW, lambda *stage: told.append(stage))
    assert told[-1] == ("replay with", 2, 2)
    told.clear()
    assert preview(centre, asked, AWARD, NOW + 600, lambda *stage: told.append(stage)) is first
    assert told == []
    with centre.db(writes=True) as db:
        since = moment(parse_moment("2026-03-01", centre.settings.centre.zone))
        db.add(CapacityChange("alpha", "main", "H800", since, installed=20, in_service=16, allocatable=16))
    grown = preview(centre, asked, AWARD, NOW)
    assert grown.months[0].occupancy_bp_without == first.months[0].occupancy_bp_without
    april = [found.months[2].occupancy_bp_without for found in (first, grown)]
    assert april[1] == pytest.approx(april[0] / 2, abs=1)


def test_a_stated_outage_makes_jobs_wait(centre, asked):
    zone = centre.settings.centre.zone
    start, end = (moment(parse_moment(day, zone)) for day in ("2026-02-10", "2026-02-14"))
    with centre.db(writes=True) as db:
        db.add(Outage("alpha", "main", "H800", start, end, 8, planned=True, reason="Power"))
    found = preview(centre, asked, AWARD, NOW)
    assert found.months[0].wait_p95_s_without > 24 * 3600
    assert found.months[1].wait_p95_s_without < 3600


def test_what_is_not_known_is_said(centre, asked):
    says = " ".join(preview(centre, asked, AWARD, NOW).says)
    assert "The jobs of the last 1 weeks (9 jobs)" in says
    assert "too short or too old to check the replay" in says
    assert "2 jobs have no known submission" in says


def test_a_decided_application_has_no_preview(centre, asked):
    with centre.begin() as conn:
        conn.execute(update(Application).values(stage="active"))
    with pytest.raises(StepRefused, match="A preview is made before the decision"):
        preview(centre, asked, AWARD, NOW)
    with pytest.raises(UnknownApplication):
        preview(centre, "A-1", AWARD, NOW)
