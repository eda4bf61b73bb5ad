"""A draft after its beginning: read back, written anew, and what still keeps it from being handed in."""

from dataclasses import dataclass, replace

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from workbench.domain.applications import Applied, AppliedMember, Event
from workbench.domain.awards import Application
from workbench.domain.need import need_of
from workbench.errors import StepRefused, UnknownApplication
from workbench.periods import moment
from workbench.services.applications.steps import Draft, actor_of, check_draft
from workbench.store.engine import Store

WANTED = ("purpose", "model_size", "data", "precision", "gpu_model", "gpus", "gpu_hours")
"""What a draft may leave open and an application may not, in the order of the form."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A draft with its reference, and what the secretariat said when it gave it back ('': it never did)."""

    reference: str
    draft: Draft
    returned: str = ""


def begun(store: Store, reference: str, who: str) -> Begun:
    """A draft of this person's own.

    Raises:
        UnknownApplication: there is none, or it is not theirs (the same words). StepRefused: it is no draft any more.
    """
    with store.db() as db:
        return _begun(db, _own_draft(db, reference, who))


def drafts_of(store: Store, who: str) -> list[Begun]:
    """All drafts of a person, the newest first."""
    mine = select(Application).where(Application.applicant == who, Application.stage == "draft")
    with store.db() as db:
        return [_begun(db, found) for found in db.scalars(mine.order_by(Application.id.desc()))]


def revise(store: Store, reference: str, draft: Draft, who: str, now: int) -> None:
    """Write a draft anew, whole; the same again changes nothing.

    Raises:
        UnknownApplication, UnknownPerson. StepRefused: it is no draft any more. RuleBroken: as `applications.begin`.
    """
    check_draft(draft)
    hours = list(draft.gpu_hours_by_month)
    with store.db(writes=True) as db:
        application = _own_draft(db, reference, who)
        members = tuple(actor_of(db, name).name for name in dict.fromkeys(draft.members) if name != who)
        wanted = replace(draft, gpu_hours_by_month=tuple(hours), members=tuple(sorted(members)))
        if wanted == _begun(db, application).draft:
            return
        for name in ("slug", "title", "category", "organisation", "requested_minor", "need", "gpu_model", "gpus"):
            setattr(application, name, getattr(draft, name))
        application.gpu_hours = sum(hours) if hours else None
        for table in (Applied, AppliedMember):
            db.execute(delete(table).where(table.application == application.id))
        db.add_all(Applied(application.id, number, given) for number, given in enumerate(hours, start=1))
        db.add_all(AppliedMember(application.id, name) for name in members)
        db.add(Event(application.id, moment(now), who, "revise", "draft", "draft"))


def missing(draft: Draft) -> tuple[str, ...]:
    """What of WANTED is still open; empty: it can be handed in."""
    need = need_of(draft.need)
    given = {name: getattr(need, name) for name in WANTED[:4]}
    given |= {"gpu_model": draft.gpu_model, "gpus": draft.gpus, "gpu_hours": sum(draft.gpu_hours_by_month)}
    return tuple(name for name in WANTED if not given[name])


def _own_draft(db: Session, reference: str, who: str) -> Application:
    found = db.scalars(select(Application).where(Application.reference == reference)).first()
    if found is None or found.applicant != who:
        raise UnknownApplication(reference)
    if found.stage != "draft":
        why = f"it is in the stage {found.stage}"
        raise StepRefused(reference, "edit", why, "Only a draft can be edited; ask the secretariat to return it.")
    return found


def _begun(db: Session, found: Application) -> Begun:
    hours = select(Applied.gpu_hours).where(Applied.application == found.id).order_by(Applied.month_no)
    members = select(AppliedMember.person).where(AppliedMember.application == found.id).order_by(AppliedMember.person)
    steps = select(Event).where(Event.application == found.id, Event.action.in_(("submit", "return")))
    last = db.scalars(steps.order_by(Event.id.desc())).first()
    draft = Draft(
        slug=found.slug or "",
        title=found.title,
        category=found.category,
        organisation=found.organisation,
        requested_minor=found.requested_minor,
        need=found.need,
        gpu_model=found.gpu_model,
        gpus=found.gpus,
        gpu_hours_by_month=tuple(db.scalars(hours)),
        members=tuple(db.scalars(members)),
    )
    return Begun(found.reference, draft, last.note if last and last.action == "return" else "")
