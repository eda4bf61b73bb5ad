"""Writing an application: a new draft, a draft again, and what its plan costs while it is typed."""

from dataclasses import replace
from typing import Any

from dashboards.applications import draft_form
from dashboards.applications.draft_form import Form
from dashboards.applications.handler import ROOT, ApplicationHandler
from dashboards.applications.says import done, missing
from workbench.domain.need import PRECISIONS
from workbench.domain.projects import CATEGORIES
from workbench.errors import RuleBroken, StepRefused, UnknownPerson
from workbench.i18n import _
from workbench.pages import words
from workbench.services.applications import steps as applications
from workbench.services.applications.drafts import Begun, begun, drafts_of, revise
from workbench.services.applications.drafts import missing as missing_of
from workbench.services.applications.estimate import gpu_prices

MORE = 6


class Drafting(ApplicationHandler):
    """What a new draft and one that is there have in common."""

    async def form(self, form: Form, kept: Begun | None = None, status: int = 200) -> None:
        """The form as it stands, with what is wrong beside each field."""
        estimated = await self.desk.run(draft_form.estimated, self.store, form, self.now)
        prices = await self.desk.run(gpu_prices, self.store, self.now)
        open_still = missing_of(kept.draft) if kept and kept.draft else ()
        self.show(
            "draft.html",
            status,
            form=form,
            kept=kept,
            estimate=estimated,
            prices=prices,
            precisions=PRECISIONS,
            most_months=draft_form.most_months(self.store, self.now),
            categories=[(name, words.category(name)) for name in CATEGORIES],
            open_still=[missing(name) for name in open_still],
            done=done(self.get_query_argument("done", "")),
            money=self.money,
            action=f"{ROOT}/{kept.reference}/edit" if kept else f"{ROOT}/new",
        )

    async def sent(self, kept: Begun | None) -> None:
        """Take the form: more months, save, or save and submit."""
        typed = self.typed()
        typed.pop("_xsrf", None)
        step = typed.pop("step", "save")
        form = await self.desk.run(draft_form.read, self.store, typed, self.now)
        if step == "more":
            form.months = min(draft_form.most_months(self.store, self.now), form.months + MORE)
            form.errors.clear()
            return await self.form(form, kept)
        reference = await self.desk.run(self._kept, form, kept)
        if form.draft is None or form.errors:
            return await self.form(form, kept, status=422)
        if step == "submit" and not missing_of(form.draft):
            await self.desk.run(applications.act, self.store, reference, "submit", self.who.name, self.now)
            return self.done("submit", reference)
        return self.redirect(f"{ROOT}/{reference}/edit?done={'open' if step == 'submit' else 'saved'}", status=303)

    def _kept(self, form: Form, kept: Begun | None) -> str:
        """Keep the draft; what the service refuses becomes the error of its field."""
        draft, who = form.draft, self.who.name
        if draft is None:
            return ""
        draft = replace(draft, members=tuple(name for name in draft.members if name != who))
        try:
            if kept is None:
                same = next((one for one in drafts_of(self.store, who) if one.draft.slug == draft.slug), None)
                if same is None:
                    return applications.begin(self.store, draft, who, self.now)
                if same.draft != draft:
                    form.errors["slug"] = _("You have a draft for this project already: {reference}.").format(
                        reference=same.reference
                    )
                return same.reference  # sent twice: there is one draft all the same
            revise(self.store, kept.reference, draft, who, self.now)
        except UnknownPerson as refused:
            form.errors["members"] = str(refused)
        except RuleBroken as refused:
            form.errors["requested"] = str(refused)
        return kept.reference if kept else ""


class New(Drafting):
    async def look(self, *_given: str) -> None:
        await self.form(Form())

    async def take(self, *_given: str) -> None:
        await self.sent(None)


class Edit(Drafting):
    async def look(self, *given: str) -> None:
        kept = await self.desk.run(begun, self.store, given[0], self.who.name)
        await self.form(draft_form.of(kept.draft), kept)

    async def take(self, *given: str) -> None:
        try:
            kept = await self.desk.run(begun, self.store, given[0], self.who.name)
        except StepRefused:  # handed in a moment ago, by a form that was sent twice
            return self.done("", given[0])
        return await self.sent(kept)


class EstimatePart(ApplicationHandler):
    """The cost of a plan, as the part of the form that shows it: asked for while one types."""

    async def look(self, *_given: str) -> None:
        typed = {name: self.get_query_argument(name) for name in self.request.query_arguments}
        form = await self.desk.run(draft_form.read, self.store, typed, self.now)
        found = await self.desk.run(draft_form.estimated, self.store, form, self.now)
        given: dict[str, Any] = {"estimate": found, "form": form, "money": self.money}
        self.show("estimate.html", **given)
