"""The seats of a class: made, taken by whoever has the code, watched by the rounds, given to the spawner."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.domain.training import APPROVED, TrainingCode, TrainingSeat, TrainingSession, seat_name
from workbench.errors import JoinRefused, TrainingRefused
from workbench.i18n import _
from workbench.services.training import codes, events
from workbench.services.training.listing import locked
from workbench.services.training.taking import Joined, take
from workbench.store.engine import Store
from workbench.units import HOUR_S

LONGEST_EXTENSION_S = 4 * HOUR_S
"""A seat's server may run for so long beyond what is held for it: its class can be made longer (deciding.extend)."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the server of a seat runs with, whatever was asked for.

    hold_s: until the end of the class, seconds, held of what was set aside for it; hours: after which it ends in any
    case, also where its class was made longer.
    """

    profile: str
    project: str
    hold_s: int
    hours: int


def make(db: Session, session: TrainingSession, roster: Sequence[str]) -> None:
    """Make the seats of a class that was approved; the first ones are for those on its roster."""
    names = [*roster, *[""] * (session.seats - len(roster))]
    db.add_all(
        TrainingSeat(session.id, number, seat_name(session.handle, number), roster=name)
        for number, name in enumerate(names, start=1)
    )


def digest(claim: str) -> str:
    """What is kept of what a browser keeps: enough to know it again, not enough to be it."""
    return hashlib.sha256(claim.encode()).hexdigest()


def join(store: Store, code: str, shown_name: str, now: int, *, claim: str = "") -> Joined:
    """A seat for whoever has the code: the one that this browser had before, else a free one, a warm one first.

    Args:
        store: the centre's.
        code: as it was typed.
        shown_name: as they call themselves.
        now: UTC epoch seconds.
        claim: what their browser keeps for this class; "": nothing, then it finds the seat no second time.

    Raises:
        JoinRefused: "unknown", "revoked", "early", "over", "full", "roster"; see note_refused.
    """
    with store.db(writes=True) as db:
        sits = claim and _of_claim(db, codes.session_of(db, code, now, back=True), claim) is not None
        session = locked(db, codes.session_of(db, code, now, back=bool(sits)).handle)
        return take(db, session, shown_name, now, claim=digest(claim) if claim else None)


def note_refused(store: Store, refused: JoinRefused, code: str, now: int, address: str = "") -> None:
    """Write down that a code opened nothing, and where it was tried from. A wrong code itself is not kept."""
    with store.db(writes=True) as db:
        found = db.get(TrainingCode, codes.typed(code))
        says = f"{refused.kind}: {refused}"
        events.note(db, "refused-code", now, session=found.session if found else None, who=address, says=says)


def class_of_code(store: Store, code: str, now: int) -> TrainingSession:
    """The class that a code opens now; raises JoinRefused, and writes nothing down."""
    with store.db() as db:
        return codes.session_of(db, code, now)


def class_behind(store: Store, code: str, now: int) -> TrainingSession:
    """The class of a code, also after its end: for whoever sat there. JoinRefused where there is no such code."""
    with store.db() as db:
        return codes.session_of(db, code, now, back=True)


def of_claim(store: Store, handle: str, claim: str) -> TrainingSeat | None:
    """The seat of a browser in a class, also after its end."""
    with store.db() as db:
        session = db.scalars(select(TrainingSession).where(TrainingSession.handle == handle)).first()
        return _of_claim(db, session, claim) if session is not None and claim else None


def of_lti(store: Store, handle: str, seat_key: str) -> TrainingSeat | None:
    """The seat of somebody who came by a launch from a course, also after the end of the class."""
    ask = select(TrainingSeat).join(TrainingSession, TrainingSession.id == TrainingSeat.session)
    with store.db() as db:
        return db.scalars(ask.where(TrainingSession.handle == handle, TrainingSeat.lti == seat_key)).first()


def seat_of(store: Store, name: str) -> tuple[TrainingSession, TrainingSeat] | None:
    """The class and the seat of a user of the Hub; None where there is no such seat."""
    with store.db() as db:
        return _named(db, name)


def allowed(store: Store, name: str, now: int) -> bool:
    """Whether the user of this seat may be logged in, and have a server: until the end of their class."""
    found = seat_of(store, name)
    return found is not None and found[0].state == APPROVED and now < found[0].ends_at and found[1].ended_at is None


def chosen(store: Store, name: str, now: int) -> Given | None:
    """What the server of a seat runs with; None where it may have none now."""
    found = seat_of(store, name)
    if found is None or not allowed(store, name, now):
        return None
    session = found[0]
    hold_s = session.ends_at - now
    return Given(session.profile, session.project, hold_s, -(-(hold_s + LONGEST_EXTENSION_S) // HOUR_S))


def ask_restart(store: Store, handle: str, number: int, who: str, now: int) -> None:
    """Ask for a new server of a seat; its home stays. The rounds do it within seconds.

    Raises:
        UnknownTraining: no such class. TrainingRefused: no such seat, or it has ended.
    """
    with store.db(writes=True) as db:
        session = locked(db, handle)
        mine = select(TrainingSeat).where(TrainingSeat.session == session.id, TrainingSeat.number == number)
        seat = db.scalars(mine).first()
        if seat is None or seat.ended_at is not None or session.state != APPROVED:
            raise TrainingRefused(handle, [_("Seat {n} cannot be started again.").format(n=number)])
        seat.restart_at = now
        events.note(db, "restart-asked", now, session=session.id, seat=seat.id, who=who)


def _named(db: Session, name: str) -> tuple[TrainingSession, TrainingSeat] | None:
    ask = select(TrainingSession, TrainingSeat).join(TrainingSeat, TrainingSeat.session == TrainingSession.id)
    found = db.execute(ask.where(TrainingSeat.name == name)).first()
    return (found[0], found[1]) if found is not None else None


def _of_claim(db: Session, session: TrainingSession, claim: str) -> TrainingSeat | None:
    of_class = select(TrainingSeat).where(TrainingSeat.session == session.id)
    return db.scalars(of_class.where(TrainingSeat.claim == digest(claim))).first()
