"""The Committee's meetings: the agenda of the open one, who attends, its minutes to take away; meetings before it."""

from datetime import date

from dashboards.applications import says
from dashboards.applications.handler import ROOT, ApplicationHandler
from dashboards.applications.numbers import whole
from workbench.errors import ClosedByConflict, Refused, UnknownMeeting, WorkbenchError
from workbench.i18n import _
from workbench.pages import words
from workbench.services.applications import meetings
from workbench.services.applications.agenda import agenda, minutes_for
from workbench.services.spend_days import today_of


class Meetings(ApplicationHandler):
    """GET the agenda; POST …/open, …/attend, …/close."""

    async def look(self, *_given: str) -> None:
        await self.page({})

    async def page(self, errors: dict[str, str], status: int = 200) -> None:
        try:
            found = await self.desk.run(agenda, self.store, self.who.name, self.now)
        except UnknownMeeting:
            return self.refuse(self.who, _("Committee meetings"))
        self.show(
            "meetings.html",
            status,
            agenda=found,
            errors=errors,
            typed=self.typed() if errors else {},
            today=today_of(self.store, self.now),
            day=words.day,
            money=self.money,
            category=words.category,
            done=says.done(self.get_query_argument("done", "")),
        )
        return None

    async def take(self, *given: str) -> None:
        kind = given[0]
        errors = await self.desk.run(self.taken, kind)
        if errors:
            return await self.page(errors, 422)
        what = kind if kind == "attend" else f"{kind}-meeting"
        return self.redirect(f"{ROOT}/meetings?done={what}", status=303)

    def taken(self, kind: str) -> dict[str, str]:
        """Do it; what is wrong with the form, field by field (empty: it was done)."""
        who, typed = self.who.name, self.typed()
        named = self.get_body_arguments("member")
        number = whole(typed.get("meeting", ""), 10**9) or 0
        try:
            if kind == "open":
                held_on = date.fromisoformat(typed.get("held_on", ""))
                meetings.open_meeting(
                    self.store, held_on, typed.get("chair", ""), named, who, self.now, typed.get("note", "").strip()
                )
            elif kind == "attend":
                meetings.attend(self.store, number, named, who)
            else:
                meetings.close_meeting(self.store, number, who, self.now)
        except ValueError:
            return {"held_on": _("Write a day, like 2026-12-01.")}
        except (Refused, WorkbenchError) as refused:
            return {"form": str(refused)}
        return {}


class Minutes(ApplicationHandler):
    """The minutes of a meeting, as Markdown."""

    async def look(self, *given: str) -> None:
        try:
            text = await self.desk.run(minutes_for, self.store, int(given[0]), self.who.name)
        except UnknownMeeting:
            return self.refuse(self.who, _("The minutes"))
        except ClosedByConflict:
            return self.notice(
                403,
                _("These minutes are closed to you"),
                _("The meeting decided an application in which you declared a conflict of interest, or your own."),
                _("Ask the secretariat for the parts that are open to you."),
                locked=True,
            )
        self.set_header("Content-Type", "text/markdown; charset=utf-8")
        self.set_header("Content-Disposition", f'attachment; filename="minutes-{int(given[0])}.md"')
        self.finish(text)
        return None
