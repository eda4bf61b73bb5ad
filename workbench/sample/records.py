"""The sample centre's invented records: capacity, outages, prices, projects, people, applications and awards."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy.orm import Session

from workbench.domain.awards import Award
from workbench.domain.capacity import CapacityChange, Outage
from workbench.domain.projects import Member, Person, Project
from workbench.domain.training import TrainingSession
from workbench.periods import day_of, day_start, moment
from workbench.sample.applied import add_applications, applicants
from workbench.sample.committee import add_actions, add_meetings
from workbench.sample.community import members
from workbench.sample.definition import Definition
from workbench.sample.history import add_history
from workbench.sample.replay import people_of
from workbench.services.prices.stored import add_versions, plain_contents
from workbench.settings import Centre, Settings
from workbench.units import HOUR_S

STAFF = (
    ("executive-01", "Executive 01", "executive"),
    ("operator-01", "Operator 01", "operator"),
    ("secretariat-01", "Secretariat 01", "secretariat"),
    *((f"reviewer-{n:02d}", f"Reviewer {n:02d}", "reviewer") for n in (1, 2, 3)),
    *((f"committee-{n:02d}", f"Committee member {n:02d}", "committee") for n in (1, 2, 3, 4, 5)),
    ("applicant-01", "Applicant 01", None),
    ("instructor-01", "Instructor 01", "instructor"),
    ("student-01", "Student 01", "student"),
    ("student-02", "Student 02", "student"),
)
"""People in no project of the scheme: name, display name, role at the centre (an applicant has none)."""

TRAINING = "training"
TEACHER = "instructor-01"
IN_TRAINING = ((TEACHER, "lead"), ("student-01", "member"), ("student-02", "member"))
"""The centre's own project, with a small award: what servers in training sessions are billed to."""


def add_records(db: Session, plan: Definition, settings: Settings, now: int) -> None:
    """Put all of them into a transaction, each after what it refers to.

    Args:
        db: the transaction.
        plan: the sample centre.
        settings: the centre's calendar, the scheme's rules.
        now: UTC epoch seconds; what follows an approval has happened until then.
    """
    centre, today = settings.centre, day_of(now, settings.centre.zone)
    for rows in (_projects(plan), _capacity(plan, centre), _outages(plan, centre), _people(plan)):
        db.add_all(rows)
        db.flush()
    _add_prices(db, plan, centre)
    db.add_all(_places(plan))
    db.flush()
    cases = add_applications(db, plan, settings, today)
    add_history(db, cases, settings, today)
    add_meetings(db, plan, cases, settings, now, today)
    add_actions(db, plan, cases, settings, today)
    db.add(_training(plan))
    db.add_all(members(plan))
    db.flush()
    db.add(_class(settings, now))
    db.flush()


def login_list(plan: Definition) -> list[tuple[str, str, str, str | None]]:
    """Who gets a sample login: (role, role title, name, project), in the order to show."""
    first, second = plan.projects[0].slug, plan.projects[1].slug
    return [
        ("executive", "Executive", "executive-01", None),
        ("analyst", f"Analyst ({first})", "analyst-01", first),
        ("lead", f"Project lead ({first})", "lead-01", first),
        ("lead2", f"Second project's lead ({second})", "lead-02", second),
        ("student", "Student", "student-01", TRAINING),
        ("operator", "Operator", "operator-01", None),
        ("secretariat", "Secretariat", "secretariat-01", None),
        ("instructor", "Instructor", "instructor-01", TRAINING),
        ("reviewer", "Reviewer", "reviewer-01", None),
        ("reviewer2", "Second reviewer, with a conflict", "reviewer-02", None),
        ("committee", "Committee", "committee-01", None),
        ("committee2", "Second Committee member", "committee-02", None),
        ("applicant", "Applicant, without a project", "applicant-01", None),
    ]


def _capacity(plan: Definition, centre: Centre) -> Iterator[CapacityChange]:
    for row in plan.capacity:
        yield CapacityChange(
            cluster=plan.cluster,
            partition=row.partition,
            gpu_model=row.gpu_model,
            from_at=moment(day_start(row.from_on, centre.zone)),
            installed=row.installed,
            in_service=row.in_service,
            allocatable=row.allocatable,
            note=row.note,
        )


def _outages(plan: Definition, centre: Centre) -> Iterator[Outage]:
    for row in plan.outages:
        yield Outage(
            cluster=plan.cluster,
            partition=row.partition,
            gpu_model=row.gpu_model,
            start_at=row.start.replace(tzinfo=centre.zone),
            end_at=row.end.replace(tzinfo=centre.zone),
            gpus=row.gpus,
            planned=True,
            reason=row.reason,
        )


def _add_prices(db: Session, plan: Definition, centre: Centre) -> None:
    changes = {
        row.from_on: ({name: f"{minor // 100}.{minor % 100:02d}" for name, minor in row.per_hour.items()}, row.note)
        for row in plan.prices
    }
    factors = {row.from_on: row.factors for row in plan.prices}
    contents = [content | factors[content["from"]] for content in plain_contents(changes)]
    opened = day_start(min(changes), centre.zone)
    add_versions(db.connection(), contents, centre.currency, centre, "the sample centre", opened)


def _projects(plan: Definition) -> Iterator[Project]:
    for row in plan.projects:
        yield Project(row.slug, row.title, row.category, row.organisation, made_up=True)
    yield Project(TRAINING, "Training sessions of the centre", "government", "The centre itself", made_up=True)


def _people(plan: Definition) -> Iterator[Person]:
    for name, display, role in STAFF:
        yield Person(name, display, role=role, made_up=True)
    staff = {name for name, _, _ in STAFF}
    for names in (*people_of(plan), [name for name in applicants(plan) if name not in staff]):
        for name in names:
            yield Person(name, name.replace("-", " ").capitalize(), made_up=True)


def _places(plan: Definition) -> Iterator[Member]:
    for project, (lead, *analysts) in zip(plan.projects, people_of(plan), strict=True):
        yield Member(project.slug, lead, "lead")
        for name in analysts:
            yield Member(project.slug, name, "member")
    for name, place in IN_TRAINING:
        yield Member(TRAINING, name, place)


def _class(settings: Settings, now: int) -> TrainingSession:
    """A class that is planned for the day after tomorrow, 14:00 to 16:00, and waits for its approval."""
    zone = settings.centre.zone
    starts_at = day_start(day_of(now, zone) + timedelta(days=2), zone) + 14 * HOUR_S
    return TrainingSession(
        handle="sample",
        title="Occupancy and Dask in two hours",
        project=TRAINING,
        instructor=TEACHER,
        planned_by=TEACHER,
        planned_at=now,
        starts_at=starts_at,
        ends_at=starts_at + 2 * HOUR_S,
        seats=12,
        warm=4,
        profile=settings.profiles[0].id,
        materials="notebooks",
        first_page="01_explore_occupancy.ipynb",
        roster="Student One\nStudent Two",
        lead_s=settings.training.lead_minutes * 60,
        keep_days=settings.training.keep_days,
    )


def _training(plan: Definition) -> Award:
    said = plan.training
    return Award(
        project=TRAINING,
        application=None,
        rate_bp=said.award.rate,
        ceiling_minor=said.award.ceiling,
        starts_on=said.award.starts_on,
        ends_on=said.award.ends_on,
        decided_on=said.decided_on,
        reason=said.award.reason,
    )
