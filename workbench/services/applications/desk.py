"""What waits for somebody: which applications, and which steps of one are theirs, or why they are not."""

from dataclasses import dataclass

from sqlalchemy import select

from workbench.domain.applications import DECISIONS, STEPS, Actor, Score, check_open, may_see, next_step
from workbench.domain.awards import Application
from workbench.domain.projects import Member, Project
from workbench.errors import StepRefused, UnknownApplication
from workbench.services.applications.files import Listed, listed
from workbench.services.applications.steps import actor_of, conflicted
from workbench.store.engine import Store

SCORED_IN = ("preliminary", "further")
WAITS_FOR = {
    "draft": {"applicant": "submit"},
    "submitted": {"secretariat": "check"},
    "secretariat-check": {"secretariat": "assess"},
    "preliminary": {"reviewer": "score", "secretariat": "assess"},
    "further": {"reviewer": "score", "secretariat": "recommend"},
    "deferred": {"secretariat": "resume"},
    "committee": {"committee": "decide"},
    "agreement": {"applicant": "agree"},
    "onboarding": {"secretariat": "activate", "operator": "activate"},
}
"""stage → role → what they are waited for with."""


@dataclass(frozen=True, slots=True)
class OnDesk:
    """A line of the list, with what waits for its reader there ('': nothing)."""

    listed: Listed
    own: bool
    todo: str


@dataclass(frozen=True, slots=True)
class Way:
    """A step that may be this person's now; `why` says why it is not ('': they may take it)."""

    action: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Ways:
    """All that somebody may do with an application now.

    points: own score so far, criterion → points. fast_lane: straight to the Committee after the preliminary assessment.
    slug_taken: the project is there and its lead is another. reviewers: how many have scored.
    """

    steps: tuple[Way, ...]
    own: bool
    role: str | None
    may_score: bool
    may_declare: bool
    points: dict[str, int]
    reviewers: int
    recommended_by: str | None
    slug_taken: bool

    def can(self, action: str) -> bool:
        return Way(action) in self.steps


def desk(store: Store, who: str, now: int) -> list[OnDesk]:
    """The applications that this person may see, newest first, with what waits for them.

    Raises:
        UnknownPerson: nobody has this name.
    """
    lines = listed(store, who, now)
    with store.db() as db:
        actor = actor_of(db, who)
        mine = set(db.scalars(select(Application.reference).where(Application.applicant == who)))
        recommended = set(db.scalars(select(Application.reference).where(Application.recommended_by == who)))
        asked = select(Application.reference).join(Score, Score.application == Application.id)
        scored = set(db.scalars(asked.where(Score.reviewer == who).distinct()))
    found = []
    for line in lines:
        own = line.reference in mine
        todo = WAITS_FOR.get(line.stage, {}).get("applicant" if own else actor.role or "", "")
        if todo == "score" and line.reference in scored:
            todo = "recommend" if line.stage == "further" or line.fast_lane else ""
        if todo == "decide" and line.reference in recommended:
            todo = ""
        found.append(OnDesk(line, own, todo))
    return found


def ways(store: Store, reference: str, who: str) -> Ways:
    """What this person may do with an application as it stands.

    Raises:
        UnknownApplication, UnknownPerson. ClosedByConflict: they declared a conflict.
    """
    with store.db() as db:
        actor = actor_of(db, who)
        found = db.scalars(select(Application).where(Application.reference == reference)).first()
        if found is None:
            raise UnknownApplication(reference)
        conflicts = conflicted(db, found)
        check_open(found, actor, conflicts)
        if not may_see(found, actor, conflicts):
            raise UnknownApplication(reference)
        given = db.scalars(select(Score).where(Score.application == found.id)).all()
        place = db.get(Member, (found.slug, found.applicant)) if found.slug and found.applicant else None
        there = found.slug is not None and db.get(Project, found.slug) is not None
    own = found.applicant == who
    reviewing = actor.role == "reviewer" and not own
    return Ways(
        steps=_steps(found, actor),
        own=own,
        role=actor.role,
        may_score=reviewing and found.stage in SCORED_IN,
        may_declare=not own and actor.role in ("reviewer", "committee") and found.decision in (None, "deferred"),
        points={score.criterion: score.points for score in given if score.reviewer == who},
        reviewers=len({score.reviewer for score in given if score.reviewer not in conflicts}),
        recommended_by=None if own else found.recommended_by,
        slug_taken=there and (place is None or place.role != "lead"),
    )


def _steps(application: Application, actor: Actor) -> tuple[Way, ...]:
    own = actor.name == application.applicant
    found: dict[str, Way] = {}
    for step in STEPS:
        theirs = actor.role in step.roles or (own and "applicant" in step.roles)
        if step.from_stage != application.stage or not theirs:
            continue
        try:
            next_step(application, step.action, actor, "a reason")
            found[step.action] = Way(step.action)
        except StepRefused as refused:
            found[step.action] = Way(step.action, str(refused))
    return tuple(found.values())


def decides(found: Ways) -> bool:
    """Whether a decision is among the steps, possible or not; never about one's own application."""
    return not found.own and any(way.action in DECISIONS for way in found.steps)
