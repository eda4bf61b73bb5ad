"""What every handler of classes does: the class that somebody may see, its times and amounts in words."""

from collections.abc import Awaitable, Callable
from datetime import date

from dashboards._forms import FormHandler
from workbench.domain.training import APPROVED, CANCELLED, DECLINED, ENDED, PLANNED, TrainingSession, phase
from workbench.errors import UnknownPerson, UnknownTraining
from workbench.hub import walls
from workbench.i18n import _
from workbench.pages import words
from workbench.pages.shell import SERVICE
from workbench.services.training import listing

ROOT = f"{SERVICE}/training"


class TrainingHandler(FormHandler):
    """A page or a form of classes. Subclasses write `look` (GET) or `take` (POST)."""

    page_id, help_js = "training", "training.js"

    async def told(self, work: Callable[..., Awaitable[None]], *given: str) -> None:
        try:
            await work(*given)
        except (UnknownTraining, UnknownPerson):
            self.notice(
                404,
                _("There is no class here that you may see"),
                _("The address may be mistyped, or it is the class of somebody else."),
                _("Students join with the link or the code that their instructor shows."),
            )

    async def found(self, handle: str) -> TrainingSession:
        """The class, if this viewer may see it; raises UnknownTraining."""
        return await self.desk.run(listing.found, self.store, handle, self.who.name, self.who.groups)

    async def isolation(self) -> str:
        """Why seats cannot be kept apart on this machine; '' where they can."""
        return await self.desk.run(walls.possible)

    def clock(self, at: int | None) -> str:
        """A moment with its day, by the centre's clock."""
        return _("unknown") if at is None else words.clock(at, self.store.settings.centre.zone, date.min)

    def when(self, session: TrainingSession) -> str:
        """From when to when a class is."""
        zone = self.store.settings.centre.zone
        ends = words.clock(session.ends_at, zone)
        return _("{start} to {end}").format(start=self.clock(session.starts_at).rsplit(" ", 1)[0], end=ends)

    def stands(self, session: TrainingSession) -> tuple[str, str]:
        """How a class stands, in words, and whether that is good, to be watched, or bad."""
        now_is = phase(session, self.now)
        if session.state == APPROVED and now_is:
            return {
                "coming": (_("approved"), ""),
                "warming": (_("getting ready"), "good"),
                "open": (_("on now"), "good"),
                "over": (_("ending"), "watch"),
            }[now_is]
        return {
            PLANNED: (_("waits for a decision"), "watch"),
            DECLINED: (_("declined"), "act"),
            CANCELLED: (_("cancelled"), ""),
            ENDED: (_("over"), ""),
        }[session.state]
