"""The end of a class in the books: warned of, each seat closed with its saved work, then the class itself."""

from sqlalchemy import func, select

from workbench.domain.training import APPROVED, ENDED, TrainingEvent, TrainingMessage, TrainingSeat, TrainingSession
from workbench.i18n import _
from workbench.services.holds import reserved
from workbench.services.training import events
from workbench.services.training.archive import Saved
from workbench.services.training.listing import locked
from workbench.store.engine import Store

WARN_MINUTES = (2, 10)


def warn(store: Store, session: TrainingSession, now: int) -> int | None:
    """Tell the seats how much time is left, once at each of these minutes; which it was, None where nothing was due.

    A class that was made longer is warned again before its new end.
    """
    minutes = next((n for n in WARN_MINUTES if session.ends_at - n * 60 <= now < session.ends_at), None)
    if minutes is None or session.state != APPROVED or session.ends_at - session.starts_at <= minutes * 60:
        return None
    says = events.warning(minutes, session.ends_at)
    words = _(
        "This class ends in {n} minutes. Finish what you are at; all files of your seat are kept for you. If you "
        "joined by a link or a code, open that again in this browser afterwards to fetch them."
    )
    with store.db(writes=True) as db:
        mine = (TrainingEvent.session == session.id) & (TrainingEvent.kind == "warned")
        if db.scalars(select(TrainingEvent.id).where(mine, TrainingEvent.says == says)).first() is not None:
            return None
        events.note(db, "warned", now, session=session.id, says=says)
        db.add(TrainingMessage(session.id, now, "", words.format(n=minutes)))
    return minutes


def close_seat(store: Store, seat_id: int, saved: Saved | None, now: int) -> None:
    """A seat has ended: its server is gone; `saved` None: there was nothing to save. A second time changes nothing."""
    with store.db(writes=True) as db:
        seat = db.get_one(TrainingSeat, seat_id)
        session = db.get_one(TrainingSession, seat.session)
        if seat.ended_at is not None or (session.state == APPROVED and now < session.ends_at):
            return  # made longer at the last moment: its time is not over
        seat.ended_at, seat.restart_at = now, None
        if saved is None:
            return
        seat.archive, seat.archived_bytes = saved.path, saved.size_bytes
        events.note(db, events.SAVED, now, session=seat.session, seat=seat.id, who=seat.name)
        if saved.left_out:
            words = _("{n} files or folders were too large or could not be read").format(n=saved.left_out)
            events.note(
                db, events.NOT_SAVED, now, session=seat.session, seat=seat.id, who=seat.name, says=words, incident=True
            )


def note_unsaved(store: Store, seat: TrainingSeat, why: str, now: int) -> None:
    """The work of a seat could not be saved, or what was saved not removed. Said once, and once more after a save."""
    with store.db(writes=True) as db:
        mine = (TrainingEvent.seat == seat.id) & (TrainingEvent.kind == events.NOT_SAVED)
        if db.scalars(select(TrainingEvent.id).where(mine, events.stands())).first() is None:
            events.note(
                db, events.NOT_SAVED, now, session=seat.session, seat=seat.id, who=seat.name, says=why, incident=True
            )


def close(store: Store, handle: str, now: int) -> bool:
    """A class whose seats are all closed has ended, and what was held for it is free; whether it has."""
    with store.db(writes=True) as db:
        session = locked(db, handle)
        mine = TrainingSeat.session == session.id
        left = select(func.count()).select_from(TrainingSeat).where(mine, TrainingSeat.ended_at.is_(None))
        if db.scalar(left) or session.state != APPROVED or now < session.ends_at:
            return False
        session.state, session.ended_at = ENDED, now
        reserved.release(db, handle, now)
        saved = db.scalar(select(func.count()).select_from(TrainingSeat).where(mine, TrainingSeat.archive != ""))
        events.note(db, "ended", now, session=session.id, says=_("Work of {n} seats saved").format(n=saved or 0))
        return True
