"""What somebody who waits for a start is told: place in the queue, when, why, and what could start at once instead.

Asked of squeue every few seconds while somebody looks; several pages of one start share the answers. A Slurm that does
not answer is said, and the waiting goes on. The page: templates/_waiting.html.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Protocol

from workbench.errors import SlurmError
from workbench.hub import options
from workbench.hub.centre_store import store_of
from workbench.hub.slurm import award
from workbench.hub.slurm.smaller import Slice, facts_of, slices
from workbench.i18n import _, ngettext
from workbench.periods import moment
from workbench.settings import ProfileSettings, Settings
from workbench.slurm import shared
from workbench.slurm.reasons import code_of, in_words, of_award, waits_for_others
from workbench.slurm.runner import Runner
from workbench.slurm.squeue import QueuedJob

EVERY_S = 2.0
"""How often the queue is asked while somebody looks; and the books and the free cards, which take longer:"""
BOOKS_EVERY_S = 10.0
ASKED, QUEUE, START = "asked", "queue", "start"
QUEUE_PERCENT = 25
"""How far a start is that waits: nobody knows how long the queue takes, so it stays there."""
TOO_LONG = frozenset({"PartitionTimeLimit", "AssocMaxWallDurationPerJobLimit", "QOSMaxWallDurationPerJobLimit"})
"""Reasons for which fewer hours would help."""

Fits = Callable[[Settings, ProfileSettings], bool]
Books = tuple[tuple[str, str], tuple[Slice, ...]]
"""The award's numbers in words with what can be done, and what could start at once."""


class Starting(Protocol):
    """What is read of a spawner. stage: percent and words of what it does itself, before and after the queue."""

    centre: Settings
    choice: options.Choice | None
    server_id: str
    job_id: str
    stage: tuple[int, str]
    start_timeout: int
    _spawn_pending: bool


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows. step: ASKED, QUEUE or START; says: the one sentence that is read aloud when it changes.

    place, expected, reason, until: '' where there is nothing to say. silent: Slurm does not answer; the rest is then as
    it was last known. instead: what could start at once.
    """

    step: str
    percent: int
    says: str
    card: str = ""
    job: str = ""
    place: str = ""
    expected: str = ""
    reason: str = ""
    until: str = ""
    silent: bool = False
    instead: tuple[Slice, ...] = field(default=())

    def event(self) -> dict[str, object]:
        """As the Hub's progress stream takes it."""
        return {"progress": self.percent, "message": self.says, "wait": asdict(self)}


class Watch:
    """Looks for one spawner; the last look is kept for whoever asks within EVERY_S."""

    def __init__(self, spawner: Starting, fits: Fits, runner: Runner | None = None) -> None:
        self.spawner, self.fits = spawner, fits
        self.runner = runner or Runner.of(spawner.centre.slurm)
        self._lock = asyncio.Lock()
        self._seen: tuple[float, str, View] | None = None
        self._books: tuple[float, str, Books] | None = None

    async def lines(self) -> AsyncIterator[dict[str, object]]:
        """Each change, until the start has succeeded or failed."""
        told = None
        while self.spawner._spawn_pending:
            view = await self.now()
            if view != told:
                told = view
                yield view.event()
            await asyncio.sleep(EVERY_S if view.step == QUEUE else 0.3)

    async def now(self) -> View:
        """What is so now."""
        async with self._lock:
            job_id, at = self.spawner.job_id, time.monotonic()
            if not job_id.isdecimal():
                return self._own()
            if self._seen is None or self._seen[1] != job_id or at - self._seen[0] >= EVERY_S * 0.9:
                view = await asyncio.to_thread(self._look, int(job_id), int(time.time()))
                self._seen = (time.monotonic(), job_id, view)
            seen = self._seen[2]
            # What the spawner itself does changes faster than the queue.
            return seen if seen.step == QUEUE else self._own(seen.job)

    def _look(self, job_id: int, now: int) -> View:
        try:
            job = shared.look(self.runner, job_id)
        except (SlurmError, ValueError):
            return self._silent(job_id)
        if job is None or not job.pending:
            return self._own(str(job_id))
        why, instead = self._asked_books(job, now)
        return waiting_view(self.spawner, job, why, instead, now)

    def _own(self, job: str = "") -> View:
        percent, says = self.spawner.stage
        return View(START if job else ASKED, percent, says, card=card_words(self.spawner), job=job)

    def _silent(self, job_id: int) -> View:
        says = _("Slurm does not answer now. Your job keeps its place; this page goes on asking.")
        if self._seen is not None and self._seen[1] == str(job_id) and self._seen[2].step == QUEUE:
            return replace(self._seen[2], silent=True, says=says)
        return View(QUEUE, QUEUE_PERCENT, says, card=card_words(self.spawner), job=str(job_id), silent=True)

    def _asked_books(self, job: QueuedJob, now: int) -> Books:
        """The award's numbers where it is the award that is waited for, and what could start at once."""
        at, code = time.monotonic(), code_of(job.reason)
        if self._books is None or self._books[1] != code or at - self._books[0] >= BOOKS_EVERY_S:
            self._books = (at, code, self._from_books(job, now))
        return self._books[2]

    def _from_books(self, job: QueuedJob, now: int) -> Books:
        settings, choice = self.spawner.centre, self.spawner.choice
        mine = _profile(self.spawner)
        if choice is None or mine is None:
            return ("", ""), ()
        store, waits = store_of(settings), award.Waiting(choice, self.spawner.server_id)
        found = slices(
            settings,
            settings.profiles,
            choice,
            lambda profile: self.fits(settings, profile),
            lambda profile, hours: award.refused(store, settings, profile, hours, waits, now),
            shorter=of_award(job.reason) or code_of(job.reason) in TOO_LONG,
        )
        return award.left_words(store, mine, waits, now) if of_award(job.reason) else ("", ""), found


