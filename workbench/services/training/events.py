"""What happened in classes, only ever added to: who planned, joined, was refused, what failed."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.domain.training import TrainingEvent, TrainingSession
from workbench.store.engine import Store

KINDS = {
    "planned", "changed", "approved", "declined", "cancelled", "extended", "ended-early",
    "code-made", "code-revoked", "go", "no-go", "joined", "refused-code", "refused", "guessing", "denied",
    "failed", "lost", "materials", "restart-asked", "restarted", "warned", "saved", "not-saved", "ended", "removed",
}  # fmt: skip
"""Words of `kind`. Refused: codes and launches; denied: tries of a seat to reach what is not its own."""


def note(
    db: Session,
    kind: str,
    now: int,
    *,
    session: int | None = None,
    seat: int | None = None,
    who: str = "",
    says: str = "",
    incident: bool = False,
) -> None:
    """Keep an event. `session`, `seat`: their ids; `incident`: belongs into the closing statement."""
    db.add(TrainingEvent(now, kind, session, seat, who[:200], says, incident))


def listed(store: Store, handle: str, *, incidents_only: bool = False) -> list[TrainingEvent]:
    """The events of a class, the oldest first; none where there is no such class."""
    ask = select(TrainingEvent).join(TrainingSession, TrainingSession.id == TrainingEvent.session)
    ask = ask.where(TrainingSession.handle == handle).order_by(TrainingEvent.at, TrainingEvent.id)
    if incidents_only:
        ask = ask.where(TrainingEvent.incident)
    with store.db() as db:
        return list(db.scalars(ask))
