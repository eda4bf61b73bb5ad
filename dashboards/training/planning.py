"""Planning a class, or changing a plan: a form, what its checks find, and only then the sending of it."""

from dataclasses import dataclass, field

from dashboards.training.handler import ROOT, TrainingHandler
from workbench.domain.access import GROUP_OF_ROLE
from workbench.domain.training import COPY, NO_COPY, PLANNED, TrainingSession
from workbench.errors import TrainingRefused
from workbench.i18n import _
from workbench.pages.shell import Viewer
from workbench.periods import moment, parse_moment
from workbench.services.training import plan as planning
from workbench.services.training.asked import HAND_IN, Plan, kernels, names_of, plan_of
from workbench.services.two_people import DECIDE
from workbench.settings import Settings

PLANNERS = frozenset(GROUP_OF_ROLE[role] for role in (*DECIDE, "instructor"))
NUMBERS = ("minutes", "seats", "warm", "lead", "keep")
MOST = 100_000


@dataclass
class Form:
    """typed: field → text as it was sent. errors: field → sentence."""

    typed: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)


def may_plan(who: Viewer) -> bool:
    """Whether somebody may plan classes: instructors, secretariat and operators."""
    return bool(PLANNERS & who.groups)


class PlanPage(TrainingHandler):
    """GET: the form, empty or of a plan. POST: its checks; with step=send, kept where nothing speaks against it."""

    async def look(self, *given: str) -> None:
        session = await self._kept(given)
        form = Form(_typed_of(plan_of(session), self.store.settings) if session else self._proposed())
        await self._page(form, session)

    async def take(self, *given: str) -> None:
        session = await self._kept(given)
        form = Form(self.typed())
        plan = _read(form, self.store.settings, self.who.name)
        if plan is not None and form.typed.get("step") == "send":
            try:
                kept = await self._keep(plan, session)
            except TrainingRefused:
                return await self._page(form, session, plan, status=422)
            return self.done("planned", kept.handle)
        return await self._page(form, session, plan, status=200 if plan else 422)

    async def _kept(self, given: tuple[str, ...]) -> TrainingSession | None:
        if not may_plan(self.who):
            raise TrainingRefused("plan", [_("Classes are planned by instructors and the secretariat.")])
        session = await self.found(given[0]) if given else None
        if session is not None and session.state != PLANNED:
            raise TrainingRefused(
                session.handle, [_("It is decided about already.")], _("Cancel it and plan a new one.")
            )
        return session

    async def _keep(self, plan: Plan, session: TrainingSession | None) -> TrainingSession:
        isolation, who = await self.isolation(), self.who.name

        def keep() -> TrainingSession:
            if session is None:
                return planning.propose(self.store, plan, who, self.now, isolation=isolation)
            return planning.change(self.store, session.handle, plan, who, self.now, isolation=isolation)

        return await self.desk.run(keep)

    async def _page(
        self, form: Form, session: TrainingSession | None, plan: Plan | None = None, status: int = 200
    ) -> None:
        checked = None
        if plan is not None:
            isolation, handle = await self.isolation(), session.handle if session else None

            def look() -> planning.Checked:
                return planning.check(self.store, plan, self.who.name, self.now, handle=handle, isolation=isolation)

            checked = await self.desk.run(look)
        settings = self.store.settings
        known = await self.desk.run(kernels, settings)
        self.show(
            "plan.html",
            status,
            form=form,
            session=session,
            checked=checked,
            money=self.money,
            profiles=[(one.id, f"{one.title} ({one.id})") for one in settings.profiles],
            kernels=[(name, f"{one.title} ({name})") for name, one in known.items()],
            hand_ins=[
                (COPY, _("a copy of each seat's work is collected")),
                (NO_COPY, _("nothing: each student can fetch their own")),
            ],
            most_seats=settings.training.most_seats,
            zone=settings.centre.time_zone,
            action=f"{ROOT}/{session.handle}/plan" if session else f"{ROOT}/plan",
        )

    def _proposed(self) -> dict[str, str]:
        settings = self.store.settings
        hour = moment(self.now - self.now % 3600 + 24 * 3600).astimezone(settings.centre.zone)
        return {
            "project": settings.training.project,
            "instructor": self.who.name,
            "starts": f"{hour:%Y-%m-%dT%H:%M}",
            "minutes": "120",
            "seats": "20",
            "profile": settings.profiles[0].id,
            "hand_in": HAND_IN[0],
            "walk_ins": "yes",
        }


def _read(form: Form, settings: Settings, who: str) -> Plan | None:
    """The plan that was typed; None where a field cannot be read, which its error says."""
    typed = {name: text.strip() for name, text in form.typed.items()}
    numbers = {name: _number(form, name, typed.get(name, "")) for name in NUMBERS}
    for name in ("title", "project"):
        if not typed.get(name):
            form.errors[name] = _("This is needed.")
    for name in ("minutes", "seats"):
        if numbers[name] is None:
            form.errors[name] = _("Write a whole number.")
    try:
        starts_at = parse_moment(typed.get("starts", ""), settings.centre.zone)
        moment(starts_at).astimezone(settings.centre.zone)  # it is shown so
    except (ValueError, OverflowError):
        form.errors["starts"] = _("Write a day and a time, like 2026-11-30T14:00.")
    if form.errors:
        return None
    lead = numbers["lead"]
    return Plan(
        title=" ".join(typed["title"].split()),
        project=typed["project"],
        instructor=typed.get("instructor") or who,
        starts_at=starts_at,
        ends_at=starts_at + (numbers["minutes"] or 0) * 60,
        seats=numbers["seats"] or 0,
        profile=typed.get("profile", ""),
        warm=numbers["warm"],
        materials=typed.get("materials", ""),
        branch=typed.get("branch", ""),
        environment=typed.get("environment", ""),
        first_page=typed.get("first_page", ""),
        languages=typed.get("languages", ""),
        hand_in=typed.get("hand_in") or HAND_IN[0],
        walk_ins=typed.get("walk_ins") == "yes",
        roster=names_of(typed.get("roster", "")),
        lead_s=None if lead is None else lead * 60,
        keep_days=numbers["keep"],
    )


def _number(form: Form, name: str, text: str) -> int | None:
    if not text:
        return None
    if len(text) <= len(str(MOST)) and text.isascii() and text.isdigit() and int(text) <= MOST:
        return int(text)
    form.errors[name] = _("Write a whole number.")
    return None


def _typed_of(plan: Plan, settings: Settings) -> dict[str, str]:
    starts = moment(plan.starts_at).astimezone(settings.centre.zone)
    typed = {
        name: str(getattr(plan, name))
        for name in (
            "title", "project", "instructor", "seats", "profile", "environment", "materials", "branch", "first_page",
            "languages", "hand_in",
        )
    }  # fmt: skip
    return typed | {
        "starts": f"{starts:%Y-%m-%dT%H:%M}",
        "minutes": f"{(plan.ends_at - plan.starts_at) // 60}",
        "warm": "" if plan.warm is None else f"{plan.warm}",
        "lead": "" if plan.lead_s is None else f"{plan.lead_s // 60}",
        "keep": "" if plan.keep_days is None else f"{plan.keep_days}",
        "walk_ins": "yes" if plan.walk_ins else "",
        "roster": "\n".join(plan.roster),
    }
