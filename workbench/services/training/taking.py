"""Taking a seat in a class, however one was let in: by its code, or by a launch from a course."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.domain.training import COMING, OVER, TrainingSeat, TrainingSession, opens_first, phase
from workbench.errors import JoinRefused
from workbench.i18n import _
from workbench.services.training import events

LONGEST_NAME = 80


@dataclass(frozen=True)
class Joined:
    """Who sits where: `name` is the seat's user at the Hub; warm: its server is ready; new: they were not there before.

    first_page: what opens there, below the seat's home; "": the Lab as it is.
    """

    name: str
    session: int
    number: int
    warm: bool
    new: bool
    first_page: str


def take(
    db: Session,
    session: TrainingSession,
    shown_name: str,
    now: int,
    *,
    claim: str | None = None,
    lti: str | None = None,
) -> Joined:
    """The seat of one person: theirs, else the one that the roster keeps for their name, else a free one.

    Args:
        db: of a transaction that writes, in which the class is locked (listing.locked).
        session: the class.
        shown_name: as they call themselves.
        now: UTC epoch seconds.
        claim: digest of what their browser keeps. lti: digest of who they are to their platform. By either, the same
            seat is found again.

    Raises:
        JoinRefused: "unknown" where the class is not accepted, "over", "early", "roster", "full".
    """
    check_open(session, now)
    seat = _theirs(db, session, claim, lti)
    new = seat is None
    if seat is None:
        seat = _free(db, session, shown_name)
        seat.joined_at, seat.shown_name = now, _one_line(shown_name) or _("Student")
        events.note(db, "joined", now, session=session.id, seat=seat.id, who=seat.name, says=seat.shown_name)
    seat.claim, seat.lti, seat.seen_at = claim or seat.claim, lti or seat.lti, now
    warm = seat.ready_at is not None and seat.failed_at is None
    return Joined(seat.name, session.id, seat.number, warm, new, opens_first(session))


def check_open(session: TrainingSession, now: int) -> None:
    """Raise JoinRefused unless the seats of this class can be joined at `now` (UTC epoch seconds)."""
    stands = phase(session, now)
    if stands is None:
        raise JoinRefused("unknown", _("There is no such class."))
    if stands == OVER:
        raise JoinRefused("over", _("This class is over."))
    if stands == COMING:
        words = _("This class is not open yet: come back when it begins, or up to {n} minutes earlier.")
        raise JoinRefused("early", words.format(n=session.lead_s // 60))


def _theirs(db: Session, session: TrainingSession, claim: str | None, lti: str | None) -> TrainingSeat | None:
    of_class = select(TrainingSeat).where(TrainingSeat.session == session.id, TrainingSeat.ended_at.is_(None))
    if lti is not None:
        return db.scalars(of_class.where(TrainingSeat.lti == lti)).first()
    return db.scalars(of_class.where(TrainingSeat.claim == claim)).first() if claim is not None else None


def _free(db: Session, session: TrainingSession, shown_name: str) -> TrainingSeat:
    """A seat that nobody has: kept for this name, else kept for nobody; one whose server is ready before the others."""
    free = db.scalars(
        select(TrainingSeat)
        .where(TrainingSeat.session == session.id, TrainingSeat.joined_at.is_(None), TrainingSeat.ended_at.is_(None))
        .order_by(TrainingSeat.ready_at.is_(None), TrainingSeat.asked_at.is_(None), TrainingSeat.number)
    ).all()
    called = _one_line(shown_name).casefold()
    if kept := [seat for seat in free if seat.roster and _one_line(seat.roster).casefold() == called]:
        return kept[0]
    if not session.walk_ins:
        raise JoinRefused("roster", _("This class is for those on its list, and your name is not on it."))
    for seat in free:
        if not seat.roster:
            return seat
    raise JoinRefused("full", _("All seats of this class are taken. Tell your instructor."))


def _one_line(name: str) -> str:
    return " ".join(name.split())[:LONGEST_NAME]
