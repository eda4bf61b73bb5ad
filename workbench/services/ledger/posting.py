"""Bring the ledger up to charges, to what the fund has promised, to what running work holds, to the scheme's money.

Only days that are over are posted: today's charge still grows. A project whose charges were rated again, or that got a
charge beside usage, is marked in `dirty` ("posting") from its first changed day on; the mark is taken in the database
transaction that posts. What has changed in an open month is reversed and posted anew; in a closed one the difference
becomes an adjustment of now (domain.correcting).
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, delete, func, select

from workbench.domain import booking
from workbench.domain.booking import DAILY, OTHER, DayLine
from workbench.domain.correcting import ADJUSTMENT, corrections, standing
from workbench.domain.ledger import REVERSAL, Transaction, held
from workbench.periods import day_of, day_start, day_window, moment
from workbench.services.awards.versions import fund_movements
from workbench.services.charging.rating import ALWAYS, POSTING, mark
from workbench.services.holds.holds import open_holds
from workbench.services.ledger.books import closed_until, post, transaction_of
from workbench.services.ledger.months import sum_up
from workbench.settings import Settings
from workbench.store import ledger as stored
from workbench.store.engine import Store
from workbench.store.ledger_tables import ledger_months, ledger_transactions
from workbench.store.other_charges import other_charges, rows_of
from workbench.store.tables import charges_daily, dirty

FUND_KINDS = ("budget", "reserve", "award", "supplement", "transfer", "cut", "lapse")


@dataclass(frozen=True, slots=True)
class Brought:
    """Projects looked at, transactions posted for them and for the fund, and the first day that is not posted."""

    projects: int
    charges: int
    fund: int
    until: date


@dataclass(frozen=True, slots=True)
class _Run:
    """What one bringing up knows: the settings, its moment (UTC epoch seconds), the centre's day that holds it."""

    settings: Settings
    now: int
    today: date

    def corrected(self, conn: Connection, wanted: list[Transaction], there: list[stored.Row]) -> list[Transaction]:
        closed = closed_until(conn)
        moments = (None, None) if closed is None else (moment(closed), moment(max(self.now, closed)))
        return corrections(wanted, standing(transaction_of(row) for row in there), *moments)


def bring_up(store: Store, now: int, *, everything: bool = False) -> Brought:
    """Post what has changed since the last time; running it again posts nothing. One project a database transaction.

    Args:
        store: where charges, awards and ledger are.
        now: UTC epoch seconds; the centre's day that holds it is not over.
        everything: compare every project from its first day on, not only the marked ones.
    """
    zone = store.settings.centre.zone
    run = _Run(store.settings, now, day_of(now, zone))
    with store.begin() as conn:
        last, _ = stored.lock_head(conn)
        if last and conn.execute(select(ledger_months.c.month).limit(1)).first() is None:
            sum_up(conn, zone)  # posted before there were sums by month
        fund = post(conn, [*_fund(conn, run), *_holds(conn, run)], zone).new
    with store.read() as conn:
        projects = _projects(conn, run.today, everything=everything)
    made = 0
    for project in projects:
        with store.begin() as conn:
            stored.lock_head(conn)
            marked = _take_marks(conn, project, run.today)
            first = ALWAYS if everything else marked
            made += post(conn, [*_charges(conn, run, project, first), *_others(conn, run, project, first)], zone).new
    return Brought(len(projects), made, fund, run.today)


def _projects(conn: Connection, today: date, *, everything: bool) -> list[str]:
    asks = [select(dirty.c.project).where(dirty.c.kind == POSTING, dirty.c.period < today.isoformat())]
    if everything:
        asks += [select(charges_daily.c.project), select(other_charges.c.project)]
        asks += [select(ledger_transactions.c.project).where(ledger_transactions.c.day != "")]
    return sorted({project for ask in asks for project in conn.scalars(ask.distinct())})


def _take_marks(conn: Connection, project: str, today: date) -> date:
    """The first day to compare from; marks up to yesterday are gone when the transaction is, one for today stays."""
    mine = (dirty.c.kind == POSTING) & (dirty.c.project == project) & (dirty.c.period < today.isoformat())
    days = conn.scalars(delete(dirty).where(mine).returning(dirty.c.period)).all()
    for table in (charges_daily.c, other_charges.c):
        ahead = (table.project == project) & (table.day >= today.isoformat())
        if conn.execute(select(table.day).where(ahead).limit(1)).first():
            mark(conn, [project], today, POSTING)
            break
    return date.fromisoformat(min(days, default=today.isoformat()))


