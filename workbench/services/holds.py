"""Holds on awards: place one at a start, settle it at the end, tell how much is left and until when.

Only one start at a time looks at an award and takes from it: on SQLite the writing transaction has its turn, on
PostgreSQL the award's row is locked. So starts at the same moment can never promise more than there is.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from workbench.domain.awards import Award, drawing_award
from workbench.domain.holds import Balance, Hold, gone_at_s, held_for, still_held, warnings
from workbench.domain.rules.parameters import rules_on
from workbench.errors import HoldRefused, NoBalance
from workbench.periods import day_start, moment
from workbench.services.spend_days import today_of
from workbench.store.charges import drawn_by_award
from workbench.store.engine import Store
from workbench.store.tables import dirty, freshness
from workbench.units import money


@dataclass(frozen=True, slots=True)
class Start:
    """What wants to start: its key (the id of the server or job), where, for how long, at which list price an hour."""

    key: str
    project: str
    cluster: str
    requested_s: int
    list_minor_per_hour: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """An award's balance now: the marks it has reached (basis points left), and when running work has used it up."""

    project: str
    award: int
    balance: Balance
    reached_bp: tuple[int, ...]
    burn_minor_per_hour: int
    gone_at: datetime | None


def place(store: Store, start: Start, now: int) -> Hold:
    """Set aside the subsidy of the full requested time; the same start again finds the hold it has.

    Raises:
        NoBalance: no award pays, or it does not cover the time. HoldRefused: the key belongs to another start, or the
        time or price is not above zero.
    """
    if start.requested_s <= 0 or start.list_minor_per_hour <= 0:
        raise HoldRefused(start.key, "time and price must be above zero", "Ask with both.")
    symbol, today = store.settings.centre.symbol, today_of(store, now)
    with store.db(writes=True) as db:
        awards = _locked_awards(db, start.project, today)
        if (there := db.get(Hold, start.key)) is not None:
            return _same(there, start)
        drawn = drawn_by_award(db.connection(), frozenset({start.project}))
        used = {award.id: drawn.get(award.id, 0) + _held(db, store, award.id) for award in awards}
        award = drawing_award(awards, today, used)
        rate_bp = award.rate_bp if award else 0
        amount = held_for(start.list_minor_per_hour, rate_bp, start.requested_s)
        free = max(0, award.ceiling_minor - used[award.id]) if award else 0
        if award is None or amount > free or free == 0:
            raise NoBalance(start.project, money(amount, symbol), money(free, symbol))
        hold = Hold(
            start.key,
            award.id,
            start.project,
            start.cluster,
            start.list_minor_per_hour,
            rate_bp,
            start.requested_s,
            amount,
            moment(now),
        )
        db.add(hold)
        return hold


def settle(store: Store, key: str, used_s: int, now: int) -> Hold:
    """End a hold: the actual time stays counted until accounting has charged it, the rest is free at once.

    Args:
        store: any.
        key: of the hold.
        used_s: seconds that ran; beyond the requested time the hold's full amount counts.
        now: UTC epoch seconds of the end.

    Raises:
        HoldRefused: no such hold, a negative time, or settled before with another time.
    """
    with store.db(writes=True) as db:
        hold = db.scalars(select(Hold).where(Hold.key == key).with_for_update()).first()
        if hold is None:
            raise HoldRefused(key, "there is none of this name", "List them: workbench holds list.")
        if used_s < 0:
            raise HoldRefused(key, "the time used is negative", "Give the seconds that ran.")
        amount = held_for(hold.list_minor_per_hour, hold.rate_bp, min(used_s, hold.requested_s))
        if hold.settled_minor is not None and hold.settled_minor != amount:
            raise HoldRefused(key, "it was settled before with another time", "Correct it in the accounting.")
        if hold.settled_minor is None:
            hold.settled_minor, hold.ended_at = amount, moment(now)
        return hold


def running(store: Store, project: str | None = None) -> list[Hold]:
    """The holds of what runs, oldest first."""
    ask = select(Hold).where(Hold.ended_at.is_(None)).order_by(Hold.placed_at, Hold.key)
    with store.db() as db:
        return list(db.scalars(ask.where(Hold.project == project) if project else ask))


def outlook(store: Store, now: int) -> list[Outlook]:
    """Every award of today with its balance, warnings and the moment at which running work has used it up."""
    today = today_of(store, now)
    marks = rules_on(store.settings.rules, today).warn_left_bp
    with store.db() as db:
        drawn = drawn_by_award(db.connection(), None)
        live = select(Award).where(Award.starts_on <= today, Award.ends_on > today, Award.decided_on <= today)
        found = []
        for award in db.scalars(live.order_by(Award.project, Award.id)):
            open_ = list(db.scalars(select(Hold).where(Hold.award == award.id, Hold.ended_at.is_(None))))
            balance = Balance(award.ceiling_minor, drawn.get(award.id, 0), _held(db, store, award.id))
            burn = sum(held_for(hold.list_minor_per_hour, hold.rate_bp, 3600) for hold in open_)
            # What running work holds is its own to use: only with that gone is the award gone.
            left = balance.free_minor + sum(_unused(hold, now) for hold in open_)
            gone = gone_at_s(now, left, burn)
            found.append(
                Outlook(
                    award.project,
                    award.id,
                    balance,
                    tuple(warnings(balance, marks)),
                    burn,
                    moment(gone) if gone is not None else None,
                )
            )
        return found


def _locked_awards(db: Session, project: str, today: date) -> list[Award]:
    decided = select(Award).where(Award.project == project, Award.decided_on <= today)
    return list(db.scalars(decided.order_by(Award.id).with_for_update()))


def _same(hold: Hold, start: Start) -> Hold:
    asked = (start.project, start.cluster, start.requested_s, start.list_minor_per_hour)
    if (hold.project, hold.cluster, hold.requested_s, hold.list_minor_per_hour) != asked or hold.ended_at is not None:
        raise HoldRefused(start.key, "it belongs to another start, or to one that has ended", "Start under a new key.")
    return hold


def _held(db: Session, store: Store, award: int) -> int:
    zone = store.settings.centre.zone
    until = {row.cluster: row.data_until_at for row in db.execute(select(freshness))}
    # Usage that has come in and is not rated yet is in no charge either.
    waiting = select(dirty.c.cluster, func.min(dirty.c.period).label("day")).where(dirty.c.kind == "charges")
    for row in db.execute(waiting.group_by(dirty.c.cluster)):
        first = day_start(date.fromisoformat(row.day), zone)
        until[row.cluster] = min(first, until.get(row.cluster, first))
    accounted = {cluster: moment(at) for cluster, at in until.items()}
    uncharged = [and_(Hold.cluster == cluster, Hold.ended_at > at) for cluster, at in accounted.items()]
    counts = or_(Hold.ended_at.is_(None), Hold.cluster.not_in(list(accounted)), *uncharged)
    return still_held(db.scalars(select(Hold).where(Hold.award == award, counts)), accounted)


def _unused(hold: Hold, now: int) -> int:
    used_s = max(0, min(hold.requested_s, int((moment(now) - hold.placed_at) / timedelta(seconds=1))))
    return hold.amount_minor - held_for(hold.list_minor_per_hour, hold.rate_bp, used_s)
