"""What happened in classes, only ever added to: who planned, joined, was refused, what failed."""

from sqlalchemy.orm import Session

from workbench.domain.training import TrainingEvent


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
    db.add(TrainingEvent(now, kind, session, seat, who, says, incident))