def _charges(conn: Connection, run: _Run, project: str, first: date) -> list[Transaction]:
    """Corrections of the daily charges of a project from a day on."""
    currency, mine = run.settings.centre.currency, charges_daily.c
    names = [name for name in DayLine.__dataclass_fields__ if name != "day"]
    ask = select(mine.day, *(mine[name] for name in names)).where(
        mine.project == project, mine.day >= first.isoformat(), mine.day < run.today.isoformat(), mine.list_minor > 0
    )
    lines: dict[tuple[date, str], list[DayLine]] = defaultdict(list)
    for row in conn.execute(ask):
        line = DayLine(date.fromisoformat(row[0]), *row[1:])
        lines[line.day, line.cluster].append(line)
    ends = {day: moment(_end_of(run, day)) for day, _ in lines}
    wanted = [booking.charge(found, ends[day], currency) for (day, _), found in lines.items()]
    of, ours = ledger_transactions.c, _keys_of([DAILY])
    there = stored.rows(conn, of.project == project, of.day >= first.isoformat(), of.day < run.today.isoformat())
    return run.corrected(conn, wanted, [row for row in there if row.key.startswith(ours)])


def _others(conn: Connection, run: _Run, project: str, first: date) -> list[Transaction]:
    """The charges beside usage of a project from a day on that are not posted yet; they never change."""
    rows = rows_of(conn, [project], None if first == ALWAYS else first, run.today)
    there = stored.by_keys(conn, [f"{OTHER}/{row.key}" for row in rows])
    closed = closed_until(conn) or 0
    made = []
    for row in rows:
        if f"{OTHER}/{row.key}" in there:
            continue
        end = _end_of(run, row.day)
        at = moment(end if end >= closed else max(run.now, closed))
        if (transaction := booking.other(row, at, run.settings.centre.currency)) is not None:
            made.append(transaction)
    return made


def _fund(conn: Connection, run: _Run) -> list[Transaction]:
    """Corrections of budget, reserve and promises to awards. What an ended award drew counts until yesterday."""
    scheme, zone, currency = run.settings.scheme, run.settings.centre.zone, run.settings.centre.currency
    wanted = booking.grant(scheme.budget, scheme.reserve, moment(day_start(scheme.starts_on, zone)), currency)
    for one in fund_movements(conn, run.today):
        at = moment(day_start(one.day, zone))
        what = (one.subject, one.kind, one.project, one.award, one.amount_minor, one.memo)
        wanted.append(booking.promised(*what, at, currency))
    of, ours = ledger_transactions.c, _keys_of(FUND_KINDS)
    there = stored.rows(conn, of.day == "", of.kind.in_((*FUND_KINDS, REVERSAL, ADJUSTMENT)))
    return run.corrected(conn, wanted, [row for row in there if row.key.startswith(ours)])


def _holds(conn: Connection, run: _Run) -> list[Transaction]:
    """What running work holds, as one change per project since the last time."""
    open_now: dict[str, list[int]] = defaultdict(list)
    for hold in open_holds(conn):
        open_now[hold.project].append(hold.amount_minor)
    mine = ledger_months.c
    of_holds = mine.ledger_account.startswith("project:") & mine.ledger_account.endswith(":held")
    ask = select(mine.ledger_account, func.sum(mine.amount_minor), func.sum(mine.postings)).where(of_holds)
    booked = {name: (int(minor), int(count)) for name, minor, count in conn.execute(ask.group_by(mine.ledger_account))}
    at = moment(max(run.now, closed_until(conn) or 0))
    made = []
    for project in sorted({*open_now, *(name.split(":")[1] for name in booked)}):
        minor, times = booked.get(held(project), (0, 0))
        amounts = open_now.get(project, [])
        if change := sum(amounts) - minor:
            what = (project, times + 1, change, len(amounts))
            made.append(booking.holding(*what, at, run.settings.centre.currency))
    return made


def _keys_of(subjects: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """How the keys of these subjects, of their reversals and of their adjustments begin."""
    return tuple(f"{before}{subject}" for subject in subjects for before in ("", f"{REVERSAL}/", f"{ADJUSTMENT}/"))


def _end_of(run: _Run, day: date) -> int:
    """The last second of a day: in every month and statement a charge stands where its usage was."""
    return day_window(day, run.settings.centre.zone).end_s - 1
