"""Every assumption of an answer, each a sentence."""

from collections.abc import Sequence
from typing import Any

from workbench.periods import moment
from workbench.services.preview.calibrate import IN_WORDS
from workbench.services.preview.plan import Plan
from workbench.services.whatif.scenario import Scenario
from workbench.services.whatif.world import World
from workbench.settings import Settings
from workbench.units import money


def says(
    settings: Settings,
    start: World,
    asked: Scenario,
    approved: Sequence[Any],
    plans: Sequence[Plan],
    dropped: int,
) -> tuple[str, ...]:
    """The sentences, in the order in which the answer is made."""
    symbol = settings.centre.symbol
    found = [
        *_of_jobs(start),
        *_of_queue(start, asked),
        *_of_changes(settings, asked, dropped),
        *(_of_plan(one, plan, symbol) for one, plan in zip(approved, plans, strict=True)),
        *start.fund.says(lambda amount: money(amount, symbol)),
        _of_draw(len(approved)),
        start.calibrated.says if start.calibrated else "",
    ]
    return tuple(said for said in found if said)


def _of_draw(approved: int) -> str:
    if not approved:
        return ""
    which = (
        "the application approved here draws" if approved == 1 else f"the {approved} applications approved here draw"
    )
    return f"Beside that {which} what is planned, up to the amount."


def _of_jobs(start: World) -> list[str]:
    found = start.seen
    if start.pool is None or found is None:
        return ["No capacity is stated: occupancy and waits are unknown."]
    if not len(found.jobs):
        return ["No job of this pool is in the log: occupancy and waits ahead are unknown."]
    counts = (
        (start.coming, "projects with an award and no jobs yet ask for what they planned"),
        (found.moved_weeks, "weeks lie between the log's end and now: it is moved up"),
        (found.running, "jobs still run: they count as long as they have run so far"),
        (found.too_large, "jobs are larger than the pool will be and are left out"),
        (found.no_submit, "jobs have no known submission: they count as submitted when they started"),
    )
    return [
        f"The jobs of the last {found.weeks} weeks ({len(found.jobs):,} jobs) are repeated over the months ahead, "
        "weekday on weekday; no project stops when its award ends.",
        *(f"{count:,} {what}." for count, what in counts if count),
    ]


def _of_queue(start: World, asked: Scenario) -> list[str]:
    if start.calibrated is None:
        return []
    found = [
        f"The queue as it goes on: {IN_WORDS[start.calibrated.policy.name]}; stated capacity and outages are applied. "
        "A job's length is taken as known to the scheduler: logs keep no time limits."
    ]
    if asked.policy != "as-now":
        found.append(f"The queue changed: {IN_WORDS[asked.policy]}.")
    return found


def _of_changes(settings: Settings, asked: Scenario, dropped: int) -> list[str]:
    found, kept = [], asked.reservation
    if asked.more_gpus and asked.from_on:
        more = "more" if asked.more_gpus > 0 else "fewer"
        found.append(
            f"{abs(asked.more_gpus):,} GPUs {more} are in service and for jobs from {asked.from_on:%-d %b %Y} on; GPUs "
            "alone bring no demand and draw nothing from the fund."
        )
    if dropped:
        found.append(f"{dropped:,} jobs would be larger than the pool and are left out on that side.")
    if asked.growth_bp:
        found.append(
            f"Demand changes by {asked.growth_bp / 100:+g}% a month, compounded: jobs are repeated or left out by lot, "
            "and what projects draw changes alike, up to their ceilings."
        )
    if kept:
        at = moment(kept.starts_at).astimezone(settings.centre.zone)
        when = f"each {at:%A}" if kept.weekly else f"on {at:%-d %b %Y}"
        found.append(
            f"A class keeps {kept.gpus:,} GPUs {when} from {at:%H:%M} for {kept.hours} h: no job that would still run "
            "then starts on them before, they count as in use, and draw nothing from the fund here."
        )
    return found


def _of_plan(one: Any, plan: Plan, symbol: str) -> str:
    elsewhere = "" if one.here else " It runs elsewhere: here it only draws from the fund."
    return (
        f"{one.reference} ({one.title}) is approved with {money(one.amount_minor, symbol)} from "
        f"{plan.terms.starts_on:%-d %b %Y} at {plan.terms.rate_bp / 100:g}%. {plan.says[0]}{elsewhere}"
    )