def waiting_view(spawner: Starting, job: QueuedJob, why: tuple[str, str], instead: tuple[Slice, ...], now: int) -> View:
    """What is said of a job that waits.

    Args:
        spawner: whose it is.
        job: as squeue has it now.
        why: the award's numbers and what can be done about them, '' where they do not matter.
        instead: what could start at once.
        now: UTC epoch seconds.
    """
    place, expected = place_words(job), expected_words(spawner.centre, job, now)
    says, reason = why if why[0] else ("", in_words(job.reason))
    if place:
        says = f"{place}. {expected}." if expected else f"{place}."
    elif not says:
        says, reason = reason, ""
    until = ""
    if job.submit_at is not None:
        until = clock(spawner.centre, job.submit_at + spawner.start_timeout, now)
    return View(
        QUEUE, QUEUE_PERCENT, says, card_words(spawner), str(job.job_id), place, expected, reason, until,
        instead=instead,
    )  # fmt: skip


def place_words(job: QueuedJob) -> str:
    """Its place in the queue; '' for one that waits for something of its own."""
    if job.ahead is None or not waits_for_others(job.reason):
        return ""
    if job.ahead == 0:
        return _("Next in the queue")
    return ngettext("{n} job before yours", "{n} jobs before yours", job.ahead).format(n=f"{job.ahead:,}")


def expected_words(settings: Settings, job: QueuedJob, now: int) -> str:
    """When Slurm expects it to start; '' where Slurm says nothing, or only a time that has passed."""
    if job.start_at is None or job.start_at < now:
        return ""
    return _("Slurm expects the start at {time}").format(time=clock(settings, job.start_at, now))


def clock(settings: Settings, at: int, now: int) -> str:
    """A time, with its day where that is not today, in the centre's zone, which is named."""
    zone = settings.centre.zone
    when, today = moment(at).astimezone(zone), moment(now).astimezone(zone).date()
    said = f"{when:%H:%M %Z}"
    if when.date() == today:
        return said
    return _("{time} on {day}").format(time=said, day=f"{when:%-d %b %Y}")


def card_words(spawner: Starting) -> str:
    """What was chosen, in a line."""
    profile = _profile(spawner)
    if profile is None or spawner.choice is None:
        return ""
    return f"{profile.title} · {spawner.choice.project} · {facts_of(profile, spawner.choice.hours)}"


def _profile(spawner: Starting) -> ProfileSettings | None:
    wanted = spawner.choice.profile if spawner.choice else None
    return next((profile for profile in spawner.centre.profiles if profile.id == wanted), None)
