"""A monthly statement as a printed paper: what it says, in the language of whoever asks. statement.typ sets it."""

from datetime import date, datetime
from typing import Any

from workbench.domain.rules.statements import Statement
from workbench.i18n import _
from workbench.pages import words
from workbench.papers.sheets import amount, hours
from workbench.papers.statement_tables import days, differences, others, payments, summary, users
from workbench.papers.typeset import frame, pdf
from workbench.services.statements.lines import AwardLine
from workbench.services.statements.statements import StatementPaper
from workbench.settings import Settings


def statement_pdf(paper: StatementPaper, settings: Settings, sample: str = "", dated: datetime | None = None) -> bytes:
    """The statement as PDF.

    Args:
        paper: the statement.
        settings: names of the centre and the scheme, currency, calendar.
        sample: what marks sample data on every page; '' where the data are real.
        dated: see `typeset.pdf`.
    """
    return pdf("statement", statement_data(paper, settings, sample), dated)


def statement_data(paper: StatementPaper, settings: Settings, sample: str = "") -> dict[str, Any]:
    """What the template statement.typ shows."""
    centre, row = settings.centre, paper.row
    month = words.month(paper.of.first)
    provisional = "" if paper.of.closed else _("Provisional")
    return {
        "frame": frame(centre, settings.scheme.name),
        "words": _words(centre.symbol),
        "title": _("Statement {number}: {project}, {month}").format(
            number=paper.number, project=row.title, month=month
        ),
        "description": _("Monthly statement of the subsidised use of {centre}").format(centre=centre.name),
        "keywords": [paper.number, row.project, paper.of.month],
        "kind": _("Monthly statement"),
        "reference": month,
        "marks": [mark for mark in (sample and _("Sample data"), provisional) if mark],
        "footer": " · ".join(part for part in (_("Statement {n}").format(n=paper.number), sample) if part),
        "project": {
            "title": row.title,
            "slug": row.project,
            "about": " · ".join(part for part in (row.organisation, words.category(row.category)) if part),
        },
        "facts": _facts(paper, settings),
        "notice": _notice(paper),
        "account": _account(paper.figures, paper.of.first, paper.of.last_day),
        "awards": [_award(award, centre.symbol) for award in paper.awards],
        "summary": summary(paper),
        "others": others(paper),
        "payments": payments(paper),
        "differences": differences(paper),
        "notes": [*_notes(settings, paper), *_placeholders(sample)],
        "verify": _verify(paper),
        "users": users(paper),
        **days(paper),
    }


def _words(symbol: str) -> dict[str, str]:
    return {
        "page": _("Page {n} of {of}"),
        "account": _("Account"),
        "line": _("What"),
        "amount": _("Amount, {currency}").format(currency=symbol),
        "award": _("Award"),
        "summary": _("Usage by resource"),
        "others": _("Other charges, refunds and adjustments"),
        "payments": _("Payments received"),
        "differences": _("Where detail and ledger differ"),
        "differences_say": _("The statement follows the ledger. The detail below it comes to another amount here:"),
        "notes": _("Notes"),
        "verify": _("How to check this statement"),
        "users": _("Usage by person"),
        "days": _("Usage by day"),
    }


def _facts(paper: StatementPaper, settings: Settings) -> list[tuple[str, str]]:
    of = paper.of
    state = _("final, the month is closed") if of.closed else _("provisional, the month is open")
    return [
        (_("Statement"), paper.number),
        (_("Period"), words.span(of.first, of.last_day)),
        (_("Calendar"), settings.centre.time_zone),
        (_("Currency"), settings.centre.currency),
        (_("State"), state),
    ]


def _notice(paper: StatementPaper) -> str:
    of = paper.of
    if of.closed:
        return ""
    if of.until <= of.first:
        return _("Provisional: no day of this month is in the ledger yet.")
    if not of.whole:
        until = words.day(date.fromordinal(of.until.toordinal() - 1))
        return _("Provisional: the ledger holds the days until {day}. Amounts will still change.").format(day=until)
    return _("Provisional: all days are in the ledger, but the month is not closed. Amounts may still change.")


