"""Holds on awards: one is placed at each start and settled at its end.

Only one start at a time looks at a project's awards and takes from them: on SQLite the writing transaction has its
turn, on PostgreSQL the awards' rows are locked. So starts at the same moment can never promise more than there is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from workbench.domain.awards import Award
from workbench.domain.holds import Hold, held_for, settled_for
from workbench.domain.overuse import BLOCKED, SUBSIDISED
from workbench.domain.starts import Standing, StartTerms, best_of
from workbench.errors import HoldRefused, NoBalance
from workbench.periods import moment
from workbench.services.holds import reserved
from workbench.services.holds.standing import standings
from workbench.services.holds.words import refusal
from workbench.store.engine import Store


@dataclass(frozen=True, slots=True)
class Start:
    """What wants to start: its key (the id of the server or job), where, for how long, at which list price an hour."""

    key: str
    project: str
    cluster: str
    requested_s: int
    list_minor_per_hour: int


@dataclass(frozen=True, slots=True)
class Ended:
    """What has ended: the seconds that ran, 0 where it never started, and the UTC epoch second of the end."""

    used_s: int
    ended_at: int


def place(store: Store, start: Start, now: int) -> Hold | None:
    """Set aside the subsidy of the full requested time; the same start again finds the hold it has.

    Returns:
        None where nothing is to be held: no award pays, and the settings let such a project start at list price. Of a
        class that was approved it is what is left, where that is less than the time needs.

    Raises:
        NoBalance: no award pays, or it does not cover the time. HoldRefused: the key belongs to another start, or the
        time or price is not above zero.
    """
    if start.requested_s <= 0 or start.list_minor_per_hour <= 0:
        raise HoldRefused(start.key, "time and price must be above zero", "Ask with both.")
    with store.db(writes=True) as db:
        _lock(db, start.project)
        if (there := db.get(Hold, start.key)) is not None:
            return _same(there, start)
        # A seat of a class takes its part of what is held for the class.
        classes = reserved.handles(db, [(start.key, start.project, moment(now))])
        kept = _kept(db, store, start.project, classes, now)
        for handle in classes:
            reserved.lend(db, handle)
        found = standings(db, store.settings, start.project, now)
        standing, terms = best_of(found, start.list_minor_per_hour, start.requested_s)
        if terms.kind == BLOCKED:
            standing, terms = _in_a_class(found, kept, start) or (standing, terms)
        if terms.kind == BLOCKED:
            asked = (start.list_minor_per_hour, start.requested_s)
            raise NoBalance(refusal(store.settings, start.project, found, *asked))
        if standing.award is None:
            _recount(db, classes)
            return None
        hold = Hold(
            start.key,
            standing.award,
            start.project,
            start.cluster,
            start.list_minor_per_hour,
            standing.rate_bp,
            start.requested_s,
            terms.held_minor,
            moment(now),
        )
        db.add(hold)
        _recount(db, classes)
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
        amount = settled_for(hold, used_s)
        if hold.settled_minor is not None and hold.settled_minor != amount:
            raise HoldRefused(key, "it was settled before with another time", "Correct it in the accounting.")
        if hold.settled_minor is None:
            hold.settled_minor, hold.ended_at = amount, moment(now)
            _recount(db, reserved.handles(db, [_start_of(hold)]))
        return hold


def settle_ended(conn: Connection, cluster: str, ended: Mapping[str, Ended]) -> int:
    """Settle the holds of what has ended, in the transaction that brings the ends into the books.

    Args:
        conn: of a transaction that writes.
        cluster: where it ran.
        ended: by key; what has no hold, or was settled before, is left as it is.

    Returns: how many were settled.
    """
    if not ended:
        return 0
    ask = select(Hold).where(Hold.cluster == cluster, Hold.key.in_(list(ended)), Hold.ended_at.is_(None))
    with Session(conn) as db:
        found = list(db.scalars(ask.with_for_update()))
        for hold in found:
            end = ended[hold.key]
            hold.settled_minor, hold.ended_at = settled_for(hold, end.used_s), moment(end.ended_at)
        db.flush()
        if found:
            _recount(db, reserved.handles(db, map(_start_of, found)))
            db.flush()
    return len(found)


def open_holds(conn: Connection) -> list[Hold]:
    """The holds of what runs, oldest first."""
    with Session(conn, expire_on_commit=False) as db:
        return list(db.scalars(select(Hold).where(Hold.ended_at.is_(None)).order_by(Hold.placed_at, Hold.key)))


def running(store: Store, project: str | None = None) -> list[Hold]:
    """The holds of what runs, of one project or of all, oldest first."""
    with store.read() as conn:
        return [hold for hold in open_holds(conn) if project in (None, hold.project)]


def _kept(db: Session, store: Store, project: str, classes: Sequence[str], now: int) -> set[int]:
    """The awards on which these classes hold what was approved, and that have not been overdrawn or cut since."""
    if not (awards := reserved.promised(db, classes)):
        return set()
    found = standings(db, store.settings, project, now)
    return {one.award for one in found if one.award in awards and one.balance.free_minor >= 0}


def _in_a_class(found: Sequence[Standing], kept: set[int], start: Start) -> tuple[Standing, StartTerms] | None:
    """Terms for a seat of a class that was approved, where its award is some cents short of the seat's full time.

    The class was approved as a whole: that a try, a restart, an earlier start or a new price has taken more than was
    worked out must not leave the last students without a seat. What is left is held; the rest is the project's own.
    """
    for standing in found:
        if standing.award in kept:
            needed = held_for(start.list_minor_per_hour, standing.rate_bp, start.requested_s)
            return standing, StartTerms(SUBSIDISED, needed, min(needed, standing.free_minor))
    return None


def _start_of(hold: Hold) -> tuple[str, str, datetime]:
    return hold.key, hold.project, hold.placed_at


def _recount(db: Session, classes: Iterable[str]) -> None:
    for handle in classes:
        reserved.recount(db, handle)


def _lock(db: Session, project: str) -> None:
    db.execute(select(Award.id).where(Award.project == project).order_by(Award.id).with_for_update()).all()


def _same(hold: Hold, start: Start) -> Hold:
    asked = (start.project, start.cluster, start.requested_s, start.list_minor_per_hour)
    if (hold.project, hold.cluster, hold.requested_s, hold.list_minor_per_hour) != asked or hold.ended_at is not None:
        raise HoldRefused(start.key, "it belongs to another start, or to one that has ended", "Start under a new key.")
    return hold
