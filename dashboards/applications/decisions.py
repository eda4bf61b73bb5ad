"""The Committee's page: the award looked at, what it would do to the centre, and the vote."""

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from dashboards._handlers import log
from dashboards.applications import decision_form, preview_view, says
from dashboards.applications.handler import ROOT
from dashboards.applications.single import Seen, Single
from workbench.domain.applications import DECISIONS
from workbench.domain.rules.parameters import rules_on
from workbench.errors import ClosedByConflict, MeetingRefused, Refused, UnknownApplication, WorkbenchError
from workbench.i18n import _
from workbench.services.applications import meetings
from workbench.services.applications import steps as applications
from workbench.services.applications.agenda import poll
from workbench.services.applications.desk import decides
from workbench.services.spend_days import today_of

LOOKED_AT = ("rate", "ceiling", "starts", "term")
"""The fields on which the preview depends; they stand in the page's address."""


class Looking(Single):
    """What the page and its preview part have in common: the award looked at."""

    def award(self, seen: Seen, typed: Mapping[str, str]) -> decision_form.Form:
        settings, today = self.store.settings, today_of(self.store, self.now)
        rules = rules_on(settings.rules, today)
        given = decision_form.begun(seen.file, settings.scheme, rules, today) if not typed.get("rate") else {}
        return decision_form.read({**typed, **given}, settings.scheme, rules, today)

    def asked(self) -> dict[str, str]:
        return {name: self.get_query_argument(name, "") for name in (*LOOKED_AT, "exceptional")}

    def preview(self, seen: Seen, form: decision_form.Form) -> dict[str, Any]:
        """The preview as far as it is: 'none' (the form is wrong), 'making', 'failed' with words, or 'ready'."""
        looked_at = form.looked_at()
        if looked_at is None:
            return {"state": "none"}
        making = self.desk.preview(seen.file.listed.reference, seen.file.listed.stage, looked_at)
        if not making.made.done():
            step = preview_view.step(making.step)
            return {"state": "making", "step": step, "address": self.address(seen, form)}
        problem = making.made.exception()
        if problem is None:
            return {"state": "ready", **preview_view.shown(making.made.result(), self.store.settings.centre.symbol)}
        if isinstance(problem, WorkbenchError):
            return {"state": "failed", "why": str(problem)}
        number = secrets.token_hex(4)
        log.error("reference %s: preview of %s", number, seen.file.listed.reference, exc_info=problem)
        return {
            "state": "failed",
            "why": _("The fault is ours; give the operator this reference: {n}.").format(n=number),
        }

    def address(self, seen: Seen, form: decision_form.Form) -> str:
        asked = {name: form.typed[name] for name in (*LOOKED_AT, "exceptional")}
        return f"{ROOT}/{seen.file.listed.reference}/preview?{urlencode(asked)}"


class Decide(Looking):
    async def look(self, *given: str) -> None:
        seen = await self.desk.run(self.seen, given[0])
        if not decides(seen.ways):
            return self.redirect(f"{ROOT}/{given[0]}")
        return await self.vote(seen, self.award(seen, self.asked()))

    async def take(self, *given: str) -> None:
        reference, typed = given[0], self.typed()
        action = typed.get("action", "")
        seen = await self.desk.run(self.seen, reference)
        if typed.get("stage") != seen.file.listed.stage:
            last = seen.file.history[-1]
            if (last.action, last.actor) == (action, self.who.name):
                return self.done(action, reference)  # sent twice
            return self.redirect(f"{ROOT}/{reference}")
        if not decides(seen.ways):
            return self.notice(
                403,
                _("This decision is not yours"),
                _("The Committee decides, and nobody about an application of their own. Nothing was changed."),
                locked=True,
            )
        form = self.award(seen, typed)
        if action.startswith("vote-"):
            return await self.voted(seen, form, action.removeprefix("vote-"))
        errors = await self.desk.run(self.decided, reference, action, form)
        if errors:
            form.errors = errors
            return await self.vote(seen, form, 422)
        return self.done(action, reference)

    async def voted(self, seen: Seen, form: decision_form.Form, choice: str) -> None:
        """A member's vote; the award that was looked at stays in the form."""
        reference = seen.file.listed.reference
        try:
            await self.desk.run(meetings.vote, self.store, reference, self.who.name, choice)
        except MeetingRefused as refused:
            form.errors = {"vote": str(refused)}
            return await self.vote(seen, form, 422)
        asked = urlencode({name: form.typed[name] for name in (*LOOKED_AT, "exceptional")})
        return self.redirect(f"{ROOT}/{reference}/decide?{asked}&done=vote", status=303)

    def decided(self, reference: str, action: str, form: decision_form.Form) -> dict[str, str]:
        """Take the decision; what is wrong with it, field by field (empty: it was taken)."""
        note = form.typed["note"].strip()
        if action not in DECISIONS:
            return {"vote": _("There is no such decision.")}
        if action == "approve" and form.errors:
            return form.errors
        if not note and (action != "approve" or form.typed["exceptional"]):
            return {"note": _("Write the reason in a sentence; it stands in the minutes.")}
        award = form.award if action == "approve" else None
        try:
            applications.decide(self.store, reference, action, self.who.name, self.now, award=award, note=note)
        except (UnknownApplication, ClosedByConflict):
            raise
        except Refused as refused:
            return {"vote": str(refused)}
        return {}

    async def vote(self, seen: Seen, form: decision_form.Form, status: int = 200) -> None:
        scheme = self.store.settings.scheme
        self.show(
            "decide.html",
            status,
            seen=seen,
            form=form,
            preview=self.preview(seen, form),
            poll=await self.desk.run(poll, self.store, seen.file.listed.reference, self.now),
            choices=[("for", _("For")), ("against", _("Against")), ("abstained", _("Abstain"))],
            me=self.who.name,
            done=says.done(self.get_query_argument("done", "")),
            money=self.money,
            scheme=scheme,
            symbol=self.store.settings.centre.symbol,
            criterion=says.criterion,
            why=next((way.why for way in seen.ways.steps if way.action in DECISIONS and way.why), ""),
            here=f"{ROOT}/{seen.file.listed.reference}",
        )


class PreviewPart(Looking):
    """The preview alone, for the page that waits for it: 202 while it is made."""

    async def look(self, *given: str) -> None:
        seen = await self.desk.run(self.seen, given[0])
        if not decides(seen.ways):
            raise UnknownApplication(given[0])
        preview = self.preview(seen, self.award(seen, self.asked()))
        self.show("preview.html", 202 if preview["state"] == "making" else 200, preview=preview)
