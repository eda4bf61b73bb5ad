"""A class while it is on: who sits where, who needs help, how far it has come; asked for every few seconds."""

from dataclasses import dataclass
from typing import Any

from dashboards.training.handler import TrainingHandler
from dashboards.training.work import work_given
from workbench.domain.training import COMING, OPEN, WARMING, TrainingMessage, TrainingSession, phase
from workbench.hub.own_domains import origin_of
from workbench.i18n import _, ngettext
from workbench.pages import words
from workbench.pages.shell import environment
from workbench.services.training import codes, going, listing, messages
from workbench.services.training.progress import (
    ACTIVE,
    EXPECTED,
    FAILED,
    STARTING,
    STUCK,
    WARM,
    CellRow,
    ClassView,
    SeatRow,
    class_view,
    state_words,
)

TONES = {ACTIVE: "good", STUCK: "watch", FAILED: "act"}
MESSAGES_SHOWN = 10


@dataclass(frozen=True)
class Bar:
    """One cell over all seats: shares of the taken seats, 0 to 100."""

    row: CellRow
    past: float
    errors: float


@dataclass(frozen=True)
class Line:
    """One seat in words. needs: it wants the instructor; look: address of the Lab that its student lets one see;
    shared_origin: it is of the same origin as this page.
    """

    seat: SeatRow
    who: str
    tone: str
    doing: str
    seen: str
    needs: bool
    look: str
    shared_origin: bool


@dataclass(frozen=True)
class Room:
    """Everything of the part that is refreshed. key: changes where the page as a whole is another one."""

    session: TrainingSession
    key: str
    as_of: str
    left: str
    sentence: str
    go: tuple[str, str]
    counts: tuple[tuple[str, str, int, str], ...]
    lines: tuple[Line, ...]
    needy: tuple[Line, ...]
    says: str
    pictures: tuple[tuple[str, tuple[Bar, ...]], ...]
    messages: tuple[tuple[str, str, str], ...]
    work: dict[str, str | int] | None
    code: str
    runs: bool
    begun: bool
    acts: bool


class Live(TrainingHandler):
    """The refreshed part as HTML in an answer for the page's script."""

    async def look(self, *given: str) -> None:
        found = await live_given(self, await self.found(given[0]))
        name = "coming" if phase(found["room"].session, self.now) == COMING else "live"
        part = environment().get_template(f"training/{name}_part.html")
        html = part.render(**found, root=self.root, xsrf=self.token())
        self.finish({"key": found["room"].key, "html": html})


async def live_given(handler: TrainingHandler, session: TrainingSession) -> dict[str, Any]:
    """What the templates of the live class are given."""
    store, now = handler.store, handler.now

    def read() -> tuple[ClassView, list[TrainingMessage], list[str], Any]:
        return (
            class_view(store, session.handle, now),
            messages.said(store, session.handle),
            codes.valid(store, session.handle),
            going.last(store, session),
        )

    view, said, valid, tried = await handler.desk.run(read)
    teaches = listing.may_teach(view.session, handler.who.name, handler.who.groups)
    lines = tuple(_line(seat, view, now, origin_of(store.settings, seat.name)) for seat in view.seats)
    zone = store.settings.centre.zone
    room = Room(
        session=view.session,
        key=f"{view.session.state}-{view.phase}-{valid[0] if valid and teaches else ''}",
        as_of=words.clock(now, zone).replace(" ", f":{now % 60:02d} ", 1),
        left=_left(view, now),
        sentence=_sentence(view),
        go=("", "") if tried is None else (tried.kind, tried.says),
        counts=_counts(view),
        lines=lines,
        needy=tuple(line for line in lines if line.needs),
        says=view.says,
        pictures=_pictures(view),
        messages=tuple(
            (words.clock(one.at, zone), one.author or _("the clock"), one.text)
            for one in reversed(said[-MESSAGES_SHOWN:])
        ),
        work=await work_given(handler, view.session),
        code=codes.shown(valid[0]) if valid and teaches else "",
        begun=view.phase == OPEN,
        runs=view.phase in (COMING, WARMING, OPEN),
        acts=teaches and view.phase in (COMING, WARMING, OPEN),
    )
    return {"room": room}


def _line(seat: SeatRow, view: ClassView, now: int, origin: str) -> Line:
    index = next((c.index for c in view.cells if (c.notebook, c.cell) == (seat.notebook, seat.cell)), None)
    doing = _("cell {n}").format(n=index) if index is not None else ""
    running = seat.state not in (FAILED, EXPECTED, STARTING)
    return Line(
        seat=seat,
        who=seat.shown_name or (_("{name} (expected)").format(name=seat.roster) if seat.roster else ""),
        tone=TONES.get(seat.state, ""),
        doing=doing,
        seen=words.ago(now - seat.seen_at) if seat.seen_at is not None else "",
        needs=seat.state in (STUCK, FAILED) or (bool(seat.last_error) and seat.state == ACTIVE),
        look=f"{origin}/user/{seat.name}/lab" if seat.shared and running else "",
        shared_origin=not origin,
    )


def _counts(view: ClassView) -> tuple[tuple[str, str, int, str], ...]:
    """(name, words, how many, tone) of what an instructor looks at first."""
    found = [("seats-joined", _("joined"), view.joined, "")]
    for state in (WARM, ACTIVE, STUCK, FAILED):
        n = view.counts[state]
        found.append((f"seats-{state}", state_words(state), n, TONES.get(state, "") if n else ""))
    waiting = view.counts[EXPECTED] + view.counts[STARTING]
    return (*found, ("seats-waiting", _("not started yet"), waiting, ""))


def _sentence(view: ClassView) -> str:
    said = ngettext("{joined} of {n} seat is taken", "{joined} of {n} seats are taken", len(view.seats))
    said = said.format(joined=view.joined, n=len(view.seats))
    return f"{said}; {view.says}." if view.says else f"{said}."


def _left(view: ClassView, now: int) -> str:
    if view.phase == OPEN:
        return _("{time} left").format(time=_span(view.session.ends_at - now))
    if view.phase in (COMING, WARMING):
        return _("begins in {time}").format(time=_span(view.session.starts_at - now))
    return _("It is over: work is being saved, servers are being stopped.")


def _span(seconds: int) -> str:
    minutes = -(-max(0, seconds) // 60)
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return _("{d} days {h} h").format(d=hours // 24, h=hours % 24)
    return _("{h} h {m} min").format(h=hours, m=rest) if hours else _("{m} min").format(m=minutes)


def _pictures(view: ClassView) -> tuple[tuple[str, tuple[Bar, ...]], ...]:
    """By notebook the bars of its cells; a full bar is every taken seat."""
    whole = max([1, view.joined, *(row.past + row.errors for row in view.cells)])
    found: dict[str, list[Bar]] = {}
    for row in view.cells:
        bar = Bar(row, round(row.past / whole * 100, 1), round(row.errors / whole * 100, 1))
        found.setdefault(row.notebook, []).append(bar)
    return tuple((name, tuple(bars)) for name, bars in found.items())
