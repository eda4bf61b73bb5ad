"""An award's versions: which one holds on a day, and what they make of its plan.

Worked example: HK$1,200.00 for 2026, HK$100.00 planned each month. A supplement of HK$60.00 on 15 June leaves January
to June as they were and adds HK$10.00 to each of the six months after. A cut of HK$60.00 takes them away again.
"""

from datetime import date

import pytest

from workbench.domain.award_versions import (
    as_of,
    changed,
    first_version,
    in_force,
    last_whole_quarter,
    planned,
    quarter_days,
    quarter_of,
    quarter_plan,
    quarters_of,
    spans,
    terms_of,
)
from workbench.domain.awards import Award
from workbench.domain.rules.terms import Terms

AWARD = Award("p", None, 7000, 120_000, date(2026, 1, 1), date(2027, 1, 1), date(2025, 12, 1))
AWARD.id = 1
FIRST = first_version(AWARD)
PLAN = {f"2026-{month:02d}": 10_000 for month in range(1, 13)}


def then(version, day, *, ceiling=None, ends_on=None, rate_bp=None):
    terms = terms_of(version)
    new = Terms(terms.starts_on, ends_on or terms.ends_on, terms.ceiling_minor if ceiling is None else ceiling)
    return changed(version, new, day, 1, rate_bp=rate_bp)


SECOND = then(FIRST, date(2026, 6, 15), ceiling=126_000)


@pytest.mark.parametrize(
    ("day", "version"),
    [
        (date(2025, 11, 1), 1),
        (date(2026, 6, 14), 1),
        (date(2026, 6, 15), 2),
        (date(2028, 1, 1), 2),
    ],
)
def test_a_version_holds_from_its_day_on(day, version):
    assert in_force([FIRST, SECOND], day).version == version
    assert as_of(AWARD, [FIRST, SECOND], day).ceiling_minor == (120_000, 126_000)[version - 1]
    assert AWARD.ceiling_minor == 120_000


def test_the_days_of_the_versions_follow_each_other_without_a_gap():
    early = then(FIRST, date(2025, 12, 20), rate_bp=9000)  # before the first day: version 1 never pays
    same_day = then(then(early, date(2026, 3, 1), ceiling=1), date(2026, 3, 1), ceiling=2)
    closed = then(same_day, date(2026, 5, 1), ends_on=date(2026, 6, 1))
    versions = [FIRST, early, then(early, date(2026, 3, 1), ceiling=1), same_day, closed]
    assert [(v.version, first, after) for v, first, after in spans(versions)] == [
        (2, date(2026, 1, 1), date(2026, 3, 1)),
        (4, date(2026, 3, 1), date(2026, 5, 1)),
        (5, date(2026, 5, 1), date(2026, 6, 1)),
    ]


def test_a_supplement_is_planned_for_the_months_ahead_and_a_cut_taken_from_them():
    more = planned([FIRST, SECOND], PLAN)
    assert list(more.values()) == [10_000] * 6 + [11_000] * 6
    less = planned([FIRST, SECOND, then(SECOND, date(2026, 6, 20), ceiling=120_000)], PLAN)
    assert less == PLAN


def test_a_plan_keeps_its_shape_and_a_moved_end_spreads_it_evenly():
    shape = PLAN | {"2026-11": 20_000, "2026-12": 0}
    assert planned([FIRST, SECOND], shape)["2026-11"] == 22_000
    longer = planned([FIRST, then(FIRST, date(2026, 9, 3), ends_on=date(2027, 4, 1))], PLAN)
    assert [longer[month] for month in ("2026-09", "2026-10", "2027-03")] == [10_000, 5_000, 5_000]
    assert sum(longer.values()) == 120_000


def test_without_a_plan_there_is_none_and_a_rate_changes_none():
    assert planned([FIRST, SECOND], {}) == {}
    assert planned([FIRST, then(FIRST, date(2026, 6, 15), rate_bp=9000)], PLAN) == PLAN
    assert quarter_plan({}, "2026Q1") is None
    assert quarter_plan(PLAN, "2026Q1") == 30_000


def test_quarters_are_those_of_the_calendar():
    assert [quarter_of(date(2026, month, 1)) for month in (1, 3, 4, 12)] == ["2026Q1", "2026Q1", "2026Q2", "2026Q4"]
    assert quarter_days("2026Q4") == (date(2026, 10, 1), date(2027, 1, 1))
    assert (last_whole_quarter(date(2026, 1, 1)), last_whole_quarter(date(2026, 6, 30))) == ("2025Q4", "2026Q1")
    terms = Terms(date(2026, 3, 31), date(2027, 1, 1), 1)
    assert quarters_of(terms, date(2026, 7, 1)) == ["2026Q1", "2026Q2", "2026Q3"]


@pytest.mark.parametrize("text", ["2026", "2026Q5", "26Q1", "Q1", "2026-Q1"])
def test_what_is_no_quarter_is_said(text):
    with pytest.raises(ValueError, match="write one like 2026Q1"):
        quarter_days(text)
