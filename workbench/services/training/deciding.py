"""Deciding about a class, and changing one that is decided about: approved or declined, cancelled, made longer, ended.

The approval holds the subsidy of the whole class on its award (services.holds.reserved), so that nobody uses it up
before the class begins.
"""

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.domain.awards import Award
from workbench.domain.training import APPROVED, CANCELLED, DECLINED, PLANNED, TrainingSession
from workbench.errors import TrainingRefused
from workbench.i18n import _
from workbench.services.holds import reserved
from workbench.services.training import codes, events, seats
from workbench.services.training.asked import names_of, plan_of, profile_of
from workbench.services.training.checks import check
from workbench.services.training.cost import cost, unpaid_at
from workbench.services.training.listing import check_teaches, locked
from workbench.services.training.room import beside, fits
from workbench.services.two_people import check_decider
from workbench.store.engine import Store
from workbench.units import HOUR_S, money

LONGEST_EXTENSION_S = 4 * HOUR_S


def decide(
    store: Store, handle: str, who: str, *, approve: bool, now: int, reason: str = "", isolation: str = ""
) -> TrainingSession:
    """Approve or decline a plan. An approved class has its seats, its first code, and its subsidy held.

    Args:
        store: the centre's.
        handle: of the class.
        who: decides; another person than the one who planned it, of the secretariat or an operator.
        approve: False: decline it.
        now: UTC epoch seconds.
        reason: for a refusal; who planned it reads it.
        isolation: see checks.check.

    Raises:
        UnknownTraining, UnknownPerson, AskRefused: no such class or person, or not by this person.
        TrainingRefused: it is decided about already, or something speaks against it now.
    """
    with store.db() as db:
        found = _planned(db, handle, who)
    if approve:
        checked = check(store, plan_of(found), found.planned_by, now, handle=handle, isolation=isolation)
        if checked.problems:
            raise TrainingRefused(handle, checked.problems)
    elif not reason.strip():
        raise TrainingRefused(handle, [_("Declining it takes a reason.")])
    with store.db(writes=True) as db:
        _lock_all(db)
        locked(db, handle)
        found = _planned(db, handle, who)
        if approve:
            _check_room(store, db, found, 0)
        found.state = APPROVED if approve else DECLINED
        found.decided_by, found.decided_at, found.reason = who, now, reason.strip()
        if approve:
            _hold(store, db, found, now)
            if not store.settings.slurm.spawns:
                seats.make(db, found, names_of(found.roster))
                codes.make(db, found, now)
        events.note(db, "approved" if approve else "declined", now, session=found.id, who=who, says=reason.strip())
        return found


def cancel(store: Store, handle: str, who: str, reason: str, now: int) -> TrainingSession:
    """Call a class off that has not ended; what was held for it is free again.

    Raises:
        UnknownTraining, UnknownPerson: no such one. TrainingRefused: it is over, or not by this person.
    """
    with store.db(writes=True) as db:
        found = _of(db, handle, who)
        if found.state not in (PLANNED, APPROVED):
            raise TrainingRefused(handle, [_("It is {state}.").format(state=found.state)])
        if found.state == APPROVED and now >= found.starts_at:
            raise TrainingRefused(handle, [_("It has begun.")], _("End it: workbench training end."))
        found.state, found.reason, found.ended_at = CANCELLED, reason.strip(), now
        reserved.release(db, handle, now)
        events.note(db, "cancelled", now, session=found.id, who=who, says=reason.strip())
        return found


