"""How far a class is: what each seat reports of its cells, and the whole class as its instructor sees it.

A seat reports the last run of each cell, by the ids that notebooks give their cells; a report says that it ran through
or which error it had, never what was in it. Times are UTC epoch seconds, sizes bytes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Row, select

from workbench.domain.training import TrainingEvent, TrainingReport, TrainingSeat, TrainingSession, phase
from workbench.errors import BadQuestion, UnknownTraining
from workbench.i18n import _
from workbench.services.training import events
from workbench.services.training.cells import Cell, cells_of
from workbench.services.training.messages import seat_in
from workbench.store.engine import Store

MOST_ROWS = 200
"""Of one report."""
MOST_CELLS = 2000
"""That are kept of one seat; more is nobody's notebook."""
MOST_NAME, MOST_ID, MOST_ERROR = 300, 64, 500
MOST_DENIED = 100
"""Of one seat."""
MOST_NOTEBOOKS, MOST_OWN_CELLS = 20, 200
"""That the page of a class has: of them cells that the materials do not have, in each notebook."""
EXPECTED, STARTING, WARM, JOINED, ACTIVE, STUCK, FAILED, ENDED = (
    "expected", "starting", "warm", "joined", "active", "stuck", "failed", "ended",
)  # fmt: skip
SHARED_AFTER_S = 8
"""After a student allowed it the Hub lets the instructor in: it is followed up every five seconds (hub.training)."""
T = TypeVar("T")
Ran = Row[int, str, str, int, str]
"""Of a report what the page needs, by the names of its columns: thousands are read each time that it asks."""
STATES = (EXPECTED, STARTING, WARM, JOINED, ACTIVE, STUCK, FAILED, ENDED)


@dataclass(frozen=True, slots=True)
class SeatRow:
    """A seat now. last_error, notebook, cell: of the last cell that it ran ('' where it ran through, or none yet);
    errors: cells whose last run had one; past: cells whose last run had none.
    """

    number: int
    name: str
    roster: str
    shown_name: str
    state: str
    state_words: str
    seen_at: int | None
    last_error: str
    notebook: str
    cell: str
    errors: int
    past: int
    tries: int
    failure: str
    shared: bool
    handed_in: bool


@dataclass(frozen=True, slots=True)
class CellRow:
    """A cell over all seats: `index` from 1 within its notebook; past, errors: seats whose last run was such.

    first_line: of its source, '' where the notebook is not to be read here.
    """

    notebook: str
    cell: str
    index: int
    past: int
    errors: int
    first_line: str
    commonest_error: str


@dataclass(frozen=True, slots=True)
class ClassView:
    """The whole class. counts: seats by state, all STATES; joined: how many sit there; says: where most stand."""

    session: TrainingSession
    phase: str | None
    seats: tuple[SeatRow, ...]
    counts: Mapping[str, int]
    joined: int
    cells: tuple[CellRow, ...]
    says: str


def report(store: Store, name: str, rows: Iterable[Mapping[str, Any]], now: int) -> int:
    """Keep what a seat reports; how many cells it was.

    Args:
        store: the centre's.
        name: the seat's user at the Hub.
        rows: {notebook: path below its home, cell: id, error: '' or the exception's name and first line, at}.
        now: UTC epoch seconds; an `at` that is later, or long past, is taken as now.

    Raises:
        UnknownTraining: this is no seat of a class. BadQuestion: too many rows, or another form.
    """
    given = [_row(row, now) for row in _few(rows)]
    with store.db(writes=True) as db:
        session, seat = seat_in(db, name)
        if phase(session, now) is None or seat.ended_at is not None:
            raise UnknownTraining(name)
        seat.seen_at = now
        known = {(r.notebook, r.cell): r for r in db.scalars(_reports_of(seat))}
        for notebook, cell, error, at in given:
            if (there := known.get((notebook, cell))) is not None:
                there.at, there.error, there.runs = at, error, there.runs + 1
            elif len(known) < MOST_CELLS:
                known[notebook, cell] = TrainingReport(seat.id, notebook, cell, at, error)
                db.add(known[notebook, cell])
    return len(given)


