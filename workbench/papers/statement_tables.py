"""The tables of a printed statement: by resource, by person, by day, other charges, differences."""

from collections.abc import Sequence
from typing import Any

from workbench.i18n import _, ngettext
from workbench.pages import words
from workbench.papers.sheets import Heading, amount, hours, sheet
from workbench.services.statements.lines import DayLine
from workbench.services.statements.statements import StatementPaper


def summary(paper: StatementPaper) -> dict[str, Any]:
    found: dict[tuple[str, bool], list[int]] = {}
    for line in paper.days:
        key = (resource(line.gpu_model, line.gpu_part_seconds), bool(line.gpu_part_seconds))
        sums = found.setdefault(key, [0, 0, 0, 0, 0])
        values = (line.gpu_part_seconds, line.core_seconds, line.list_minor, line.subsidy_minor, line.user_minor)
        for n, value in enumerate(values):
            sums[n] += value or 0
    rows = [
        (name, _("GPU-hours") if gpus else _("core-hours"), _quantity(sums[0] if gpus else 0, sums[1]), *_amounts(sums))
        for (name, gpus), sums in sorted(found.items(), key=lambda item: -item[1][2])
    ]
    sums = [sum(found_sums[n] for found_sums in found.values()) for n in range(5)]
    columns = [(_("Resource"), False, 1), (_("Unit"), False, None), (_("Quantity"), True, None), *_money_columns()]
    return sheet(columns, rows, (_("All usage"), "", "", *_amounts(sums)))


def users(paper: StatementPaper) -> dict[str, Any]:
    columns = [(_("Person"), False, 1), (_("GPU-hours"), True, None), (_("Core-hours"), True, None), *_money_columns()]
    rows = [
        (
            user.user_name or _("not named in the log"),
            hours(user.gpu_part_seconds),
            f"{user.core_seconds / 3600:,.2f}",
            *(amount(minor) for minor in (user.list_minor, user.subsidy_minor, user.user_minor)),
        )
        for user in paper.users
    ]
    names = ("gpu_part_seconds", "core_seconds", "list_minor", "subsidy_minor", "user_minor")
    sums = [sum(getattr(user, name) or 0 for user in paper.users) for name in names]
    people = ngettext("{n} person", "{n} people", len(rows)).format(n=len(rows))
    return sheet(columns, rows, (people, hours(sums[0]), f"{sums[1] / 3600:,.2f}", *_amounts(sums)))


def days(paper: StatementPaper) -> dict[str, Any]:
    """The lines by day; price lists and award versions stand as P1, A1 … and are written out below."""
    prices, awards = _keys("P", [line.price for line in paper.days]), _keys("A", [line.award for line in paper.days])
    columns = [
        (_("Day"), False, None), (_("Partition"), False, 1), (_("Resource"), False, 1), (_("Quantity"), True, None),
        (_("Unit"), False, None), (_("Price"), False, None), *_money_columns(), (_("Award"), False, None),
    ]  # fmt: skip
    rows = [_day(line, prices, awards) for line in paper.days]
    names = ("gpu_part_seconds", "core_seconds", "list_minor", "subsidy_minor", "user_minor")
    sums = [sum(getattr(line, name) or 0 for line in paper.days) for name in names]
    keys = [(key, name) for named in (prices, awards) for name, key in named.items()]
    total = (_("All"), "", "", "", "", "", *_amounts(sums), "")
    return {"days": sheet(columns, rows, total), "keys": keys}


def _day(line: DayLine, prices: dict[str, str], awards: dict[str, str]) -> tuple[str, ...]:
    return (
        words.day(line.day),
        line.partition or _("unknown"),
        resource(line.gpu_model, line.gpu_part_seconds),
        _quantity(line.gpu_part_seconds, line.core_seconds),
        _("GPU-h") if line.gpu_part_seconds else _("core-h"),
        prices.get(line.price, ""),
        amount(line.list_minor),
        amount(line.subsidy_minor),
        amount(line.user_minor),
        awards.get(line.award, ""),
    )


def others(paper: StatementPaper) -> dict[str, Any]:
    columns = [(_("Day"), False, None), (_("Kind"), False, None), (_("What"), False, 1), *_money_columns()]
    rows = [
        (
            words.day(other.day),
            kind_words(other.kind),
            other.memo,
            *(amount(minor) for minor in (other.list_minor, other.subsidy_minor, other.user_minor)),
        )
        for other in paper.others
    ]
    names = ("list_minor", "subsidy_minor", "user_minor")
    total = [amount(sum(getattr(other, name) for other in paper.others)) for name in names]
    return sheet(columns, rows, ("", "", _("All"), *total))


def payments(paper: StatementPaper) -> dict[str, Any]:
    columns = [(_("Day"), False, None), (_("What"), False, 1), (_("Amount"), True, None)]
    rows = [(words.day(line.day), line.memo, amount(-line.user_minor)) for line in paper.payments]
    return sheet(columns, rows, ("", _("All"), amount(-sum(line.user_minor for line in paper.payments))))


def differences(paper: StatementPaper) -> dict[str, Any]:
    names = {"list cost": _("List cost"), "subsidy": _("Subsidy"), "users": _("Usage by person")}
    names["adjustments"] = _("Refunds and adjustments")
    columns = [
        (_("Amount of"), False, None), (_("Why"), False, 1), (_("Statement"), True, None), (_("Detail"), True, None),
        (_("Difference"), True, None),
    ]  # fmt: skip
    rows = [
        (names[one.what], _(one.reason), amount(one.ledger_minor), amount(one.detail_minor), amount(one.minor))
        for one in paper.differences
    ]
    return sheet(columns, rows)


def resource(gpu_model: str, part_seconds: int) -> str:
    """What a line of usage is of."""
    return gpu_model or (_("unknown GPU model") if part_seconds else _("CPU cores"))


def kind_words(kind: str) -> str:
    """A kind of charge beside usage."""
    known = {
        "reservation": _("Reservation"),
        "cancellation": _("Cancellation"),
        "storage": _("Storage"),
        "refund": _("Refund"),
        "adjustment": _("Adjustment"),
        "write-off": _("Write-off"),
        "payment": _("Payment"),
    }
    return known.get(kind, kind.capitalize())


def _quantity(part_seconds: int, core_seconds: int) -> str:
    """GPU-hours; core-hours where no GPU was used."""
    return hours(part_seconds) if part_seconds else f"{core_seconds / 3600:,.2f}"


def _money_columns() -> list[Heading]:
    return [(_("List cost"), True, None), (_("Subsidy"), True, None), (_("User share"), True, None)]


def _amounts(sums: Sequence[int]) -> tuple[str, ...]:
    return tuple(amount(minor) for minor in sums[2:5])


def _keys(letter: str, names: Sequence[str]) -> dict[str, str]:
    return {name: f"{letter}{n}" for n, name in enumerate(dict.fromkeys(name for name in names if name), 1)}
