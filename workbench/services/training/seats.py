"""The seats of a class."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from workbench.domain.training import TrainingSeat, TrainingSession, seat_name


def make(db: Session, session: TrainingSession, roster: Sequence[str]) -> None:
    """Make the seats of a class that was approved; the first ones are for those on its roster."""
    names = [*roster, *[""] * (session.seats - len(roster))]
    db.add_all(
        TrainingSeat(session.id, number, seat_name(session.handle, number), roster=name)
        for number, name in enumerate(names, start=1)
    )
