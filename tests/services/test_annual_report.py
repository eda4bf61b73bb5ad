"""The year's report: its figures by hand, and each source gives its figure when it is asked again."""

from datetime import date

import pytest
from sqlalchemy import text

from tests.builders import DATA_UNTIL_S, small_centre
from workbench.errors import NoReport
from workbench.services.annual.report import annual_report, bounds
from workbench.services.charging.rating import rate
from workbench.services.ledger.closing import close_up_to
from workbench.services.ledger.posting import bring_up
from workbench.units import DAY_S, GPU_PARTS, HOUR_S

NOW = DATA_UNTIL_S + 80 * DAY_S
"""9 April 2026: the year 2025-26 is over."""


@pytest.fixture
def centre(store):
    small_centre(store)
    rate(store, NOW)
    bring_up(store, NOW)
    return store


def figures(report):
    return {figure.what: figure for section in report.sections for figure in section.figures}


def test_the_figures_by_hand(centre):
    report = annual_report(centre, "2025-26", NOW)
    found = {what: figure.value for what, figure in figures(report).items()}
    assert found["Budget given by the funder"] == 300_000_000_000
    assert found["Committed to awards"] == 100_000_000
    assert found["Still to award"] == 290_000_000_000 - 100_000_000
    assert found["List cost"] == 342 * 2800
    assert found["Paid by the scheme"] == found["Drawn in the year"] == 336 * 1960
    assert found["Users' share"] == found["Owed by projects at the end"] == 342 * 2800 - 336 * 1960
    assert found["Usage of no known project, in suspense"] == 2800
    assert found["4. GPU time allocated"] == 343 * HOUR_S * GPU_PARTS
    assert found["Allocated of in service (4 of 2)"] > found["Allocated of installed (4 of 1)"]
    assert found["5. GPU time actually busy"] is None
    assert (found["Projects with usage"], found["People with usage"]) == (2, 2)
    assert found["Awards decided"] == 1
    assert found["Days from submission to decision, median"] is None


def test_every_question_gives_its_figure_when_it_is_asked_again(centre):
    report = annual_report(centre, "2025-26", NOW)
    queries = {source.id: source.query for source in report.sources}
    again = 0
    with centre.read() as conn:
        for figure in figures(report).values():
            if queries[figure.source].startswith("SELECT") and "," not in queries[figure.source].split(" FROM ")[0]:
                value = conn.scalar(text(queries[figure.source].replace(":", "\\:")))
                assert (value or 0) == (figure.value or 0), figure.what
                again += 1
    assert again >= 20
    assert {figure.source for figure in figures(report).values()} <= set(queries)
    assert len(set(queries.values())) == len(queries)


def test_the_tables_sum_to_the_figures(centre):
    report = annual_report(centre, "2025-26", NOW)
    grids = {grid.title: grid for section in report.sections for grid in section.grids}
    assert grids["Month by month"].total == ("The year", 342 * 2800, 336 * 1960, 342 * 2800 - 336 * 1960)
    assert [row[0] for row in grids["Usage by kind of applicant"].rows] == ["university", "start-up", "unknown"]


def test_a_year_is_final_once_its_months_are_closed(centre):
    assert not annual_report(centre, "2025-26", NOW).closed
    close_up_to(centre, "2026-03", "eve", NOW)
    report = annual_report(centre, "2025-26", NOW)
    assert report.closed
    assert report.seal[1]


def test_a_year_that_runs_holds_the_days_that_are_over(centre):
    report = annual_report(centre, "2026-27", NOW)
    assert (report.first, report.until, report.after) == (date(2026, 4, 1), date(2026, 4, 9), date(2027, 4, 1))
    assert figures(report)["List cost"].value is None


@pytest.mark.parametrize(("year", "begins"), [("2025", 4), ("2025-27", 4), ("25-26", 4), ("2025-26", 1), ("x", 1)])
def test_years_are_written_one_way(year, begins):
    with pytest.raises(NoReport):
        bounds(year, begins)


def test_years_may_be_calendar_years():
    assert bounds("2026", 1) == (date(2026, 1, 1), date(2027, 1, 1))
    assert bounds("1999-00", 7) == (date(1999, 7, 1), date(2000, 7, 1))


def test_there_is_no_report_before_a_day_is_over(centre):
    with pytest.raises(NoReport):
        annual_report(centre, "2027-28", NOW)