def _account(figures: Statement, first: date, last: date) -> list[dict[str, Any]]:
    def line(label: str, minor: int, note: str = "", *, strong: str = "", indent: bool = False) -> dict[str, Any]:
        return {"label": label, "amount": amount(minor), "note": note, "strong": strong, "indent": indent}

    found = [
        line(_("Opening balance"), figures.opening_minor, _("owed before {day}").format(day=words.day(first))),
        line(_("List cost"), figures.list_minor, _("at list price"), indent=True),
        line(_("Less subsidy"), -figures.subsidy_minor, _("paid by the scheme"), indent=True),
        line(_("User share"), figures.user_minor, _("list cost less subsidy"), strong="sub"),
        line(_("Refunds"), -figures.refunds_minor),
        line(_("Adjustments"), figures.adjustments_minor),
    ]
    if figures.write_offs_minor:
        found.append(line(_("Written off"), -figures.write_offs_minor))
    if figures.payments_minor:
        found.append(line(_("Payments received"), -figures.payments_minor))
    closing = _("owed at the end of {day}").format(day=words.day(last))
    found.append(line(_("Closing balance"), figures.closing_minor, closing, strong="closing"))
    if figures.ceiling_left_minor is not None:
        left = _("subsidy that the awards decided so far can still pay")
        found.append(line(_("Ceiling left"), figures.ceiling_left_minor, left))
    return found


def _award(award: AwardLine, symbol: str) -> dict[str, Any]:
    states = {
        "live": _("in force"),
        "exhausted": _("used up"),
        "ahead": _("begins later"),
        "lapsed": _("ended; what is left lapses"),
    }
    ceiling = max(1, award.ceiling_minor)
    return {
        "title": _("Award {n} of {day}").format(n=award.award, day=words.day(award.decided_on)),
        "term": _("{first} to {last}, {state}").format(
            first=words.day(award.starts_on),
            last=words.day(date.fromordinal(award.ends_on.toordinal() - 1)),
            state=states[award.state],
        ),
        "parts": [
            (_("Rate"), f"{award.rate_bp / 100:g}%"),
            (_("Ceiling, {currency}").format(currency=symbol), amount(award.ceiling_minor)),
            (_("Drawn before"), amount(award.drawn_before_minor)),
            (_("Drawn this month"), amount(award.drawn_minor)),
            (_("Ceiling left"), amount(award.left_minor)),
        ],
        "before": max(0.0, min(1.0, award.drawn_before_minor / ceiling)),
        "now": max(0.0, min(1.0 - award.drawn_before_minor / ceiling, award.drawn_minor / ceiling)),
        "says": _("{before} of the ceiling drawn before this month, {now} in it.").format(
            before=words.percent(award.drawn_before_minor / ceiling), now=words.percent(award.drawn_minor / ceiling)
        ),
    }


def _notes(settings: Settings, paper: StatementPaper) -> list[str]:
    figures = paper.figures
    found = [
        _(
            "Amounts are in {currency}. Usage is charged to the second: list price × share of the node × service × "
            "priority × time. A job's list cost is rounded to whole cents, halves to the even cent, as a running sum, "
            "so that cutting it by day changes no total; its subsidy likewise, and the user's share is the rest."
        ).format(currency=settings.centre.currency),
        _("List prices are per GPU-hour, or per core-hour where no GPU was used; each line names its price list."),
        _("Past its ceiling an award pays nothing: the users pay list price."),
    ]
    if figures.returned_minor:
        found.append(
            _("Refunds and adjustments gave {amount} of subsidy back to the award.").format(
                amount=amount(figures.returned_minor)
            )
        )
    unpriced = sum(line.gpu_part_seconds for line in paper.days if line.list_minor is None)
    if unpriced:
        found.append(_("{n} GPU-hours have no list price; they are in no amount above.").format(n=hours(unpriced)))
    return found


def _placeholders(sample: str) -> list[str]:
    if not sample:
        return []
    return [_("This is sample data: projects, people and awards are made up, and list prices are placeholders.")]


def _verify(paper: StatementPaper) -> dict[str, str]:
    seq, seal = paper.of.seal
    if not seal:
        return {"says": _("Nothing is posted to the ledger yet."), "command": ""}
    when = (
        _("When this month was closed, the last of the ledger's transactions was number {n}.")
        if paper.of.closed
        else _("When this was made, the last of the ledger's transactions was number {n}.")
    ).format(n=f"{seq:,}")
    checks = _("Its hash is below; the centre's operator can show that it is in the unbroken chain still, with:")
    return {"says": f"{when} {checks}", "command": f"workbench ledger verify --seen {seal}"}
