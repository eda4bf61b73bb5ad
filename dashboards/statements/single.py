"""One project's statement of a month: sentence, tiles, its days as a picture, and the account with its detail."""

from datetime import date, timedelta

import pandas as pd
from markupsafe import Markup

from dashboards._asked import Asked
from dashboards._dress import calendar, from_zero, thousands, told
from dashboards._money import exact, short
from dashboards._page import Cell, Column, Key, Note, Page, Picture, Row, Table, Tile, linked, sentence
from dashboards._pictures import drawn, stacked
from dashboards.ledger.journal import journal_table
from dashboards.statements import single_tables as tables
from dashboards.statements.months import address, context, month_words, state_note
from workbench.domain.access import WholeCentre
from workbench.i18n import _
from workbench.pages import words
from workbench.periods import day_window
from workbench.services.ledger.books import journal
from workbench.services.statements.statements import StatementPaper, statement

MOST_TRANSACTIONS = 200


def one(asked: Asked, project: str, month: str, months: tuple[str, ...]) -> Page:
    """The page of one statement.

    Raises:
        UnknownProject: not there, or not the viewer's.
    """
    paper = statement(asked.store, asked.scope, project, month, asked.now_s)
    picture = by_day(asked, paper)
    drawn_from = {picture.id: picture.table.frame} if picture.table else {}
    found: list[Table] = [*transactions(asked, paper), *tables.every(asked, paper)]
    whole = (_("Statements"), asked.href(project="", at=month, show=""))
    files = (("pdf", _("PDF")), ("csv", _("CSV")), ("focus", _("FOCUS CSV")))
    return Page(
        title=_("Statement of {project}").format(project=paper.row.title),
        heading=paper.row.title,
        kind=" · ".join(
            part
            for part in (
                _("Statement {n}").format(n=paper.number), paper.row.organisation, words.category(paper.row.category)
            )
            if part
        ),
        sentence=say(asked, paper),
        tiles=tiles(asked, paper),
        pictures=(picture,),
        tables=tuple(found),
        notes=(*state_note(paper.of), *differences(asked, paper)),
        crumbs=(whole, (paper.row.title, "")) if several(asked) else (),
        actions=tuple((label, address(form, project, month)) for form, label in files),
        frames={table.id: table.frame for table in found} | drawn_from,
        **context(asked, month, months),  # type: ignore[arg-type]
    )  # fmt: skip


def several(asked: Asked) -> bool:
    """Whether the viewer has a list of statements to go back to."""
    return isinstance(asked.scope, WholeCentre) or len(asked.scope.leads) > 1


def say(asked: Asked, paper: StatementPaper) -> Markup:
    of, month = paper.figures, month_words(paper.of.month)
    if not of.list_minor:
        first = sentence(_("Nothing was charged in {month}.").format(month=month))
    else:
        first = sentence(
            _("This project used {listed} at list price in {month}: the scheme pays {subsidy}, the project {user}.")
        ).format(
            month=month,
            listed=linked(short(asked, of.list_minor), "#table-days"),
            subsidy=linked(short(asked, of.subsidy_minor), "#table-awards"),
            user=linked(short(asked, of.user_minor), "#table-account"),
        )
    owed = sentence(_("At its end {amount} is owed.")).format(
        amount=linked(short(asked, of.closing_minor), "#table-account")
    )
    left = of.ceiling_left_minor
    rest = "" if left is None else _("Its awards can still pay {amount}.").format(amount=short(asked, left))
    return sentence(first, owed, rest)


def differences(asked: Asked, paper: StatementPaper) -> tuple[Note, ...]:
    """Where the detail does not come to the account: said, never hidden."""
    names = {"list cost": _("the list cost"), "subsidy": _("the subsidy"), "users": _("usage by person")}
    names["adjustments"] = _("refunds and adjustments")
    text = _("The account and its detail differ by {amount} in {what}: {why}.")
    return tuple(
        Note(text.format(amount=exact(asked, one.minor), what=names[one.what], why=_(one.reason)))
        for one in paper.differences
    )


