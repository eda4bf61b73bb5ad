"""Sums by month equal the postings; a closed month takes nothing more, what changes becomes an adjustment."""

from datetime import date

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import IntegrityError

from tests.builders import DATA_UNTIL_S, OPENING_S, a_job, add_prices, small_centre
from tests.ledgers import a_charge, drop_guards
from workbench.analytics.schema import job_frame
from workbench.domain.access import WholeCentre
from workbench.domain.awards import Award
from workbench.domain.other_charges import OtherCharge
from workbench.errors import CannotClose, KeyTaken, MonthClosed, PaymentRefused, UnknownProject
from workbench.services.beside_usage.rows import record
from workbench.services.charging.rating import mark, rate
from workbench.services.ledger import closing, payments
from workbench.services.ledger.books import balances, journal, post
from workbench.services.ledger.months import movements, sum_up
from workbench.services.ledger.posting import bring_up
from workbench.services.ledger.verify import verify
from workbench.store.jobs import upsert_jobs
from workbench.store.ledger_tables import ledger_months
from workbench.store.tables import charges_daily
from workbench.units import DAY_S, HOUR_S

ALL = WholeCentre("eve")
NOW = DATA_UNTIL_S + 1
FEBRUARY_S = OPENING_S + 27 * DAY_S
"""1 February 2026, 00:00 in Hong Kong."""


@pytest.fixture
def centre(store):
    small_centre(store)
    rate(store, NOW)
    bring_up(store, NOW)
    return store


@pytest.fixture
def closed(centre):
    """January is closed on the third of February, with all months before it."""
    now = FEBRUARY_S + 2 * DAY_S
    with centre.read() as conn:
        months = closing.months_to_close(conn, "2026-01")
    for month in months:
        assert closing.close(centre, month, "eve", now).new
    return centre


def moved(store, **asked):
    with store.read() as conn:
        return movements(conn, **asked)


def test_movements_by_hand(centre):
    assert moved(centre, project="vision") == {
        ("2025-12", "project:vision:award", "award"): 100_000_000,
        ("2026-01", "project:vision:award", "charge"): -336 * 1960,
        ("2026-01", "project:vision:payable", "charge"): 336 * 840,
        ("2026-01", "project:vision:subsidised", "charge"): 336 * 1960,
    }
    assert moved(centre, first="2026-02") == {}
    assert {month for month, _, _ in moved(centre, last="2025-12")} == {"2024-10", "2025-12"}


def test_a_reversal_counts_under_the_kind_that_it_takes_back(centre):
    with centre.begin() as conn:
        conn.execute(delete(charges_daily).where(charges_daily.c.project == "vision"))
    bring_up(centre, NOW, everything=True)
    assert {kind for _, _, kind in moved(centre, project="vision")} == {"award", "charge"}
    assert moved(centre, project="vision")["2026-01", "project:vision:payable", "charge"] == 0
    assert verify(centre).problems == ()


def test_sums_made_anew_are_the_same(centre):
    before = moved(centre)
    with centre.begin() as conn:
        sum_up(conn, centre.settings.centre.zone)
    assert moved(centre) == before


def test_what_was_posted_before_there_were_sums_is_summed_up(centre):
    before = moved(centre)
    with centre.begin() as conn:
        conn.execute(delete(ledger_months))
    assert bring_up(centre, NOW).charges == 0
    assert moved(centre) == before
    assert verify(centre).problems == ()


def test_verify_names_a_sum_that_somebody_changed(centre):
    with centre.begin() as conn:
        wrong = ledger_months.c.ledger_account == "suspense"
        conn.execute(update(ledger_months).values(amount_minor=1).where(wrong))
    (problem,) = verify(centre).problems
    assert problem.reason == "the sum of suspense in 2026-01, charge, HKD says 1 of 1 postings, they come to 2800 of 1"


def test_months_close_in_order_once_and_say_what_is_not_well(centre):
    with pytest.raises(CannotClose, match=r"not over.*1 Feb 2026"):
        closing.close(centre, "2026-01", "eve", FEBRUARY_S - 1)
    with pytest.raises(CannotClose, match="2024-10 is open still"):
        closing.close(centre, "2026-01", "eve", FEBRUARY_S)
    with pytest.raises(CannotClose, match="no month"):
        closing.close(centre, "January", "eve", FEBRUARY_S)
    with centre.read() as conn:
        months = closing.months_to_close(conn, "2026-01")
    assert (len(months), months[0], months[-1]) == (16, "2024-10", "2026-01")
    for month in months:
        done = closing.close(centre, month, "eve", FEBRUARY_S)
    assert done.notes == (
        "HK$28.00 of usage without a project is in suspense.",
        "Usage of alpha is not known up to the month's end.",
    )
    again = closing.close(centre, "2026-01", "sam", FEBRUARY_S + DAY_S)
    assert (again.new, again.closed_by, again.closed_at) == (False, "eve", FEBRUARY_S)
    with centre.read() as conn:
        assert closing.closed(conn) == frozenset(months)
        assert closing.months_to_close(conn, "2025-12") == []
    assert verify(centre).problems == ()


