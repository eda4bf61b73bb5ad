"""The ledger on PostgreSQL: as strict as on SQLite, and in one chain however many post at once."""

from concurrent.futures import ThreadPoolExecutor
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.builders import DATA_UNTIL_S, small_centre
from tests.ledgers import FIRST_AT, TAMPERED, a_charge, drop_guards, fill
from workbench.domain.access import WholeCentre
from workbench.errors import KeyTaken, MonthClosed
from workbench.periods import epoch
from workbench.services.charging import rating
from workbench.services.ledger import closing, posting
from workbench.services.ledger.books import Posted, balances, journal, post
from workbench.services.ledger.verify import verify
from workbench.units import DAY_S

pytestmark = pytest.mark.postgres

ALL = WholeCentre("eve")
ZONE = ZoneInfo("Asia/Hong_Kong")
NOW = DATA_UNTIL_S + 1


@pytest.fixture
def ten(on_postgres):
    assert fill(on_postgres) == Posted(10, 0)
    return on_postgres


def test_the_chain_is_the_same_on_both_databases(ten, store):
    fill(store)
    assert verify(ten) == verify(store)
    assert list(journal(ten, ALL)) == list(journal(store, ALL))
    assert fill(ten) == Posted(0, 10)


def test_the_ledger_of_a_centre_is_the_same_on_both_databases(on_postgres, store):
    for one in (on_postgres, store):
        small_centre(one)
        rating.rate(one, NOW)
        posting.bring_up(one, NOW)
        assert posting.bring_up(one, NOW).charges == 0
    assert balances(on_postgres, ALL) == balances(store, ALL)
    assert verify(on_postgres) == verify(store)


def test_a_key_with_another_content_is_refused(ten):
    with pytest.raises(KeyTaken), ten.begin() as conn:
        post(conn, [a_charge(11), a_charge(4, amount_minor=5)], ZONE)
    assert verify(ten).transactions == 10


@pytest.mark.parametrize(
    "statement",
    [
        *(made for does, (statements, _) in TAMPERED.items() for made in statements if does != "two are swapped"),
        "TRUNCATE ledger_postings, ledger_transactions",
        "TRUNCATE ledger_head",
        "INSERT INTO ledger_postings VALUES (11, 0, 'suspense', 1, 'HKD'), (11, 1, 'refunds', -2, 'HKD')",
    ],
)
def test_raw_sql_cannot_change_anything(ten, statement):
    with pytest.raises(DBAPIError), ten.begin() as conn:
        conn.execute(text(statement))
    assert verify(ten).problems == ()


def test_raw_sql_cannot_post_what_does_not_balance(ten):
    with pytest.raises(DBAPIError, match="do not come to zero"), ten.begin() as conn:
        conn.execute(text("INSERT INTO ledger_postings VALUES (11, 0, 'suspense', 1, 'HKD'), (11, 1, 'r', -2, 'HKD')"))
        sealing = (
            "INSERT INTO ledger_transactions SELECT 11, 'x', at, kind, project, day, memo, refs, hash, hash "
            "FROM ledger_transactions WHERE seq = 10"
        )
        conn.execute(text(sealing))


@pytest.mark.parametrize("does", TAMPERED)
def test_verify_names_it_when(ten, does):
    statements, numbers = TAMPERED[does]
    with ten.begin() as conn:
        drop_guards(conn)
        conn.execute(text("ALTER TABLE ledger_postings DROP CONSTRAINT fk_ledger_postings_seq_ledger_transactions"))
        for statement in statements:
            conn.execute(text(statement))
    found = {problem.seq for problem in verify(ten).problems if "trigger" not in problem.reason}
    assert found == numbers


def test_a_trigger_that_is_switched_off_is_a_problem(ten):
    with ten.begin() as conn:
        conn.execute(text("ALTER TABLE ledger_postings DISABLE TRIGGER ledger_postings_no_update"))
    (problem,) = verify(ten).problems
    assert "ledger_postings_no_update" in problem.reason


def test_many_who_post_at_once_make_one_chain(on_postgres):
    def one(number):
        with on_postgres.begin() as conn:
            return post(conn, [a_charge(number), a_charge(1000, amount_minor=7)], ZONE)

    with ThreadPoolExecutor(16) as pool:
        done = list(pool.map(one, range(1, 101)))
    assert sum(posted.new for posted in done) == 101
    assert sum(posted.repeated for posted in done) == 99
    found = verify(on_postgres)
    assert (found.transactions, found.problems) == (101, ())
    assert balances(on_postgres, ALL)["centre:charges"] == -(sum(range(1, 101)) + 7)


def test_a_closed_month_takes_nothing_more_and_stays_closed(ten):
    now = epoch(FIRST_AT) + 60 * DAY_S
    assert closing.close(ten, "2026-01", "eve", now).new
    assert not closing.close(ten, "2026-01", "sam", now + 1).new
    with pytest.raises(MonthClosed), ten.begin() as conn:
        post(conn, [a_charge(11)], ZONE)
    raw = (
        "INSERT INTO ledger_postings SELECT 11, line, ledger_account, amount_minor, currency "
        "FROM ledger_postings WHERE seq = 10;"
        "INSERT INTO ledger_transactions SELECT 11, 'x', at, kind, project, day, memo, refs, hash, hash "
        "FROM ledger_transactions WHERE seq = 10"
    )
    for statement, says in (
        (raw, "its month is closed"),
        ("UPDATE closed_months SET closed_by = 'sam'", "stays as it is"),
        ("DELETE FROM closed_months", "stays closed"),
        ("TRUNCATE closed_months", "stays closed"),
        ("INSERT INTO closed_months SELECT '2025-12', 1, 1, 'eve', 1, hash FROM closed_months", "close in order"),
    ):
        with pytest.raises(DBAPIError, match=says), ten.begin() as conn:
            conn.execute(text(statement))
    assert verify(ten).problems == ()
