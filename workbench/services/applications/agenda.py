"""The Committee's meetings as its pages show them: who is there, what is before it, the votes, past meetings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workbench.domain.applications import Conflict
from workbench.domain.awards import Application
from workbench.domain.meetings import Attendance, Item, Meeting, Vote
from workbench.domain.projects import Person
from workbench.domain.rules.parameters import rules_on
from workbench.errors import ClosedByConflict, UnknownMeeting
from workbench.periods import day_of, epoch
from workbench.services.applications.files import Listed, listed
from workbench.services.applications.meetings import CALLED_BY, open_one, present
from workbench.services.applications.minutes import minutes
from workbench.services.applications.rows import actor_of, application_of, conflicted
from workbench.services.spend_days import today_of
from workbench.store.engine import Store

READ_BY = CALLED_BY | {"committee", "executive", "operator"}


@dataclass(frozen=True, slots=True)
class Sitting:
    """One meeting. closed_on: the centre's day, None while it is open. decided: how many applications."""

    number: int
    held_on: date
    chair: str
    note: str
    present: tuple[str, ...]
    decided: int
    closed_on: date | None


@dataclass(frozen=True, slots=True)
class Agenda:
    """quorum: 0 where a decision needs no meeting. before: what is before the Committee and open to the reader."""

    now_open: Sitting | None
    past: tuple[Sitting, ...]
    before: tuple[Listed, ...]
    members: tuple[str, ...]
    quorum: int
    may_call: bool


@dataclass(frozen=True, slots=True)
class Poll:
    """How an application stands in the open meeting: who can decide it, and their votes so far."""

    meeting: int
    quorum: int
    deciding: tuple[str, ...]
    withdrew: tuple[str, ...]
    votes: Mapping[str, str]


def agenda(store: Store, who: str, now: int) -> Agenda:
    """The meetings, newest first.

    Raises:
        UnknownPerson. UnknownMeeting: meetings are not for this person's role.
    """
    today = today_of(store, now)
    before = tuple(line for line in listed(store, who, now) if line.stage == "committee")
    with store.db() as db:
        role = actor_of(db, who).role
        if role not in READ_BY:
            raise UnknownMeeting(0)
        counted = {row.meeting: row.decided for row in db.execute(_COUNTED)}
        rows = list(db.scalars(select(Meeting).order_by(Meeting.held_on.desc(), Meeting.id.desc())))
        sittings = [_sitting(db, store, row, counted.get(row.id, 0)) for row in rows]
        members = db.scalars(select(Person.name).where(Person.role == "committee").order_by(Person.name))
        return Agenda(
            now_open=next((one for one in sittings if one.closed_on is None), None),
            past=tuple(one for one in sittings if one.closed_on is not None),
            before=before,
            members=tuple(members),
            quorum=rules_on(store.settings.rules, today).committee_quorum,
            may_call=role in CALLED_BY,
        )


def poll(store: Store, reference: str, now: int) -> Poll | None:
    """How an application stands in the open meeting; None without one."""
    quorum = rules_on(store.settings.rules, today_of(store, now)).committee_quorum
    with store.db() as db:
        meeting = open_one(db)
        if meeting is None:
            return None
        found = application_of(db, reference)
        there, gone = present(db, meeting.id), conflicted(db, found) | {found.applicant}
        cast = select(Vote).where(Vote.meeting == meeting.id, Vote.application == found.id)
        votes = {given.person: given.vote for given in db.scalars(cast)}
    return Poll(meeting.id, quorum, tuple(sorted(there - gone)), tuple(sorted(there & gone)), votes)


def minutes_for(store: Store, meeting: int, who: str) -> str:
    """The minutes, for somebody to whom nothing in them is closed.

    Raises:
        UnknownPerson, UnknownMeeting. ClosedByConflict: they declared a conflict in something that it decided, or it
            decided an application of their own: its review is not for them.
    """
    with store.db() as db:
        if actor_of(db, who).role not in READ_BY:
            raise UnknownMeeting(meeting)
        decided = select(Item.application).where(Item.meeting == meeting)
        declared = decided.join(Conflict, Conflict.application == Item.application).where(Conflict.person == who)
        own = decided.join(Application, Application.id == Item.application).where(Application.applicant == who)
        if db.scalars(declared.union_all(own)).first() is not None:
            raise ClosedByConflict(f"meeting {meeting}", who)
    return minutes(store, meeting)


_COUNTED = select(Item.meeting, func.count().label("decided")).group_by(Item.meeting)


def _sitting(db: Session, store: Store, row: Meeting, decided: int) -> Sitting:
    there = db.scalars(select(Attendance.person).where(Attendance.meeting == row.id).order_by(Attendance.person))
    closed_on = day_of(epoch(row.closed_at), store.settings.centre.zone) if row.closed_at else None
    return Sitting(row.id, row.held_on, row.chair, row.note, tuple(there), decided, closed_on)