def tiles(asked: Asked, paper: StatementPaper) -> tuple[Tile, ...]:
    of, query = paper.figures, f"workbench statements show {paper.row.project} {paper.of.month}"

    def tile(name: str, label: str, minor: int | None, note: str, definition: str, rows: str = "account") -> Tile:
        if minor is None:
            none = _("no award")
            return Tile(
                name, label, none, words=True, of=note, definition=definition, query=query, rows="#table-account"
            )
        return Tile(
            name, label, short(asked, minor), exact=str(minor), exact_text=exact(asked, minor), of=note,
            definition=definition, query=query, rows=f"#table-{rows}",
        )  # fmt: skip

    share = words.percent(of.subsidy_minor / of.list_minor) if of.list_minor else ""
    before = words.day(paper.of.first)
    ceiling = _("of {amount} awarded").format(amount=short(asked, of.ceiling_minor)) if of.ceiling_minor else ""
    return (
        tile("opening", _("Opening balance"), of.opening_minor, _("owed before {day}").format(day=before),
             _("What the project owed of all months before.")),
        tile("list", _("List cost"), of.list_minor, _("usage, reservations, storage"),
             _("Everything charged for the month's days at list price."), "days"),
        tile("subsidy", _("Subsidy"), of.subsidy_minor, _("{share} of list cost").format(share=share) if share else "",
             _("The part of the list cost that awards pay, by their rate and until their ceiling."), "awards"),
        tile("user", _("Users' share"), of.user_minor, _("list cost less subsidy"),
             _("What the subsidy leaves of the list cost.")),
        tile("closing", _("Closing balance"), of.closing_minor, _("owed at the end of the month"),
             _("Opening balance + users' share − refunds + adjustments − write-offs − payments.")),
        tile("left", _("Ceiling left"), of.ceiling_left_minor, ceiling,
             _("What the project's awards can still pay after the month; lapsed rests are out."), "awards"),
    )  # fmt: skip


def by_day(asked: Asked, paper: StatementPaper) -> Picture:
    """Subsidy and users' share of each day that is over, on top of each other."""
    title = _("List cost by day: what the scheme pays, what users pay")
    last = min(paper.of.after, asked_day(asked))
    if last <= paper.of.first or not paper.days:
        return Picture(
            "by-day",
            title,
            "",
            empty=_("No usage in this month."),
            empty_next=_("Days appear here when they are over and rated."),
        )
    days = pd.date_range(paper.of.first, last - timedelta(days=1), freq="D", unit="s")
    lines = pd.DataFrame(
        [(pd.Timestamp(line.day), line.subsidy_minor or 0, line.user_minor or 0) for line in paper.days],
        columns=["at", "subsidy_minor", "user_minor"],
    )
    sums = lines.groupby("at").sum().reindex(days, fill_value=0)
    frame = sums.rename_axis("at").reset_index()
    shown = pd.DataFrame(
        {"at": frame["at"], "subsidy": frame["subsidy_minor"] / 100_000, "user": frame["user_minor"] / 100_000}
    )
    shown["all"] = shown["subsidy"] + shown["user"]
    pattern = {_("Subsidy"): "@subsidy{0,0.00}k", _("Users' share"): "@user{0,0.00}k", _("List cost"): "@all{0,0.00}k"}
    json = drawn(
        stacked(shown, "at", ["subsidy", "user"]),
        280,
        from_zero(float(shown["all"].max()), _("{currency} thousand a day").format(currency=asked.symbol)),
        calendar(shown, "at"),
        thousands(),
        told(shown, "at", "all", pattern, "@at{%-d %b %Y}", "datetime"),
    )
    most = frame.assign(all=frame["subsidy_minor"] + frame["user_minor"]).sort_values("all").iloc[-1]
    said = _("Most was charged on {day}: {amount} at list price.").format(
        day=words.day(most["at"].date()), amount=short(asked, int(most["all"]))
    )
    key = (Key(_("Subsidy"), "series-1"), Key(_("Users' share"), "series-2"))
    columns = (Column(_("Day")), Column(_("Subsidy"), right=True), Column(_("Users' share"), right=True))
    rows = tuple(
        Row((Cell(words.day(r.at.date())), Cell(exact(asked, r.subsidy_minor)), Cell(exact(asked, r.user_minor))))
        for r in frame.itertuples()
    )
    table = Table("by-day", title, columns, rows, frame)
    return Picture("by-day", title, said, 280, json, table, asked.csv("by-day"), key)


def asked_day(asked: Asked) -> date:
    """The centre's day of asking: it is not over."""
    return asked.day(pd.Timestamp(asked.now_s, unit="s", tz="UTC"))


def transactions(asked: Asked, paper: StatementPaper) -> list[Table]:
    """The ledger's transactions of the day that was chosen in the table of days; none where none was."""
    try:
        day = date.fromisoformat(asked.filters.show)
    except ValueError:
        return []
    if not paper.of.first <= day < paper.of.after:
        return []
    window = day_window(day, asked.zone)
    found = journal(
        asked.store,
        asked.scope,
        window.start_s,
        window.end_s,
        project=paper.row.project,
        last=MOST_TRANSACTIONS,
    )
    title = _("In the ledger on {day}").format(day=words.day(day))
    empty = _("Nothing is posted for this day.")
    return [journal_table(asked, found, "transactions", title, paper.row.title, empty)]
