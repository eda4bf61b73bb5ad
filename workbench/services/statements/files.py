"""A statement for other programs: CSV of its lines, JSON of all it says, CSV with the column names of FOCUS."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from workbench.domain.rules.statements import Statement
from workbench.services.spreadsheet import inert
from workbench.services.statements.focus import COLUMNS, focus_rows
from workbench.services.statements.statements import StatementPaper
from workbench.settings import Settings
from workbench.units import decimal, gpu_hours

LINE_COLUMNS = (
    "statement", "section", "day", "item", "user", "partition", "gpu_hours", "core_hours", "list_cost", "subsidy",
    "user_share", "amount", "price_version", "award_version", "memo",
)  # fmt: skip
ACCOUNT = (
    ("opening", "opening_minor"),
    ("list cost", "list_minor"),
    ("subsidy", "subsidy_minor"),
    ("user share", "user_minor"),
    ("refunds", "refunds_minor"),
    ("adjustments", "adjustments_minor"),
    ("write-offs", "write_offs_minor"),
    ("payments", "payments_minor"),
    ("closing", "closing_minor"),
    ("ceiling left", "ceiling_left_minor"),
)
"""Lines of the account, as `Statement` has them: opening + user share − refunds + adjustments − write-offs − payments =
closing."""


def statement_csv(paper: StatementPaper) -> str:
    """LINE_COLUMNS: the account's lines (section account), then usage by day, by user, other charges, differences."""
    return written(LINE_COLUMNS, _lines(paper))


def statement_focus(papers: Iterable[StatementPaper], settings: Settings) -> str:
    """The rows of statements with the columns of FOCUS (services.statements.focus)."""
    rows = (row for paper in papers for row in focus_rows(paper, settings))
    return written(COLUMNS, ([row[name] for name in COLUMNS] for row in rows))


def statement_json(paper: StatementPaper) -> str:
    """All that the statement says; amounts in minor units under their names, days as ISO dates."""
    said: dict[str, Any] = asdict(paper)
    said["figures"] = account(paper.figures)
    said["row"].pop("figures")
    return json.dumps(said, ensure_ascii=False, indent=1, default=_plain) + "\n"


def account(figures: Statement) -> dict[str, int | None]:
    """The lines of an account by name, minor units; the ceiling left is None without an award."""
    return {column: getattr(figures, column) for _, column in ACCOUNT}


def written(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """CSV text with a header; lines end as RFC 4180 says. A spreadsheet runs nothing of it (see `inert`)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([inert(value) for value in row] for row in rows)
    return out.getvalue()


def _lines(paper: StatementPaper) -> Iterator[list[object]]:
    def line(section: str, **values: object) -> list[object]:
        said = {"statement": paper.number, "section": section} | values
        return [said.get(name, "") for name in LINE_COLUMNS]

    for name, column in ACCOUNT:
        yield line("account", item=name, amount=_text(getattr(paper.figures, column)))
    for day in paper.days:
        yield line(
            "usage", day=day.day, item=day.gpu_model or "CPU cores", partition=day.partition, **_quantities(day),
            price_version=day.price, award_version=day.award,
        )  # fmt: skip
    for user in paper.users:
        yield line("user", user=user.user_name or "unknown", **_quantities(user))
    for other in (*paper.others, *paper.payments):
        amounts = {"list_cost": other.list_minor, "subsidy": other.subsidy_minor, "user_share": other.user_minor}
        said = {name: decimal(minor) for name, minor in amounts.items()}
        yield line("other", day=other.day, item=other.kind, memo=other.memo, **said)
    for one in paper.differences:
        yield line("difference", item=one.what, amount=decimal(one.minor), memo=one.reason)


def _quantities(of: Any) -> dict[str, object]:
    """Hours and amounts of a day's or a user's line; empty where unknown."""
    return {
        "gpu_hours": f"{gpu_hours(of.gpu_part_seconds):.6f}",
        "core_hours": f"{of.core_seconds / 3600:.6f}",
        "list_cost": _text(of.list_minor),
        "subsidy": _text(of.subsidy_minor),
        "user_share": _text(of.user_minor),
    }


def _text(minor: int | None) -> str:
    return "" if minor is None else decimal(minor)


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in a statement")
