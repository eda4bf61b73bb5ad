"""What the page of the ledger shows, asked of the services once."""

import re
from dataclasses import dataclass
from datetime import date

import pandas as pd

from dashboards._asked import Asked
from workbench.domain import ledger
from workbench.periods import Window, day_window, month_window
from workbench.services.ledger.books import balances, journal
from workbench.services.ledger.months import movements
from workbench.services.statements.months import months_until
from workbench.store import ledger as stored
from workbench.store.ledger_tables import closed_months, ledger_transactions

MOST = 150
"""So many of the newest transactions of a choice are shown; the command `workbench ledger export` gives them all."""


@dataclass(frozen=True)
class Data:
    """head: number and hash of the last transaction, None of an empty ledger. balances: of every account.

    journal: the newest transactions of the month or day, and project, that were chosen. single: the one asked for.
    drawn: a row per month: month, drawn_minor. closed: the last closed month, '' where none is.
    """

    head: tuple[int, str] | None
    balances: dict[str, int]
    journal: tuple[stored.Row, ...]
    single: stored.Row | None
    drawn: pd.DataFrame
    closed: str
    month: str
    day: date | None
    months: tuple[str, ...]
    projects: tuple[tuple[str, str], ...]

    def balance(self, account: str) -> int:
        return self.balances.get(account, 0)


def ask(asked: Asked) -> Data:
    """One question to the services for each thing shown. Only who sees the whole centre has this page."""
    store, chosen = asked.store, asked.filters
    months = months_until(store, asked.now_s)
    month, day = chosen.at if chosen.at in months else months[0], _day(chosen.show)
    if day is not None:
        month = f"{day:%Y-%m}" if f"{day:%Y-%m}" in months else month
    window = day_window(day, asked.zone) if day else month_window(month, asked.zone)
    with store.read() as conn:
        head, drawn = stored.head(conn), movements(conn)
        number = re.fullmatch(r"tx-(\d{1,9})", chosen.show)
        wanted = [] if number is None else list(stored.rows(conn, ledger_transactions.c.seq == int(number[1])))
        last_closed = max((row.month for row in conn.execute(closed_months.select())), default="")
    return Data(
        head=head,
        balances=balances(store, asked.scope),
        journal=() if wanted else _newest(asked, window),
        single=wanted[0] if wanted else None,
        drawn=_drawn(drawn, months),
        closed=last_closed,
        month=month,
        day=day,
        months=months,
        projects=asked.choices.projects,
    )


def _newest(asked: Asked, window: Window) -> tuple[stored.Row, ...]:
    project = asked.filters.project or None
    found = journal(asked.store, asked.scope, window.start_s, window.end_s, project=project, last=MOST)
    return tuple(found)


def _drawn(moved: dict[tuple[str, str, str], int], months: tuple[str, ...]) -> pd.DataFrame:
    sums = dict.fromkeys(reversed(months), 0)
    for (month, account, _kind), minor in moved.items():
        if account == ledger.DRAWN and month in sums:
            sums[month] += minor
    return pd.DataFrame({"month": list(sums), "drawn_minor": list(sums.values())}).astype({"drawn_minor": "int64"})


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if date.min < found < date.max else None  # a window needs the days beside it
