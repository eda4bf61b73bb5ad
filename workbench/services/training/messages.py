"""What is said to a class, and what a seat is told of it: time left, messages, its own number. UTC epoch seconds."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.domain.projects import Person
from workbench.domain.training import APPROVED, TrainingMessage, TrainingSeat, TrainingSession
from workbench.errors import TrainingRefused, UnknownTraining
from workbench.i18n import _
from workbench.services.training.listing import check_teaches, locked
from workbench.store.engine import Store

LONGEST = 1000
SHOWN = 20
"""The latest messages that a seat is told."""


def say(store: Store, handle: str, who: str, text: str, now: int) -> TrainingMessage:
    """Say something to all seats of a class; it stands in their Lab until they have read it.

    Args:
        store: the centre's.
        handle: of the class.
        who: its instructor, secretariat or an operator; '': the clock.
        text: 1 to 1000 characters.
        now: UTC epoch seconds.

    Raises:
        UnknownTraining, UnknownPerson: no such class or person. TrainingRefused: it is not on, nothing is said or too
        much, or not by this person.
    """
    text = text.strip()
    with store.db(writes=True) as db:
        session = locked(db, handle)
        if who:
            check_teaches(db, session, who)
        if session.state != APPROVED:
            raise TrainingRefused(handle, [_("It is {state}.").format(state=session.state)])
        if not 0 < len(text) <= LONGEST:
            raise TrainingRefused(handle, [_("A message has 1 to {most} characters.").format(most=LONGEST)])
        message = TrainingMessage(session.id, now, who, text)
        db.add(message)
        db.flush()
        return message


def said(store: Store, handle: str) -> list[TrainingMessage]:
    """What was said to a class, the oldest first."""
    ask = select(TrainingMessage).join(TrainingSession, TrainingSession.id == TrainingMessage.session)
    with store.db() as db:
        return list(db.scalars(ask.where(TrainingSession.handle == handle).order_by(TrainingMessage.id)))


def for_seat(store: Store, name: str, now: int) -> dict[str, Any]:
    """What the Lab of a seat shows of its class.

    Args:
        store: the centre's.
        name: the seat's user at the Hub.
        now: UTC epoch seconds.

    Returns:
        handle, title, starts_at, ends_at, now, number, shown_name, shared, handed_in_at (None: not), first_page, and
        messages: the latest ones as {id, at, author: as people call them, '' for the clock, text}, the oldest first.

    Raises:
        UnknownTraining: this is no seat of a class.
    """
    with store.db() as db:
        session, seat = seat_in(db, name)
        ask = select(TrainingMessage, Person.display).outerjoin(Person, Person.name == TrainingMessage.author)
        ask = ask.where(TrainingMessage.session == session.id).order_by(TrainingMessage.id.desc()).limit(SHOWN)
        messages = [
            {"id": message.id, "at": message.at, "author": display or message.author, "text": message.text}
            for message, display in db.execute(ask)
        ]
    return {
        "handle": session.handle,
        "title": session.title,
        "starts_at": session.starts_at,
        "ends_at": session.ends_at,
        "now": now,
        "number": seat.number,
        "shown_name": seat.shown_name,
        "shared": seat.shared_at is not None,
        "handed_in_at": seat.handed_in_at,
        "first_page": session.first_page,
        "messages": messages[::-1],
    }


def seat_in(db: Session, name: str) -> tuple[TrainingSession, TrainingSeat]:
    """The class and the seat of a user of the Hub.

    Raises:
        UnknownTraining: this is no seat of a class.
    """
    ask = select(TrainingSession, TrainingSeat).join(TrainingSeat, TrainingSeat.session == TrainingSession.id)
    row = db.execute(ask.where(TrainingSeat.name == name)).first()
    if row is None:
        raise UnknownTraining(name)
    return row[0], row[1]
