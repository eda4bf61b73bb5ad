"""What pages and commands show of an award, worked by hand. The award is that of tests.services.an_award."""

from datetime import date

import pytest

from tests.services.an_award import SUBSIDY_HOUR, awarded, noon, use
from workbench.domain.access import OwnProjects, WholeCentre
from workbench.errors import UnknownAward, UnknownProject
from workbench.services.awards.actions import Ask, ask, decide
from workbench.services.awards.effects import Given
from workbench.services.awards.history import file_of_award, history, listed
from workbench.services.spend import burn, envelope

FEB, MAR = date(2026, 2, 10), date(2026, 3, 2)
ALL, MINE = WholeCentre("eve"), OwnProjects("ada", frozenset({"speech-lab"}))


@pytest.fixture
def award(store):
    number = awarded(store)
    use(store, FEB, 100, noon(MAR))
    use(store, MAR, 50, noon(MAR))
    more = ask(store, number, Ask("supplement", "More voices", Given(amount_minor=2_000_000)), "ada", noon(FEB))
    decide(store, more, "approve", "com", noon(FEB), note="Agreed.", given=Given(amount_minor=1_000_000))
    ask(store, number, Ask("over-use", "To be safe"), "ada", noon(FEB))
    return number


def test_the_file_of_an_award_says_balance_versions_actions_plan_and_reports(store, award):
    found = history(store, MINE, "speech-lab", noon(MAR))[0]
    line, drawn = found.line, 150 * SUBSIDY_HOUR
    assert (line.ceiling_minor, line.drawn_minor, line.free_minor) == (21_000_000, drawn, 21_000_000 - drawn)
    assert (found.application, found.conditions, found.over_use) == ("A-2026-001", "Report in month 3.", True)
    assert [(v.what, v.by, v.why, v.from_on) for v in found.versions] == [
        ("decision", "the Committee", "", date(2026, 1, 5)),
        ("supplement", "com", "Agreed.", FEB),
    ]
    asked = found.actions[0]
    assert (asked.amount_minor, asked.decided_minor, asked.decision) == (2_000_000, 1_000_000, "approved")
    assert [(q.quarter, q.planned_minor, q.used_minor) for q in found.quarters] == [
        ("2026Q1", 10_428_571, drawn)  # 25,000.00 + 75,000.00 and 3/7 of the supplement in March
    ]
    assert [(r.report, r.due_on, r.state) for r in found.reports] == [
        ("progress 1", date(2026, 3, 1), "late"),
        ("progress 3", date(2026, 5, 1), "ahead"),
        ("progress 9", date(2026, 11, 1), "ahead"),
        ("final", date(2027, 4, 1), "ahead"),
    ]


def test_after_the_end_the_rest_has_lapsed_and_the_files_have_a_day(store, award):
    found = file_of_award(store, ALL, award, noon(date(2027, 2, 1)))
    assert (found.line.state, found.line.free_minor) == ("lapsed", 0)
    assert found.line.lapsed_minor == 21_000_000 - 150 * SUBSIDY_HOUR
    assert found.files_deleted_from == date(2027, 5, 2)  # 90 days
    assert file_of_award(store, ALL, award, noon(MAR)).files_deleted_from is None


def test_others_awards_are_not_there(store, award):
    assert [line.project for line in listed(store, MINE, noon(MAR))] == ["speech-lab"]
    assert len(listed(store, ALL, noon(MAR))) == 2
    with pytest.raises(UnknownProject):
        history(store, MINE, "vision", noon(MAR))
    with pytest.raises(UnknownAward):
        file_of_award(store, MINE, 1, noon(MAR))


def test_the_fund_is_committed_by_versions_from_their_day_on(store, award):
    assert envelope(store, MINE, noon(date(2026, 2, 9))).committed_minor == 20_000_000
    assert envelope(store, MINE, noon(FEB)).committed_minor == 21_000_000
    frame = burn(store, MINE, noon(MAR)).set_index("day")
    on = {day: frame.loc[str(day), "committed_minor"] for day in (date(2026, 1, 5), date(2026, 2, 9), FEB, MAR)}
    assert list(on.values()) == [20_000_000, 20_000_000, 21_000_000, 21_000_000]
    planned = frame["planned_total_minor"]
    assert planned.loc["2026-02-09"] == 20_000_000 * 9 // 365
    assert planned.iloc[-1] == 21_000_000
