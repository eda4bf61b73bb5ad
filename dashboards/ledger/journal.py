"""Transactions of the ledger as a table: a row per posting, so that debit and credit stand beside each other."""

from collections.abc import Iterable

import pandas as pd

from dashboards._asked import Asked
from dashboards._page import Cell, Column, Row, Table
from workbench.i18n import _
from workbench.pages import words
from workbench.periods import day_of, iso
from workbench.store.ledger import Row as Stored


def journal_table(asked: Asked, found: Iterable[Stored], name: str, title: str, says: str, empty: str) -> Table:
    """The newest first; the sums of debit and credit are equal, as they are in every transaction."""
    rows, frame, debits = [], [], 0
    for one in sorted(found, key=lambda row: -row.seq):
        for n, posting in enumerate(one.postings):
            minor = posting.amount_minor
            debits += max(0, minor)
            rows.append(_row(asked, one, posting.ledger_account, minor, first=n == 0))
            frame.append(
                {
                    "seq": one.seq,
                    "at": iso(one.at),
                    "kind": one.kind,
                    "project": one.project,
                    "memo": one.memo,
                    "ledger_account": posting.ledger_account,
                    "amount_minor": minor,
                    "currency": posting.currency,
                    "key": one.key,
                    "hash": one.hash,
                }
            )
    columns = (
        Column(_("Number")),
        Column(_("Counts for")),
        Column(_("What")),
        Column(_("Ledger account")),
        Column(_("Debit, {currency}").format(currency=asked.symbol), right=True),
        Column(_("Credit, {currency}").format(currency=asked.symbol), right=True),
        Column(_("Hash"), hidden=True),
    )
    both = Cell(_exact(debits))
    total = Row((Cell(_("All")), Cell(""), Cell(""), Cell(""), both, both, Cell("")))
    names = ["seq", "at", "kind", "project", "memo", "ledger_account", "amount_minor", "currency", "key", "hash"]
    return Table(
        name, title, columns, tuple(rows), pd.DataFrame(frame, columns=names), total if rows else None, says,
        asked.csv(name), empty, _("Days that are over are posted each minute while the Hub runs."),
    )  # fmt: skip


def _row(asked: Asked, one: Stored, account: str, minor: int, *, first: bool) -> Row:
    number = Cell(words.count(one.seq), order=one.seq, href=asked.href("ledger", show=f"tx-{one.seq}"))
    return Row(
        (
            number,
            Cell(words.day(day_of(one.at, asked.zone)), order=one.at),
            Cell(one.memo, sub=one.kind if first else "", title=one.key),
            Cell(account),
            Cell(_exact(minor) if minor > 0 else "", order=max(0, minor)),
            Cell(_exact(-minor) if minor < 0 else "", order=max(0, -minor)),
            Cell(f"{one.hash[:12]}…", title=one.hash),
        )
    )


def _exact(minor: int) -> str:
    return f"{minor / 100:,.2f}"