def note_denied(store: Store, name: str, tries: Iterable[str], now: int) -> int:
    """Keep what a seat tried to reach that is not its own, as incidents; how many are new.

    Args:
        store: the centre's.
        name: the seat's user at the Hub.
        tries: what was tried, a line each; the same again, and more than MOST_DENIED of one seat, is not kept.
        now: UTC epoch seconds.

    Raises:
        UnknownTraining: this is no seat of a class. BadQuestion: another form.
    """
    given = _few(tries)
    if not all(isinstance(one, str) for one in given):
        raise BadQuestion("a try is of another form", "send a text each")
    with store.db(writes=True) as db:
        session, seat = seat_in(db, name)
        ask = select(TrainingEvent.says).where(TrainingEvent.seat == seat.id, TrainingEvent.kind == "denied")
        known = set(db.scalars(ask))
        lines = dict.fromkeys(" ".join(_storable(one).split())[:MOST_NAME] for one in given)
        new = [line for line in lines if line and line not in known][: max(0, MOST_DENIED - len(known))]
        for line in new:
            events.note(db, "denied", now, session=session.id, seat=seat.id, who=name, says=line, incident=True)
    return len(new)


def class_view(store: Store, handle: str, now: int) -> ClassView:
    """The class as its instructor sees it, from what is stored alone.

    Raises:
        UnknownTraining: there is none of this handle.
    """
    with store.db() as db:
        session = db.scalars(select(TrainingSession).where(TrainingSession.handle == handle)).first()
        if session is None:
            raise UnknownTraining(handle)
        mine = TrainingSeat.session == session.id
        seats = list(db.scalars(select(TrainingSeat).where(mine).order_by(TrainingSeat.number)))
        reports: dict[int, list[Ran]] = {}
        ran = (TrainingReport.seat, TrainingReport.notebook, TrainingReport.cell, TrainingReport.at)
        ask = select(*ran, TrainingReport.error).join(TrainingSeat, TrainingSeat.id == TrainingReport.seat).where(mine)
        for one in db.execute(ask):
            reports.setdefault(one.seat, []).append(one)
    stuck_s = store.settings.training.stuck_minutes * 60
    rows = tuple(_seat_row(seat, reports.get(seat.id, []), now, stuck_s) for seat in seats)
    cells = tuple(_cell_rows(store, session, [one for each in reports.values() for one in each]))
    joined = sum(seat.joined_at is not None for seat in seats)
    counts = {state: sum(row.state == state for row in rows) for state in STATES}
    return ClassView(session, phase(session, now), rows, counts, joined, cells, _says(cells, joined))


def state_words(state: str) -> str:
    """A seat's state as people read it."""
    return {
        EXPECTED: _("expected"),
        STARTING: _("starting"),
        WARM: _("ready, nobody there"),
        JOINED: _("joined"),
        ACTIVE: _("active"),
        STUCK: _("stuck"),
        FAILED: _("failed"),
        ENDED: _("ended"),
    }[state]


def _few(rows: Iterable[T]) -> list[T]:
    if not isinstance(rows, list | tuple) or len(rows) > MOST_ROWS:
        raise BadQuestion("that is no report", f"send a list of at most {MOST_ROWS}")
    return list(rows)


def _row(row: Mapping[str, Any], now: int) -> tuple[str, str, str, int]:
    wanted = ("notebook", "cell", "error")
    if not isinstance(row, dict) or not all(isinstance(row.get(name, ""), str) for name in wanted):
        raise BadQuestion("a cell of the report is of another form", "send notebook, cell, error, at")
    notebook, cell, error = (_storable(row.get(name, "")) for name in wanted)
    if not notebook or not cell or len(notebook) > MOST_NAME or len(cell) > MOST_ID:
        raise BadQuestion("a cell of the report has no name, or too long a one", "send notebook and cell")
    at = row.get("at")
    recent = isinstance(at, int) and not isinstance(at, bool) and now - 3600 <= at <= now
    first = error.splitlines()[0] if error else ""
    return notebook, cell, first[:MOST_ERROR], at if recent and isinstance(at, int) else now


