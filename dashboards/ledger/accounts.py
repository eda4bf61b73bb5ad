"""The balances: tiles, the fund's and the centre's accounts, those of the projects, what was drawn by month."""

import pandas as pd

from dashboards._asked import Asked
from dashboards._dress import LOOK, rows_named, thousands, told_boxes
from dashboards._money import amount, exact, short
from dashboards._page import Cell, Column, Picture, Row, Table, Tile
from dashboards._pictures import bars, drawn
from dashboards.ledger.data import Data
from dashboards.statements.months import month_words
from workbench.domain import ledger
from workbench.domain.ledger import project_of
from workbench.i18n import _

MILLION = 100_000_000
MONTHS_SHOWN = 12
PURPOSES = ("award", "held", "subsidised", "payable")


def tiles(asked: Asked, data: Data) -> tuple[Tile, ...]:
    """Signs as people say them: what is committed and given is positive."""

    def tile(name: str, label: str, minor: int, of: str, definition: str, rows: str = "accounts") -> Tile:
        return Tile(
            name, label, short(asked, minor), exact=str(minor), exact_text=exact(asked, minor), of=of,
            definition=definition, query="workbench ledger balance", rows=f"#table-{rows}",
        )  # fmt: skip

    committed = -data.balance(ledger.COMMITTED)
    owed = sum(minor for name, minor in data.balances.items() if name.endswith(":payable"))
    left = sum(minor for name, minor in data.balances.items() if name.endswith((":award", ":held")))
    budget = data.balance(ledger.BUDGET)
    return (
        tile("budget", _("Budget less reserve"), budget, _("account {name}").format(name=ledger.BUDGET),
             _("What the funder gave, without the security reserve.")),
        tile("committed", _("Committed"), committed, _("account {name}").format(name=ledger.COMMITTED),
             _("Ceilings of awards in force, and what ended ones drew.")),
        tile("open", _("Still to award"), budget - committed, _("budget less committed"),
             _("What the Committee can still award.")),
        tile("drawn", _("Drawn"), data.balance(ledger.DRAWN), _("account {name}").format(name=ledger.DRAWN),
             _("Subsidy that the scheme paid, of all days posted.")),
        tile("left", _("Awarded, not drawn"), left, _("awards and holds of all projects"),
             _("What awards in force can still pay; part of it may be held for running work."), "projects"),
        tile("owed", _("Owed by projects"), owed, _("users' shares less what was paid or taken off"),
             _("The sum of the projects' payable accounts."), "projects"),
    )  # fmt: skip


def by_account(asked: Asked, data: Data) -> Table:
    """Every account that is not a project's, and one row for each purpose of theirs: the total is 0."""
    known = {
        ledger.GRANT: _("What the funder gave the scheme"),
        ledger.BUDGET: _("What can be awarded"),
        ledger.RESERVE: _("Kept back for security"),
        ledger.COMMITTED: _("Promised to awards"),
        ledger.DRAWN: _("Subsidy paid"),
        ledger.CHARGES: _("Everything charged, at list price"),
        ledger.PAYMENTS: _("What projects paid"),
        ledger.SUSPENSE: _("Usage of no known project"),
        ledger.REFUNDS: _("Given back for faults"),
        ledger.ADJUSTMENTS: _("Corrections and agreements"),
        ledger.WRITE_OFF: _("No longer owed"),
    }
    of_projects = {
        "award": _("Left of awards"),
        "held": _("Held for running work"),
        "subsidised": _("The fund's part of charges"),
        "payable": _("The projects' own part, less what was paid"),
    }
    shown = [(name, known.get(name, ""), minor) for name, minor in data.balances.items() if project_of(name) is None]
    for purpose in PURPOSES:
        sums = [minor for name, minor in data.balances.items() if project_of(name) and name.endswith(f":{purpose}")]
        if sums:
            shown.append((_("all projects: {purpose}").format(purpose=purpose), of_projects[purpose], sum(sums)))
    columns = (
        Column(_("Ledger account")),
        Column(_("What it holds")),
        Column(_("Debit, {currency}").format(currency=asked.symbol), right=True),
        Column(_("Credit, {currency}").format(currency=asked.symbol), right=True),
    )
    rows = tuple(Row((Cell(name), Cell(what), *_sides(minor))) for name, what, minor in shown)
    debits = sum(minor for _n, _w, minor in shown if minor > 0)
    credits_ = -sum(minor for _n, _w, minor in shown if minor < 0)
    total = Row((Cell(_("All")), Cell(""), amount(debits), amount(credits_)))
    frame = pd.DataFrame(list(data.balances.items()), columns=["ledger_account", "balance_minor"])
    return Table(
        "accounts", _("Accounts"), columns, rows, frame, total if rows else None, _("debit and credit are equal"),
        asked.csv("accounts"), _("Nothing is posted yet."), _("Post what is charged: workbench ledger post"),
    )  # fmt: skip


