"""What happened in classes, only ever added to: who planned, joined, was refused, what failed."""

import re

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, aliased

from workbench.domain.training import TrainingEvent, TrainingSession
from workbench.i18n import _
from workbench.store.engine import Store

LONGEST = 500
"""Characters of `says`."""
MOST_OF_A_KIND = 50
"""Events of one seat that its student can bring about at will."""
SAVED, NOT_SAVED = "saved", "not-saved"
WARNED = re.compile(r"(\d+) min before \d+")
"""What a warning says of itself (`warning`): the end is in it, so that a class made longer is warned again."""


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
    """Keep an event. `kind`: of `kind_words`; `session`, `seat`: ids; `incident`: for the closing statement."""
    db.add(TrainingEvent(now, kind, session, seat, who[:200], says[:LONGEST], incident))


def note_few(db: Session, kind: str, now: int, *, session: int, seat: int, who: str, says: str = "") -> None:
    """Keep an event that a student brings about by pressing a button: the first ones, not thousands."""
    mine = select(func.count()).select_from(TrainingEvent)
    if (db.scalar(mine.where(TrainingEvent.seat == seat, TrainingEvent.kind == kind)) or 0) < MOST_OF_A_KIND:
        note(db, kind, now, session=session, seat=seat, who=who, says=says)


def stands() -> ColumnElement[bool]:
    """Of an event: it is an incident, and none of work that could not be saved and then was, by a later try."""
    later = aliased(TrainingEvent)
    saved = exists().where(later.seat == TrainingEvent.seat, later.kind == SAVED, later.id > TrainingEvent.id)
    return TrainingEvent.incident & ~((TrainingEvent.kind == NOT_SAVED) & saved)


def listed(store: Store, handle: str, *, incidents_only: bool = False) -> list[TrainingEvent]:
    """The events of a class, the oldest first; none where there is no such class."""
    ask = select(TrainingEvent).join(TrainingSession, TrainingSession.id == TrainingEvent.session)
    ask = ask.where(TrainingSession.handle == handle).order_by(TrainingEvent.at, TrainingEvent.id)
    if incidents_only:
        ask = ask.where(stands())
    with store.db() as db:
        return list(db.scalars(ask))


def kind_words() -> dict[str, str]:
    """Every word of `kind`, and how people read it.

    Refused: codes and launches; denied: tries of a seat to reach what is not its own.
    """
    return {
        "planned": _("planned"),
        "changed": _("changed"),
        "approved": _("approved"),
        "declined": _("declined"),
        "cancelled": _("cancelled"),
        "extended": _("made longer"),
        "ended-early": _("ended early"),
        "code-made": _("new code"),
        "code-revoked": _("code revoked"),
        "go": _("go"),
        "no-go": _("no-go"),
        "joined": _("joined"),
        "refused-code": _("code refused"),
        "refused": _("launch refused"),
        "guessing": _("codes guessed"),
        "denied": _("try denied"),
        "failed": _("failed"),
        "lost": _("server lost"),
        "materials": _("new materials"),
        "handed-in": _("handed in"),
        "shared": _("lets the instructor look"),
        "unshared": _("lets nobody look any more"),
        "restart-asked": _("restart asked"),
        "restarted": _("restarted"),
        "warned": _("warned"),
        "saved": _("work saved"),
        "not-saved": _("work not saved"),
        "ended": _("ended"),
        "removed": _("work removed"),
    }


def kind_in_words(kind: str) -> str:
    """One kind as people read it; of a newer version, as it is."""
    return kind_words().get(kind, kind)


def warning(minutes: int, ends_at: int) -> str:
    """What the event of a warning says, the same for one warning before one end."""
    return f"{minutes} min before {ends_at}"


def says_in_words(event: TrainingEvent) -> str:
    """What an event says, as people read it."""
    found = WARNED.fullmatch(event.says) if event.kind == "warned" else None
    return event.says if found is None else _("{n} minutes before the end").format(n=found[1])
