"""What projects store: measures by day, the charge of a month, and what closed projects leave to be deleted. Rule 14.

The charge is the user's: awards pay for compute. A day without a measure is unknown: it is in no mean, and the share of
days that were measured is said. What projects store is told by whoever runs the file systems, as a file.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from sqlalchemy import Connection, func, select

from workbench.domain.applications import Event
from workbench.domain.awards import Application
from workbench.domain.other_charges import STORAGE, OtherCharge
from workbench.domain.rules.parameters import rules_on
from workbench.domain.rules.storage import TB, StoragePrice, deleted_on, price_of_rule, storage_minor
from workbench.errors import BadQuestion
from workbench.periods import day_of, month_window
from workbench.services.beside_usage.rows import record
from workbench.services.prices.stored import stored_prices
from workbench.settings import Settings
from workbench.store.engine import Store
from workbench.store.other_charges import by_key, storage_daily

NEW, THERE, FREE, OTHERWISE = "charged", "charged before", "nothing to pay", "charged otherwise"
UNDER_WAY = ("agreement", "onboarding", "active")
"""Stages of an application whose project is not closed."""


@dataclass(frozen=True, slots=True)
class StoredMonth:
    """A project's month: mean bytes over the days measured, the charge in minor units, and what became of it.

    state: 'charged', 'charged before', 'nothing to pay', or 'charged otherwise': other measures came in since; correct
    it by an adjustment.
    """

    project: str
    month: str
    measured_days: int
    days: int
    mean_bytes: int
    list_minor: int
    state: str

    @property
    def measured(self) -> Fraction:
        """Share of the month's days that were measured."""
        return Fraction(self.measured_days, self.days)


@dataclass(frozen=True, slots=True)
class Deletion:
    """Files of a closed project: they may be deleted from `delete_on` on. stored_bytes None: never measured."""

    project: str
    closed_on: date
    delete_on: date
    stored_bytes: int | None
    measured_on: date | None
    due: bool


def charge(store: Store, month: str, now: int, *, dry_run: bool = False) -> list[StoredMonth]:
    """Charge every project for what it stored in a month; running it again charges nothing twice.

    Args:
        store: the centre's records.
        month: like "2026-01", in the centre's calendar.
        now: UTC epoch seconds.
        dry_run: say what would be charged, and write nothing.

    Raises:
        BadQuestion: no month, or it is not over.
    """
    zone = store.settings.centre.zone
    try:
        window = month_window(month, zone)
    except ValueError as problem:
        raise BadQuestion(f"{month!r} is no month", "write one like 2026-01") from problem
    if window.end_s > now:
        raise BadQuestion(f"{month} is not over", "charge it afterwards")
    first, after = day_of(window.start_s, zone), day_of(window.end_s, zone)
    with store.begin() as conn:
        price = _price(conn, store.settings, window.start_s, first)
        made = []
        for project, byte_days, days in _measured(conn, first, after):
            row = _row(project, month, (byte_days, days, (after - first).days), price, now)
            state = _state(conn, row)
            if state == NEW and not dry_run:
                record(conn, row)
            made.append(
                StoredMonth(project, month, days, (after - first).days, byte_days // days, row.list_minor, state)
            )
    return made


def deletions(store: Store, now: int) -> list[Deletion]:
    """What closed projects leave, those to be deleted first at the top."""
    zone = store.settings.centre.zone
    today = day_of(now, zone)
    application, event = Application.__table__.c, Event.__table__.c
    open_ = select(application.project).where(application.stage.in_(UNDER_WAY), application.project.is_not(None))
    closed = (
        select(application.project, func.max(event.at).label("at"))
        .join(Event.__table__, event.application == application.id)
        .where(event.to_stage == "closed", application.stage == "closed", application.project.is_not(None))
        .where(application.project.not_in(open_))
        .group_by(application.project)
    )
    found = []
    with store.read() as conn:
        last = _last_measures(conn)
        for project, at in conn.execute(closed):
            # An aggregate keeps the column's type: an aware moment.
            closed_on = day_of(int(at.timestamp()), zone)
            delete_on = deleted_on(closed_on, rules_on(store.settings.rules, closed_on))
            measured_on, stored = last.get(project, (None, None))
            found.append(Deletion(project, closed_on, delete_on, stored, measured_on, delete_on <= today))
    return sorted(found, key=lambda one: (one.delete_on, one.project))


def _price(conn: Connection, settings: Settings, start_s: int, first: date) -> StoragePrice:
    """Of the price list's version that holds when the month begins; where that has none, the rule's."""
    version = stored_prices(conn, settings.centre.zone).at(start_s)
    if version is None or version.storage_tb_month is None:
        return price_of_rule(rules_on(settings.rules, first))
    return StoragePrice(version.storage_free_tb, version.storage_tb_month, version.name)


def _measured(conn: Connection, first: date, after: date) -> Iterable[tuple[str, int, int]]:
    """(project, sum of bytes, days measured) of the days [first, after). Summed here: PostgreSQL's sum is a decimal."""
    mine = storage_daily.c
    ask = select(mine.project, func.sum(mine.bytes), func.count()).group_by(mine.project).order_by(mine.project)
    rows = conn.execute(ask.where(mine.day >= first.isoformat(), mine.day < after.isoformat()))
    return [(project, int(byte_days), int(days)) for project, byte_days, days in rows]


def _row(project: str, month: str, measured: tuple[int, int, int], price: StoragePrice, now: int) -> OtherCharge:
    byte_days, days, month_days = measured
    listed = storage_minor(byte_days, days, price)
    mean, known = f"{byte_days / days / TB:,.3f} TB", f"measured on {days} of {month_days} days"
    first = date.fromisoformat(f"{month}-01")
    return OtherCharge(
        key=f"{STORAGE}/{project}/{month}",
        kind=STORAGE,
        project=project,
        day=first + timedelta(days=month_days - 1),
        list_minor=listed,
        subsidy_minor=0,
        user_minor=listed,
        memo=f"Storage in {first:%B %Y}: {mean} on average, {price.free_tb} TB free; {known}",
        made_by="rule 14",
        made_at=now,
        quantity=byte_days * 1000 // (days * TB),
        unit="milli-TB-months",
        refs={"month": month, "byte_days": byte_days, "days": days, "price": price.source},
    )


def _state(conn: Connection, row: OtherCharge) -> str:
    there = by_key(conn, row.key)
    if there is not None:
        return THERE if there.list_minor == row.list_minor else OTHERWISE
    return NEW if row.list_minor else FREE


def _last_measures(conn: Connection) -> dict[str, tuple[date, int]]:
    mine = storage_daily.c
    newest = select(mine.project, func.max(mine.day).label("day")).group_by(mine.project).subquery()
    ask = select(mine.project, mine.day, mine.bytes).join(
        newest, (newest.c.project == mine.project) & (newest.c.day == mine.day)
    )
    return {project: (date.fromisoformat(day), int(stored)) for project, day, stored in conn.execute(ask)}
