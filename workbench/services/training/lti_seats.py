"""Seats for people who come from a course: a launch names a class, and is worth what a code is, no more."""

from collections.abc import Collection

from sqlalchemy import select

from workbench.domain.training import TrainingSession, phase
from workbench.errors import JoinRefused, UnknownTraining
from workbench.i18n import _
from workbench.services.training import events
from workbench.services.training.listing import locked
from workbench.services.training.taking import Joined, take
from workbench.store.engine import Store


def join(
    store: Store, handle: str, seat_key: str, shown_name: str, now: int, *, projects: Collection[str] = ()
) -> Joined:
    """The seat of one person in a class.

    Args:
        store: the centre's.
        handle: of the class.
        seat_key: the same for the same person, whatever browser they use.
        shown_name: how their platform calls them; "" where it does not say.
        now: UTC epoch seconds.
        projects: whose classes may be opened so; empty: those of all.

    Raises:
        JoinRefused: there is no such class here, it is over or not yet open, or it has no seat for them.
    """
    unknown = JoinRefused("unknown", _("Your course names a class that is not there. Tell your instructor."))
    with store.db(writes=True) as db:
        try:
            session = locked(db, handle)
        except UnknownTraining:
            raise unknown from None
        if phase(session, now) is None or (projects and session.project not in projects):
            raise unknown
        return take(db, session, shown_name, now, lti=seat_key)


def note_refused(store: Store, says: str, now: int, handle: str = "", who: str = "") -> None:
    """Write down a launch that opened nothing: with the class that it named, where there is one.

    Args:
        store: the centre's.
        says: why.
        now: UTC epoch seconds.
        handle: of the class; "": none was named, or what was named cannot be believed.
        who: the address that it came from.
    """
    with store.db(writes=True) as db:
        found = db.scalars(select(TrainingSession.id).where(TrainingSession.handle == handle)).one_or_none()
        events.note(db, "refused", now, session=found, who=who, says=_("Launch from a course: {why}").format(why=says))
