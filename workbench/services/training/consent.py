"""A student lets the instructor look at the seat, and takes it back. What follows at the Hub is for its rounds."""

from sqlalchemy import select

from workbench.domain.training import TrainingSeat
from workbench.errors import UnknownTraining
from workbench.services.training import events
from workbench.store.engine import Store


def share(store: Store, name: str, now: int, *, on: bool) -> dict[str, int | None]:
    """Keep what the student of this seat wants.

    Args:
        store: the centre's.
        name: of the seat at the Hub.
        now: UTC epoch seconds.
        on: whether the class's instructor may open it.

    Raises:
        UnknownTraining: no such seat.
    """
    with store.db(writes=True) as db:
        seat = db.scalars(select(TrainingSeat).where(TrainingSeat.name == name).with_for_update()).first()
        if seat is None:
            raise UnknownTraining(name)
        if (seat.shared_at is not None) != on:
            seat.shared_at = now if on else None
            kind = "shared" if on else "unshared"
            events.note_few(db, kind, now, session=seat.session, seat=seat.id, who=seat.name, says=seat.shown_name)
        return {"shared_at": seat.shared_at}
