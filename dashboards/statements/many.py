"""All statements of a month: sentence, tiles, the months as a picture, the list."""

import pandas as pd
from markupsafe import Markup

from dashboards._asked import Asked
from dashboards._dress import LOOK, rows_named, thousands, told_boxes
from dashboards._money import amount, exact, short
from dashboards._page import Cell, Column, Key, Note, Page, Picture, Row, Table, Tile, linked, sentence
from dashboards._pictures import bars, drawn
from dashboards.statements.months import context, month_words, state_note
from workbench.domain.access import WholeCentre
from workbench.i18n import _, ngettext
from workbench.pages import words
from workbench.services.statements import statements as service
from workbench.services.statements.files import ACCOUNT, account

MILLION = 100_000_000
MONTHS_SHOWN = 12


def every(asked: Asked, month: str, months: tuple[str, ...]) -> Page:
    """The page of the list."""
    data = service.statements(asked.store, asked.scope, month, asked.now_s)
    trend = service.by_month(asked.store, asked.scope, asked.now_s)
    table, picture = statements_table(asked, data), by_month(asked, trend, month)
    whose = _("all projects") if isinstance(asked.scope, WholeCentre) else _("the projects you lead")
    return Page(
        title=_("Statements"),
        heading=_("Statements"),
        kind=_("Monthly statements of {whose}, {month}. The figures are the ledger's.").format(
            whose=whose, month=month_words(month)
        ),
        sentence=say(asked, data),
        tiles=tiles(asked, data) if data.rows else (),
        pictures=(picture,),
        tables=(table,),
        notes=(*state_note(data.of), *suspense(asked, data)),
        frames={table.id: table.frame, picture.id: trend},
        **context(asked, month, months),  # type: ignore[arg-type]
    )


def say(asked: Asked, data: service.Statements) -> Markup:
    month, total = month_words(data.of.month), data.total
    if not data.rows:
        return sentence(_("There is nothing to account for in {month}.").format(month=month))
    n = sum(row.figures.list_minor != 0 for row in data.rows)
    first = sentence(
        ngettext(
            "{n} project used {listed} at list price in {month}: the scheme pays {subsidy} of it, its users {user}.",
            "{n} projects used {listed} at list price in {month}: the scheme pays {subsidy} of it, the users {user}.",
            n,
        )
    ).format(
        month=month,
        n=words.count(n),
        listed=linked(short(asked, total.list_minor), "#table-statements"),
        subsidy=linked(short(asked, total.subsidy_minor), "#table-statements"),
        user=linked(short(asked, total.user_minor), "#table-statements"),
    )
    owed = sentence(_("At its end {amount} is owed.")).format(
        amount=linked(short(asked, total.closing_minor), "#table-statements")
    )
    return sentence(first, owed)


def suspense(asked: Asked, data: service.Statements) -> tuple[Note, ...]:
    if not data.suspense_minor:
        return ()
    text = _("Usage of {amount} at list price belongs to no known project and stands on no statement.")
    return (Note(text.format(amount=exact(asked, data.suspense_minor))),)


def tiles(asked: Asked, data: service.Statements) -> tuple[Tile, ...]:
    total, query = data.total, f"workbench statements list --month {data.of.month}"
    share = words.percent(total.subsidy_minor / total.list_minor) if total.list_minor else ""

    def tile(name: str, label: str, minor: int, of: str, definition: str) -> Tile:
        return Tile(
            name,
            label,
            short(asked, minor),
            exact=str(minor),
            exact_text=exact(asked, minor),
            of=of,
            definition=definition,
            query=query,
            rows="#table-statements",
        )

    taken_off = total.refunds_minor - total.adjustments_minor + total.write_offs_minor
    return (
        tile(
            "opening",
            _("Opening balance"),
            total.opening_minor,
            _("owed before the month"),
            _("What users owed of all months before: their share less refunds, payments, adjustments, write-offs."),
        ),
        tile(
            "list",
            _("List cost"),
            total.list_minor,
            _("usage, reservations, storage"),
            _("Everything charged for the month's days at list price."),
        ),
        tile(
            "subsidy",
            _("Subsidy"),
            total.subsidy_minor,
            _("{share} of list cost").format(share=share) if share else "",
            _("The part of the list cost that awards pay, by their rate and until their ceiling."),
        ),
        tile(
            "user",
            _("Users' share"),
            total.user_minor,
            _("list cost less subsidy"),
            _("What the subsidy leaves of the list cost."),
        ),
        tile(
            "closing",
            _("Closing balance"),
            total.closing_minor,
            _("owed at the end; {amount} taken off").format(amount=short(asked, taken_off))
            if taken_off
            else _("owed at the end of the month"),
            _("Opening balance + users' share − refunds + adjustments − write-offs − payments."),
        ),
        tile(
            "left",
            _("Ceiling left"),
            total.ceiling_left_minor or 0,
            _("of {amount} awarded").format(amount=short(asked, total.ceiling_minor or 0)),
            _("What the awards of these projects can still pay after the month; lapsed rests are out."),
        ),
    )


