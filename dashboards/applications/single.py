"""The page of one application: where it stands, amounts, need, plan, history, and what is the reader's to do."""

from dataclasses import dataclass
from typing import Any

from dashboards.applications import pictures, says
from dashboards.applications.handler import ROOT, ApplicationHandler
from workbench.domain.applications import DECISIONS
from workbench.domain.need import Need, need_of
from workbench.domain.rules.parameters import rules_on
from workbench.domain.rules.terms import months_after
from workbench.i18n import _
from workbench.pages import words
from workbench.services.applications.desk import Way, Ways, decides, ways
from workbench.services.applications.drafts import begun
from workbench.services.applications.drafts import missing as missing_of
from workbench.services.applications.estimate import Estimate, estimate
from workbench.services.applications.files import File, Happened, file_of

BEFORE_COMMITTEE = ("draft", "submitted", "secretariat-check", "preliminary", "further", "withdrawn")
PLAIN_STEPS = ("check", "assess", "resume", "agree", "activate", "return", "close", "withdraw")
WITH_NOTE = ("return", "close")


@dataclass(frozen=True)
class Seen:
    """All that the page is made of, read at one moment."""

    file: File
    ways: Ways
    need: Need
    estimate: Estimate
    open_still: tuple[str, ...] = ()
    returned: str = ""


class Single(ApplicationHandler):
    async def look(self, *given: str) -> None:
        seen = await self.desk.run(self.seen, given[0])
        await self.page(seen)

    def seen(self, reference: str) -> Seen:
        """What this person may read of it; raises as `file_of`."""
        who = self.who.name
        file, found = file_of(self.store, reference, who, self.now), ways(self.store, reference, who)
        rate = file.award.rate_bp if file.award else None
        cost = estimate(self.store, file.gpu_model, file.gpu_hours_by_month, self.now, rate)
        kept = begun(self.store, reference, who) if file.listed.stage == "draft" else None
        open_still = missing_of(kept.draft) if kept else ()
        return Seen(file, found, need_of(file.need), cost, open_still, kept.returned if kept else "")

    async def page(self, seen: Seen, status: int = 200, **more: Any) -> None:
        """The page; `more` holds what a form of it had and what is wrong with that."""
        given = {"errors": {}, "typed": {}, "done": says.done(self.get_query_argument("done", ""))} | more
        self.show("single.html", status, seen=seen, money=self.money, **self.words(seen), **given)

    def words(self, seen: Seen) -> dict[str, Any]:
        file, listed = seen.file, seen.file.listed
        rules = rules_on(self.store.settings.rules, listed.received_on)
        way = track(listed.stage, [event.to_stage for event in file.history])
        hours = file.gpu_hours_by_month
        months = [_("Month {n}").format(n=number) for number in range(1, len(hours) + 1)]
        begins = file.award.starts_on if file.award else None
        if begins:
            months = [f"{months_after(begins.replace(day=1), n):%b %y}" for n in range(len(hours))]
        return {
            "reference": listed.reference,
            "here": f"{ROOT}/{listed.reference}",
            "stage": says.stage(listed.stage),
            "state": says.stage_state(listed.stage),
            "waits": says.waits(listed.stage),
            "track": way,
            "place": [state for _label, state in way].index("now") + 1,
            "category": words.category(listed.category),
            "day": words.day,
            "steps": [self.step(seen, way) for name in PLAIN_STEPS for way in seen.ways.steps if way.action == name],
            "decides": decides(seen.ways),
            "decide_why": next((way.why for way in seen.ways.steps if way.action in DECISIONS and way.why), ""),
            "recommend": next((way for way in seen.ways.steps if way.action == "recommend"), None),
            "asked": f"{listed.requested_minor / 100:.2f}".removesuffix(".00"),
            "none_recommended": _("not yet") if listed.stage in BEFORE_COMMITTEE else _("unknown"),
            "none_awarded": _("nothing") if listed.stage in ("declined", "withdrawn") else _("not yet"),
            "criteria": [(name, weight, *says.criterion(name)) for name, weight in rules.weights.items()],
            "criterion": says.criterion,
            "spread_points": rules.spread_points,
            "bars": pictures.bars(months, hours, hours_said) if sum(hours) else "",
            "months": list(zip(months, hours, [*seen.estimate.by_month, *[None] * len(hours)], strict=False)),
            "missing": [says.missing(name) for name in seen.open_still],
            "checks": checks(seen) if seen.ways.can("assess") and listed.stage == "secretariat-check" else [],
            "history": [
                (self.when(event), event)
                for event in reversed(file.history)
                if event.action != "score" or sees_scores(seen.ways)
            ],
            "sees_scores": sees_scores(seen.ways),
            "happened": says.happened,
            "stage_of": says.stage,
            "stage_now": listed.stage,
        }

    def when(self, event: Happened) -> str:
        """14 Oct 2026, 14:32 HKT."""
        zone = self.store.settings.centre.zone
        local = event.at.astimezone(zone)
        return f"{words.day(local.date())}, {words.clock(int(event.at.timestamp()), zone)}"

    def step(self, seen: Seen, way: Way) -> dict[str, Any]:
        label = says.button(way.action, seen.file.listed.stage)
        kind = {"note": way.action in WITH_NOTE, "danger": way.action in ("withdraw", "close")}
        return {"action": way.action, "label": label, "why": way.why, **kind}


def sees_scores(found: Ways) -> bool:
    """Whether this person may read what others scored: a reviewer only after their own score."""
    return found.role != "reviewer" or bool(found.points)


def track(now: str, been: list[str]) -> list[tuple[str, str]]:
    """The way as (stage in words, 'done' | 'now' | 'ahead' | 'skipped'); a stage aside stands where it was left."""
    way = list(says.TRACK)
    if now in says.ASIDE:
        last = next((stage for stage in reversed(been) if stage in way), "draft")
        way.insert(way.index(says.ASIDE[now] or last) + 1, now)
        way = way[: way.index(now) + 1]
    here = way.index(now)
    found = []
    for place, name in enumerate(way):
        passed = "done" if name in been or not been else "skipped"
        found.append((says.stage(name), "now" if place == here else passed if place < here else "ahead"))
    return found


def checks(seen: Seen) -> list[tuple[bool, str, str]]:
    """The secretariat's check list, as far as the records answer it: (fine, what, detail)."""
    need, file = seen.need, seen.file
    told = all((need.purpose, need.model_size, need.data, need.precision))
    planned, asked = seen.estimate.subsidy_minor, file.listed.requested_minor
    within = planned is not None and asked <= planned
    return [
        (told, _("The need is told: purpose, model size, data, precision"), ""),
        (
            bool(file.gpu_model and file.gpus and sum(file.gpu_hours_by_month)),
            _("GPU model, GPUs and GPU-hours by month are given"),
            "",
        ),
        (within, _("The amount is at most the subsidy of the plan at the normal rate"), ""),
        (
            not seen.ways.slug_taken,
            _("The project name is free, or the applicant leads that project"),
            file.project or "",
        ),
    ]


def hours_said(value: float) -> str:
    """A number of an axis, short: 1.2k."""
    if value >= 1e6:
        return f"{value / 1e6:.3g}m"
    return f"{value / 1e3:.3g}k" if value >= 1000 else f"{value:.3g}"
