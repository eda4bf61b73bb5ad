"""Ledger: what stands on the fund's, the centre's and the projects' accounts, and the transactions behind each number.

Addresses: `?project=…` one project's transactions, `?at=2026-10` those of a month, `?show=2026-10-12` of a day,
`?show=tx-17` one transaction with everything it says. Whether the chain is whole is found out beside the pages.
"""

import pandas as pd
from markupsafe import Markup

from dashboards._asked import Asked
from dashboards._page import Note, Page, Pick, linked, sentence
from dashboards.ledger.accounts import by_account, by_project, drawn_by_month, tiles
from dashboards.ledger.data import Data, ask
from dashboards.ledger.journal import journal_table
from dashboards.ledger.single import one
from dashboards.ledger.verified import VERIFIER, Checked
from dashboards.statements.months import context, month_words
from workbench.i18n import _
from workbench.pages import words

MOST_PROBLEMS = 20


def build(asked: Asked) -> Page:
    """The page of the ledger, or that of one transaction."""
    data = ask(asked)
    checked = VERIFIER.last(asked.store, data.head, asked.now_s)
    if data.single is not None:
        return one(asked, data, data.single, checked)
    picture = drawn_by_month(asked, data)
    empty = _("Nothing is posted for this choice.")
    journal = journal_table(asked, data.journal, "journal", _("Journal"), says(data), empty)
    accounts, projects = by_account(asked, data), by_project(asked, data)
    return Page(
        title=_("Ledger"),
        heading=_("Ledger"),
        kind=_("Double entry, append-only, chained by hashes. Debit and credit are equal in every transaction."),
        sentence=say(asked, data, checked),
        tiles=tiles(asked, data),
        pictures=(picture,),
        tables=(journal, accounts, projects) if narrowed(asked) else (accounts, journal, projects),
        notes=notes(checked),
        frames={table.id: table.frame for table in (accounts, journal, projects)} | {picture.id: data.drawn},
        picks=(Pick("project", _("Project"), _("All projects"), asked.filters.project, data.projects),),
        kept=(("at", data.month),),
        **context(asked, data.month, data.months),  # type: ignore[arg-type]
    )


def narrowed(asked: Asked) -> bool:
    """Whether somebody came for transactions: these stand first then."""
    return bool(asked.filters.project or asked.filters.show)


def says(data: Data) -> str:
    """Which transactions the journal shows."""
    return words.day(data.day) if data.day else month_words(data.month)


def say(asked: Asked, data: Data, checked: Checked | None) -> Markup:
    if not data.head or not data.head[0]:
        return sentence(_("Nothing is posted yet."))
    first = sentence(_("The ledger holds {n} transactions.")).format(
        n=linked(words.count(data.head[0]), "#table-journal")
    )
    closed = _("Closed until {month}.").format(month=month_words(data.closed)) if data.closed else ""
    return sentence(first, chain(asked, checked), closed or _("No month is closed yet."))


def chain(asked: Asked, checked: Checked | None) -> str:
    """Until where the chain was found whole, and when."""
    if checked is None:
        return _("Its chain is being verified; look again in a minute.")
    at = words.clock(checked.at_s, asked.zone, asked.day(pd.Timestamp(asked.now_s, unit="s", tz="UTC")))
    if checked.result is None:
        return _("At {time} its chain could not be verified: the operator finds the reason in the log.").format(time=at)
    if checked.result.problems:
        return _("Its chain is broken: see below.")
    return _("Its chain is verified until transaction {n}, at {time}.").format(
        n=words.count(checked.result.seq), time=at
    )


def notes(checked: Checked | None) -> tuple[Note, ...]:
    """What is wrong with the chain, each place of it."""
    problems = checked.result.problems if checked and checked.result else ()
    shown = [
        Note(_("Transaction {n}: {reason}.").format(n=words.count(one.seq), reason=one.reason), "act")
        if one.seq is not None
        else Note(_("The ledger: {reason}.").format(reason=one.reason), "act")
        for one in problems[:MOST_PROBLEMS]
    ]
    return tuple(shown)
