"""Bring the ledger up to the daily charges, to the awards and to the scheme's money.

Only days that are over are posted: today's charge still grows. A project whose charges were rated again is marked in
`dirty` ("posting") from its first changed day on; the mark is taken in the database transaction that posts.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, delete, select
from sqlalchemy.orm import Session

from workbench.domain.awards import Award
from workbench.domain.booking import DAILY, DayLine, charge, commitment, corrections, grant, lapse, standing
from workbench.domain.ledger import Transaction
from workbench.periods import day_of, day_start, day_window, moment
from workbench.services.ledger import post, transaction_of
from workbench.services.rating import ALWAYS, POSTING, mark
from workbench.settings import Settings
from workbench.store import ledger as stored
from workbench.store.charges import drawn_by_award
from workbench.store.engine import Store
from workbench.store.ledger_tables import ledger_transactions
from workbench.store.tables import charges_daily, dirty

STANDING_KINDS = ("budget", "reserve", "award", "lapse")


@dataclass(frozen=True, slots=True)
class Brought:
    """Projects looked at, transactions posted for them and for the fund, and the first day that is not posted."""

    projects: int
    charges: int
    fund: int
    until: date


def bring_up(store: Store, now: int, *, everything: bool = False) -> Brought:
    """Post what has changed since the last time; running it again posts nothing. One project a database transaction.

    Args:
        store: where charges, awards and ledger are.
        now: UTC epoch seconds; the centre's day that holds it is not over.
        everything: compare every project from its first day on, not only the marked ones.
    """
    zone = store.settings.centre.zone
    today = day_of(now, zone)
    with store.begin() as conn:
        fund = post(conn, _fund(conn, store.settings, today), zone).new
    with store.read() as conn:
        projects = _projects(conn, today, everything=everything)
    made = 0
    for project in projects:
        with store.begin() as conn:
            stored.lock_head(conn)
            first = _take_marks(conn, project, today)
            made += post(
                conn, _charges(conn, store.settings, project, ALWAYS if everything else first, today), zone
            ).new
    return Brought(len(projects), made, fund, today)


def _projects(conn: Connection, today: date, *, everything: bool) -> list[str]:
    asks = [select(dirty.c.project).where(dirty.c.kind == POSTING, dirty.c.period < today.isoformat())]
    if everything:
        asks += [select(charges_daily.c.project)]
        asks += [select(ledger_transactions.c.project).where(ledger_transactions.c.day != "")]
    return sorted({project for ask in asks for project in conn.scalars(ask.distinct())})


def _take_marks(conn: Connection, project: str, today: date) -> date:
    """The first day to compare from; marks up to yesterday are gone when the transaction is, one for today stays."""
    mine = (dirty.c.kind == POSTING) & (dirty.c.project == project) & (dirty.c.period < today.isoformat())
    days = conn.scalars(delete(dirty).where(mine).returning(dirty.c.period)).all()
    ahead = (charges_daily.c.project == project) & (charges_daily.c.day >= today.isoformat())
    if conn.execute(select(charges_daily.c.day).where(ahead).limit(1)).first():
        mark(conn, [project], today, POSTING)
    return date.fromisoformat(min(days, default=today.isoformat()))


def _charges(conn: Connection, settings: Settings, project: str, first: date, today: date) -> list[Transaction]:
    zone, currency = settings.centre.zone, settings.centre.currency
    mine = charges_daily.c
    ask = select(*(mine[name] for name in DayLine.__dataclass_fields__ if name != "day"), mine.day).where(
        mine.project == project, mine.day >= first.isoformat(), mine.day < today.isoformat(), mine.list_minor > 0
    )
    lines = [DayLine(**{**row, "day": date.fromisoformat(row["day"])}) for row in conn.execute(ask).mappings()]
    # The last second of its day: in every month and statement a charge stands where its usage was.
    ends = {line.day: moment(day_window(line.day, zone).end_s - 1) for line in lines}
    of = ledger_transactions.c
    there = stored.rows(conn, of.project == project, of.day >= first.isoformat(), of.day < today.isoformat())
    daily = (transaction_of(row) for row in there if row.key.startswith((f"{DAILY}/", f"reversal/{DAILY}/")))
    return corrections([charge(line, ends[line.day], currency) for line in lines], standing(daily))


def _fund(conn: Connection, settings: Settings, today: date) -> list[Transaction]:
    """Corrections of budget, reserve, awards and lapses. What an ended award drew counts until yesterday."""
    stored.lock_head(conn)
    scheme, zone, currency = settings.scheme, settings.centre.zone, settings.centre.currency
    with Session(conn) as db:
        awards = list(db.scalars(select(Award).where(Award.decided_on <= today, Award.ceiling_minor > 0)))
    ended = [award for award in awards if award.ends_on <= today]
    drawn = drawn_by_award(conn, frozenset(award.project for award in ended), today) if ended else {}
    wanted = grant(scheme.budget, scheme.reserve, moment(day_start(scheme.starts_on, zone)), currency)
    for award in awards:
        at = moment(day_start(award.decided_on, zone))
        wanted.append(commitment(award.id, award.project, award.rate_bp, award.ceiling_minor, at, currency))
    for award in ended:
        left = award.ceiling_minor - drawn.get(award.id, 0)
        if left:
            at = moment(day_start(award.ends_on, zone))
            wanted.append(lapse(award.id, award.project, left, at, currency))
    of = ledger_transactions.c
    there = stored.rows(conn, of.day == "", of.kind.in_((*STANDING_KINDS, "reversal")))
    ours = tuple(f"{before}{kind}" for kind in STANDING_KINDS for before in ("", "reversal/"))
    return corrections(wanted, standing(transaction_of(row) for row in there if row.key.startswith(ours)))
