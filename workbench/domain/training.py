"""Hosted training sessions: a planned class, its seats, what they do. Times are UTC epoch seconds, money minor units.

A session is planned by its instructor or the secretariat, accepted by another person, warmed up before its start, and
ended at its end; the seats are people of the Hub for that long and of no other standing. What is decided is stored
(`state`), what follows from the clock is not (`phase`).
"""

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workbench.domain.base import Amount, Stored

PLANNED, APPROVED, DECLINED, CANCELLED, ENDED = "planned", "approved", "declined", "cancelled", "ended"
STATES = (PLANNED, APPROVED, DECLINED, CANCELLED, ENDED)
COMING, WARMING, OPEN, OVER = "coming", "warming", "open", "over"
"""Phases of an approved session: nothing runs yet; servers start ahead; who has the code may join; its time is over."""
SEAT_PREFIX = "seat-"
"""Names of seats at the Hub: seat-<handle>-<number>; nobody else's name begins so."""
SEATS_GROUP = "seats"
"""Hub group of the seats of classes."""
COPY, NO_COPY = "copy", "none"
"""Of a plan's `hand_in`: the instructor may fetch each seat's saved work after the end; only its student may."""
MATERIALS = "class"
"""The folder of a seat's home in which the materials of its class are."""


class TrainingSession(Stored):
    """A planned class. `seats`: at most so many; `warm`: of them are started ahead, `lead_s` before the start;
    `extended_s`: what the instructor added to its end, in `ends_at` already; `roster`: expected names, one a line.
    """

    __tablename__ = "training_sessions"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    handle: Mapped[str] = mapped_column(String(12), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    project: Mapped[str] = mapped_column(ForeignKey("projects.slug"))
    instructor: Mapped[str] = mapped_column(ForeignKey("people.name"))
    planned_by: Mapped[str] = mapped_column(ForeignKey("people.name"))
    planned_at: Mapped[int] = mapped_column(BigInteger)
    starts_at: Mapped[int] = mapped_column(BigInteger)
    ends_at: Mapped[int] = mapped_column(BigInteger)
    seats: Mapped[int]
    warm: Mapped[int]
    profile: Mapped[str] = mapped_column(String(40))
    environment: Mapped[str] = mapped_column(String(80), default="")
    languages: Mapped[str] = mapped_column(String(80), default="")
    materials: Mapped[str] = mapped_column(Text, default="")
    branch: Mapped[str] = mapped_column(String(200), default="")
    first_page: Mapped[str] = mapped_column(Text, default="")
    roster: Mapped[str] = mapped_column(Text, default="")
    hand_in: Mapped[str] = mapped_column(String(20), default="copy")
    walk_ins: Mapped[bool] = mapped_column(default=True)
    lead_s: Mapped[int] = mapped_column(default=900)
    keep_days: Mapped[int] = mapped_column(default=14)
    extended_s: Mapped[int] = mapped_column(default=0)
    quoted_minor: Mapped[int | None] = mapped_column(Amount, default=None)
    subsidy_minor: Mapped[int | None] = mapped_column(Amount, default=None)
    state: Mapped[str] = mapped_column(String(20), default=PLANNED)
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("people.name"), default=None)
    decided_at: Mapped[int | None] = mapped_column(BigInteger, default=None)
    reason: Mapped[str] = mapped_column(Text, default="")
    ended_at: Mapped[int | None] = mapped_column(BigInteger, default=None)
    reservation: Mapped[str] = mapped_column(String(80), default="")


class TrainingCode(Stored):
    """A code that lets somebody join, while neither expired nor revoked. Shown to the instructor, so kept readable."""

    __tablename__ = "training_codes"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    session: Mapped[int] = mapped_column(ForeignKey("training_sessions.id"), index=True)
    made_at: Mapped[int] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger, default=None)


