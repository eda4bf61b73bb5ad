"""The year's report to the funder: every figure with the question that gives it, so that anybody can ask again.

A figure that comes from SQL is what that very text answered: the appendix is what was run. Money is minor units, GPU
time is part-seconds, days and months are the centre's calendar; `None` is unknown, never 0.
"""

from datetime import date, timedelta

from sqlalchemy import Connection, select

from workbench.domain.projects import Project
from workbench.errors import NoReport
from workbench.periods import day_of
from workbench.services.annual.figures import AnnualReport, Asking
from workbench.services.annual.sections import IN_ORDER
from workbench.services.statements.months import MonthOf, month_of
from workbench.store.engine import Store


def annual_report(store: Store, year: str, now: int) -> AnnualReport:
    """The report of a year, for whoever answers for the whole centre.

    Args:
        store: the centre's records.
        year: "2025-26", or "2026" where the scheme's years are calendar years.
        now: UTC epoch seconds; of the year that holds it, whole days that are over are in.

    Raises:
        NoReport: no year is written so, or it has not begun.
    """
    first, after = bounds(year, store.settings.scheme.report_year_from)
    today = day_of(now, store.settings.centre.zone)
    if first >= today:
        raise NoReport(year, "none of its days is over")
    with store.read() as conn:
        last = _last_month(conn, store, min(after, today) - timedelta(days=1), now)
        made_up = bool(conn.scalar(select(Project.slug).where(Project.made_up).limit(1)))
        asking = Asking(conn, store, first, after, min(after, last.until), made_up)
        found = tuple(section(asking) for section in IN_ORDER)
    whole = last.closed and asking.until >= after
    return AnnualReport(year, first, after, asking.until, whole, last.seal, made_up, found, tuple(asking.sources))


def bounds(year: str, begins: int) -> tuple[date, date]:
    """The days [first, after) of a year that begins in this month.

    Raises:
        NoReport: not written like 2025-26 (or like 2026 where years begin in January).
    """
    start, _, end = year.partition("-")
    whole = start.isdecimal() and len(start) == 4 and int(start) > 1
    if not whole or end != ("" if begins == 1 else f"{(int(start) + 1) % 100:02d}"):
        like = "2026" if begins == 1 else "2025-26"
        raise NoReport(year, f"no year is written so; write one like {like}")
    return date(int(start), begins, 1), date(int(start) + 1, begins, 1)


def _last_month(conn: Connection, store: Store, day: date, now: int) -> MonthOf:
    return month_of(conn, store, f"{day:%Y-%m}", now)
