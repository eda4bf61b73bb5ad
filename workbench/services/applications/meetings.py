"""Meetings of the Committee: opened, attended, voted in, closed; and a decision taken in one of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from workbench.domain.applications import DECISIONS, Actor, check_open
from workbench.domain.awards import Application
from workbench.domain.meetings import (
    VOTES,
    Attendance,
    Item,
    Meeting,
    Vote,
    check_quorum,
    check_votes,
    standing,
)
from workbench.domain.rules.parameters import rules_on
from workbench.errors import MeetingRefused, UnknownMeeting
from workbench.periods import day_of, moment
from workbench.services.applications.awarding import Decided
from workbench.services.applications.rows import actor_of, application_of, conflicted
from workbench.settings import Settings
from workbench.store.engine import Store

CALLED_BY = frozenset({"secretariat"})
"""Not members: who decides does not also say who is there."""


@dataclass(frozen=True, slots=True)
class Held:
    """A meeting in a list: its number, day, chair, members who attended, decisions, and whether it is open."""

    number: int
    held_on: date
    chair: str
    members: int
    decisions: int
    open: bool


def listed(store: Store) -> list[Held]:
    """Every meeting, the latest first."""
    there = select(func.count()).where(Attendance.meeting == Meeting.id).scalar_subquery()
    items = select(func.count()).where(Item.meeting == Meeting.id).scalar_subquery()
    ask = select(Meeting, there, items).order_by(Meeting.id.desc())
    with store.db() as db:
        return [Held(m.id, m.held_on, m.chair, n, decided, m.closed_at is None) for m, n, decided in db.execute(ask)]


def open_meeting(
    store: Store, held_on: date, chair: str, attending: Sequence[str], who: str, now: int, note: str = ""
) -> int:
    """Open a meeting and return its number; the chair attends it.

    Args:
        store: any.
        held_on: the centre's day.
        chair: a member of the Committee.
        attending: members who are there; more can come later.
        who: calls it and says who attends; of the secretariat.
        now: UTC epoch seconds.
        note: place, papers.

    Raises:
        UnknownPerson. MeetingRefused: another one is open, or somebody is not who may.
    """
    with store.db(writes=True) as db:
        _called(db, who)
        there = open_one(db)
        if there is not None:
            raise MeetingRefused("open a meeting", f"meeting {there.id} is still open", "Close it first.")
        made = Meeting(held_on, _member(db, chair), moment(now), note=note)
        db.add(made)
        db.flush()
        db.add_all(Attendance(made.id, name) for name in dict.fromkeys((chair, *(_member(db, n) for n in attending))))
        return made.id


def attend(store: Store, meeting: int, names: Sequence[str], who: str) -> tuple[str, ...]:
    """Note that these members are there too; returns all who are.

    Raises:
        UnknownPerson, UnknownMeeting. MeetingRefused: it is closed, or somebody is not who may.
    """
    with store.db(writes=True) as db:
        _called(db, who)
        found = _open(db, meeting)
        there = present(db, found.id)
        db.add_all(
            Attendance(found.id, name) for name in dict.fromkeys(_member(db, n) for n in names) if name not in there
        )
        db.flush()
        return tuple(sorted(present(db, found.id)))


def vote(store: Store, reference: str, who: str, choice: str) -> None:
    """A member's vote on the approval of an application, in the open meeting; voted again, the last one counts.

    Raises:
        UnknownApplication, UnknownPerson, ClosedByConflict. MeetingRefused: no meeting is open, they are not there, it
            is not before the Committee, or the choice is none.
    """
    with store.db(writes=True) as db:
        application, actor = application_of(db, reference), actor_of(db, who)
        check_open(application, actor, conflicted(db, application))
        meeting = open_one(db)
        if meeting is None:
            raise MeetingRefused("vote", "no meeting is open", "Open one: workbench applications meeting open.")
        if actor.role != "committee" or who not in present(db, meeting.id) or who == application.applicant:
            raise MeetingRefused("vote", f"{who} is no member at meeting {meeting.id}", "Members who attend vote.")
        if application.stage != "committee":
            why = f"{reference} is in the stage {application.stage}"
            raise MeetingRefused("vote", why, "Votes are on what is before the Committee.")
        if choice not in VOTES:
            raise MeetingRefused("vote", f"{choice!r} is no vote", f"Choose one of: {', '.join(VOTES)}.")
        _forget(db, meeting.id, application.id, who)
        db.add(Vote(meeting.id, application.id, who, choice))


def close_meeting(store: Store, meeting: int, who: str, now: int) -> None:
    """Close a meeting: nothing of it changes any more. Votes on what it did not decide lapse.

    Raises:
        UnknownPerson, UnknownMeeting. MeetingRefused: it is closed already, or they may not.
    """
    with store.db(writes=True) as db:
        _called(db, who)
        found = _open(db, meeting)
        decided = select(Item.application).where(Item.meeting == found.id)
        db.execute(delete(Vote).where(Vote.meeting == found.id, Vote.application.not_in(decided)))
        found.closed_at = moment(now)


def decide_in(
    db: Session,
    settings: Settings,
    application: Application,
    action: str,
    actor: Actor,
    now: int,
    award: Decided | None,
    note: str,
    meeting: int | None,
    today: date,
) -> None:
    """Write a decision down in its meeting, inside the decision's own transaction; without a quorum it is refused.

    Args:
        db: the transaction.
        settings: the rules; with a quorum of 0 a decision needs no meeting.
        application: before the Committee.
        action: approve, decline or defer.
        actor: who decides; attends the meeting.
        now: UTC epoch seconds.
        award: with an approval.
        note: the reason.
        meeting: its number; None: the open one.
        today: the centre's day.

    Raises:
        UnknownMeeting. MeetingRefused: none is open, or the actor is not there. RuleBroken: rule 3 (quorum, votes).
    """
    quorum = rules_on(settings.rules, today).committee_quorum
    if meeting is None and not quorum:
        return
    withdrew = conflicted(db, application) | ({application.applicant} if application.applicant else frozenset())
    what = f"{action} {application.reference}"
    found, there, deciding = _sitting(db, quorum, meeting, what, actor, withdrew)
    cast = select(Vote).where(Vote.meeting == found.id, Vote.application == application.id)
    votes = {given.person: given.vote for given in db.scalars(cast) if given.person in deciding}
    check_votes(action, votes)
    _forget(db, found.id, application.id)
    held = standing(there, withdrew, votes)
    db.add_all(Vote(found.id, application.id, name, stands) for name, stands in held.items())
    db.merge(
        Item(
            meeting=found.id,
            application=application.id,
            decision=DECISIONS[action],
            decided_by=actor.name,
            decided_at=moment(now),
            requested_minor=application.requested_minor,
            recommended_minor=application.recommended_minor,
            awarded_minor=award.ceiling_minor if award else None,
            rate_bp=award.rate_bp if award else None,
            reason=note or (award.reason if award else ""),
            conditions=award.conditions if award else "",
        )
    )


def check_meeting(
    db: Session, settings: Settings, what: str, actor: Actor, withdrew: Collection[str], now: int
) -> None:
    """Refuse what the Committee cannot decide now: without its meeting, or without a quorum there.

    Args:
        db: the transaction.
        settings: the rules; with a quorum of 0 no meeting is needed.
        what: that is decided, for the sentence: "decide action 7".
        actor: who decides; attends the meeting.
        withdrew: names of those who cannot decide it.
        now: UTC epoch seconds.

    Raises:
        MeetingRefused: none is open, or the actor is not there. RuleBroken: rule 3, no quorum.
    """
    quorum = rules_on(settings.rules, day_of(now, settings.centre.zone)).committee_quorum
    if not quorum:
        return
    _sitting(db, quorum, None, what, actor, withdrew)


def _sitting(
    db: Session, quorum: int, meeting: int | None, what: str, actor: Actor, withdrew: Collection[str]
) -> tuple[Meeting, frozenset[str], frozenset[str]]:
    """The meeting in which it can be decided (None: the open one), who is there, and who of these decides."""
    found = _open(db, meeting) if meeting is not None else open_one(db)
    if found is None:
        why = f"the quorum is {quorum} and no meeting is open"
        raise MeetingRefused(what, why, "Open one: workbench applications meeting open.")
    there = present(db, found.id)
    if actor.name not in there:
        raise MeetingRefused(what, f"{actor.name} is not at meeting {found.id}", "Members who attend decide.")
    return found, there, check_quorum(there, withdrew, quorum)


def open_one(db: Session) -> Meeting | None:
    """The meeting that is open; there is at most one."""
    return db.scalars(select(Meeting).where(Meeting.closed_at.is_(None)).order_by(Meeting.id.desc())).first()


def present(db: Session, meeting: int) -> frozenset[str]:
    """Who attends it."""
    return frozenset(db.scalars(select(Attendance.person).where(Attendance.meeting == meeting)))


def _forget(db: Session, meeting: int, application: int, person: str | None = None) -> None:
    gone = delete(Vote).where(Vote.meeting == meeting, Vote.application == application)
    db.execute(gone if person is None else gone.where(Vote.person == person))


def _open(db: Session, meeting: int) -> Meeting:
    found = db.get(Meeting, meeting)
    if found is None:
        raise UnknownMeeting(meeting)
    if found.closed_at is not None:
        raise MeetingRefused(f"change meeting {meeting}", "it is closed", "Its minutes stand. Open another one.")
    return found


def _called(db: Session, who: str) -> None:
    if actor_of(db, who).role not in CALLED_BY:
        raise MeetingRefused("hold a meeting", f"{who} is not of the secretariat", "Ask the secretariat.")


def _member(db: Session, name: str) -> str:
    if actor_of(db, name).role != "committee":
        raise MeetingRefused("attend", f"{name} is no member of the Committee", "Only members attend.")
    return name
