"""Rule 12 as it is carried out: notice, two weeks, cut; an appeal stops it.

Worked example: speech-lab planned HK$25,000.00 for February and HK$75,000.00 for March 2026, so HK$100,000.00 for
2026Q1. It used 3,000 GPU-hours × HK$19.60 = HK$58,800.00, 58.8%. Between 55% and 70%, 20% of the unused HK$41,200.00
is cut: HK$8,240.00, two weeks after the notice.
"""

from datetime import date

import pytest
from sqlalchemy import update

from tests.services.an_award import SUBSIDY_HOUR, awarded, noon, stored, use
from workbench.domain.holds import Hold
from workbench.errors import RuleBroken, StepRefused
from workbench.periods import moment
from workbench.services.awards.actions import Ask, ask, decide
from workbench.services.awards.appeals import appeal
from workbench.services.awards.effects import Given
from workbench.services.awards.review import daily
from workbench.services.awards.underuse import carry_out, give_notice, review
from workbench.services.awards.versions import fund_movements
from workbench.services.charging import rating
from workbench.store.charges import decided_awards
from workbench.store.tables import freshness

NOTICE, EVE, CUT_DAY = date(2026, 4, 2), date(2026, 4, 15), date(2026, 4, 16)
CUT = 824_000


@pytest.fixture
def award(store):
    number = awarded(store)
    use(store, date(2026, 2, 10), 500, noon(NOTICE))
    use(store, date(2026, 3, 10), 2500, noon(NOTICE))
    with store.begin() as conn:
        conn.execute(update(freshness).values(data_until_at=noon(date(2026, 4, 1))))
    return number


def ceiling(store, award, day):
    with store.read() as conn:
        return next(a.ceiling_minor for a in decided_awards(conn, None, day) if a.id == award)


def of(found, award):
    return next(one for one in found if one.award == award)


def test_a_quarter_is_measured_against_the_projects_own_plan(store, award):
    found = review(store, "2026Q1", noon(NOTICE))
    mine = of(found, award)
    assert (mine.planned_minor, mine.used_minor, mine.used_bp) == (10_000_000, 5_880_000, 5_880)
    assert (mine.unused_minor, mine.share_bp, mine.cut_minor, mine.state) == (4_120_000, 2000, CUT, "to be cut")
    other = next(one for one in found if one.project == "vision")
    assert (other.planned_minor, other.cut_minor, other.state) == (None, 0, "no plan")


def test_who_was_ahead_of_the_plan_is_asked_for_no_more_than_was_left(store, award):
    use(store, date(2026, 3, 11), 7000, noon(NOTICE))  # 3,000 + 7,000 GPU-hours: HK$196,000.00 of HK$200,000.00
    with store.begin() as conn:
        conn.execute(update(freshness).values(data_until_at=noon(date(2026, 7, 1))))
    mine = of(review(store, "2026Q2", noon(date(2026, 7, 2))), award)
    assert (mine.planned_minor, mine.cut_minor) == (400_000, 320_000)  # planned HK$100,000.00, left HK$4,000.00
    use(store, date(2026, 3, 12), 300, noon(NOTICE))
    rating.rate(store, noon(date(2026, 7, 2)))
    mine = of(review(store, "2026Q2", noon(date(2026, 7, 2))), award)
    assert (mine.planned_minor, mine.cut_minor, mine.state) == (0, 0, "kept")


def test_notice_is_given_once_and_says_the_arithmetic(store, award):
    assert [one.award for one in give_notice(store, "2026Q1", noon(NOTICE))] == [award]
    assert give_notice(store, "2026Q1", noon(NOTICE)) == []
    assert stored(store, "SELECT amount_minor, quarter, reason FROM award_actions") == [
        (
            CUT,
            "2026Q1",
            "2026Q1: HK$58,800.00 of HK$100,000.00 planned was used (58.8%). 20% of the unused HK$41,200.00, "
            "HK$8,240.00, is cut on 16 Apr 2026 unless the project appeals before.",
        )
    ]
    mine = of(review(store, "2026Q1", noon(NOTICE)), award)
    assert (mine.state, mine.takes_effect_on) == ("noticed", CUT_DAY)


def test_the_cut_comes_after_two_weeks_and_once(store, award):
    give_notice(store, "2026Q1", noon(NOTICE))
    assert carry_out(store, noon(EVE)) == []
    assert len(carry_out(store, noon(CUT_DAY))) == 1
    assert carry_out(store, noon(CUT_DAY)) == []
    assert (ceiling(store, award, EVE), ceiling(store, award, CUT_DAY)) == (20_000_000, 20_000_000 - CUT)
    assert of(review(store, "2026Q1", noon(CUT_DAY)), award).state == "cut"
    with store.read() as conn:
        cut = next(m for m in fund_movements(conn, CUT_DAY) if m.kind == "cut")
    assert (cut.subject, cut.day, cut.amount_minor) == (f"cut/{award}/2", CUT_DAY, -CUT)


