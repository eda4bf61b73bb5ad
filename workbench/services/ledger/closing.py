"""Close a month of the ledger: nothing is posted for it any more; what changes later is adjusted in an open one."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, func, insert, select

from workbench.domain.ledger import SUSPENSE
from workbench.errors import CannotClose
from workbench.periods import Window, day_of, month_window
from workbench.services.charging.rating import CHARGES, POSTING
from workbench.settings import Settings
from workbench.store import ledger as stored
from workbench.store.engine import Store
from workbench.store.ledger_tables import closed_months, ledger_months
from workbench.store.tables import charges_daily, dirty, freshness
from workbench.units import money


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed month: when (UTC epoch seconds) and by whom, the ledger's last number and hash then.

    new: whether it was closed just now. notes: sentences on what is not as one would wish, of a month just closed.
    """

    month: str
    closed_at: int
    closed_by: str
    seq: int
    hash: str
    new: bool
    notes: tuple[str, ...] = ()


def closed(conn: Connection) -> frozenset[str]:
    """The months that are closed, like "2026-03"."""
    return frozenset(conn.scalars(select(closed_months.c.month)))


def months_to_close(conn: Connection, month: str) -> list[str]:
    """The open months up to and with this one, in the order in which they must be closed."""
    last = conn.scalar(select(func.max(closed_months.c.month)))
    first = conn.scalar(select(func.min(ledger_months.c.month)))
    found = [_after(last) if last else min(first or month, month)]
    while found[-1] < month:
        found.append(_after(found[-1]))
    return [one for one in found if one <= month]


def close(store: Store, month: str, by: str, now: int) -> Closed:
    """Close a month; one that is closed already stays as it is and is given back.

    Args:
        store: where the ledger is.
        month: of the centre's calendar, "2026-03".
        by: who answers for it.
        now: UTC epoch seconds.

    Raises:
        CannotClose: no month, not over, not the next one in order, or usage in it is not rated or not posted.
    """
    with store.begin() as conn:
        return _close(conn, store.settings, month, by, now)


def close_up_to(store: Store, month: str, by: str, now: int) -> list[Closed]:
    """Close a month and all open ones before it, in order: all or none. Otherwise as `close`."""
    with store.begin() as conn:
        stored.lock_head(conn)
        _over(store.settings, month, now)
        months = months_to_close(conn, month)
        return [_close(conn, store.settings, one, by, now) for one in months or [month]]


def _close(conn: Connection, settings: Settings, month: str, by: str, now: int) -> Closed:
    seq, digest = stored.lock_head(conn)
    there = conn.execute(select(closed_months).where(closed_months.c.month == month)).first()
    if there is not None:
        return Closed(month, there.closed_at, there.closed_by, there.seq, there.hash, new=False)
    window = _over(settings, month, now)
    _may_close(conn, settings, month, window)
    row = {"closed_at": now, "closed_by": by, "seq": seq, "hash": digest}
    conn.execute(insert(closed_months).values(month=month, end_at=window.end_s, **row))
    return Closed(month, now, by, seq, digest, new=True, notes=tuple(_notes(conn, settings, window)))


def _over(settings: Settings, month: str, now: int) -> Window:
    zone = settings.centre.zone
    try:
        window = month_window(month, zone)
    except ValueError as problem:
        raise CannotClose(month, "this is no month", "Write it like 2026-03.") from problem
    if now < window.end_s:
        raise CannotClose(month, "it is not over", f"Close it from {day_of(window.end_s, zone):%-d %b %Y} on.")
    return window


def _may_close(conn: Connection, settings: Settings, month: str, window: Window) -> None:
    waiting = months_to_close(conn, month)
    if not waiting:
        raise CannotClose(month, "a later month is closed already, and nothing was posted for it", "Leave it.")
    if waiting[0] != month:
        raise CannotClose(month, f"{waiting[0]} is open still", f"Close {waiting[0]} first (--with-earlier does).")
    after = day_of(window.end_s, settings.centre.zone).isoformat()
    marks = select(func.count(func.distinct(dirty.c.project)), func.min(dirty.c.period)).where(dirty.c.period < after)
    for kind, what in ((CHARGES, "rated"), (POSTING, "posted")):
        projects, day = conn.execute(marks.where(dirty.c.kind == kind)).one()
        if projects:
            why = f"usage of {projects} project(s) is not {what} yet, from {day} on"
            raise CannotClose(month, why, "Rate and post it: workbench ledger post.")


def _notes(conn: Connection, settings: Settings, window: Window) -> list[str]:
    zone, symbol, mine = settings.centre.zone, settings.centre.symbol, charges_daily.c
    first, last = day_of(window.start_s, zone), day_of(window.end_s, zone) - timedelta(days=1)
    found = []
    month = ledger_months.c.month == f"{first:%Y-%m}"
    suspense = conn.scalar(
        select(func.sum(ledger_months.c.amount_minor)).where(month, ledger_months.c.ledger_account == SUSPENSE)
    )
    if suspense:
        found.append(f"{money(int(suspense), symbol)} of usage without a project is in suspense.")
    unpriced = select(func.count()).where(
        mine.day.between(first.isoformat(), last.isoformat()), mine.list_minor.is_(None)
    )
    if lines := conn.scalar(unpriced):
        found.append(f"{lines} line(s) of usage have no price: they become adjustments when they get one.")
    behind = select(freshness.c.cluster).where(freshness.c.data_until_at < window.end_s).order_by(freshness.c.cluster)
    if clusters := list(conn.scalars(behind)):
        found.append(f"Usage of {', '.join(clusters)} is not known up to the month's end.")
    return found


def _after(month: str) -> str:
    return f"{date.fromisoformat(f'{month}-28') + timedelta(days=4):%Y-%m}"
