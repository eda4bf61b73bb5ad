"""What the rounds see of seats and write down: asked for, ready, failed, gone; and which to start next."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from workbench.domain.training import APPROVED, CANCELLED, OPEN, WARMING, TrainingSeat, TrainingSession, phase
from workbench.i18n import _
from workbench.services.training import events
from workbench.store.engine import Store

MOST_TRIES = 4
AGAIN_AFTER_S = 5
"""After the first failure, doubled with each further one."""
APPEARS_WITHIN_S = 20
"""A server that was asked for and of which the Hub knows nothing after so long does not come."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The server of a seat as the Hub has it now; server_id "": not known yet."""

    ready: bool
    server_id: str


@dataclass(frozen=True, slots=True)
class Class:
    """A class and its seats, in the order of their numbers."""

    session: TrainingSession
    seats: Sequence[TrainingSeat]


def approved(store: Store, now: int, ahead_s: int, called_off_s: int = 0) -> list[Class]:
    """Classes that are on, over and not closed, or begin within so many seconds; cancelled ones with open seats.

    Args:
        store: the centre's.
        now: UTC epoch seconds.
        ahead_s: before the first server is to start.
        called_off_s: how long a cancelled class is among them also when its seats are closed.
    """
    left = select(TrainingSeat.session).where(TrainingSeat.ended_at.is_(None))
    ask = select(TrainingSession).where(
        or_(
            (TrainingSession.state == APPROVED) & (TrainingSession.starts_at - TrainingSession.lead_s <= now + ahead_s),
            (TrainingSession.state == CANCELLED)
            & (TrainingSession.id.in_(left) | (TrainingSession.ended_at > now - called_off_s)),
        )
    )
    with store.db() as db:
        found = []
        for session in db.scalars(ask.order_by(TrainingSession.id)).all():
            of = select(TrainingSeat).where(TrainingSeat.session == session.id).order_by(TrainingSeat.number)
            found.append(Class(session, list(db.scalars(of))))
        return found


def follow(store: Store, one: Class, seen: Mapping[str, Seen], busy: Collection[str], now: int) -> None:
    """Write down what changed since the last look.

    Args:
        store: the centre's.
        one: the class.
        seen: the servers that the Hub has, by the name of the seat.
        busy: seats whose server is being started or stopped this moment: nothing is concluded about them.
        now: UTC epoch seconds.
    """
    changed = [seat.id for seat in one.seats if seat.name not in busy and _changed(seat, seen.get(seat.name), now)]
    if not changed:
        return
    with store.db(writes=True) as db:
        for seat in db.scalars(
            select(TrainingSeat).where(TrainingSeat.id.in_(changed), TrainingSeat.ended_at.is_(None))
        ):
            there = seen.get(seat.name)
            if there is None:
                if not _changed(seat, None, now):
                    continue
                words = _("Its server ended.") if seat.ready_at else _("Its server did not start.")
                _failed(seat, words, now)
                incident = seat.joined_at is not None
                events.note(db, "lost", now, session=seat.session, seat=seat.id, who=seat.name, says=words,
                            incident=incident)  # fmt: skip
            else:
                seat.asked_at = seat.asked_at or now
                if there.ready:
                    new = seat.server_id is not None and there.server_id != seat.server_id
                    seat.ready_at = now if new or seat.ready_at is None else seat.ready_at
                    seat.server_id, seat.failed_at, seat.failure = there.server_id, None, ""


def _changed(seat: TrainingSeat, there: Seen | None, now: int) -> bool:
    if seat.ended_at is not None:
        return False
    if there is None:
        late = seat.asked_at is not None and now - seat.asked_at >= APPEARS_WITHIN_S
        return seat.ready_at is not None or (late and seat.failed_at is None)
    if not there.ready:
        return seat.asked_at is None
    return seat.ready_at is None or seat.server_id != there.server_id or seat.failed_at is not None


def note_asked(store: Store, names: Sequence[str], now: int) -> None:
    """Their servers are asked for, now."""
    with store.db(writes=True) as db:
        for seat in db.scalars(select(TrainingSeat).where(TrainingSeat.name.in_(names))):
            seat.asked_at, seat.tries = now, seat.tries + 1
            seat.ready_at = seat.failed_at = None
            seat.failure = ""


def note_ready(store: Store, name: str, now: int) -> None:
    """The server of a seat answers; which one it is, the next look at the Hub says."""
    with store.db(writes=True) as db:
        seat = db.scalars(select(TrainingSeat).where(TrainingSeat.name == name)).one()
        if seat.ended_at is None:
            seat.asked_at, seat.ready_at = seat.asked_at or now, seat.ready_at or now
            seat.failed_at, seat.failure = None, ""


def note_failed(store: Store, name: str, why: str, now: int) -> None:
    """The server of a seat could not be started."""
    with store.db(writes=True) as db:
        seat = db.scalars(select(TrainingSeat).where(TrainingSeat.name == name)).one()
        _failed(seat, why, now)
        events.note(db, "failed", now, session=seat.session, seat=seat.id, who=name, says=why, incident=True)


def note_restarted(store: Store, name: str, now: int) -> None:
    """The old server of a seat is gone, as the instructor asked: it is started like one that never was."""
    with store.db(writes=True) as db:
        seat = db.scalars(select(TrainingSeat).where(TrainingSeat.name == name)).one()
        seat.restart_at, seat.tries = None, 0
        _failed(seat, "", now - AGAIN_AFTER_S)
        events.note(db, "restarted", now, session=seat.session, seat=seat.id, who=name)


def to_start(one: Class, now: int, spare: int) -> list[TrainingSeat]:
    """The seats whose servers are to be started, the most wanted first: they failed, or the pool is to be filled.

    The pool is what was planned until that many have joined; after that a few stay ready for whoever comes.

    Args:
        one: the class.
        now: UTC epoch seconds.
        spare: so many seats that nobody has are kept ready, where servers are started ahead at all.
    """
    if phase(one.session, now) not in (WARMING, OPEN):
        return []
    open_ = [seat for seat in one.seats if seat.ended_at is None]
    joined = [seat for seat in open_ if seat.joined_at is not None]
    free = [seat for seat in open_ if seat.joined_at is None and (seat.roster or one.session.walk_ins)]
    wanted = max(one.session.warm - len(joined), min(spare, one.session.warm))
    up = [seat for seat in free if seat.asked_at is not None and seat.failed_at is None]
    cold = sorted((seat for seat in free if seat not in up), key=lambda seat: (not seat.roster, seat.number))
    again = [seat for seat in joined if seat.failed_at is not None]
    return [seat for seat in [*again, *cold[: max(0, wanted - len(up))]] if _may_again(seat, now)]


def _may_again(seat: TrainingSeat, now: int) -> bool:
    waits_s = AGAIN_AFTER_S * 2 ** max(0, seat.tries - 1)
    return seat.failed_at is None or (seat.tries < MOST_TRIES and now - seat.failed_at >= waits_s)


def _failed(seat: TrainingSeat, why: str, now: int) -> None:
    seat.failed_at, seat.failure = now, why
    seat.asked_at = seat.ready_at = seat.server_id = None