def _storable(text: str) -> str:
    """Without what no database takes: NUL, and halves of characters, as names of files in another encoding have."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _reports_of(seat: TrainingSeat) -> Any:
    return select(TrainingReport).where(TrainingReport.seat == seat.id)


def _seat_row(seat: TrainingSeat, reports: list[Ran], now: int, stuck_s: int) -> SeatRow:
    # Of the same second an error is the later one: nothing runs on after it by itself.
    last = max(reports, key=lambda one: (one.at, bool(one.error)), default=None)
    state = _state(seat, reports, now, stuck_s)
    return SeatRow(
        number=seat.number,
        name=seat.name,
        roster=seat.roster,
        shown_name=seat.shown_name,
        state=state,
        state_words=state_words(state),
        seen_at=seat.seen_at,
        last_error=last.error if last else "",
        notebook=last.notebook if last else "",
        cell=last.cell if last else "",
        errors=sum(bool(one.error) for one in reports),
        past=sum(not one.error for one in reports),
        tries=seat.tries,
        failure=seat.failure,
        shared=seat.shared_at is not None and now - seat.shared_at >= SHARED_AFTER_S,
        handed_in=seat.handed_in_at is not None,
    )


def _state(seat: TrainingSeat, reports: list[Ran], now: int, stuck_s: int) -> str:
    """Stuck: cells are run, and for so many seconds none ran through."""
    if seat.ended_at is not None:
        return ENDED
    if seat.failed_at is not None:
        return FAILED
    if seat.ready_at is None:
        return STARTING if seat.asked_at is not None else JOINED if seat.joined_at is not None else EXPECTED
    if seat.joined_at is None:
        return WARM
    last = max((one.at for one in reports), default=None)
    through = max((one.at for one in reports if not one.error), default=seat.joined_at)
    if last is None or now - last > stuck_s:
        return JOINED
    first_failed = min((one.at for one in reports if one.error and one.at > through), default=None)
    return STUCK if first_failed is not None and now - through >= stuck_s else ACTIVE


def _cell_rows(store: Store, session: TrainingSession, reports: list[Ran]) -> Iterable[CellRow]:
    """By notebook and place in it; cells that the materials do not have come after those that they have."""
    found: dict[str, dict[str, list[Ran]]] = {}
    for one in reports:
        found.setdefault(one.notebook, {}).setdefault(one.cell, []).append(one)
    # Of their own notebooks those of most seats: whoever reports a thousand names makes nobody's page slow.
    most = sorted(found, key=lambda name: (-len({one.seat for ran in found[name].values() for one in ran}), name))
    for notebook in sorted(most[:MOST_NOTEBOOKS]):
        mine = found[notebook]
        known = cells_of(store.settings, session, notebook)
        firsts = {cell: min(one.at for one in ran) for cell, ran in mine.items() if cell not in known}
        own = sorted(firsts, key=lambda cell: firsts[cell])[:MOST_OWN_CELLS]
        places = {**known, **{cell: Cell(len(known) + place, "") for place, cell in enumerate(own, start=1)}}
        for cell in sorted(mine.keys() & places.keys(), key=lambda cell: places[cell].index):
            errors = [one.error for one in mine[cell] if one.error]
            yield CellRow(
                notebook=notebook,
                cell=cell,
                index=places[cell].index,
                past=len(mine[cell]) - len(errors),
                errors=len(errors),
                first_line=places[cell].first_line,
                commonest_error=max(sorted(set(errors)), key=errors.count) if errors else "",
            )


def _says(cells: Iterable[CellRow], joined: int) -> str:
    """Where most stand, like: 23 of 30 past cell 14; 4 with an error in cell 15."""
    rows = list(cells)
    half = [row for row in rows if row.past * 2 >= joined > 0]
    wrong = max(rows, key=lambda row: row.errors, default=None)
    said = []
    if half:
        far = half[-1]
        said.append(_("{n} of {of} past cell {cell}").format(n=far.past, of=joined, cell=far.index))
    if wrong is not None and wrong.errors:
        said.append(_("{n} with an error in cell {cell}").format(n=wrong.errors, cell=wrong.index))
    return "; ".join(said)
