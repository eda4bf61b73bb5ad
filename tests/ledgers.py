"""Ledgers to test with, and ways to tamper with one behind the code's back."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from workbench.domain.ledger import Posting, Transaction
from workbench.services.ledger.books import post
from workbench.store.ledger import GUARDS

FIRST_AT = datetime(2026, 1, 5, tzinfo=UTC)


def a_charge(number, amount_minor=None, key=None):
    """One project's charge of so many cents, its own number of them by default."""
    cents = amount_minor or number
    return Transaction(
        key or f"t/{number}",
        FIRST_AT + timedelta(hours=number),
        "charge",
        f"Charge {number}",
        {"project": f"p{number % 2}", "day": f"2026-01-{5 + number // 24:02d}"},
        (Posting(f"project:p{number % 2}:payable", cents, "HKD"), Posting("centre:charges", -cents, "HKD")),
    )


def fill(store, numbers=range(1, 11)):
    """Post ten charges, one to ten cents."""
    with store.begin() as conn:
        return post(conn, [a_charge(number) for number in numbers], store.settings.centre.zone)


def drop_guards(conn):
    """Take the triggers away, as somebody with the database's own shell could."""
    for guard in GUARDS:
        table = "_".join(guard.split("_")[:2])
        conn.execute(text(f"DROP TRIGGER {guard}" + (f" ON {table}" if conn.dialect.name == "postgresql" else "")))


# What somebody does → the numbers at which verify must find it.
TAMPERED = {
    "an amount is changed": (
        ["UPDATE ledger_postings SET amount_minor = 400 WHERE seq = 4 AND line = 0"], {4}),
    "both amounts are changed": (
        ["UPDATE ledger_postings SET amount_minor = amount_minor * 2 WHERE seq = 4"], {4}),
    "an account is changed": (
        ["UPDATE ledger_postings SET ledger_account = 'suspense' WHERE seq = 4 AND line = 0"], {4}),
    "a currency is changed": (["UPDATE ledger_postings SET currency = 'USD' WHERE seq = 4"], {4}),
    "a line gets another number": (["UPDATE ledger_postings SET line = 7 WHERE seq = 4 AND line = 1"], {4}),
    "a memo is changed": (["UPDATE ledger_transactions SET memo = 'x' WHERE seq = 4"], {4}),
    "a moment is changed": (["UPDATE ledger_transactions SET at = at + 1 WHERE seq = 4"], {4}),
    "a key is changed": (["UPDATE ledger_transactions SET key = 'x' WHERE seq = 4"], {4}),
    "refs are changed": (["UPDATE ledger_transactions SET refs = '{}' WHERE seq = 4"], {4}),
    "refs are written otherwise": (["UPDATE ledger_transactions SET refs = refs || ' ' WHERE seq = 4"], {4}),
    "refs are no refs": (["UPDATE ledger_transactions SET refs = '[]' WHERE seq = 4"], {4}),
    "a project is changed": (["UPDATE ledger_transactions SET project = 'p1' WHERE seq = 4"], {4}),
    "a hash is changed": (["UPDATE ledger_transactions SET hash = previous WHERE seq = 4"], {4, 5}),
    "a posting is removed": (["DELETE FROM ledger_postings WHERE seq = 4 AND line = 1"], {4}),
    "a transaction is removed": (
        ["DELETE FROM ledger_postings WHERE seq = 4", "DELETE FROM ledger_transactions WHERE seq = 4"], {4}),
    "the tail is cut off": (
        ["DELETE FROM ledger_postings WHERE seq > 8", "DELETE FROM ledger_transactions WHERE seq > 8"], {10}),
    "a posting is inserted": (["INSERT INTO ledger_postings VALUES (4, 2, 'suspense', 1, 'HKD')"], {4}),
    "a transaction is inserted behind the last": (
        ["INSERT INTO ledger_postings SELECT 11, line, ledger_account, amount_minor, currency "
         "FROM ledger_postings WHERE seq = 10",
         "INSERT INTO ledger_transactions SELECT 11, 'new', at, kind, project, day, memo, refs, hash, hash "
         "FROM ledger_transactions WHERE seq = 10"], {11}),
    "a transaction is inserted before the first": (
        ["INSERT INTO ledger_transactions SELECT 0, 'new', at, kind, project, day, memo, refs, previous, hash "
         "FROM ledger_transactions WHERE seq = 1"], {0}),
    "two are swapped": (
        ["UPDATE ledger_postings SET seq = seq + 100 WHERE seq IN (4, 7)",
         "UPDATE ledger_transactions SET seq = seq + 100 WHERE seq IN (4, 7)",
         "UPDATE ledger_transactions SET seq = 111 - seq WHERE seq IN (104, 107)",
         "UPDATE ledger_postings SET seq = 111 - seq WHERE seq IN (104, 107)"], {4, 5, 7, 8}),
    "the amounts of two are swapped": (
        ["UPDATE ledger_postings SET amount_minor = CASE WHEN abs(amount_minor) = 4 THEN amount_minor / 4 * 6 "
         "ELSE amount_minor / 6 * 4 END WHERE seq IN (4, 6)"], {4, 6}),
    "the head is put back": (["UPDATE ledger_head SET seq = 9"], {10}),
    "the head is removed": (["DELETE FROM ledger_head"], {None}),
}  # fmt: skip
