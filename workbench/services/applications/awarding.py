"""What an approval makes: project, members, award and planned schedule, inside the decision's own transaction."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.domain.applications import Applied, AppliedMember, PlannedMonth, check_rate
from workbench.domain.awards import Application, Award
from workbench.domain.projects import Member, Project
from workbench.domain.rules.parameters import rules_on
from workbench.domain.rules.terms import Terms, check_begin, check_term, planned_schedule
from workbench.errors import StepRefused
from workbench.services.awards.effects import check_fund
from workbench.services.charging.marks import mark
from workbench.settings import Settings


@dataclass(frozen=True, slots=True)
class Decided:
    """An award as the Committee decides it: share of the list price, ceiling, [starts_on, ends_on), conditions."""

    rate_bp: int
    ceiling_minor: int
    starts_on: date
    ends_on: date
    conditions: str = ""
    exceptional: bool = False
    reason: str = ""


def grant(db: Session, settings: Settings, application: Application, decided: Decided, today: date) -> Award:
    """Make what was decided.

    Args:
        db: the transaction of the decision.
        settings: the scheme's fund and rules.
        application: approved; it gets its project.
        decided: the award.
        today: the centre's day of the decision.

    Raises:
        RuleBroken: rule 1 (rate), 2 (commitments) or 5 (term). StepRefused: the project belongs to others.
    """
    scheme, reason = settings.scheme, decided.reason
    check_rate(decided.rate_bp, scheme.rate, scheme.max_rate, exceptional=decided.exceptional, reason=reason)
    rules = rules_on(settings.rules, today)
    terms = check_term(Terms(decided.starts_on, decided.ends_on, decided.ceiling_minor), rules)
    check_begin(terms, scheme.starts_on, today, rules)
    check_fund(db, settings, decided.ceiling_minor, today)
    project = _project(db, application)
    application.project = project
    award = Award(
        project=project,
        application=application.id,
        rate_bp=decided.rate_bp,
        ceiling_minor=decided.ceiling_minor,
        starts_on=decided.starts_on,
        ends_on=decided.ends_on,
        decided_on=today,
        reason=reason,
        conditions=decided.conditions,
    )
    db.add(award)
    db.flush()
    asked = select(Applied.gpu_hours).where(Applied.application == application.id).order_by(Applied.month_no)
    planned = planned_schedule(terms, list(db.scalars(asked)))
    db.add_all(PlannedMonth(award.id, month, amount) for month, amount in planned.items())
    if decided.starts_on <= today:
        # Days that were charged without it already.
        mark(db.connection(), [project], decided.starts_on)
    return award


def _project(db: Session, application: Application) -> str:
    slug, lead = application.slug, application.applicant
    if slug is None or lead is None:
        raise StepRefused(
            application.reference, "approve", "it names no project or no applicant", "Have it submitted anew."
        )
    if db.get(Project, slug) is None:
        db.add(Project(slug, application.title, application.category, application.organisation))
        db.flush()
        db.add(Member(slug, lead, "lead"))
    else:
        place = db.get(Member, (slug, lead))
        if place is None or place.role != "lead":
            why = f"the project {slug} is there already and {lead} does not lead it"
            raise StepRefused(application.reference, "approve", why, "Return it for another project name.")
    asked = select(AppliedMember.person).where(AppliedMember.application == application.id)
    db.add_all(Member(slug, name, "member") for name in db.scalars(asked) if db.get(Member, (slug, name)) is None)
    return slug
