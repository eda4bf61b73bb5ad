"""Codes that let somebody join a class: eight signs that cannot be mistaken for one another."""

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.domain.training import TrainingCode, TrainingSession
from workbench.errors import JoinRefused, TrainingRefused
from workbench.i18n import _
from workbench.services.training import events
from workbench.services.training.listing import locked
from workbench.services.training.taking import check_open
from workbench.store.engine import Store

SIGNS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
LENGTH = 8
LONGEST_TYPED = 40


def make(db: Session, session: TrainingSession, now: int) -> str:
    """A new code of this class."""
    code = "".join(secrets.choice(SIGNS) for _sign in range(LENGTH))
    db.add(TrainingCode(code, session.id, now))
    return code


def shown(code: str) -> str:
    """As it is read from a wall: ABCD-EFGH."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def typed(text: str) -> str:
    """The code that somebody typed: in small letters, with blanks or a hyphen."""
    return "".join(sign for sign in text[:LONGEST_TYPED].upper() if sign.isalnum())


def valid(store: Store, handle: str) -> list[str]:
    """The codes of a class that were not revoked, the newest first."""
    ask = select(TrainingCode.code).join(TrainingSession, TrainingSession.id == TrainingCode.session)
    ask = ask.where(TrainingSession.handle == handle, TrainingCode.revoked_at.is_(None))
    with store.db() as db:
        return list(db.scalars(ask.order_by(TrainingCode.made_at.desc(), TrainingCode.code)))


def revoke(store: Store, handle: str, code: str, who: str, now: int) -> None:
    """Make a code worthless; who sits already stays.

    Raises:
        UnknownTraining: no such class. TrainingRefused: the class has no such code that still counts.
    """
    with store.db(writes=True) as db:
        session, found = locked(db, handle), db.get(TrainingCode, typed(code))
        if found is None or found.session != session.id or found.revoked_at is not None:
            raise TrainingRefused(handle, [_("It has no such code.")])
        found.revoked_at = now
        events.note(db, "code-revoked", now, session=session.id, who=who, says=shown(found.code))


def renew(store: Store, handle: str, who: str, now: int) -> str:
    """A new code in place of all that there are.

    Raises:
        UnknownTraining: no such class. TrainingRefused: it cannot be joined any more, or never could.
    """
    with store.db(writes=True) as db:
        session = locked(db, handle)
        if session.state != "approved" or now >= session.ends_at:
            raise TrainingRefused(handle, [_("It is {state}.").format(state=session.state)])
        for old in db.scalars(select(TrainingCode).where(TrainingCode.session == session.id)):
            old.revoked_at = old.revoked_at or now
        code = make(db, session, now)
        events.note(db, "code-made", now, session=session.id, who=who, says=_("In place of the earlier ones"))
        return code


def session_of(db: Session, code: str, now: int, *, back: bool = False) -> TrainingSession:
    """The class that a code opens.

    Args:
        db: any.
        code: as somebody typed it.
        now: UTC epoch seconds.
        back: for somebody who sits there already: also where the code was revoked since, and while nobody may join.

    Raises:
        JoinRefused: "unknown", "revoked", "over", "early".
    """
    found = db.get(TrainingCode, typed(code))
    session = db.get(TrainingSession, found.session) if found is not None else None
    if found is None or session is None:
        raise JoinRefused("unknown", _("There is no such code. Read it once more from the wall, or ask for the link."))
    if back:
        return session
    if found.revoked_at is not None and session.state != "ended":
        raise JoinRefused("revoked", _("This code does not count any more. Ask your instructor for the new one."))
    check_open(session, now)
    return session
