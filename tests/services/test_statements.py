"""Statements of the small centre by hand: 14 days of vision at HK$672.00 a day, 70% of it subsidised; speech without
an award; one hour of nobody. All of January 2026, whose last days have no usage.
"""

import csv
import io
import json
from datetime import date
from decimal import Decimal

import pytest

from tests.builders import DATA_UNTIL_S, OPENING_S, a_job, small_centre
from workbench.analytics.schema import job_frame
from workbench.domain.access import OwnProjects, WholeCentre
from workbench.domain.other_charges import OtherCharge
from workbench.errors import NoStatement, UnknownProject
from workbench.services.beside_usage.rows import record
from workbench.services.charging.rating import rate
from workbench.services.ledger.closing import close_up_to
from workbench.services.ledger.payments import pay
from workbench.services.ledger.posting import bring_up
from workbench.services.statements.files import LINE_COLUMNS, statement_csv, statement_focus, statement_json
from workbench.services.statements.months import month_before, months_until
from workbench.services.statements.statements import by_month, statement, statements
from workbench.store.jobs import upsert_jobs
from workbench.units import DAY_S

ALL = WholeCentre("eve")
LEAD = OwnProjects("lee", frozenset({"speech", "vision"}), frozenset({"speech"}))
DAY_LIST, DAY_SUBSIDY = 24 * 2800, 24 * 1960
FEBRUARY_S = DATA_UNTIL_S + 20 * DAY_S
"""7 February 2026: January is over."""


@pytest.fixture
def centre(store):
    small_centre(store)
    rate(store, FEBRUARY_S)
    bring_up(store, FEBRUARY_S)
    return store


def test_the_statement_by_hand(centre):
    paper = statement(centre, ALL, "vision", "2026-01", FEBRUARY_S)
    of = paper.figures
    assert (of.opening_minor, of.list_minor, of.subsidy_minor) == (0, 14 * DAY_LIST, 14 * DAY_SUBSIDY)
    assert of.user_minor == of.closing_minor == 14 * (DAY_LIST - DAY_SUBSIDY) == 282_240
    assert (of.ceiling_minor, of.ceiling_left_minor) == (100_000_000, 100_000_000 - 14 * DAY_SUBSIDY)
    assert (paper.number, paper.of.closed, paper.of.whole) == ("2026-01/vision", False, True)
    assert [(line.day, line.list_minor) for line in paper.days[:1]] == [(date(2026, 1, 5), DAY_LIST)]
    assert sum(line.list_minor for line in paper.days) == sum(line.list_minor for line in paper.users) == of.list_minor
    (award,) = paper.awards
    assert (award.rate_bp, award.drawn_before_minor, award.drawn_minor) == (7000, 0, of.subsidy_minor)
    assert award.left_minor == of.ceiling_left_minor
    assert paper.differences == ()


def test_a_month_begins_where_the_one_before_closed(centre):
    january = statement(centre, ALL, "vision", "2026-01", FEBRUARY_S).figures
    february = statement(centre, ALL, "vision", "2026-02", FEBRUARY_S).figures
    assert february.opening_minor == february.closing_minor == january.closing_minor
    assert february.ceiling_left_minor == january.ceiling_left_minor


def test_without_an_award_the_ceiling_is_unknown(centre):
    of = statement(centre, ALL, "speech", "2026-01", FEBRUARY_S).figures
    assert (of.list_minor, of.subsidy_minor, of.ceiling_left_minor) == (6 * 2800, 0, None)


def test_the_list_is_all_statements_and_their_sum(centre):
    found = statements(centre, ALL, "2026-01", FEBRUARY_S)
    assert [row.project for row in found.rows] == ["vision", "speech"]
    assert found.total.list_minor == (336 + 6) * 2800
    assert found.total.closing_minor == sum(row.figures.closing_minor for row in found.rows)
    assert found.suspense_minor == 2800
    trend = by_month(centre, ALL, FEBRUARY_S).set_index("month")
    assert trend.loc["2026-01", "list_minor"] == found.total.list_minor
    assert trend.loc["2026-02", "closing_minor"] == found.total.closing_minor
    assert month_before(centre, FEBRUARY_S) == "2026-01"
    assert months_until(centre, FEBRUARY_S)[:2] == ("2026-02", "2026-01")


