"""One transaction of the ledger: its postings, the charges in it, what it comes from, its place in the chain."""

import json
from typing import Any

import pandas as pd

from dashboards._asked import Asked
from dashboards._page import Cell, Column, Page, Row, Table, sentence
from dashboards.ledger.data import Data
from dashboards.ledger.verified import Checked
from dashboards.statements.months import context
from workbench.domain.booking import LINE
from workbench.i18n import _
from workbench.pages import words
from workbench.periods import day_of
from workbench.store.ledger import Row as Stored
from workbench.units import gpu_hours


def one(asked: Asked, data: Data, row: Stored, checked: Checked | None) -> Page:
    """The page of a transaction."""
    title, refs = _("Transaction {n}").format(n=words.count(row.seq)), json.loads(row.refs)
    charged = [dict(zip(LINE, line, strict=True)) for line in refs.get("lines") or []]
    lines = [charges(asked, charged)] if charged else []
    tables = (postings(asked, row), *lines, origin(asked, refs), place(asked, data, row, checked))
    return Page(
        title=title,
        heading=title,
        kind=" · ".join((row.kind, words.day(day_of(row.at, asked.zone)))),
        sentence=sentence(row.memo),
        tables=tables,
        crumbs=((_("Ledger"), asked.href(show="")), (title, "")),
        frames={table.id: table.frame for table in tables},
        **context(asked, data.month, data.months),  # type: ignore[arg-type]
    )


def postings(asked: Asked, row: Stored) -> Table:
    """What it moves: debit and credit are equal."""
    sides = (_("Debit, {currency}"), _("Credit, {currency}"))
    columns = (
        Column(_("Ledger account")), *(Column(side.format(currency=asked.symbol), right=True) for side in sides)
    )  # fmt: skip
    debits = sum(max(0, posting.amount_minor) for posting in row.postings)
    rows = tuple(
        Row(
            (
                Cell(posting.ledger_account),
                Cell(_exact(posting.amount_minor) if posting.amount_minor > 0 else ""),
                Cell(_exact(-posting.amount_minor) if posting.amount_minor < 0 else ""),
            )
        )
        for posting in row.postings
    )
    total = Row((Cell(_("All")), Cell(_exact(debits)), Cell(_exact(debits))))
    frame = pd.DataFrame([(p.ledger_account, p.amount_minor, p.currency) for p in row.postings],
                         columns=["ledger_account", "amount_minor", "currency"])  # fmt: skip
    return Table("postings", _("Postings"), columns, rows, frame, total, csv=asked.csv("postings"))


def charges(asked: Asked, lines: list[dict[str, Any]]) -> Table:
    """The lines of usage that a day's charge was made of."""
    names = (_("List cost, {currency}"), _("Subsidy, {currency}"), _("Users' share, {currency}"))
    columns = (
        Column(_("Resource")),
        Column(_("Partition")),
        Column(_("GPU-hours"), right=True),
        *(Column(name.format(currency=asked.symbol), right=True) for name in names),
        Column(_("Price list")),
        Column(_("Award")),
    )
    rows = tuple(
        Row(
            (
                Cell(str(line.get("gpu_model") or _("CPU cores"))),
                Cell(str(line.get("partition") or _("unknown"))),
                Cell(f"{gpu_hours(line.get('gpu_part_seconds') or 0):,.2f}"),
                *(Cell(_exact(line.get(name))) for name in ("list_minor", "subsidy_minor", "user_minor")),
                Cell(str(line.get("price_version") or "")),
                Cell(str(line.get("award_version") or "")),
            )
        )
        for line in lines
    )
    return Table("charges", _("Charges in it"), columns, rows, pd.DataFrame(lines), csv=asked.csv("charges"))


def origin(asked: Asked, refs: dict[str, Any]) -> Table:
    """What the transaction says that it comes from."""
    said = [(name, value) for name, value in refs.items() if name != "lines" and value not in (None, "")]
    project = refs.get("project")
    rows = tuple(
        Row(
            (
                Cell(name.replace("_", " ")),
                Cell(str(value), href=asked.href(project=str(project), show="") if name == "project" else ""),
            )
        )
        for name, value in said
    )
    columns = (Column(_("Of")), Column(_("Value")))
    frame = pd.DataFrame([(name, str(value)) for name, value in said], columns=["name", "value"])
    empty = _("It names nothing else.")
    return Table("origin", _("What it comes from"), columns, rows, frame, csv=asked.csv("origin"), empty=empty)


def place(asked: Asked, data: Data, row: Stored, checked: Checked | None) -> Table:
    """Its number, key and hashes, its neighbours, and whether it was verified."""
    result = checked.result if checked else None
    verified = result is not None and not result.problems and result.seq >= row.seq
    said = [
        (_("Key"), row.key, ""),
        (_("Hash"), row.hash, ""),
        (_("Hash before"), row.previous, ""),
        (_("Verified"), _("yes") if verified else _("not yet"), ""),
    ]
    beside = ((_("Transaction before"), row.seq - 1), (_("Transaction after"), row.seq + 1))
    last = data.head[0] if data.head else 0
    said += [(label, words.count(seq), f"tx-{seq}") for label, seq in beside if 1 <= seq <= last]
    rows = tuple(
        Row((Cell(label), Cell(text, href=asked.href(show=show) if show else ""))) for label, text, show in said
    )
    frame = pd.DataFrame([(label, text) for label, text, _show in said], columns=["name", "value"])
    columns = (Column(_("Of")), Column(_("Value")))
    return Table("place", _("Place in the chain"), columns, rows, frame, csv=asked.csv("place"))


def _exact(minor: int | None) -> str:
    return _("unknown") if minor is None else f"{minor / 100:,.2f}"