def extend(store: Store, handle: str, who: str, minutes: int, now: int) -> TrainingSession:
    """Let a class go on for so many minutes more, paid and held like the rest of it.

    Raises:
        UnknownTraining, UnknownPerson: no such one. TrainingRefused: it is over, too long, not paid for, no room, or
        not by this person.
    """
    with store.db(writes=True) as db:
        _lock_all(db)
        found = _of(db, handle, who)
        _check_on(found, now)
        if minutes < 1 or found.extended_s + minutes * 60 > LONGEST_EXTENSION_S:
            raise TrainingRefused(handle, [_("A class is made longer by up to {n} hours.").format(n=4)])
        _lock_awards(db, found.project)
        _check_room(store, db, found, minutes * 60)
        before, longer = plan_of(found), replace(plan_of(found), ends_at=found.ends_at + minutes * 60)
        if profile_of(store.settings, found.profile) is None:
            raise TrainingRefused(
                handle, [_("Its profile is offered no longer, so nobody knows what more would cost.")]
            )
        award = next(iter(reserved.promised(db, [handle])), None)
        if award is not None and (why := unpaid_at(store, longer, longer.ends_at - 1)):
            raise TrainingRefused(handle, [_("No award pays until its end: {why}").format(why=why)])
        paid, had = (cost(store, one, _approved(found), award) for one in (longer, before))
        more = (paid.subsidy_minor or 0) - (had.subsidy_minor or 0)
        free = (paid.free_minor or 0) - _approved(found)
        if paid.refused or (paid.award is not None and more > max(0, free)):
            symbol = store.settings.centre.symbol
            needed = _("It takes {needed} more, and {free} of the award are free.")
            raise TrainingRefused(handle, [needed.format(needed=money(more, symbol), free=money(max(0, free), symbol))])
        found.ends_at, found.extended_s = longer.ends_at, found.extended_s + minutes * 60
        found.quoted_minor = (found.quoted_minor or 0) + (paid.list_minor or 0) - (had.list_minor or 0)
        found.subsidy_minor = _approved(found) + more
        db.flush()
        reserved.lengthen(db, handle, minutes * 60)
        events.note(db, "extended", now, session=found.id, who=who, says=_("{n} minutes").format(n=minutes))
        return found


def end(store: Store, handle: str, who: str, now: int) -> TrainingSession:
    """End a class now: its work is saved and its servers are stopped within moments (the service of classes).

    Raises:
        UnknownTraining, UnknownPerson: no such one. TrainingRefused: it is not on, or not by this person.
    """
    with store.db(writes=True) as db:
        found = _of(db, handle, who)
        _check_on(found, now)
        if now < found.starts_at:  # it would end before it begins
            raise TrainingRefused(handle, [_("It has not begun.")], _("Call it off: workbench training cancel."))
        found.ends_at = now
        events.note(db, "ended-early", now, session=found.id, who=who)
        return found


def _planned(db: Session, handle: str, who: str) -> TrainingSession:
    found = db.scalars(select(TrainingSession).where(TrainingSession.handle == handle)).first()
    found = found if found is not None else locked(db, handle)
    if found.state != PLANNED:
        raise TrainingRefused(handle, [_("It is {state} already.").format(state=found.state)])
    check_decider(db, who, found.planned_by, found.title)
    return found


def _of(db: Session, handle: str, who: str) -> TrainingSession:
    """The class, for its instructor, who planned it, secretariat and operators."""
    found = locked(db, handle)
    check_teaches(db, found, who)
    return found


def _check_on(session: TrainingSession, now: int) -> None:
    if session.state != APPROVED:
        raise TrainingRefused(session.handle, [_("It is {state}.").format(state=session.state)])
    if now >= session.ends_at:
        raise TrainingRefused(session.handle, [_("Its time is over.")])


def _check_room(store: Store, db: Session, session: TrainingSession, more_s: int) -> None:
    """Raise where the seats of the class, so much longer, do not fit beside those of others."""
    longer = replace(plan_of(session), ends_at=session.ends_at + more_s)
    profile = profile_of(store.settings, session.profile)
    if profile is None:
        return  # it is offered no longer, and runs already
    roomy, said = fits(longer, profile, beside(db, longer, store.settings, session.handle), store.settings)
    if not roomy:
        words = _("There is no room for so long: {why}") if more_s else _("There is no room any more: {why}")
        raise TrainingRefused(session.handle, [words.format(why=said)])


def _approved(session: TrainingSession) -> int:
    return session.subsidy_minor or 0


def _hold(store: Store, db: Session, session: TrainingSession, now: int) -> None:
    """Set the subsidy aside, looked at again with the awards locked: nothing can be taken of them in between."""
    _lock_awards(db, session.project)
    paid = cost(store, plan_of(session))
    if paid.refused:
        raise TrainingRefused(session.handle, [_("The award does not cover it any more.")])
    session.quoted_minor, session.subsidy_minor = paid.list_minor, paid.subsidy_minor
    if paid.award is not None:
        reserved.set_aside(db, session, paid.award, paid.rate_bp, now)


def _lock_all(db: Session) -> None:
    """Have others who approve a class, or make one longer, wait: room is looked at and taken by one at a time."""
    open_ones = TrainingSession.state.in_((PLANNED, APPROVED))
    db.execute(select(TrainingSession.id).where(open_ones).order_by(TrainingSession.id).with_for_update()).all()


def _lock_awards(db: Session, project: str) -> None:
    db.execute(select(Award.id).where(Award.project == project).order_by(Award.id).with_for_update()).all()
