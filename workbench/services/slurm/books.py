"""Our own books against each other, by project and day: usage against what was rated, charges against the ledger.

That the ledger is as it was posted, and its sums by month come to its postings, is for services.ledger.verify.
"""

from collections import defaultdict
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, func, or_, select

from workbench.domain import ledger
from workbench.domain.booking import DAILY
from workbench.domain.correcting import ADJUSTMENT
from workbench.periods import day_of, month_window
from workbench.services.charging.marks import CHARGES, POSTING
from workbench.services.slurm.compared import BookLine, BookSums
from workbench.store.ledger_tables import ledger_postings, ledger_transactions
from workbench.store.tables import charges_daily, dirty, rollup_daily

Place = tuple[str, str]
"""Project, '' nobody's; ISO day."""


def books(conn: Connection, month: str, now: int, zone: ZoneInfo) -> tuple[BookSums, tuple[BookLine, ...]]:
    """The sums of a month of the centre's calendar, and the days of projects on which the books disagree.

    A day that is marked to be rated or posted again (it came in while this looks) is no difference. Days that are not
    over are not posted yet.
    """
    window = month_window(month, zone)
    first, last, today = (day_of(at, zone).isoformat() for at in (window.start_s, window.end_s, now))
    used, charged = _used(conn, first, last), _charged(conn, first, last)
    posted, marked = _posted(conn, first, min(last, today)), _marked(conn)
    lines = []
    for project, day in sorted({*used, *charged, *posted}):
        rated, listed, drawn = charged.get((project, day), (0, 0, 0))
        due = (listed, drawn) if day < today else (0, 0)
        there = posted.get((project, day), (0, 0))
        lines.append(
            BookLine(project, day, used.get((project, day), 0), rated, due[0], there[0], due[1], there[1])
        )  # fmt: skip
    sums = BookSums(
        sum(line.used for line in lines),
        sum(line.rated for line in lines),
        sum(line.charged_minor for line in lines),
        sum(line.posted_minor for line in lines),
    )
    return sums, tuple(line for line in lines if not _agrees(line) and line.day < marked.get(line.project, "9"))


def _agrees(line: BookLine) -> bool:
    money = (line.charged_minor, line.drawn_minor) == (line.posted_minor, line.posted_drawn_minor)
    return line.used == line.rated and money


def _used(conn: Connection, first: str, last: str) -> dict[Place, int]:
    of = rollup_daily.c
    ask = select(of.project, of.day, func.sum(of.gpu_part_seconds)).where(of.day >= first, of.day < last)
    return {(project, day): int(parts) for project, day, parts in conn.execute(ask.group_by(of.project, of.day))}


def _charged(conn: Connection, first: str, last: str) -> dict[Place, tuple[int, int, int]]:
    """Part-seconds, list price and subsidy; what has no price is in no amount."""
    of = charges_daily.c
    sums = [func.coalesce(func.sum(column), 0) for column in (of.gpu_part_seconds, of.list_minor, of.subsidy_minor)]
    ask = select(of.project, of.day, *sums).where(of.day >= first, of.day < last).group_by(of.project, of.day)
    return {(row[0], row[1]): (int(row[2]), int(row[3]), int(row[4])) for row in conn.execute(ask)}


def _posted(conn: Connection, first: str, last: str) -> dict[Place, tuple[int, int]]:
    """List price and subsidy that the ledger holds of usage, with all reversals and adjustments of it."""
    of, line = ledger_transactions.c, ledger_postings.c
    ask = (
        select(of.project, of.day, line.ledger_account, func.sum(line.amount_minor))
        .join(ledger_postings, line.seq == of.seq)
        .where(of.day >= first, of.day < last, _of_usage())
        .where(line.ledger_account.in_((ledger.CHARGES, ledger.DRAWN)))
        .group_by(of.project, of.day, line.ledger_account)
    )
    found: dict[Place, dict[str, int]] = defaultdict(dict)
    for project, day, account, minor in conn.execute(ask):
        found[project, day][account] = int(minor)
    return {place: (-sums.get(ledger.CHARGES, 0), sums.get(ledger.DRAWN, 0)) for place, sums in found.items()}


def _of_usage() -> ColumnElement[bool]:
    before = ("", f"{ledger.REVERSAL}/", f"{ADJUSTMENT}/")
    return or_(*(ledger_transactions.c.key.startswith(f"{words}{DAILY}/") for words in before))


def _marked(conn: Connection) -> dict[str, str]:
    """Project → the first day that is to be rated or posted again."""
    ask = select(dirty.c.project, func.min(dirty.c.period)).where(dirty.c.kind.in_((CHARGES, POSTING)))
    return {row[0]: row[1] for row in conn.execute(ask.group_by(dirty.c.project))}