def test_leads_have_the_statements_of_their_projects_and_members_have_none(centre):
    assert [row.project for row in statements(centre, LEAD, "2026-01", FEBRUARY_S).rows] == ["speech"]
    assert statements(centre, LEAD, "2026-01", FEBRUARY_S).suspense_minor == 0
    assert by_month(centre, LEAD, FEBRUARY_S)["list_minor"].sum() == 6 * 2800
    assert statement(centre, LEAD, "speech", "2026-01", FEBRUARY_S).figures.list_minor == 6 * 2800
    for scope in (LEAD, OwnProjects("ana", frozenset({"vision"}))):
        with pytest.raises(UnknownProject):
            statement(centre, scope, "vision", "2026-01", FEBRUARY_S)
    for project in ("nothing", ""):
        with pytest.raises(UnknownProject):
            statement(centre, ALL, project, "2026-01", FEBRUARY_S)


@pytest.mark.parametrize("month", ["2026-03", "2026-13", "January", ""])
def test_there_is_no_statement_of_what_is_no_month_or_has_not_begun(centre, month):
    with pytest.raises(NoStatement):
        statement(centre, ALL, "vision", month, FEBRUARY_S)


def test_days_that_are_not_posted_are_said_and_the_difference_is_shown(store):
    small_centre(store)
    rate(store, DATA_UNTIL_S)
    bring_up(store, DATA_UNTIL_S - 7 * DAY_S)
    paper = statement(store, ALL, "vision", "2026-01", DATA_UNTIL_S)
    assert paper.of.until == date(2026, 1, 12)
    assert not paper.of.whole
    assert paper.figures.list_minor == 7 * DAY_LIST
    (listed, subsidy) = paper.differences
    assert (listed.what, listed.minor, listed.reason) == (
        "list cost",
        -7 * DAY_LIST,
        "days that are not in the ledger yet",
    )
    assert (subsidy.what, subsidy.minor) == ("subsidy", -7 * DAY_SUBSIDY)


def _beside(kind, key, day, listed, subsidy, **more):
    return OtherCharge(
        key, kind, "vision", day, listed, subsidy, listed - subsidy, f"A {kind}", "eve", FEBRUARY_S,
        award_id=1 if subsidy else None, **more,
    )  # fmt: skip


def test_refunds_storage_write_offs_and_payments_stand_on_their_own_lines(centre):
    with centre.begin() as conn:
        record(conn, _beside("refund", "refund/1", date(2026, 1, 20), -1000, -700))
        record(conn, _beside("storage", "storage/1", date(2026, 1, 31), 2700, 0))
        record(conn, _beside("write-off", "write-off/1", date(2026, 1, 31), -40, 0))
        record(conn, _beside("adjustment", "adjustment/1", date(2026, 1, 31), -5, 0))
    pay(centre, "vision", 100_000, date(2026, 1, 30), "INV-1", FEBRUARY_S)
    rate(centre, FEBRUARY_S)
    bring_up(centre, FEBRUARY_S)
    paper = statement(centre, ALL, "vision", "2026-01", FEBRUARY_S)
    of = paper.figures
    assert (of.list_minor, of.refunds_minor, of.write_offs_minor) == (14 * DAY_LIST + 2700, 300, 40)
    assert (of.adjustments_minor, of.payments_minor, of.returned_minor) == (-5, 100_000, 700)
    assert of.closing_minor == 282_240 + 2700 - 300 - 40 - 5 - 100_000
    assert of.ceiling_left_minor == 100_000_000 - 14 * DAY_SUBSIDY + 700 == paper.awards[0].left_minor
    assert [other.kind for other in paper.others] == ["refund", "adjustment", "storage", "write-off"]
    (paid,) = paper.payments
    assert (paid.day, paid.user_minor) == (date(2026, 1, 30), -100_000)
    assert paper.differences == ()


