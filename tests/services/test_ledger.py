"""The ledger takes only what balances, once, in a chain; verify names whatever somebody did behind its back."""

from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.ledgers import FIRST_AT, TAMPERED, a_charge, drop_guards, fill
from workbench.domain.access import OwnProjects, WholeCentre
from workbench.errors import KeyTaken
from workbench.periods import epoch
from workbench.services.ledger.books import Posted, balances, journal, post
from workbench.services.ledger.verify import Problem, verify
from workbench.units import HOUR_S

ALL = WholeCentre("eve")
ZONE = ZoneInfo("Asia/Hong_Kong")
P1 = OwnProjects("ana", frozenset({"p1"}))
NOTHING = OwnProjects("sam", frozenset())


@pytest.fixture
def ten(store):
    assert fill(store) == Posted(10, 0)
    return store


def test_what_was_posted_is_there_once_and_verified(ten):
    assert fill(ten) == Posted(0, 10)
    assert fill(ten, range(9, 12)) == Posted(1, 2)
    found = verify(ten)
    assert (found.transactions, found.seq, found.problems) == (11, 11, ())
    assert [row.seq for row in journal(ten, ALL)] == list(range(1, 12))


def test_an_empty_ledger_is_sound(store):
    assert verify(store).problems == ()
    assert balances(store, ALL) == {}


def test_a_key_with_another_content_is_refused_and_nothing_of_its_batch_stays(ten):
    with pytest.raises(KeyTaken, match=r"'t/4'.*number 4"), ten.begin() as conn:
        post(conn, [a_charge(11), a_charge(4, amount_minor=5)], ZONE)
    with pytest.raises(KeyTaken), ten.begin() as conn:
        post(conn, [a_charge(12), a_charge(13, key="t/12")], ZONE)
    assert verify(ten).transactions == 10


def test_balances_by_hand(ten):
    assert balances(ten, ALL) == {
        "centre:charges": -55,
        "project:p0:payable": 2 + 4 + 6 + 8 + 10,
        "project:p1:payable": 1 + 3 + 5 + 7 + 9,
    }
    before_third = epoch(FIRST_AT) + 3 * HOUR_S
    assert balances(ten, ALL, before_third) == {
        "centre:charges": -3, "project:p0:payable": 2, "project:p1:payable": 1
    }  # fmt: skip


def test_own_projects_see_their_accounts_alone(ten):
    assert balances(ten, P1) == {"project:p1:payable": 25}
    assert {row.project for row in journal(ten, P1)} == {"p1"}
    assert balances(ten, NOTHING) == {}
    assert list(journal(ten, NOTHING)) == []


def test_the_journal_is_cut_by_time_project_and_number(ten):
    start = epoch(FIRST_AT)
    assert [r.seq for r in journal(ten, ALL, start + 3 * HOUR_S, start + 6 * HOUR_S)] == [3, 4, 5]
    assert [r.seq for r in journal(ten, ALL, project="p0", last=2)] == [8, 10]


@pytest.mark.parametrize(
    "statement",
    [
        *(s for does, (made, _) in TAMPERED.items() for s in made if does != "two are swapped"),
        "UPDATE ledger_transactions SET seq = 12 WHERE seq = 4",
        "INSERT OR REPLACE INTO ledger_postings VALUES (4, 0, 'suspense', 1, 'HKD')",
        "INSERT OR REPLACE INTO ledger_transactions SELECT 4, key, at, kind, project, day, 'x', refs, previous, hash "
        "FROM ledger_transactions WHERE seq = 4",
        "INSERT OR REPLACE INTO ledger_transactions SELECT 11, key, at, kind, project, day, memo, refs, hash, hash "
        "FROM ledger_transactions WHERE seq = 10",
        "INSERT INTO ledger_postings VALUES (11, 0, 'suspense', 1, 'HKD'), (11, 1, 'refunds', -2, 'HKD')",
        "INSERT OR REPLACE INTO ledger_head VALUES (1, 0, '')",
    ],
)  # fmt: skip
def test_raw_sql_cannot_change_anything(ten, statement):
    with pytest.raises(IntegrityError), ten.begin() as conn:
        conn.execute(text(statement))
    assert verify(ten).problems == ()


def test_raw_sql_cannot_post_what_does_not_balance(ten):
    sealing = (
        "INSERT INTO ledger_transactions SELECT 11, 'x', at, kind, project, day, memo, refs, hash, hash "
        "FROM ledger_transactions WHERE seq = 10"
    )
    with pytest.raises(IntegrityError, match="do not come to zero"), ten.begin() as conn:
        lines = "(11, 0, 'suspense', 1, 'HKD'), (11, 1, 'refunds', -2, 'HKD')"
        conn.execute(text(f"INSERT INTO ledger_postings VALUES {lines}"))
        conn.execute(text(sealing))
    with pytest.raises(IntegrityError, match="do not come to zero"), ten.begin() as conn:
        conn.execute(text(sealing))


@pytest.mark.parametrize("does", TAMPERED)
def test_verify_names_it_when(ten, does):
    statements, numbers = TAMPERED[does]
    with ten.engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA foreign_keys=OFF")
        for statement in statements:
            drop_guards_once(conn)
            conn.execute(text(statement))
        conn.commit()
    found = {problem.seq for problem in verify(ten).problems if "trigger" not in problem.reason}
    assert found == numbers


def drop_guards_once(conn):
    if conn.execute(text("SELECT count(*) FROM sqlite_master WHERE name LIKE 'ledger%' AND type = 'trigger'")).scalar():
        drop_guards(conn)


def test_missing_triggers_are_a_problem_of_their_own(ten):
    with ten.begin() as conn:
        conn.execute(text("DROP TRIGGER ledger_postings_no_update"))
    (problem,) = verify(ten).problems
    assert problem == Problem(None, "the trigger ledger_postings_no_update is missing or switched off")


def test_a_head_noted_elsewhere_shows_a_ledger_that_was_rewritten_whole(ten):
    noted = verify(ten).hash
    fill(ten, range(11, 15))
    assert verify(ten, seen=noted).problems == ()
    (problem,) = verify(ten, seen="f" * 64).problems
    assert "rewritten" in problem.reason
