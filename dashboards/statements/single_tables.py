"""The tables of one statement: the account, awards, usage by day and by person, other charges."""

from collections.abc import Sequence

import pandas as pd

from dashboards._asked import Asked
from dashboards._money import amount
from dashboards._page import Cell, Column, Row, Table
from dashboards.statements.many import column_names
from workbench.i18n import _
from workbench.pages import words
from workbench.papers.statement_tables import kind_words, resource
from workbench.services.statements.files import ACCOUNT
from workbench.services.statements.statements import StatementPaper
from workbench.units import GPU_PARTS, HOUR_S, gpu_hours

STATES = {"live": "good", "exhausted": "watch", "ahead": "good", "lapsed": "watch"}


def every(asked: Asked, paper: StatementPaper) -> list[Table]:
    """In the order in which they stand on the page; those without rows are left out but for days and account."""
    shown = (account, awards, others, payments, days, users)
    found = [table(asked, paper) for table in shown]
    return [table for table in found if table.rows or table.id in ("account", "days")]


def account(asked: Asked, paper: StatementPaper) -> Table:
    """Every line of the account; the last ones are what is owed and what the awards can still pay."""
    taken_off = {"subsidy_minor", "refunds_minor", "write_offs_minor", "payments_minor"}
    names, figures = column_names(), paper.figures
    rows, values = [], []
    for _name, column in ACCOUNT:
        minor = getattr(figures, column)
        if column in ("write_offs_minor", "payments_minor") and not minor:
            continue
        shown = minor if minor is None or column not in taken_off else -minor
        label = names[column].removesuffix(", {currency}")
        cell = Cell(_("no award"), order="") if shown is None else amount(shown)
        rows.append(Row((Cell(label), cell, Cell(_notes()[column]))))
        values.append((column, minor))
    columns = (
        Column(_("Line")),
        Column(_("Amount, {currency}").format(currency=asked.symbol), right=True),
        Column(_("What it is")),
    )
    frame = pd.DataFrame(values, columns=["line", "amount_minor"])
    return Table("account", _("Account"), columns, tuple(rows), frame, csv=asked.csv("account"))


def _notes() -> dict[str, str]:
    return {
        "opening_minor": _("owed of the months before"),
        "list_minor": _("usage, reservations and storage at list price"),
        "subsidy_minor": _("paid by the scheme"),
        "user_minor": _("list cost less subsidy"),
        "refunds_minor": _("for faults of hardware or system software"),
        "adjustments_minor": _("corrections of closed months, and what was agreed"),
        "write_offs_minor": _("no longer owed"),
        "payments_minor": _("received from the project"),
        "closing_minor": _("owed at the end of the month"),
        "ceiling_left_minor": _("what awards can still pay; not part of the balance"),
    }


def awards(asked: Asked, paper: StatementPaper) -> Table:
    states = {
        "live": _("in force"),
        "exhausted": _("used up"),
        "ahead": _("begins later"),
        "lapsed": _("ended"),
    }
    columns = (
        Column(_("Award")),
        Column(_("State")),
        Column(_("Rate"), right=True),
        *(
            Column(name.format(currency=asked.symbol), right=True)
            for name in (_("Ceiling, {currency}"), _("Drawn before"), _("Drawn this month"), _("Left, {currency}"))
        ),
        Column(_("Term")),
    )
    rows = tuple(
        Row(
            (
                Cell(_("Award {n} of {day}").format(n=award.award, day=words.day(award.decided_on))),
                Cell(states[award.state], state=STATES[award.state]),
                Cell(f"{award.rate_bp / 100:g}%", order=award.rate_bp),
                amount(award.ceiling_minor),
                amount(award.drawn_before_minor),
                amount(award.drawn_minor),
                amount(award.left_minor),
                Cell(_("{first} until {after}").format(
                    first=words.day(award.starts_on), after=words.day(award.ends_on)), order=str(award.starts_on)),
            )
        )
        for award in paper.awards
    )  # fmt: skip
    names = ("award", "rate_bp", "ceiling_minor", "drawn_before_minor", "drawn_minor", "left_minor", "state")
    frame = _frame(paper.awards, (*names, "starts_on", "ends_on"))
    return Table("awards", _("Awards in the month"), columns, rows, frame, csv=asked.csv("awards"))