def test_usage_that_is_not_rated_or_not_posted_keeps_a_month_open(centre):
    close_before(centre, "2025-12")
    with centre.begin() as conn:
        mark(conn, ["vision"], date(2026, 1, 31))
    with pytest.raises(CannotClose, match=r"1 project\(s\) is not rated yet, from 2026-01-31"):
        closing.close(centre, "2026-01", "eve", FEBRUARY_S)
    rate(centre, FEBRUARY_S)
    with pytest.raises(CannotClose, match="not posted"):
        closing.close(centre, "2026-01", "eve", FEBRUARY_S)
    bring_up(centre, FEBRUARY_S)
    assert closing.close(centre, "2026-01", "eve", FEBRUARY_S).new


def close_before(store, last):
    with store.read() as conn:
        months = closing.months_to_close(conn, last)
    for month in months:
        closing.close(store, month, "eve", FEBRUARY_S)


def test_nothing_can_be_posted_for_a_closed_month(closed):
    zone = closed.settings.centre.zone
    with pytest.raises(MonthClosed, match="2026-01 is closed"), closed.begin() as conn:
        post(conn, [a_charge(1)], zone)
    raw = (
        "INSERT INTO ledger_transactions SELECT seq + 1, 'x', at, kind, project, day, memo, refs, hash, hash "
        "FROM ledger_transactions ORDER BY seq DESC LIMIT 1"
    )
    with pytest.raises(IntegrityError, match="its month is closed"), closed.begin() as conn:
        conn.execute(text(raw))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE closed_months SET closed_by = 'sam'",
        "DELETE FROM closed_months WHERE month = '2026-01'",
        "INSERT INTO closed_months SELECT '2024-01', 1, closed_at, closed_by, seq, hash FROM closed_months LIMIT 1",
        "INSERT OR REPLACE INTO closed_months SELECT month, end_at + 9, closed_at, closed_by, seq, hash "
        "FROM closed_months WHERE month = '2026-01'",
    ],
)
def test_a_closed_month_stays_as_it_is(closed, statement):
    with pytest.raises(IntegrityError), closed.begin() as conn:
        conn.execute(text(statement))


def test_verify_finds_what_was_posted_for_a_month_after_it_was_closed(closed):
    with closed.begin() as conn:
        drop_guards(conn)
        rows = [tuple(row) for row in conn.execute(text("SELECT * FROM closed_months"))]
        conn.execute(text("DELETE FROM closed_months"))
        post(conn, [a_charge(1)], closed.settings.centre.zone)
        conn.exec_driver_sql("INSERT INTO closed_months VALUES (?, ?, ?, ?, ?, ?)", rows)
    (found,) = [problem for problem in verify(closed).problems if "trigger" not in problem.reason]
    assert found.reason == "counts for 2026-01 or before, and was posted after that was closed"


def test_verify_finds_a_note_of_a_closing_that_was_changed(closed):
    with closed.begin() as conn:
        drop_guards(conn)
        conn.execute(text(f"UPDATE closed_months SET hash = '{'f' * 64}' WHERE month = '2026-01'"))
    (found,) = [problem for problem in verify(closed).problems if "trigger" not in problem.reason]
    assert "noted when 2026-01 was closed" in found.reason


def test_a_price_that_changes_for_a_closed_month_is_adjusted_in_the_open_one_once(closed):
    january = moved(closed, last="2026-01")
    now = FEBRUARY_S + 3 * DAY_S
    add_prices(closed, {"2026-01-12": {"H800": "29.00", "cpu": "0.20"}})
    with closed.begin() as conn:
        mark(conn, ["vision"], date(2026, 1, 12))
    rate(closed, now)
    assert bring_up(closed, now).charges == 7 + 1  # of vision and of speech
    assert moved(closed, last="2026-01") == january
    seven_days_of_24_hours = 7 * 24
    assert moved(closed, project="vision", first="2026-02") == {
        ("2026-02", "project:vision:award", "adjustment"): -seven_days_of_24_hours * 70,
        ("2026-02", "project:vision:payable", "adjustment"): seven_days_of_24_hours * 30,
        ("2026-02", "project:vision:subsidised", "adjustment"): seven_days_of_24_hours * 70,
    }
    assert bring_up(closed, now + DAY_S, everything=True).charges == 0
    assert verify(closed).problems == ()
    row = next(journal(closed, ALL, last=1))
    assert '"corrects":"daily/2026-01-18/alpha/vision"' in row.refs