def test_usage_found_after_closing_is_a_difference_of_the_closed_month_and_an_adjustment_of_the_open_one(centre):
    close_up_to(centre, "2026-01", "eve", FEBRUARY_S)
    sealed = statement(centre, ALL, "vision", "2026-01", FEBRUARY_S)
    assert sealed.of.closed
    late = a_job(job_id="late", start_at=OPENING_S + 20 * DAY_S)
    with centre.begin() as conn:
        upsert_jobs(conn, job_frame([late]), centre.settings.centre.zone)
    rate(centre, FEBRUARY_S)
    bring_up(centre, FEBRUARY_S)
    january = statement(centre, ALL, "vision", "2026-01", FEBRUARY_S)
    assert (january.figures, january.of.seal) == (sealed.figures, sealed.of.seal)
    assert {one.what: one.minor for one in january.differences}["list cost"] == -2800
    assert "adjusted in an open month" in january.differences[0].reason
    february = statement(centre, ALL, "vision", "2026-02", FEBRUARY_S + DAY_S).figures
    assert (february.list_minor, february.adjustments_minor) == (0, 840)
    assert february.ceiling_left_minor == 100_000_000 - 14 * DAY_SUBSIDY - 1960
    paper = statement(centre, ALL, "vision", "2026-02", FEBRUARY_S + DAY_S)
    (line,) = paper.others
    assert (line.kind, line.list_minor, line.subsidy_minor, line.correction) == ("adjustment", 2800, 1960, True)
    assert line.memo.startswith("Adjustment of a closed month: ")
    assert paper.differences == ()
    (row, credit) = csv.DictReader(io.StringIO(statement_focus([paper], centre.settings)))
    assert (row["ChargeCategory"], row["ChargeClass"], row["ListCost"]) == ("Adjustment", "Correction", "28.00")
    assert (credit["ChargeCategory"], credit["BilledCost"]) == ("Credit", "-19.60")


def test_focus_adds_up_to_list_cost_and_to_what_users_are_billed(centre):
    paper = statement(centre, ALL, "vision", "2026-01", FEBRUARY_S)
    rows = list(csv.DictReader(io.StringIO(statement_focus([paper], centre.settings))))
    sums = {name: sum(Decimal(row[name]) for row in rows) for name in ("ListCost", "EffectiveCost", "BilledCost")}
    assert sums == {
        "ListCost": Decimal("9408.00"),
        "EffectiveCost": Decimal("2822.40"),
        "BilledCost": Decimal("2822.40"),
    }
    usage, credit = rows[:2]
    assert (usage["ChargeCategory"], usage["ListCost"], usage["ListUnitPrice"]) == ("Usage", "672.00", "28.000000")
    assert (usage["ConsumedQuantity"], usage["ConsumedUnit"]) == ("24.000000", "GPU-Hours")
    assert (credit["ChargeCategory"], credit["ListCost"], credit["BilledCost"]) == ("Credit", "0.00", "-470.40")
    assert usage["BillingPeriodStart"] == "2025-12-31T16:00:00Z"
    mandatory = ("BillingAccountId", "BillingCurrency", "ChargePeriodEnd", "ServiceName", "ServiceCategory")
    assert all(row[name] for row in rows for name in (*mandatory, "ProviderName", "PublisherName", "InvoiceIssuerName"))
    assert {row["ChargeClass"] for row in rows} == {""}


def test_csv_and_json_say_the_same(centre):
    paper = statement(centre, ALL, "vision", "2026-01", FEBRUARY_S)
    rows = list(csv.DictReader(io.StringIO(statement_csv(paper))))
    assert tuple(rows[0]) == LINE_COLUMNS
    lines = {row["item"]: row["amount"] for row in rows if row["section"] == "account"}
    assert (lines["list cost"], lines["closing"]) == ("9408.00", "2822.40")
    assert sum(Decimal(row["list_cost"]) for row in rows if row["section"] == "usage") == Decimal("9408.00")
    said = json.loads(statement_json(paper))
    assert said["figures"]["closing_minor"] == 282_240
    assert said["days"][0]["day"] == "2026-01-05"


def test_a_spreadsheet_runs_nothing_of_a_statement(store):
    small_centre(store)
    start = OPENING_S + DAY_S
    job = a_job(job_id="x", user_name="=HYPERLINK(1)", partition="+part", project="speech", start_at=start)
    with store.begin() as conn:
        upsert_jobs(conn, job_frame([job]), store.settings.centre.zone)
    rate(store, FEBRUARY_S)
    bring_up(store, FEBRUARY_S)
    less = OtherCharge(
        "adjustment/1", "adjustment", "speech", date(2026, 1, 9), -500, 0, -500, "=1+1", "eve", FEBRUARY_S
    )
    with store.begin() as conn:
        record(conn, less)
    bring_up(store, FEBRUARY_S)
    paper = statement(store, ALL, "speech", "2026-01", FEBRUARY_S)
    for made in (statement_csv(paper), statement_focus([paper], store.settings)):
        cells = {cell for row in csv.reader(io.StringIO(made)) for cell in row}
        assert "'+part" in cells
        assert "-5.00" in cells, "an amount below zero stays a number"
        assert not [cell for cell in cells if cell[:1] in {"=", "+", "@"}]
