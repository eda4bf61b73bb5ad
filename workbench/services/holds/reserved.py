"""The hold of a class: what was approved for it is set aside until its seats' own holds have taken their parts of it.

    held for the class + Σ over its seats' servers (held, or settled once they ended) = approved      (minor units)

So a class can start although others have used up the rest of the award since, a seat that starts again gets its part
a second time, and nothing is ever set aside twice. Where servers are jobs of Slurm a class has no seats: what people of
its project start in its time takes its part instead. The left side is counted anew, in the transaction that places or
settles a seat's hold, with the class's hold locked: a crash or a repeated call cannot make it drift.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Exists, exists, func, select
from sqlalchemy.orm import Session

from workbench.domain.holds import Hold, held_for
from workbench.domain.training import APPROVED, SEAT_PREFIX, TrainingSeat, TrainingSession
from workbench.periods import moment
from workbench.store.tables import server_events
from workbench.units import HOUR_S, divide_half_even

CLASSES = "training"
"""The holds' cluster: nothing runs there, so no accounting ever charges it."""


def key_of(handle: str) -> str:
    """The key of a class's hold."""
    return f"{CLASSES}/{handle}"


def set_aside(db: Session, session: TrainingSession, award: int, rate_bp: int, now: int) -> None:
    """Hold the subsidy of an approved class; whoever calls holds the lock of the project's awards.

    Args:
        db: of a transaction that writes.
        session: with its cost in `quoted_minor` and the part to hold in `subsidy_minor`.
        award: that pays, rate_bp of it.
        now: UTC epoch seconds.
    """
    seconds = session.ends_at - session.starts_at
    hold = Hold(
        key=key_of(session.handle),
        award=award,
        project=session.project,
        cluster=CLASSES,
        list_minor_per_hour=divide_half_even((session.quoted_minor or 0) * HOUR_S, seconds),
        rate_bp=rate_bp,
        requested_s=seconds,
        amount_minor=session.subsidy_minor or 0,
        placed_at=moment(now),
    )
    db.add(hold)
    db.flush()


def release(db: Session, handle: str, now: int) -> None:
    """Free what is still held for a class that has ended, or never will be; a second time changes nothing."""
    if (hold := _locked(db, handle)) is not None:
        hold.settled_minor, hold.ended_at = 0, moment(now)
        db.flush()


def own_minor(db: Session, handle: str | None) -> int:
    """What is held for a class and taken by no seat yet."""
    hold = db.get(Hold, key_of(handle)) if handle else None
    return hold.amount_minor if hold is not None and hold.ended_at is None else 0


def handles(db: Session, starts: Iterable[tuple[str, str, datetime]]) -> list[str]:
    """The classes for which these start: those of seats, and those without seats in whose time their project starts it.

    Args:
        db: any.
        starts: key, project and moment of each.
    """
    found, given = set(), list(starts)
    of = server_events.c
    keys = [key for key, _project, _at in given]
    ask = select(of.user_name).where(of.server_id.in_(keys), of.user_name.startswith(SEAT_PREFIX)).distinct()
    found |= {name.removeprefix(SEAT_PREFIX).rpartition("-")[0] for name in db.scalars(ask)}
    projects = {project for _key, project, _at in given}
    ask_sessions = select(TrainingSession).where(
        TrainingSession.state == APPROVED, TrainingSession.project.in_(projects), ~_has_seats()
    )
    for session in db.scalars(ask_sessions):
        begins, ends = _times(session)
        if any(project == session.project and begins <= at < ends for _key, project, at in given):
            found.add(session.handle)
    return sorted(found)


def promised(db: Session, classes: Iterable[str]) -> set[int]:
    """The awards on which these classes hold what was approved for them."""
    keys = [key_of(handle) for handle in classes]
    return set(db.scalars(select(Hold.award).where(Hold.key.in_(keys), Hold.ended_at.is_(None))))


def lend(db: Session, handle: str) -> None:
    """Make what is held for a class free for one of its seats, until `recount` in the same transaction."""
    if (hold := _locked(db, handle)) is not None:
        hold.amount_minor = 0
        db.flush()


def recount(db: Session, handle: str) -> None:
    """Hold for a class what its seats have not taken of it."""
    hold = _locked(db, handle)
    if hold is None:
        return
    session = db.scalars(select(TrainingSession).where(TrainingSession.handle == handle)).one()
    taken = select(func.coalesce(func.sum(func.coalesce(Hold.settled_minor, Hold.amount_minor)), 0))
    if db.scalar(select(_seat_of(session.id))):
        seats = select(TrainingSeat.name).where(TrainingSeat.session == session.id)
        taken = taken.join(server_events, server_events.c.server_id == Hold.key)
        taken = taken.where(server_events.c.user_name.in_(seats))
    else:
        begins, ends = _times(session)
        in_its_time = (Hold.placed_at >= begins) & (Hold.placed_at < ends)
        taken = taken.where(Hold.project == session.project, Hold.cluster != CLASSES, in_its_time)
    taken_minor = db.execute(taken).scalar_one()
    hold.amount_minor = max(0, (session.subsidy_minor or 0) - int(taken_minor))
    db.flush()


def lengthen(db: Session, handle: str, seconds: int) -> None:
    """Hold so much more for the seats' servers that run: their class goes on for so many seconds more."""
    session = db.scalars(select(TrainingSession).where(TrainingSession.handle == handle)).one()
    seats = select(TrainingSeat.name).where(TrainingSeat.session == session.id)
    keys = select(server_events.c.server_id).where(server_events.c.user_name.in_(seats))
    for hold in db.scalars(select(Hold).where(Hold.key.in_(keys), Hold.ended_at.is_(None)).with_for_update()):
        had = held_for(hold.list_minor_per_hour, hold.rate_bp, hold.requested_s)
        hold.requested_s += seconds
        hold.amount_minor += held_for(hold.list_minor_per_hour, hold.rate_bp, hold.requested_s) - had
    recount(db, handle)


def _times(session: TrainingSession) -> tuple[datetime, datetime]:
    """From when and until when something is started for a class."""
    return moment(session.starts_at - session.lead_s), moment(session.ends_at)


def _seat_of(session: int) -> Exists:
    return exists().where(TrainingSeat.session == session)


def _has_seats() -> Exists:
    return exists().where(TrainingSeat.session == TrainingSession.id)


def _locked(db: Session, handle: str) -> Hold | None:
    db.flush()
    ask = select(Hold).where(Hold.key == key_of(handle), Hold.ended_at.is_(None)).with_for_update()
    return db.scalars(ask.execution_options(populate_existing=True)).first()
