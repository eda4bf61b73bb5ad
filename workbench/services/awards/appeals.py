"""Appeals against a cut, a declined action or a declined application; the Committee decides them like an action."""

from dataclasses import replace

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from workbench.domain.applications import Event
from workbench.domain.award_actions import (
    APPROVED,
    DECLINED,
    KINDS,
    SCHEME,
    WITHDRAWN,
    Action,
    Decision,
    check_asks,
    check_given,
)
from workbench.domain.award_versions import Version
from workbench.domain.awards import Application
from workbench.errors import StepRefused
from workbench.periods import moment
from workbench.services.applications.steps import actor_of
from workbench.services.awards.effects import Deed, restored, versions_made
from workbench.services.awards.records import found_action, in_effect, lock_awards, locked_application, people_of
from workbench.settings import Settings
from workbench.store.engine import Store


def appeal(store: Store, against: int | str, who: str, reason: str, now: int) -> int:
    """Appeal against a cut or a declined action (its number), or a declined application (its reference).

    Raises:
        UnknownAction, UnknownApplication, UnknownPerson. StepRefused: not by this person, nothing to appeal against, or
        appealed before.
    """
    with store.db(writes=True) as db:
        target = None if isinstance(against, str) else found_action(db, against)
        if target is not None:
            application, leads = None, people_of(db, lock_awards(db, [target.award])[_award_of(target)], "lead")
        else:
            application = locked_application(db, str(against))
            leads = frozenset({application.applicant}) if application.applicant else frozenset()
        name = f"Action {target.id}" if target else str(against)
        check_asks(name, KINDS["appeal"], actor_of(db, who), leads)
        action = Action(
            award=target.award if target else None,
            kind="appeal",
            asked_by=who,
            asked_at=moment(now),
            reason=reason,
            other_award=target.other_award if target else None,
            appeal_of=target.id if target else None,
            application=application.id if application else None,
        )
        check_given(name, KINDS["appeal"], action)
        _check_appeal(db, name, target, application)
        db.add(action)
        db.flush()
        return action.id


def granted(db: Session, settings: Settings, deed: Deed, who: str) -> list[Version]:
    """What an appeal that is granted makes: the cut does not come or is given back, what was declined is done."""
    appeal, at = deed.action, moment(deed.now)
    if appeal.application is not None:
        application = db.get_one(Application, appeal.application)
        db.add(Event(application.id, at, who, "appeal", application.stage, "further", deed.reason))
        application.stage, application.decision, application.decided_on = "further", None, None
        return []
    target = db.get_one(Action, appeal.appeal_of)
    if target.kind != "under-use-cut":
        return versions_made(db, settings, replace(deed, action=target, given=deed.given.over(target)))
    if in_effect(db, target):
        return restored(db, settings, deed, target)
    db.add(Decision(target.id, DECLINED, who, at, f"Appeal {appeal.id} was granted."))
    return []


def deciders(db: Session, appeal: Action) -> set[str]:
    """Who declined what an appeal is against."""
    if appeal.appeal_of is not None:
        return set(db.scalars(select(Decision.decided_by).where(Decision.action == appeal.appeal_of)))
    declined = select(Event.actor).where(Event.application == appeal.application, Event.action == "decline")
    return set(db.scalars(declined.order_by(Event.id.desc()).limit(1)))


def _check_appeal(db: Session, name: str, target: Action | None, application: Application | None) -> None:
    if target is not None:
        decision = db.get(Decision, target.id)
        declined = decision is not None and decision.decision == DECLINED and decision.decided_by != SCHEME
        if target.kind == "appeal" or not (declined or _is_cut(db, target)):
            why = "only what was declined, or a cut, can be appealed against"
            raise StepRefused(name, "appeal", why, "Ask anew instead.")
        again = select(Action.id).where(Action.appeal_of == target.id)
    else:
        assert application is not None
        if application.decision != "declined":
            why = f"it stands at {application.stage}, not declined"
            raise StepRefused(name, "appeal", why, "There is nothing to appeal against.")
        again = select(Action.id).where(Action.application == application.id, Action.id.not_in(select(Decision.action)))
    if there := db.scalars(again.where(Action.id.not_in(_withdrawn()))).first():
        raise StepRefused(name, "appeal", f"action {there} is the appeal against it", "There is no second one.")


def _is_cut(db: Session, target: Action) -> bool:
    decision = db.get(Decision, target.id)
    return target.kind == "under-use-cut" and (decision is None or decision.decision == APPROVED)


def _withdrawn() -> Select[int]:
    return select(Decision.action).where(Decision.decision == WITHDRAWN)


def _award_of(action: Action) -> int:
    if action.award is None:
        raise StepRefused(f"Action {action.id}", "appeal", "it is an appeal itself", "There is no further one.")
    return action.award