def test_an_appeal_stops_the_cut_until_it_is_decided(store, award):
    give_notice(store, "2026Q1", noon(NOTICE))
    number = appeal(store, 1, "ada", "The data came late.", noon(EVE))
    assert carry_out(store, noon(CUT_DAY)) == []
    assert of(review(store, "2026Q1", noon(CUT_DAY)), award).state == "appealed"
    decide(store, number, "decline", "com", noon(CUT_DAY), note="It was known in January.")
    assert carry_out(store, noon(CUT_DAY)) == [1]
    assert ceiling(store, award, CUT_DAY) == 20_000_000 - CUT


def test_an_appeal_that_is_granted_ends_it(store, award):
    give_notice(store, "2026Q1", noon(NOTICE))
    decide(store, appeal(store, 1, "ada", "The data came late.", noon(EVE)), "approve", "com", noon(EVE))
    assert carry_out(store, noon(CUT_DAY)) == []
    assert ceiling(store, award, CUT_DAY) == 20_000_000
    assert of(review(store, "2026Q1", noon(CUT_DAY)), award).state == "not cut"


def test_an_appeal_after_the_cut_gives_it_back(store, award):
    give_notice(store, "2026Q1", noon(NOTICE))
    carry_out(store, noon(CUT_DAY))
    later = date(2026, 5, 4)
    decide(store, appeal(store, 1, "ada", "The data came late.", noon(later)), "approve", "com", noon(later))
    assert (ceiling(store, award, date(2026, 5, 3)), ceiling(store, award, later)) == (20_000_000 - CUT, 20_000_000)


def test_usage_that_comes_in_after_the_notice_makes_the_cut_smaller(store, award):
    give_notice(store, "2026Q1", noon(NOTICE))
    use(store, date(2026, 3, 20), 200, noon(EVE))  # 6,272,000 of 10,000,000: 20% of 3,728,000
    carry_out(store, noon(CUT_DAY))
    assert ceiling(store, award, CUT_DAY) == 20_000_000 - 745_600


def test_nothing_that_is_drawn_or_held_is_cut(store, award):
    give_notice(store, "2026Q1", noon(NOTICE))
    left = 20_000_000 - 3000 * SUBSIDY_HOUR
    with store.db(writes=True) as db:
        db.add(Hold("server-1", award, "speech-lab", "alpha", 2800, 7000, 3600, left - 100_000, moment(noon(EVE))))
    carry_out(store, noon(CUT_DAY))
    assert ceiling(store, award, CUT_DAY) == 20_000_000 - 100_000


@pytest.mark.parametrize(
    ("quarter", "day", "said"),
    [("2026Q2", NOTICE, "2026Q2 is not over"), ("2026Q2", date(2026, 7, 2), "usage is known until 1 Apr 2026")],
)
def test_a_quarter_that_is_not_known_to_its_end_is_not_judged(store, award, quarter, day, said):
    with pytest.raises(RuleBroken, match=said):
        review(store, quarter, noon(day))


def test_the_daily_round_gives_notice_and_cuts_and_can_be_repeated(store, award):
    assert daily(store, noon(NOTICE)).noticed == (award,)
    assert daily(store, noon(NOTICE)).noticed == ()
    assert daily(store, noon(CUT_DAY)).cut == (1,)
    done = daily(store, noon(CUT_DAY))
    assert (done.noticed, done.cut, done.longer) == ((), (), ())


def test_nobody_decides_a_cut_but_by_an_appeal(store, award):
    give_notice(store, "2026Q1", noon(NOTICE))
    with pytest.raises(StepRefused, match="follows from the scheme's rules alone"):
        decide(store, 1, "approve", "com", noon(NOTICE))


def test_an_award_that_was_closed_meanwhile_is_not_cut(store, award):
    give_notice(store, "2026Q1", noon(NOTICE))
    closing = ask(store, award, Ask("closing", "Done.", Given(ends_on=date(2026, 4, 10))), "ada", noon(NOTICE))
    decide(store, closing, "approve", "sec", noon(NOTICE))
    carry_out(store, noon(CUT_DAY))
    assert stored(store, "SELECT decision, reason FROM award_action_decisions WHERE action = 1") == [
        ("declined", "The award has ended: nothing is left to cut.")
    ]