def by_month(asked: Asked, trend: pd.DataFrame, month: str) -> Picture:
    """Subsidy and users' share of the last months, as lying bars."""
    title = _("List cost by month: what the scheme pays, what users pay")
    shown = trend.tail(MONTHS_SHOWN).iloc[::-1].reset_index(drop=True)
    if shown.empty or not shown["list_minor"].any():
        return Picture(
            "by-month",
            title,
            "",
            empty=_("Nothing is posted yet."),
            empty_next=_("Days that are over are posted to the ledger each minute while the Hub runs."),
        )
    parts = pd.DataFrame({"subsidy": shown["subsidy_minor"] / MILLION, "user": shown["user_minor"] / MILLION})
    labels = [month_words(name) for name in shown["month"]]
    boxes = pd.DataFrame(
        {
            "left": 0.0,
            "right": (parts["subsidy"] + parts["user"]).round(4),
            "bottom": [i - 0.4 for i in range(len(shown))],
            "top": [i + 0.4 for i in range(len(shown))],
            "name": labels,
            "subsidy": parts["subsidy"].round(2),
            "user": parts["user"].round(2),
        }
    )
    told = {
        _("Subsidy"): f"{asked.symbol}@subsidy{{0,0.00}}m",
        _("Users' share"): f"{asked.symbol}@user{{0,0.00}}m",
    }
    height = max(180, 26 * len(shown) + 64)
    json = drawn(
        bars(parts, ["subsidy", "user"], [LOOK.series[0], LOOK.series[1]]),
        height,
        rows_named(labels, _("{currency} million").format(currency=asked.symbol)),
        thousands("x"),
        told_boxes(boxes, {k: k for k in ("left", "right", "bottom", "top")}, told, "@name"),
    )
    columns = (Column(_("Month")), *(Column(n, right=True) for n in (_("List cost"), _("Subsidy"), _("Users' share"))))
    rows = tuple(
        Row((Cell(month_words(r.month)), *(amount(v) for v in (r.list_minor, r.subsidy_minor, r.user_minor))))
        for r in trend.iloc[::-1].itertuples()
    )
    now = trend[trend["month"] == month]
    said = ""
    if len(now) and now["list_minor"].iloc[0]:
        paid = now["subsidy_minor"].iloc[0] / now["list_minor"].iloc[0]
        said = _("In {month} the scheme paid {share} of the list cost.").format(
            month=month_words(month), share=words.percent(paid)
        )
    key = ((_("Subsidy"), "series-1"), (_("Users' share"), "series-2"))
    return Picture(
        "by-month",
        title,
        said,
        height,
        json,
        Table("by-month", title, columns, rows, trend),
        asked.csv("by-month"),
        tuple(Key(label, colour) for label, colour in key),
    )


def statements_table(asked: Asked, data: service.Statements) -> Table:
    """One row a project; the totals are the tiles."""
    rare = {"write_offs_minor": data.total.write_offs_minor, "payments_minor": data.total.payments_minor}
    names = column_names()
    shown = [column for _name, column in ACCOUNT]
    columns = (
        Column(_("Project")),
        Column(_("Category"), hidden=True),
        *(
            Column(
                names[column].format(currency=asked.symbol),
                right=True,
                hidden=not rare.get(column, 1),
                sorted="descending" if column == "list_minor" else "",
            )
            for column in shown
        ),
    )
    rows = tuple(
        Row(
            (
                Cell(row.title, href=asked.href(project=row.project, at=data.of.month, show=""), sub=row.organisation),
                Cell(words.category(row.category)),
                *(_amount(getattr(row.figures, column)) for column in shown),
            )
        )
        for row in data.rows
    )
    total = Row((Cell(_("All")), Cell(""), *(_amount(getattr(data.total, column)) for column in shown)))
    frame = pd.DataFrame(
        [
            {"project": row.project, "title": row.title, "organisation": row.organisation, "category": row.category}
            | account(row.figures)
            for row in data.rows
        ],
        columns=["project", "title", "organisation", "category", *shown],
    )
    return Table(
        "statements",
        _("By project"),
        columns,
        rows,
        frame,
        total if rows else None,
        month_words(data.of.month),
        asked.csv("statements"),
        _("No project has an award, a charge or a balance in this month."),
        _("Statements follow from awards and usage."),
    )


def column_names() -> dict[str, str]:
    return {
        "opening_minor": _("Opening, {currency}"),
        "list_minor": _("List cost, {currency}"),
        "subsidy_minor": _("Subsidy, {currency}"),
        "user_minor": _("Users' share, {currency}"),
        "refunds_minor": _("Refunds, {currency}"),
        "adjustments_minor": _("Adjustments, {currency}"),
        "write_offs_minor": _("Written off, {currency}"),
        "payments_minor": _("Payments, {currency}"),
        "closing_minor": _("Closing, {currency}"),
        "ceiling_left_minor": _("Ceiling left, {currency}"),
    }


def _amount(minor: int | None) -> Cell:
    """An amount; a project without an award has no ceiling."""
    return Cell("–", order="", title=_("no award")) if minor is None else amount(minor)
