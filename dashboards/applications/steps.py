"""Steps taken from the page of an application: by its applicant, the secretariat, a reviewer, an operator.

Every form says from which stage it was sent. Where the application has moved on by the same step of the same person, it
was sent twice, and nothing more happens.
"""

from dashboards.applications.handler import ROOT
from dashboards.applications.numbers import minor, whole
from dashboards.applications.single import PLAIN_STEPS, WITH_NOTE, Single
from workbench.errors import Refused, UnknownApplication
from workbench.i18n import _
from workbench.services.applications import steps as applications
from workbench.services.applications.files import file_of


class Take(Single):
    """POST to …/act, …/score, …/recommend, …/conflict."""

    async def look(self, *given: str) -> None:
        self.redirect(f"{ROOT}/{given[0]}")  # the address of a form, opened by hand or reloaded

    async def take(self, *given: str) -> None:
        reference, kind = given
        typed = self.typed()
        action = typed.get("action", "") if kind == "act" else kind
        errors = await self.desk.run(self.taken, reference, action, typed)
        if errors:
            seen = await self.desk.run(self.seen, reference)
            return await self.page(seen, 422, errors=errors, typed=typed)
        return self.done(action, "" if action == "conflict" else reference)

    def taken(self, reference: str, action: str, typed: dict[str, str]) -> dict[str, str]:
        """Take the step; what is wrong with its form, field by field (empty: it was taken)."""
        file = file_of(self.store, reference, self.who.name, self.now)
        if typed.get("stage", file.listed.stage) != file.listed.stage:
            last = file.history[-1]
            if (last.action, last.actor) == (action, self.who.name):
                return {}
            return {"step": _("It has moved on meanwhile: look at where it stands now.")}
        work = {"score": self.score, "recommend": self.recommend, "conflict": self.conflict}.get(action, self.act)
        try:
            return work(reference, action, typed)
        except UnknownApplication:
            raise
        except Refused as refused:
            return {"step": str(refused)}

    def act(self, reference: str, action: str, typed: dict[str, str]) -> dict[str, str]:
        note = typed.get("note", "").strip()
        if action not in (*PLAIN_STEPS, "submit"):
            return {"step": _("There is no such step.")}
        if action in WITH_NOTE and not note:
            return {f"note-{action}": _("Write the reason in a sentence; the applicant reads it.")}
        applications.act(self.store, reference, action, self.who.name, self.now, note)
        return {}

    def score(self, reference: str, _action: str, typed: dict[str, str]) -> dict[str, str]:
        given = {name[7:]: whole(text, 100) for name, text in typed.items() if name[:7] == "points-"}
        points = {name: number for name, number in given.items() if number is not None}
        wrong = _("Give whole points from 0 to 100.")
        errors = {f"points-{name}": wrong for name in given if name not in points}
        if not errors:
            applications.score(self.store, reference, self.who.name, points, self.now, typed.get("note", ""))
        return errors

    def recommend(self, reference: str, _action: str, typed: dict[str, str]) -> dict[str, str]:
        errors, amount = {}, minor(typed.get("amount", ""))
        if amount is None:
            errors["amount"] = _("Write an amount, like 200000; 0 advises against it.")
        if not (note := typed.get("note", "").strip()):
            errors["note-recommend"] = _("Write the reason in a sentence; the Committee reads it.")
        if amount is not None and not errors:
            applications.recommend(self.store, reference, self.who.name, amount, note, self.now)
        return errors

    def conflict(self, reference: str, _action: str, typed: dict[str, str]) -> dict[str, str]:
        if not (reason := typed.get("note", "").strip()):
            return {"note-conflict": _("Say in a sentence what the conflict is; the minutes keep it.")}
        applications.declare_conflict(self.store, reference, self.who.name, reason, self.now)
        return {}
