"""The closing statement of a class: seats, who did not come, time used, what it cost and who paid, what went wrong.

The amounts are the charges of the seats' own names (charges_user_daily), of which the ledger's postings are the sums:
the two agree to the cent. Time that no charge stands for yet is said beside them, never guessed. Minor units, UTC.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from workbench.domain.jobs import Job
from workbench.domain.training import APPROVED, ENDED, SEAT_PREFIX, TrainingEvent, TrainingSeat, TrainingSession
from workbench.errors import UnknownTraining
from workbench.i18n import _
from workbench.periods import day_of, epoch, iso, moment
from workbench.services.training import events
from workbench.store.engine import Store
from workbench.store.tables import charges_user_daily
from workbench.units import DAY_S, gpu_seconds


@dataclass(frozen=True, slots=True)
class SeatLine:
    """One seat. Seconds are those charged; amounts are None where something of it has no price or no charge yet."""

    number: int
    name: str
    roster: str
    shown_name: str
    joined_at: int | None
    servers: int
    core_seconds: int
    gpu_part_seconds: int
    list_minor: int | None
    subsidy_minor: int | None
    user_minor: int | None
    handed_in_at: int | None
    archived_bytes: int | None


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that went wrong, at a UTC epoch second; seat: its number, None where it was no single one."""

    at: int
    kind: str
    seat: int | None
    who: str
    says: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A class and what became of it. Seconds and amounts are of what is charged; unpriced: some of it has no price.

    joined: seats that somebody took; no_shows: those of the roster that nobody took, without a roster all others.
    uncharged_core_seconds: metered and in no charge yet. running: servers that run. elsewhere: it has no seats of its
    own (Slurm), what people of its project started in its time stands in the project's statement, and not here.
    """

    session: TrainingSession
    seats: int
    joined: int
    no_shows: int
    core_seconds: int
    gpu_part_seconds: int
    list_minor: int
    subsidy_minor: int
    user_minor: int
    unpriced: bool
    uncharged_core_seconds: int
    running: int
    elsewhere: bool
    rows: tuple[SeatLine, ...]
    incidents: tuple[Incident, ...]

    @property
    def gpu_seconds(self) -> int | float:
        """GPU-seconds charged."""
        return gpu_seconds(self.gpu_part_seconds)

    @property
    def elsewhere_words(self) -> str:
        """Where the cost of a class without seats of its own is to be found; '' for any other."""
        if not self.elsewhere:
            return ""
        return _(
            "People of {project} started its servers themselves: what these cost is in the statements of {project}, "
            "and not known here."
        ).format(project=self.session.project)

    @property
    def final(self) -> bool:
        """Whether nothing runs any more and all of it is charged."""
        return self.session.ended_at is not None and not self.uncharged_core_seconds and not self.running


COLUMNS = (*(field.name for field in fields(SeatLine) if field.name != "gpu_part_seconds"), "gpu_seconds")
"""Of `table`, in order."""
_MONEY = ("list_minor", "subsidy_minor", "user_minor")
_CHARGED = ("core_seconds", "gpu_part_seconds", *_MONEY, "unpriced")
_METERED = ("servers", "running", "core_seconds")


def statement(store: Store, handle: str, now: int) -> Statement:
    """The statement of a class; while it runs, what it came to until now.

    Args:
        store: the centre's, its charges up to date.
        handle: of the class.
        now: UTC epoch seconds.

    Raises:
        UnknownTraining: there is none of this handle.
    """
    with store.db() as db:
        session = db.scalars(select(TrainingSession).where(TrainingSession.handle == handle)).first()
        if session is None:
            raise UnknownTraining(handle)
        mine = TrainingSeat.session == session.id
        seats = list(db.scalars(select(TrainingSeat).where(mine).order_by(TrainingSeat.number)))
        incidents = list(
            db.scalars(
                select(TrainingEvent)
                .where(TrainingEvent.session == session.id, events.stands())
                .order_by(TrainingEvent.at, TrainingEvent.id)
            )
        )
        conn = db.connection()
        metered, charged = _metered(conn, session, now), _charged(conn, session, store.settings.centre.zone)
    found = [(seat, metered.get(seat.name, _none(_METERED)), charged.get(seat.name, _none(_CHARGED))) for seat in seats]
    totals = {name: sum(of[name] for _seat, _metered, of in found) for name in _CHARGED}
    numbers = {seat.id: seat.number for seat in seats}
    named = any(seat.roster for seat in seats)
    return Statement(
        session=session,
        seats=len(seats) or session.seats,
        joined=sum(seat.joined_at is not None for seat in seats),
        no_shows=sum(seat.joined_at is None and bool(seat.roster or not named) for seat in seats),
        core_seconds=totals["core_seconds"],
        gpu_part_seconds=totals["gpu_part_seconds"],
        list_minor=totals["list_minor"],
        subsidy_minor=totals["subsidy_minor"],
        user_minor=totals["user_minor"],
        unpriced=totals["unpriced"] > 0,
        uncharged_core_seconds=sum(_uncharged(one, of) for _seat, one, of in found),
        running=sum(one["running"] for _seat, one, _of in found),
        elsewhere=not seats and session.state in (APPROVED, ENDED) and store.settings.slurm.spawns,
        rows=tuple(_line(*line) for line in found),
        incidents=tuple(Incident(i.at, i.kind, numbers.get(i.seat or 0), i.who, i.says) for i in incidents),
    )


def table(found: Statement) -> list[dict[str, Any]]:
    """The rows of a statement by COLUMNS, for a file: moments as ISO 8601 in UTC, None where nothing is known."""
    rows = []
    for line in found.rows:
        row = asdict(line) | {"gpu_seconds": gpu_seconds(line.gpu_part_seconds)}
        for name in ("joined_at", "handed_in_at"):
            row[name] = None if row[name] is None else iso(row[name])
        rows.append({name: row[name] for name in COLUMNS})
    return rows


def _metered(conn: Connection, session: TrainingSession, now: int) -> dict[str, dict[str, int]]:
    """Seat → what ran under its name: how many servers and jobs, how many still run, core-seconds until now."""
    job = Job.__table__.c
    mine = (
        job.project == session.project,
        job.seen_until_at >= moment(_since(session)),
        job.user_name.startswith(_prefix(session)),
    )
    ask = select(job.user_name, job.start_at, job.end_at, job.seen_until_at, job.cpu_cores).where(*mine)
    found: dict[str, dict[str, int]] = {}
    for row in conn.execute(ask):
        one = found.setdefault(row.user_name, _none(_METERED))
        one["servers"] += 1
        one["running"] += row.end_at is None
        one["core_seconds"] += max(0, min(epoch(row.seen_until_at), now) - epoch(row.start_at)) * (row.cpu_cores or 0)
    return found


def _charged(conn: Connection, session: TrainingSession, zone: ZoneInfo) -> dict[str, dict[str, int]]:
    """Seat → its time in the charges, and what that came to; unpriced above 0 where some of it has no price."""
    of = charges_user_daily.c
    names = [name for name in _CHARGED if name != "unpriced"]
    missing = func.sum(of.unpriced_gpu_part_seconds) + func.count() - func.count(of.list_minor)
    ask = select(of.user_name, missing.label("unpriced"), *(func.sum(of[name]).label(name) for name in names))
    since = day_of(_since(session), zone).isoformat()
    ask = ask.where(of.project == session.project, of.day >= since, of.user_name.startswith(_prefix(session)))
    return {
        row["user_name"]: {name: int(row[name] or 0) for name in _CHARGED}
        for row in conn.execute(ask.group_by(of.user_name)).mappings()
    }


def _line(seat: TrainingSeat, metered: dict[str, int], charged: dict[str, int]) -> SeatLine:
    known = not charged["unpriced"] and not _uncharged(metered, charged)
    return SeatLine(
        number=seat.number,
        name=seat.name,
        roster=seat.roster,
        shown_name=seat.shown_name,
        joined_at=seat.joined_at,
        servers=metered["servers"],
        core_seconds=charged["core_seconds"],
        gpu_part_seconds=charged["gpu_part_seconds"],
        list_minor=charged["list_minor"] if known else None,
        subsidy_minor=charged["subsidy_minor"] if known else None,
        user_minor=charged["user_minor"] if known else None,
        handed_in_at=seat.handed_in_at,
        archived_bytes=seat.archived_bytes,
    )


def _uncharged(metered: dict[str, int], charged: dict[str, int]) -> int:
    return max(0, metered["core_seconds"] - charged["core_seconds"])


def _none(names: Iterable[str]) -> dict[str, int]:
    return dict.fromkeys(names, 0)


def _since(session: TrainingSession) -> int:
    """Before the first server of the class, the one that is tried: it comes at most a day before its lead."""
    return session.starts_at - session.lead_s - 2 * DAY_S


def _prefix(session: TrainingSession) -> str:
    return f"{SEAT_PREFIX}{session.handle}-"
