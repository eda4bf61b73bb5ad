"""The months of statements: which there are, and how far one is in the ledger. Months and days are the centre's."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, func, select

from workbench.errors import NoStatement
from workbench.periods import Window, day_of, month_window
from workbench.services.charging.rating import POSTING
from workbench.store.engine import Store
from workbench.store.ledger import head
from workbench.store.ledger_tables import closed_months
from workbench.store.tables import dirty


@dataclass(frozen=True, slots=True)
class MonthOf:
    """A month and how far it is in the ledger.

    closed: nothing in it changes any more; else it is provisional. Its days are [first, after), those of [first, until)
    are in the ledger. seal: number and hash of the ledger's last transaction when the month was closed; of an open
    month: now. (0, '') where nothing was ever posted.
    """

    month: str
    window: Window
    closed: bool
    first: date
    until: date
    after: date
    seal: tuple[int, str]

    @property
    def last_day(self) -> date:
        return self.after - timedelta(days=1)

    @property
    def whole(self) -> bool:
        return self.until >= self.after


def month_of(conn: Connection, store: Store, month: str, now: int, project: str = "") -> MonthOf:
    """How far a month is in the ledger; of one project, or of all.

    Raises:
        NoStatement: no month is written so, or it has not begun.
    """
    zone = store.settings.centre.zone
    try:
        window = month_window(month, zone)
    except ValueError as problem:
        raise NoStatement(month, "no month is written so; write one like 2026-10") from problem
    today, after = day_of(now, zone), day_of(window.end_s, zone)
    first = day_of(window.start_s, zone)
    if first > today:
        raise NoStatement(month, "it has not begun")
    until = min(after, today)
    ask = select(func.min(dirty.c.period)).where(dirty.c.kind == POSTING, dirty.c.period < until.isoformat())
    behind = conn.scalar(ask.where(dirty.c.project == project) if project else ask)
    if behind is not None:
        until = max(first, min(until, date.fromisoformat(behind)))
    sealed = conn.execute(select(closed_months).where(closed_months.c.month == month)).first()
    seal = (sealed.seq, sealed.hash) if sealed else head(conn) or (0, "")
    return MonthOf(month, window, sealed is not None, first, until, after, seal)


def months_until(store: Store, now: int) -> tuple[str, ...]:
    """The months from the centre's opening to now, the newest first."""
    centre = store.settings.centre
    day, found = day_of(now, centre.zone).replace(day=1), []
    while day >= centre.opened_on.replace(day=1):
        found.append(f"{day:%Y-%m}")
        day = (day - timedelta(days=1)).replace(day=1)
    return tuple(found) or (f"{day_of(now, centre.zone):%Y-%m}",)


def month_before(store: Store, now: int) -> str:
    """The last month that is over; the first of all where none is."""
    months = months_until(store, now)
    return months[1] if len(months) > 1 else months[0]
