"""The month that the pages of statements show: how it is named, chosen, and how far it is in the ledger."""

from datetime import date, timedelta

from dashboards._asked import Asked
from dashboards._page import Note
from workbench.i18n import _
from workbench.pages import words
from workbench.pages.shell import SERVICE
from workbench.services.statements.months import MonthOf

PAGE = "statements"


def address(form: str, project: str, month: str) -> str:
    """Where a statement can be fetched as pdf, csv, focus or json."""
    return f"{SERVICE}/{PAGE}/{form}/{month}/{project}"


def month_words(month: str) -> str:
    """October 2026."""
    return words.month(date.fromisoformat(f"{month}-01"))


def context(asked: Asked, month: str, months: tuple[str, ...]) -> dict[str, object]:
    """The fields of a `Page` that its context bar shows: the month, the one before, the one after.

    Args:
        months: all that have begun, the newest first.
    """
    place = months.index(month)
    before = months[place + 1] if place + 1 < len(months) else None
    after = months[place - 1] if place else None
    quick = {_("This month"): months[0], _("Last month"): months[min(1, len(months) - 1)]}
    return {
        "periods": tuple((label, asked.href(at=at, show=""), at == month) for label, at in quick.items()),
        "period_label": month_words(month),
        "stepped": True,
        "earlier": None if before is None else asked.href(at=before, show=""),
        "later": None if after is None else asked.href(at=after, show=""),
    }


def state_note(of: MonthOf) -> tuple[Note, ...]:
    """What is provisional about an open month; nothing of a closed one."""
    if of.closed:
        return ()
    if of.until <= of.first:
        return (Note(_("Provisional: no day of this month is in the ledger yet.")),)
    if of.whole:
        return (Note(_("Provisional: all days are in the ledger, but the month is not closed.")),)
    last = words.day(of.until - timedelta(days=1))
    return (Note(_("Provisional: the ledger holds the days until {day}.").format(day=last)),)
