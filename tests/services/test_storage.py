"""Storage: measured by day, charged by month, unknown days in no mean, files of closed projects listed."""

from datetime import date, timedelta

import pytest

from tests.builders import small_centre
from tests.services.scheme_people import NOW as DECIDED
from tests.services.scheme_people import WAY, a_draft, add_people, bring
from workbench.errors import BadQuestion, FileUnreadable
from workbench.periods import day_start
from workbench.services.applications import steps as applications
from workbench.services.beside_usage.rows import of_project
from workbench.services.beside_usage.storage import FREE, NEW, OTHERWISE, THERE, charge, deletions
from workbench.services.beside_usage.storage_log import ingest
from workbench.services.prices.file import read_price_file
from workbench.services.prices.stored import known_models, load_prices
from workbench.store.raw import rejects_of
from workbench.units import DAY_S

TB = 10**12


@pytest.fixture
def centre(store):
    return small_centre(store)


@pytest.fixture
def now(store):
    """The 10th of February 2026."""
    return day_start(date(2026, 2, 10), store.settings.centre.zone)


@pytest.fixture
def bring_in(centre, tmp_path, now):
    def bring_in(text, **given):
        path = tmp_path / "storage.csv"
        path.write_text(f"date,project,bytes\n{text}")
        return ingest(centre, path, now, **given)

    return bring_in


def january(project, stored, days=31):
    return "".join(f"{date(2026, 1, 1) + timedelta(days=n)},{project},{stored}\n" for n in range(days))


def rows(store, project="vision"):
    with store.read() as conn:
        return of_project(conn, project)


def test_a_month_is_charged_once_for_its_mean_beyond_what_is_free(centre, bring_in, now):
    bring_in(january("vision", 7 * TB // 2) + january("speech", TB))
    speech, vision = charge(centre, "2026-01", now)
    assert (vision.project, vision.list_minor, vision.measured, vision.state) == ("vision", 6750, 1, NEW)
    assert (speech.list_minor, speech.state) == (0, FREE)
    (row,) = rows(centre)
    assert (row.key, row.day, row.kind) == ("storage/vision/2026-01", date(2026, 1, 31), "storage")
    assert (row.list_minor, row.subsidy_minor, row.user_minor, row.award_id) == (6750, 0, 6750, None)
    assert (row.quantity, row.unit) == (3500, "milli-TB-months")
    assert row.memo == "Storage in January 2026: 3.500 TB on average, 1 TB free; measured on 31 of 31 days"
    assert [one.state for one in charge(centre, "2026-01", now)] == [FREE, THERE]
    assert rows(centre) == [row]
    assert rows(centre, "speech") == []


def test_days_that_were_not_measured_are_unknown_and_not_nothing(centre, bring_in, now):
    bring_in(january("vision", 3 * TB, days=10))
    (found,) = charge(centre, "2026-01", now, dry_run=True)
    assert (found.list_minor, found.mean_bytes, found.measured_days, found.days) == (5400, 3 * TB, 10, 31)
    assert rows(centre) == []


def test_another_measure_after_the_charge_is_said_and_changes_no_charge(centre, bring_in, now):
    bring_in(january("vision", 2 * TB))
    charge(centre, "2026-01", now)
    report = bring_in("2026-01-31,vision,9000000000000\n")
    assert (report.added, report.changed, report.unchanged) == (0, 1, 0)
    assert [one.state for one in charge(centre, "2026-01", now)] == [OTHERWISE]
    assert [row.list_minor for row in rows(centre)] == [2700]


def test_the_price_list_goes_before_the_rule(centre, bring_in, now, tmp_path):
    path = tmp_path / "prices.toml"
    path.write_text(
        'currency = "HKD"\n[[version]]\nname = "dear"\nfrom = 2026-01-01\ncore_hour = "0.20"\n'
        'gpu_hour = { H800 = "28.00" }\nstorage = { free_tb = 2, tb_month = "40" }\n'
    )
    load_prices(centre, read_price_file(path, centre.settings.centre.zone, known_models(centre)), path, now)
    bring_in(january("vision", 3 * TB))
    assert [one.list_minor for one in charge(centre, "2026-01", now)] == [4000]
    assert rows(centre)[0].refs["price"] == "dear"


@pytest.mark.parametrize(("month", "why"), [("2026-02", "not over"), ("2026-13", "no month"), ("January", "no month")])
def test_only_a_month_that_is_over_is_charged(centre, now, month, why):
    with pytest.raises(BadQuestion, match=why):
        charge(centre, month, now)


def test_bad_rows_are_kept_with_line_and_reason(centre, bring_in):
    text = (
        "2026-01-05,vision,1000\n5 January,vision,1000\n2026-01-05,nowhere,1000\n2026-01-05,speech,1.5e12\n"
        "2026-01-06,speech,-4\n2026-03-01,speech,4\n2026-01-05,vision,1001\n2026-01-07,speech,\n"
        "2026-01-08,speech,9999999999999999999\n"
    )
    report = bring_in(text)
    assert (report.added, len(report.rejects)) == (1, 8)
    said = {reject.line: reject.reason for reject in report.rejects}
    assert said == {
        3: "'5 January' is no date like 2026-01-31",
        4: "there is no project 'nowhere'",
        5: "'1.5e12' is no whole number of bytes",
        6: "'-4' is no whole number of bytes",
        7: "2026-03-01 is yet to come",
        8: "two measures of vision on 2026-01-05 in one file",
        9: "'' is no whole number of bytes",
        10: "9999999999999999999 bytes are more than can be real",
    }
    with centre.read() as conn:
        assert len(rejects_of(conn, report.capture_id, 100)) == 8


def test_the_same_file_twice_changes_nothing_and_a_dry_run_keeps_nothing(centre, bring_in):
    text = january("vision", TB)
    assert bring_in(text, dry_run=True).added == 31
    assert bring_in(text).added == 31
    again = bring_in(text)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 31)


def test_a_file_that_is_no_such_list_is_refused(centre, tmp_path, now):
    with pytest.raises(FileUnreadable, match="No such file"):
        ingest(centre, tmp_path / "none.csv", now)
    path = tmp_path / "other.csv"
    path.write_text("day,project\n")
    with pytest.raises(FileUnreadable, match=r"bytes, date"):
        ingest(centre, path, now)
    path.write_bytes(b"date,project,bytes\n2026-01-01,\xff,1\n")
    with pytest.raises(FileUnreadable, match="UTF-8"):
        ingest(centre, path, now)


def test_files_of_a_closed_project_may_be_deleted_after_ninety_days(store, tmp_path):
    add_people(store)
    reference = applications.begin(store, a_draft(), "ada", DECIDED)
    bring(store, reference, *WAY[:-1])
    assert deletions(store, DECIDED) == []
    bring(store, reference, WAY[-1])
    path = tmp_path / "storage.csv"
    path.write_text("date,project,bytes\n2026-01-04,speech-lab,10\n2026-01-05,speech-lab,12\n")
    ingest(store, path, DECIDED)
    (found,) = deletions(store, DECIDED)
    assert (found.project, found.closed_on, found.delete_on) == ("speech-lab", date(2026, 1, 5), date(2026, 4, 5))
    assert (found.stored_bytes, found.measured_on, found.due) == (12, date(2026, 1, 5), False)
    assert deletions(store, DECIDED + 90 * DAY_S)[0].due
