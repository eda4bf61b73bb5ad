"""The closing statement of a class as a printed paper, in the language of whoever asks. class.typ sets it."""

from datetime import datetime
from typing import Any

from workbench.i18n import _
from workbench.pages import words
from workbench.papers.sheets import amount, hours, sheet
from workbench.papers.typeset import frame, pdf
from workbench.periods import moment
from workbench.services.training.events import kind_in_words
from workbench.services.training.statement import Statement
from workbench.settings import Settings
from workbench.units import HOUR_S


def class_pdf(found: Statement, settings: Settings, sample: str = "", dated: datetime | None = None) -> bytes:
    """The statement as PDF.

    Args:
        found: the statement.
        settings: names of the centre and the scheme, currency, calendar.
        sample: what marks sample data on every page; '' where the data are real.
        dated: see `typeset.pdf`.
    """
    return pdf("class", class_data(found, settings, sample), dated)


def class_data(found: Statement, settings: Settings, sample: str = "") -> dict[str, Any]:
    """What the template class.typ shows."""
    session, centre = found.session, settings.centre
    title = _("Closing statement of the class {title}").format(title=session.title)
    marks = [sample and _("Sample data"), "" if found.final else _("Provisional")]
    return {
        "frame": frame(centre, settings.scheme.name),
        "words": {
            "page": _("Page {n} of {of}"),
            "account": _("Account"),
            "incidents": _("Incidents"),
            "seats": _("Seats"),
            "notes": _("Notes"),
        },
        "title": f"{title} ({session.handle})",
        "description": title,
        "keywords": [session.handle, session.project],
        "kind": _("Closing statement"),
        "reference": session.handle,
        "marks": [mark for mark in marks if mark],
        "footer": " · ".join(part for part in (f"{session.title} ({session.handle})", sample) if part),
        "heading": session.title,
        "about": _("{instructor}, paid by {project}").format(instructor=session.instructor, project=session.project),
        "facts": _facts(found, settings),
        "notice": "" if found.final else _("Not final: it has not ended, or not all of it is charged yet."),
        "account": _account(found, centre.symbol),
        "incidents": _incidents(found, settings),
        "seats": _seats(found),
        "notes": _notes(found, settings, sample),
    }


def _facts(found: Statement, settings: Settings) -> list[tuple[str, str]]:
    session, zone = found.session, settings.centre.zone
    begins, ends = (moment(at).astimezone(zone) for at in (session.starts_at, session.ends_at))
    return [
        (_("Day"), words.day(begins.date())),
        (_("Time"), f"{begins:%H:%M}–{ends:%H:%M} {words.zone_name(begins)}"),
        (_("Seats"), str(found.seats)),
        (_("Joined"), str(found.joined)),
        (_("Did not come"), str(found.no_shows)),
    ]


def _account(found: Statement, symbol: str) -> dict[str, Any]:
    columns = [(_("What"), False, 1), (_("Amount, {currency}").format(currency=symbol), True, None)]
    used = _("GPU-hours: {gpu}, core-hours: {core}").format(
        gpu=hours(found.gpu_part_seconds), core=_hours(found.core_seconds)
    )
    if found.elsewhere:
        rows = [(_("List cost"), amount(None)), (_("Less subsidy"), amount(None))]
        return sheet(columns, rows, (_("User share"), amount(None)))
    rows = [
        (f"{_('List cost')} · {used}", amount(found.list_minor)),
        (_("Less subsidy"), amount(-found.subsidy_minor)),
    ]
    return sheet(columns, rows, (_("User share"), amount(found.user_minor)))


def _incidents(found: Statement, settings: Settings) -> dict[str, Any]:
    columns = [(_("When"), False, None), (_("Seat"), True, None), (_("Kind"), False, None), (_("What"), False, 1)]
    zone = settings.centre.zone
    rows = [
        (
            f"{moment(i.at).astimezone(zone):%H:%M:%S}",
            "" if i.seat is None else str(i.seat),
            kind_in_words(i.kind),
            i.says,
        )
        for i in found.incidents
    ]
    return sheet(columns, rows)


def _seats(found: Statement) -> dict[str, Any]:
    columns = [
        (_("Seat"), True, None), (_("Who"), False, 1), (_("Servers"), True, None), (_("GPU-hours"), True, None),
        (_("Core-hours"), True, None), (_("List cost"), True, None), (_("Subsidy"), True, None),
        (_("User share"), True, None),
    ]  # fmt: skip
    rows = [
        (
            str(line.number),
            line.shown_name or (_("{name}, did not come").format(name=line.roster) if line.roster else _("nobody")),
            str(line.servers),
            hours(line.gpu_part_seconds),
            _hours(line.core_seconds),
            *(amount(minor) for minor in (line.list_minor, line.subsidy_minor, line.user_minor)),
        )
        for line in found.rows
    ]
    totals = (amount(minor) for minor in (found.list_minor, found.subsidy_minor, found.user_minor))
    all_of = (hours(found.gpu_part_seconds), _hours(found.core_seconds), *totals)
    return sheet(columns, rows, ("", _("All"), str(sum(line.servers for line in found.rows)), *all_of))


def _notes(found: Statement, settings: Settings, sample: str) -> list[str]:
    paid = _("Amounts are in {currency}: the charges of the seats' servers, of which the ledger holds the sums.")
    said = [
        paid.format(currency=settings.centre.currency),
        _("Servers that are started ahead are charged from their start."),
    ]
    if found.elsewhere:
        said.append(found.elsewhere_words)
    if found.unpriced:
        said.append(_("Some of the time has no list price; it is in no amount above."))
    if found.uncharged_core_seconds:
        said.append(_("{n} core-hours are not charged yet.").format(n=_hours(found.uncharged_core_seconds)))
    if sample:
        said.append(
            _("This is sample data: projects, people and awards are made up, and list prices are placeholders.")
        )
    return said


def _hours(seconds: int) -> str:
    return f"{seconds / HOUR_S:,.2f}"