def test_late_usage_of_a_closed_month_is_adjusted_and_the_open_month_is_posted_as_ever(closed):
    now = FEBRUARY_S + 3 * DAY_S
    late = [
        a_job(job_id=f"late{n}", project="speech", start_at=start, submit_at=start, end_at=start + HOUR_S)
        for n, start in enumerate((OPENING_S + 13 * DAY_S, FEBRUARY_S + DAY_S))
    ]
    with closed.begin() as conn:
        upsert_jobs(conn, job_frame(late), closed.settings.centre.zone)
    rate(closed, now)
    bring_up(closed, now)
    assert moved(closed, project="speech", first="2026-02") == {
        ("2026-02", "project:speech:payable", "adjustment"): 2800,
        ("2026-02", "project:speech:payable", "charge"): 2800,
    }


def test_a_lapse_of_a_closed_month_is_adjusted_too(centre):
    with centre.begin() as conn:
        conn.execute(update(Award).values(ends_on=date(2026, 1, 20)))
    bring_up(centre, NOW + 3 * DAY_S)
    assert balances(centre, ALL)["project:vision:award"] == 0
    close_before(centre, "2026-01")
    start = OPENING_S + 13 * DAY_S + 12 * HOUR_S
    with centre.begin() as conn:
        late = a_job(job_id="late", start_at=start, submit_at=start, end_at=start + HOUR_S)
        upsert_jobs(conn, job_frame([late]), centre.settings.centre.zone)
    now = FEBRUARY_S + 3 * DAY_S
    rate(centre, now)
    bring_up(centre, now)
    found = balances(centre, ALL)
    assert found["project:vision:award"] == 0
    assert found["fund:committed"] == -337 * 1960
    assert verify(centre).problems == ()


def a_row(key, kind, day, listed, subsidy, user, award=None):
    return OtherCharge(key, kind, "vision", day, listed, subsidy, user, "why", "ana", NOW, award_id=award)


def test_other_charges_are_posted_once_when_their_day_is_over(centre):
    today = date(2026, 1, 19)
    with centre.begin() as conn:
        award = conn.scalar(text("SELECT id FROM awards"))
        record(conn, a_row("refund/1", "refund", date(2026, 1, 10), -1000, -700, -300, award))
        record(conn, a_row("reservation/1", "reservation", today, 1000, 700, 300, award))
        record(conn, a_row("write-off/1", "write-off", date(2026, 1, 10), -5, 0, -5))
    rate(centre, NOW)
    bring_up(centre, NOW)
    bring_up(centre, NOW, everything=True)
    assert moved(centre, project="vision")["2026-01", "project:vision:award", "refund"] == 700
    assert balances(centre, ALL)["write-off"] == 5
    assert "reservation" not in {kind for _, _, kind in moved(centre)}
    bring_up(centre, NOW + DAY_S)
    assert moved(centre)["2026-01", "centre:charges", "reservation"] == -1000
    assert verify(centre).problems == ()


def test_a_refund_for_a_day_of_a_closed_month_is_posted_in_the_open_one(closed):
    now = FEBRUARY_S + 3 * DAY_S
    with closed.begin() as conn:
        record(conn, a_row("refund/1", "refund", date(2026, 1, 10), -300, 0, -300))
    rate(closed, now)
    bring_up(closed, now)
    bring_up(closed, now + DAY_S, everything=True)
    assert moved(closed, project="vision", first="2026-02") == {("2026-02", "project:vision:payable", "refund"): -300}


def test_a_payment_is_posted_once_and_lowers_what_is_payable(centre):
    owed = payments.payable(centre, "vision")
    day = date(2026, 1, 18)
    made, new = payments.pay(centre, "vision", 1000, day, "INV-1", NOW)
    assert new
    assert payments.pay(centre, "vision", 1000, day, "INV-1", NOW + DAY_S) == (made, False)
    assert payments.payable(centre, "vision") == owed - 1000
    with pytest.raises(KeyTaken):
        payments.pay(centre, "vision", 1001, day, "INV-1", NOW)
    with pytest.raises(UnknownProject):
        payments.pay(centre, "nobody", 1000, day, "INV-2", NOW)
    for amount, on, reference in ((0, day, "a"), (5, day, " "), (5, date(2026, 1, 20), "a")):
        with pytest.raises(PaymentRefused):
            payments.pay(centre, "vision", amount, on, reference, NOW)


def test_a_payment_for_a_closed_month_is_refused(closed):
    with pytest.raises(MonthClosed):
        payments.pay(closed, "vision", 1000, date(2026, 1, 18), "INV-1", FEBRUARY_S + 3 * DAY_S)
