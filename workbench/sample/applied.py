"""The sample centre's applications and what they ask for; by lot with the centre's seed where its file is silent."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.domain.applications import Applied, PlannedMonth
from workbench.domain.awards import Application, Award
from workbench.domain.need import Need, need_text
from workbench.domain.projects import Project
from workbench.domain.rules.parameters import rules_on
from workbench.domain.rules.scores import fits_fast_lane
from workbench.domain.rules.terms import Terms, planned_schedule
from workbench.sample.definition import Definition, SampleApplication
from workbench.sample.replay import people_of
from workbench.settings import Settings
from workbench.units import BASIS_POINTS

CLOSED_AFTER_DAYS = 30
"""So long after its end a sample project is closed."""
MONTH_HOURS = 730
FIRST_OTHER = 6
"""Applicants 1 to 5 are named in the file; those of declined applications are numbered from here on."""
NEEDS = (
    Need(model_size="7 billion parameters", data="1.8 TB of text", precision="BF16"),
    Need(model_size="13 billion parameters, tuned", data="600 GB of speech", precision="BF16"),
    Need(model_size="Graph networks below 1 billion parameters", data="22 TB of measurements", precision="FP32"),
    Need(model_size="A vision model of 2 billion parameters", data="40 million pictures", precision="FP16"),
)

REASONS: dict[str | None, tuple[str, ...]] = {
    "approved": (
        "A sound plan; the hours fit the model and the data.",
        "Local need is plain, the team has done it at a smaller scale.",
        "The schedule is fair and its first results are due early.",
    ),
    "declined": (
        "The need for so many hours is not shown.",
        "A commercial service that can be bought elsewhere.",
        "The plan does not say what is measured at the end.",
    ),
    "deferred": ("The data are not cleared yet; it may come again when they are.",),
    None: ("The hours are fair; a quarter less would do in the first year.",),
}


@dataclass(frozen=True)
class Case:
    """An application of the file with its row and award in the store, why it was decided so, and a lot of its own."""

    said: SampleApplication
    application: Application
    award: Award | None
    reason: str
    lot: random.Random = field(repr=False)

    @property
    def reference(self) -> str:
        return self.said.reference


def add_applications(db: Session, plan: Definition, settings: Settings, today: date) -> list[Case]:
    """Put applications, awards, planned hours and planned months into a transaction, and return them in order.

    Args:
        db: the transaction; projects and people are there.
        plan: the sample centre.
        settings: the scheme's rules.
        today: the centre's day; what follows an approval has happened until then.
    """
    leads = {p.slug: people[0] for p, people in zip(plan.projects, people_of(plan), strict=True)}
    projects = {project.slug: project for project in db.scalars(select(Project))}
    cases, others = [], 0
    for row in plan.applications:
        lot = random.Random(f"{plan.seed} {row.reference}")  # noqa: S311  (a lot, no secret)
        if row.project is None and row.applicant is None:
            others += 1
        applicant = leads.get(row.project or "") or row.applicant or f"applicant-{others + FIRST_OTHER - 1:02d}"
        application, hours = _application(row, plan, projects, applicant, lot, settings, today)
        db.add(application)
        db.flush()
        db.add_all(Applied(application.id, number, given) for number, given in enumerate(hours, start=1))
        award = _award(row, application)
        if award is not None:
            db.add(award)
            db.flush()
            db.add_all(_planned(award, hours))
        cases.append(Case(row, application, award, lot.choice(REASONS[row.decision]), lot))
    return cases


def applicants(plan: Definition) -> list[str]:
    """Names of the applicants who lead no project, in order."""
    named = {row.applicant for row in plan.applications if row.applicant}
    others = sum(row.project is None and row.applicant is None for row in plan.applications)
    return sorted(named | {f"applicant-{number:02d}" for number in range(FIRST_OTHER, FIRST_OTHER + others)})


def _application(
    row: SampleApplication,
    plan: Definition,
    projects: Mapping[str, Project],
    applicant: str,
    lot: random.Random,
    settings: Settings,
    today: date,
) -> tuple[Application, Sequence[int]]:
    project = projects.get(row.project or "")
    model = row.gpu_model or _model(row, plan)
    hours = row.hours or _hours(row, _price(plan, model, row.received_on), lot)
    gpus = row.gpus or _gpus(hours)
    need = lot.choice(NEEDS)
    if row.need is not None:
        need = Need(**row.need.model_dump())
    recommended = _recommended(row, lot)
    rules = rules_on(settings.rules, row.received_on)
    made = Application(
        reference=row.reference,
        category=project.category if project else row.category or "",
        organisation=project.organisation if project else row.organisation or "",
        title=project.title if project else row.title or "",
        received_on=row.received_on,
        requested_minor=row.requested,
        decided_on=row.decided_on,
        decision=row.decision,
        project=row.project,
        made_up=True,
        stage=row.stage or _stage(row, today),
        applicant=applicant,
        slug=row.project or row.slug or "-".join(filter(str.isalpha, (row.title or "").lower().split()))[:40],
        need=need_text(need),
        gpu_model=model,
        gpus=gpus,
        gpu_hours=sum(hours),
        fast_lane=fits_fast_lane(sum(hours), gpus, rules),
        recommended_minor=recommended,
        recommended_by=None if recommended is None else f"reviewer-{lot.choice((1, 3)):02d}",
    )
    return made, hours


def _stage(row: SampleApplication, today: date) -> str:
    """Where a decided application stands on a day; '' where its decision says it."""
    if row.award is None:
        return ""
    if row.award.starts_on > today:
        return "onboarding"
    return "closed" if (today - row.award.ends_on).days > CLOSED_AFTER_DAYS else "active"


def _model(row: SampleApplication, plan: Definition) -> str:
    places = {p.slug: p.partition for p in plan.projects}
    models = {c.partition: c.gpu_model for c in plan.capacity}
    return models.get(places.get(row.project or "") or "", "H800")


def _price(plan: Definition, model: str, day: date) -> int:
    first = plan.prices[0].from_on
    begun = [prices.per_hour[model] for prices in plan.prices if prices.from_on <= max(day, first)]
    return begun[-1]


def _hours(row: SampleApplication, price_minor: int, lot: random.Random) -> list[int]:
    """GPU-hours by month that cost what was requested at 70%: slower in the first months, then even with a wobble."""
    months = 12
    if row.award is not None:
        months = max(1, round((row.award.ends_on - row.award.starts_on).days / 30.44))
    shape = [min(1.0, 0.4 + 0.3 * month) * lot.uniform(0.9, 1.1) for month in range(months)]
    total = row.requested * BASIS_POINTS / (price_minor * 7000)
    return [max(1, round(total * part / sum(shape))) for part in shape]


def _gpus(hours: Sequence[int]) -> int:
    """The next power of two that does the fullest month."""
    return 1 << (max(hours) // MONTH_HOURS).bit_length()


def _recommended(row: SampleApplication, lot: random.Random) -> int | None:
    if row.award is not None:
        more = lot.choice((0, 0, 0, 4, 8)) * (row.requested - row.award.ceiling) // 20
        return row.award.ceiling + max(0, more)
    if row.decision == "declined":
        return 0
    return row.requested * 3 // 4 if row.decision or row.stage == "committee" else None


def _award(row: SampleApplication, application: Application) -> Award | None:
    if row.award is None or row.decided_on is None or row.project is None:
        return None
    return Award(
        project=row.project,
        application=application.id,
        rate_bp=row.award.rate,
        ceiling_minor=row.award.ceiling,
        starts_on=row.award.starts_on,
        ends_on=row.award.ends_on,
        decided_on=row.decided_on,
        reason=row.award.reason,
        conditions=_conditions(row),
    )


def _conditions(row: SampleApplication) -> str:
    """What a large award is bound to."""
    return "Reports each quarter on what the hours were used for." if row.requested > 5_000_000_000 else ""


def _planned(award: Award, hours: Sequence[int]) -> Iterator[PlannedMonth]:
    planned = planned_schedule(Terms(award.starts_on, award.ends_on, award.ceiling_minor), hours)
    return (PlannedMonth(award.id, month, amount) for month, amount in planned.items())