def days(asked: Asked, paper: StatementPaper) -> Table:
    """Usage by day and resource; a day opens its transactions in the ledger."""
    columns = (
        Column(_("Day"), title=_("Opens the ledger's transactions of the day")),
        Column(_("Partition")),
        Column(_("Resource")),
        Column(_("GPU-hours"), right=True),
        Column(_("Core-hours"), right=True, hidden=True),
        *_money_columns(asked),
        Column(_("Price list"), hidden=True),
        Column(_("Award"), hidden=True),
    )
    rows = tuple(
        Row(
            (
                Cell(words.day(line.day), order=str(line.day), href=_day_href(asked, paper, str(line.day))),
                Cell(line.partition or _("unknown"), unknown=not line.partition),
                Cell(resource(line.gpu_model, line.gpu_part_seconds)),
                Cell(f"{gpu_hours(line.gpu_part_seconds):,.2f}", order=line.gpu_part_seconds),
                Cell(f"{line.core_seconds / HOUR_S:,.2f}", order=line.core_seconds),
                *_amounts(line),
                Cell(line.price),
                Cell(line.award),
            )
        )
        for line in paper.days
    )
    total = _total(paper.days, ("gpu_part_seconds", "core_seconds"), 3, 2)
    names = ("day", "cluster", "partition", "gpu_model", "gpu_part_seconds", "core_seconds", "list_minor")
    frame = _frame(paper.days, (*names, "subsidy_minor", "user_minor", "price", "award"))
    empty = _("No usage in the days of this month that are over.")
    return Table("days", _("Usage by day"), columns, rows, frame, total if rows else None,
                 csv=asked.csv("days"), empty=empty)  # fmt: skip


def users(asked: Asked, paper: StatementPaper) -> Table:
    columns = (
        Column(_("Person")), Column(_("GPU-hours"), right=True), Column(_("Core-hours"), right=True, hidden=True),
        *_money_columns(asked),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                Cell(user.user_name) if user.user_name else Cell(_("not named in the log"), unknown=True),
                Cell(f"{gpu_hours(user.gpu_part_seconds):,.2f}", order=user.gpu_part_seconds),
                Cell(f"{user.core_seconds / HOUR_S:,.2f}", order=user.core_seconds),
                *_amounts(user),
            )
        )
        for user in paper.users
    )
    total = _total(paper.users, ("gpu_part_seconds", "core_seconds"), 1, 0)
    names = ("user_name", "gpu_part_seconds", "core_seconds", "list_minor", "subsidy_minor", "user_minor")
    return Table("users", _("Usage by person"), columns, rows, _frame(paper.users, names), total if rows else None,
                 csv=asked.csv("users"))  # fmt: skip


def others(asked: Asked, paper: StatementPaper) -> Table:
    columns = (Column(_("Day")), Column(_("Kind")), Column(_("What")), *_money_columns(asked))
    rows = tuple(
        Row(
            (
                Cell(words.day(other.day), order=str(other.day), href=_day_href(asked, paper, str(other.day))),
                Cell(kind_words(other.kind)),
                Cell(other.memo),
                *_amounts(other),
            )
        )
        for other in paper.others
    )
    total = _total(paper.others, (), 3, 0)
    frame = _frame(paper.others, ("day", "kind", "list_minor", "subsidy_minor", "user_minor", "memo"))
    title = _("Other charges, refunds and adjustments")
    return Table("others", title, columns, rows, frame, total if rows else None, csv=asked.csv("others"))


def payments(asked: Asked, paper: StatementPaper) -> Table:
    """What the project paid in the month."""
    columns = (
        Column(_("Day")),
        Column(_("What")),
        Column(_("Amount, {currency}").format(currency=asked.symbol), right=True),
    )
    rows = tuple(
        Row(
            (
                Cell(words.day(line.day), order=str(line.day), href=_day_href(asked, paper, str(line.day))),
                Cell(line.memo),
                amount(-line.user_minor),
            )
        )
        for line in paper.payments
    )
    total = Row((Cell(_("All")), Cell(""), amount(-sum(line.user_minor for line in paper.payments))))
    frame = _frame(paper.payments, ("day", "user_minor", "memo"))
    title = _("Payments received")
    return Table("payments", title, columns, rows, frame, total if rows else None, csv=asked.csv("payments"))


def _day_href(asked: Asked, paper: StatementPaper, day: str) -> str:
    return asked.href(project=paper.row.project, at=paper.of.month, show=day) + "#table-transactions"


def _money_columns(asked: Asked) -> tuple[Column, ...]:
    names = (_("List cost, {currency}"), _("Subsidy, {currency}"), _("Users' share, {currency}"))
    return tuple(Column(name.format(currency=asked.symbol), right=True) for name in names)


def _amounts(line: object) -> tuple[Cell, ...]:
    values = (getattr(line, name) for name in ("list_minor", "subsidy_minor", "user_minor"))
    return tuple(amount(pd.NA if value is None else value) for value in values)


def _total(lines: Sequence[object], times: Sequence[str], before: int, after: int) -> Row:
    """Sums: `before` cells without any, the times as hours, the three amounts, `after` cells without any."""
    units = {"gpu_part_seconds": GPU_PARTS * HOUR_S, "core_seconds": HOUR_S}
    hours = [f"{sum(getattr(line, name) for line in lines) / units[name]:,.2f}" for name in times]
    amounts = [
        sum(getattr(line, name) or 0 for line in lines) for name in ("list_minor", "subsidy_minor", "user_minor")
    ]
    empty = [Cell("") for _n in range(before - 1)]
    return Row(
        (Cell(_("All")), *empty, *(Cell(text) for text in hours), *(amount(minor) for minor in amounts),
         *(Cell("") for _n in range(after)))
    )  # fmt: skip


def _frame(lines: Sequence[object], names: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame([[getattr(line, name) for name in names] for line in lines], columns=list(names))
