"""Applications as somebody may read them: the list, and one whole file with history, scores and plan."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from workbench.domain.applications import (
    Applied,
    AppliedMember,
    Conflict,
    Event,
    Score,
    check_open,
    days_to_decision,
    may_see,
)
from workbench.domain.awards import Application, Award
from workbench.domain.rules.parameters import rules_on
from workbench.domain.rules.scores import Scored, scored
from workbench.errors import UnknownApplication
from workbench.services.applications.steps import actor_of, conflicted
from workbench.services.spend_days import today_of
from workbench.store.engine import Store

OF_THE_REVIEW = frozenset({"score", "conflict", "recommend"})


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list. days: from submission to decision, to today while it is open; None for a draft."""

    reference: str
    stage: str
    category: str
    organisation: str
    title: str
    received_on: date
    days: int | None
    fast_lane: bool
    requested_minor: int
    recommended_minor: int | None
    awarded_minor: int | None


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the history."""

    at: datetime
    actor: str
    action: str
    from_stage: str
    to_stage: str
    note: str


@dataclass(frozen=True, slots=True)
class File:
    """All of one application. For its applicant without what belongs to the review (scores, recommendation)."""

    listed: Listed
    applicant: str | None
    project: str | None
    need: str
    gpu_model: str | None
    gpus: int | None
    gpu_hours_by_month: tuple[int, ...]
    members: tuple[str, ...]
    award: Award | None
    score: Scored | None
    conflicts: tuple[str, ...]
    history: tuple[Happened, ...]


def listed(store: Store, who: str, now: int) -> list[Listed]:
    """The applications that this person may see, newest first.

    Raises:
        UnknownPerson: nobody has this name.
    """
    today = today_of(store, now)
    with store.db() as db:
        actor = actor_of(db, who)
        closed = set(db.scalars(select(Conflict.application).where(Conflict.person == who)))
        order = (Application.received_on.desc(), Application.reference.desc())
        found = [a for a in db.scalars(select(Application).order_by(*order)) if may_see(a, actor, ())]
        awards = {award.application: award for award in db.scalars(select(Award).order_by(Award.id))}
    return [_listed(a, awards.get(a.id), today, own=a.applicant == who) for a in found if a.id not in closed]


def file_of(store: Store, reference: str, who: str, now: int) -> File:
    """One application with all that this person may read.

    Raises:
        UnknownApplication, UnknownPerson. ClosedByConflict: they declared a conflict.
    """
    today = today_of(store, now)
    with store.db() as db:
        actor = actor_of(db, who)
        found = db.scalars(select(Application).where(Application.reference == reference)).first()
        if found is None:
            raise UnknownApplication(reference)
        conflicts = conflicted(db, found)
        check_open(found, actor, conflicts)
        if not may_see(found, actor, conflicts):
            raise UnknownApplication(reference)
        own = found.applicant == who
        award = db.scalars(select(Award).where(Award.application == found.id).order_by(Award.id.desc())).first()
        points: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for given in db.scalars(select(Score).where(Score.application == found.id).order_by(Score.reviewer)):
            if given.reviewer not in conflicts:
                points[given.reviewer][given.criterion] = given.points
        hours = select(Applied.gpu_hours).where(Applied.application == found.id).order_by(Applied.month_no)
        members = select(AppliedMember.person).where(AppliedMember.application == found.id)
        events = select(Event).where(Event.application == found.id).order_by(Event.id)
        # Scored under the rules of the day on which it was received: a later change of the weights moves no old score.
        rules = rules_on(store.settings.rules, found.received_on)
        return File(
            listed=_listed(found, award, today, own=own),
            applicant=found.applicant,
            project=found.project or found.slug,
            need=found.need,
            gpu_model=found.gpu_model,
            gpus=found.gpus,
            gpu_hours_by_month=tuple(db.scalars(hours)),
            members=tuple(db.scalars(members.order_by(AppliedMember.person))),
            award=award,
            score=None if own else scored(points, rules),
            conflicts=() if own else tuple(sorted(conflicts)),
            history=tuple(_happened(e) for e in db.scalars(events) if not (own and e.action in OF_THE_REVIEW)),
        )


def conflict_of(store: Store, reference: str, who: str) -> Conflict | None:
    """The conflict of interest that this person declared; None where they did not."""
    asked = select(Conflict).join(Application, Conflict.application == Application.id)
    with store.db() as db:
        return db.scalars(asked.where(Application.reference == reference, Conflict.person == who)).first()


def _listed(application: Application, award: Award | None, today: date, *, own: bool) -> Listed:
    days = days_to_decision(application.received_on, application.decided_on, today)
    return Listed(
        reference=application.reference,
        stage=application.stage,
        category=application.category,
        organisation=application.organisation,
        title=application.title,
        received_on=application.received_on,
        days=None if application.stage == "draft" else days,
        fast_lane=application.fast_lane,
        requested_minor=application.requested_minor,
        recommended_minor=None if own else application.recommended_minor,
        awarded_minor=award.ceiling_minor if award else None,
    )


def _happened(event: Event) -> Happened:
    return Happened(event.at, event.actor, event.action, event.from_stage, event.to_stage, event.note)