class TrainingSeat(Stored):
    """One seat: the Hub's user `name`, and who sits there once joined (`shown_name`, as they call themselves).

    `claim`: SHA-256 of what the browser that joined keeps, so that it finds the seat again; `roster`: the name expected
    on it; `lti`: the subject of an LTI launch; `restart_at`: when the instructor asked for a restart that was not done
    yet; `shared_at`: since when the student lets the instructor look; `tries`: how often its server was started;
    `archive`: file of the saved work below the state folder, `archived_bytes` its size.
    """

    __tablename__ = "training_seats"
    __table_args__ = (UniqueConstraint("session", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    session: Mapped[int] = mapped_column(ForeignKey("training_sessions.id"), index=True)
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(80), unique=True)
    roster: Mapped[str] = mapped_column(String(200), default="")
    shown_name: Mapped[str] = mapped_column(String(200), default="")
    claim: Mapped[str | None] = mapped_column(String(64), default=None)
    lti: Mapped[str | None] = mapped_column(String(200), default=None)
    server_id: Mapped[str | None] = mapped_column(String(64), default=None)
    asked_at: Mapped[int | None] = mapped_column(BigInteger, default=None)
    ready_at: Mapped[int | None] = mapped_column(BigInteger, default=None)
    joined_at: Mapped[int | None] = mapped_column(BigInteger, default=None)
    seen_at: Mapped[int | None] = mapped_column(BigInteger, default=None)
    failed_at: Mapped[int | None] = mapped_column(BigInteger, default=None)
    failure: Mapped[str] = mapped_column(Text, default="")
    restart_at: Mapped[int | None] = mapped_column(BigInteger, default=None)
    shared_at: Mapped[int | None] = mapped_column(BigInteger, default=None)
    handed_in_at: Mapped[int | None] = mapped_column(BigInteger, default=None)
    tries: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[int | None] = mapped_column(BigInteger, default=None)
    archive: Mapped[str] = mapped_column(Text, default="")
    archived_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    removed_at: Mapped[int | None] = mapped_column(BigInteger, default=None)


class TrainingReport(Stored):
    """The last run of one cell on one seat: `error` is the exception's name and first line, '' where it ran through."""

    __tablename__ = "training_reports"

    seat: Mapped[int] = mapped_column(ForeignKey("training_seats.id"), primary_key=True)
    notebook: Mapped[str] = mapped_column(String(300), primary_key=True)
    cell: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger)
    error: Mapped[str] = mapped_column(Text, default="")
    runs: Mapped[int] = mapped_column(default=1)


class TrainingMessage(Stored):
    """What the instructor said to all seats, or the clock did (author '')."""

    __tablename__ = "training_messages"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    session: Mapped[int] = mapped_column(ForeignKey("training_sessions.id"), index=True)
    at: Mapped[int] = mapped_column(BigInteger)
    author: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)


class TrainingEvent(Stored):
    """What happened: joined, extended, restarted, refused, denied, failed. Only ever added to.

    `kind` is a word of services.training.events; `incident`: belongs into the closing statement's list of incidents.
    """

    __tablename__ = "training_events"
    __table_args__ = (Index("ix_training_events_session_at", "session", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    at: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(40))
    session: Mapped[int | None] = mapped_column(ForeignKey("training_sessions.id"), default=None)
    seat: Mapped[int | None] = mapped_column(ForeignKey("training_seats.id"), default=None)
    who: Mapped[str] = mapped_column(String(200), default="")
    says: Mapped[str] = mapped_column(Text, default="")
    incident: Mapped[bool] = mapped_column(default=False)


def phase(session: TrainingSession, now: int) -> str | None:
    """COMING, WARMING, OPEN or OVER; None where it is not approved. Who has a code may join while it warms up too."""
    if session.state == ENDED:
        return OVER
    if session.state != APPROVED:
        return None
    if now >= session.ends_at:
        return OVER
    if now >= session.starts_at:
        return OPEN
    return WARMING if now >= session.starts_at - session.lead_s else COMING


def seat_name(handle: str, number: int) -> str:
    """The Hub's user of a seat."""
    return f"{SEAT_PREFIX}{handle}-{number:03d}"


def is_seat(name: str) -> bool:
    """Whether a name of the Hub is that of a seat."""
    return name.startswith(SEAT_PREFIX)


def opens_first(session: TrainingSession) -> str:
    """The page that a seat opens first, below its home; "" where none is named."""
    within = session.materials and session.first_page
    return f"{MATERIALS}/{session.first_page}" if within else session.first_page
