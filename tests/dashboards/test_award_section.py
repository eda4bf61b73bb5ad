"""The award's part of a project's page: its lead sees what it says, what was asked and decided, plan and reports.

The award is that of tests.services.an_award, with a supplement of HK$10,000.00 in place of the 20,000.00 asked.
"""

from datetime import date

import pytest

from dashboards import projects
from tests.dashboards.test_pages import table
from tests.services.an_award import awarded, noon, use
from workbench.services.awards.actions import Ask, ask, decide
from workbench.services.awards.effects import Given

FEB, MAR = date(2026, 2, 10), date(2026, 3, 2)


@pytest.fixture
def store_with_award(store):
    award = awarded(store)
    use(store, FEB, 100, noon(MAR))
    more = ask(store, award, Ask("supplement", "More voices", Given(amount_minor=2_000_000)), "ada", noon(FEB))
    decide(store, more, "approve", "com", noon(FEB), note="Half now.", given=Given(amount_minor=1_000_000))
    ask(store, award, Ask("extension", "Illness", Given(ends_on=date(2027, 6, 1))), "ada", noon(MAR))
    return store


def texts(found):
    return [[cell.text for cell in row.cells] for row in found.rows]


def page_of(ask_page, store, group):
    return projects.build(ask_page(group, "projects", store=store, until_s=noon(MAR), project="speech-lab"))


def test_the_lead_sees_versions_actions_plan_and_reports(ask, store_with_award):
    page = page_of(ask, store_with_award, "lead:speech-lab")
    assert texts(table(page, "award")) == [
        ["2", "10 Feb 2026", "70%", "210,000.00", "1 Feb 2026 up to 1 Feb 2027", "Supplement", "Half now."],
        ["2", "5 Jan 2026", "70%", "200,000.00", "1 Feb 2026 up to 1 Feb 2027", "Decision", ""],
    ]
    actions = texts(table(page, "award-actions"))
    assert [row[1:] for row in actions] == [
        ["Extension", "1 Jun 2027", "Illness", "open"],
        ["Supplement", "HK$20,000.00", "More voices", "approved, HK$10,000.00"],
    ]
    assert texts(table(page, "award-plan")) == [["2026Q1", "2", "104,285.71", "1,960.00", "1.9%"]]
    assert texts(table(page, "award-reports"))[0] == [
        *("1 Mar 2026", "2", "Progress report of month 1"),
        "late: no supplement until it comes",
    ]
    assert list(page.frames["award-plan"]["planned_minor"]) == [10_428_571]


def test_a_member_does_not_see_it(ask, store_with_award):
    page = page_of(ask, store_with_award, "member:speech-lab")
    assert not [found.id for found in page.tables if found.id.startswith("award")]


def test_a_project_without_an_award_has_no_such_part(ask):
    page = projects.build(ask("executives", "projects", project="speech"))
    assert not [found.id for found in page.tables if found.id.startswith("award")]