def by_project(asked: Asked, data: Data) -> Table:
    """The four accounts of each project; a project opens its transactions."""
    titles = dict(data.projects)
    slugs = sorted({slug for name in data.balances if (slug := project_of(name))})
    labels = (
        _("Left of awards, {currency}"),
        _("Held, {currency}"),
        _("Subsidised, {currency}"),
        _("Payable, {currency}"),
    )
    columns = (
        Column(_("Project")), *(Column(label.format(currency=asked.symbol), right=True) for label in labels),
    )  # fmt: skip
    values = {slug: [data.balance(f"project:{slug}:{purpose}") for purpose in PURPOSES] for slug in slugs}
    rows = tuple(
        Row(
            (
                Cell(titles.get(slug, slug), sub=slug, href=asked.href(project=slug, show="") + "#table-journal"),
                *(amount(minor) for minor in values[slug]),
            )
        )
        for slug in slugs
    )
    sums = [sum(of[n] for of in values.values()) for n in range(len(PURPOSES))]
    frame = pd.DataFrame(
        [[slug, *of] for slug, of in values.items()], columns=["project", *(f"{name}_minor" for name in PURPOSES)]
    )
    return Table(
        "projects", _("Accounts of the projects"), columns, rows, frame,
        Row((Cell(_("All")), *(amount(minor) for minor in sums))) if rows else None, csv=asked.csv("projects"),
        empty=_("No project has an account yet."),
    )  # fmt: skip


def drawn_by_month(asked: Asked, data: Data) -> Picture:
    """Subsidy that was drawn, by month, as lying bars; the newest on top."""
    title = _("Subsidy drawn by month")
    shown = data.drawn.tail(MONTHS_SHOWN).iloc[::-1].reset_index(drop=True)
    if not shown["drawn_minor"].any():
        return Picture("drawn", title, "", empty=_("Nothing is drawn yet."))
    values = pd.DataFrame({"drawn": shown["drawn_minor"] / MILLION})
    labels = [month_words(month) for month in shown["month"]]
    boxes = pd.DataFrame(
        {
            "left": 0.0,
            "right": values["drawn"].round(4),
            "bottom": [n - 0.4 for n in range(len(shown))],
            "top": [n + 0.4 for n in range(len(shown))],
            "name": labels,
        }
    )
    height = max(180, 24 * len(shown) + 64)
    json = drawn(
        bars(values, ["drawn"], [LOOK.series[0]]),
        height,
        rows_named(labels, _("{currency} million").format(currency=asked.symbol)),
        thousands("x"),
        told_boxes(
            boxes,
            {side: side for side in ("left", "right", "bottom", "top")},
            {_("Drawn"): f"{asked.symbol}@right{{0,0.00}}m"},
            "@name",
        ),
    )
    columns = (Column(_("Month")), Column(_("Drawn"), right=True))
    rows = tuple(
        Row((Cell(month_words(r.month)), Cell(exact(asked, r.drawn_minor)))) for r in data.drawn.iloc[::-1].itertuples()
    )
    most = data.drawn.loc[data.drawn["drawn_minor"].idxmax()]
    said = _("Most was drawn in {month}: {amount}.").format(
        month=month_words(most["month"]), amount=short(asked, int(most["drawn_minor"]))
    )
    return Picture(
        "drawn", title, said, height, json, Table("drawn", title, columns, rows, data.drawn), asked.csv("drawn")
    )


def _sides(minor: int) -> tuple[Cell, Cell]:
    empty = Cell("", order=0)
    return (amount(minor), empty) if minor >= 0 else (empty, amount(-minor))
