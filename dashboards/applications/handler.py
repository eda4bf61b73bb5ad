"""What every application handler does, beyond a page with forms: errors of applications in words."""

from collections.abc import Awaitable, Callable

from dashboards._forms import FormHandler
from workbench.errors import ClosedByConflict, UnknownApplication, UnknownPerson
from workbench.i18n import _
from workbench.pages import words
from workbench.pages.shell import SERVICE
from workbench.services.applications.files import conflict_of

ROOT = f"{SERVICE}/applications"


class ApplicationHandler(FormHandler):
    """A page or a form of an application. Subclasses write `look` (GET) or `take` (POST)."""

    page_id, help_js = "applications", "applications.js"

    async def told(self, work: Callable[..., Awaitable[None]], *given: str) -> None:
        try:
            await work(*given)
        except ClosedByConflict:
            await self.closed(given[0])
        except (UnknownApplication, UnknownPerson):
            # Not there and not yours are the same words: what is hidden is not confirmed.
            self.notice(
                404,
                _("There is no application here that you may see"),
                _("The address may be mistyped, or it belongs to somebody else."),
                _("If you believe that you should see it, ask the secretariat."),
            )

    async def closed(self, reference: str) -> None:
        """The refusal of somebody with a declared conflict; of the application it says nothing."""
        declared = await self.desk.run(conflict_of, self.store, reference, self.who.name)
        on = words.day(declared.declared_at.astimezone(self.store.settings.centre.zone).date()) if declared else ""
        self.notice(
            403,
            _("This application is closed to you"),
            _("You declared a conflict of interest on {day}; this application is closed to you.").format(day=on),
            _("Ask the secretariat if you believe that this is a mistake; only they can answer questions about it."),
            locked=True,
        )
