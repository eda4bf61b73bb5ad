"""The result of trying a class before it begins: go or no-go, kept as an event; what is planned anew is tried anew."""

from sqlalchemy import func, select

from workbench.domain.training import TrainingEvent, TrainingSession
from workbench.services.training import events
from workbench.store.engine import Store

GO, NO_GO = "go", "no-go"


def tried(store: Store, session: TrainingSession) -> bool:
    """Whether the class was tried since it was last decided about."""
    return last(store, session) is not None


def last(store: Store, session: TrainingSession) -> TrainingEvent | None:
    """The last result since the class was decided about; None: it was not tried."""
    of = (TrainingEvent.session == session.id) & TrainingEvent.kind.in_((GO, NO_GO))
    since = session.decided_at or 0
    newest = select(func.max(TrainingEvent.id)).where(of, TrainingEvent.at >= since)
    with store.db() as db:
        return db.scalars(select(TrainingEvent).where(TrainingEvent.id == newest.scalar_subquery())).first()


def note(store: Store, session: TrainingSession, says: str, now: int, *, go: bool) -> None:
    """Keep how the try went, in words, at `now` (UTC epoch seconds)."""
    with store.db(writes=True) as db:
        events.note(db, GO if go else NO_GO, now, session=session.id, says=says, incident=not go)
