"""Applications from draft to award: each step checked, done and written into the history in one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from workbench.domain.applications import (
    DECISIONS,
    Actor,
    Applied,
    AppliedMember,
    Conflict,
    Event,
    Score,
    check_open,
    may_see,
    next_step,
)
from workbench.domain.awards import Application
from workbench.domain.projects import CATEGORIES, SLUG
from workbench.domain.rules.parameters import rules_on
from workbench.domain.rules.scores import check_points, fits_fast_lane
from workbench.errors import RuleBroken, StepRefused, UnknownApplication
from workbench.periods import moment
from workbench.services.applications.awarding import Decided, grant
from workbench.services.applications.meetings import decide_in
from workbench.services.applications.rows import actor_of, application_of, conflicted
from workbench.services.spend_days import today_of
from workbench.store.engine import Store

BY_OWN_FUNCTION = frozenset({"recommend", *DECISIONS})


@dataclass(frozen=True, slots=True)
class Draft:
    """What an applicant writes. requested_minor: subsidy asked for; gpu_hours_by_month: from the first month on."""

    slug: str
    title: str
    category: str
    organisation: str
    requested_minor: int
    need: str = ""
    gpu_model: str | None = None
    gpus: int | None = None
    gpu_hours_by_month: Sequence[int] = ()
    members: Sequence[str] = field(default=())


def begin(store: Store, draft: Draft, who: str, now: int) -> str:
    """Write a draft and return its reference.

    Raises:
        UnknownPerson: the applicant or a member. RuleBroken: as `check_draft`.
    """
    check_draft(draft)
    hours = list(draft.gpu_hours_by_month)
    today = today_of(store, now)
    with store.db(writes=True) as db:
        actor = actor_of(db, who)
        # A name that is not there yet is none of a project; people must be there, so that each can be told.
        members = [actor_of(db, name).name for name in dict.fromkeys(draft.members) if name != who]
        application = Application(
            reference=_next_reference(db, today),
            category=draft.category,
            organisation=draft.organisation,
            title=draft.title,
            received_on=today,
            requested_minor=draft.requested_minor,
            stage="draft",
            applicant=actor.name,
            slug=draft.slug,
            need=draft.need,
            gpu_model=draft.gpu_model,
            gpus=draft.gpus,
            gpu_hours=sum(hours) if hours else None,
        )
        db.add(application)
        db.flush()
        db.add_all(Applied(application.id, number, given) for number, given in enumerate(hours, start=1))
        db.add_all(AppliedMember(application.id, name) for name in members)
        db.add(Event(application.id, moment(now), who, "begin", "", "draft"))
        return application.reference


def check_draft(draft: Draft) -> None:
    """Refuse a draft that could never become an application.

    Raises:
        RuleBroken: rule 1, an unknown category, an amount or hours not above zero, or no name for a project.
    """
    if draft.category not in CATEGORIES:
        raise RuleBroken(1, f"{draft.category!r} is no category", f"Choose one of: {', '.join(CATEGORIES)}.")
    if draft.requested_minor <= 0 or min([*draft.gpu_hours_by_month, draft.gpus or 0]) < 0:
        raise RuleBroken(1, "an application asks for an amount above zero and for no negative time", "Correct it.")
    if not SLUG.fullmatch(draft.slug):
        named = f"{draft.slug[:41]!r} names no project"
        raise RuleBroken(1, named, "Use 2 to 41 small letters, digits and hyphens, a letter first, like cantonese-asr.")


def act(store: Store, reference: str, action: str, who: str, now: int, note: str = "") -> str:
    """Take a step that needs no figures: submit, check, return, assess, resume, agree, activate, close, withdraw.

    Returns:
        The stage it leads to.

    Raises:
        UnknownApplication, UnknownPerson, ClosedByConflict, StepRefused.
    """
    if action in BY_OWN_FUNCTION:
        raise StepRefused(reference, action, "it needs figures", f"Use: workbench applications {action} or decide.")
    today = today_of(store, now)
    with _opened(store, reference, who) as (db, application, actor):
        if action == "submit":
            rules = rules_on(store.settings.rules, today)
            application.received_on = today
            application.fast_lane = fits_fast_lane(application.gpu_hours, application.gpus, rules)
        stage = _move(db, application, action, actor, now, note)
        if action == "withdraw":
            application.decision, application.decided_on = "withdrawn", today
        if action == "resume":
            application.decision = application.decided_on = None
        return stage


def declare_conflict(store: Store, reference: str, who: str, reason: str, now: int) -> None:
    """Declare a conflict of interest: from now on the application is closed to this person. Repeated, nothing changes.

    Raises:
        UnknownApplication, UnknownPerson. StepRefused: without a reason, or by the applicant.
    """
    with store.db(writes=True) as db:
        application, actor = application_of(db, reference), actor_of(db, who)
        if not may_see(application, actor, ()):
            raise UnknownApplication(reference)
        if not reason.strip() or who == application.applicant:
            why = "the reason is missing" if not reason.strip() else "it is their own application"
            raise StepRefused(reference, "declare a conflict", why, "A reviewer declares it, in a sentence.")
        if db.get(Conflict, (application.id, who)) is None:
            db.add(Conflict(application.id, who, reason, moment(now)))
            _note(db, application, actor, now, "conflict", reason)


def score(store: Store, reference: str, who: str, points: Mapping[str, int], now: int, note: str = "") -> None:
    """A reviewer's points for every criterion; scored again, they replace the former ones (the history keeps both).

    A note goes into the history, for those who may read the review.

    Raises:
        UnknownApplication, UnknownPerson, ClosedByConflict. StepRefused: not a reviewer, or not being assessed.
        RuleBroken: rule 4.
    """
    with _opened(store, reference, who) as (db, application, actor):
        check_points(points, rules_on(store.settings.rules, application.received_on))
        if actor.role != "reviewer" or who == application.applicant:
            raise StepRefused(reference, "score", f"{who} is not its reviewer", "It needs somebody who is reviewer.")
        if application.stage not in ("preliminary", "further"):
            why = f"it is in the stage {application.stage}"
            raise StepRefused(reference, "score", why, "It is scored in the preliminary and further assessment.")
        db.execute(delete(Score).where(Score.application == application.id, Score.reviewer == who))
        db.add_all(Score(application.id, who, name, value, moment(now)) for name, value in points.items())
        said = ", ".join(f"{name} {value}" for name, value in points.items())
        _note(db, application, actor, now, "score", f"{said}. {note.strip()}" if note.strip() else said)


def recommend(store: Store, reference: str, who: str, amount_minor: int, note: str, now: int) -> None:
    """Recommend an amount to the Committee.

    Raises:
        UnknownApplication, UnknownPerson, ClosedByConflict, StepRefused. RuleBroken: a negative amount.
    """
    if amount_minor < 0:
        raise RuleBroken(3, "a recommended amount is not negative", "Recommend 0 to advise against it.")
    with _opened(store, reference, who) as (db, application, actor):
        _move(db, application, "recommend", actor, now, note)
        application.recommended_minor, application.recommended_by = amount_minor, who


def decide(
    store: Store,
    reference: str,
    action: str,
    who: str,
    now: int,
    *,
    award: Decided | None = None,
    note: str = "",
    meeting: int | None = None,
) -> None:
    """The Committee's decision. An approval makes project, award, planned schedule and members, or nothing at all.

    With a quorum in the rules it is taken in a meeting, which keeps it with the votes and with who withdrew.

    Args:
        store: any.
        reference: of the application.
        action: approve (with an award), decline or defer (with a note).
        who: a member of the Committee who did not recommend it.
        now: UTC epoch seconds.
        award: what is granted; with an approval only.
        note: the reason, for the minutes.
        meeting: its number; None: the open one.

    Raises:
        UnknownApplication, UnknownPerson, ClosedByConflict, StepRefused, UnknownMeeting. RuleBroken: rules 1, 2, 3, 5.
        MeetingRefused: no meeting is open, or they are not there.
    """
    if action not in DECISIONS or (award is None) == (action == "approve"):
        raise StepRefused(reference, action, "an approval has an award, no other decision has one", "Correct it.")
    today = today_of(store, now)
    with _opened(store, reference, who) as (db, application, actor):
        _move(db, application, action, actor, now, note)
        decide_in(db, store.settings, application, action, actor, now, award, note, meeting, today)
        application.decision, application.decided_on = DECISIONS[action], today
        if award is not None:
            grant(db, store.settings, application, award, today)


@contextmanager
def _opened(store: Store, reference: str, who: str) -> Iterator[tuple[Session, Application, Actor]]:
    with store.db(writes=True) as db:
        application, actor = application_of(db, reference), actor_of(db, who)
        conflicts = conflicted(db, application)
        check_open(application, actor, conflicts)
        if not may_see(application, actor, conflicts):
            raise UnknownApplication(reference)
        yield db, application, actor


def _move(db: Session, application: Application, action: str, actor: Actor, now: int, note: str) -> str:
    step = next_step(application, action, actor, note)
    db.add(Event(application.id, moment(now), actor.name, action, step.from_stage, step.to_stage, note))
    application.stage = step.to_stage
    return step.to_stage


def _note(db: Session, application: Application, actor: Actor, now: int, action: str, note: str) -> None:
    stage = application.stage
    db.add(Event(application.id, moment(now), actor.name, action, stage, stage, note))


def _next_reference(db: Session, today: date) -> str:
    prefix = f"A-{today.year}-"
    taken = db.scalars(select(Application.reference).where(Application.reference.startswith(prefix)))
    numbers = [int(rest) for name in taken if (rest := name.removeprefix(prefix)).isdigit()]
    return f"{prefix}{max(numbers, default=0) + 1:03d}"
