"""Ask for something that changes an award, decide it, appeal: each in one transaction, with its record.

What is asked is tried at once, so that who asks hears what a decision would be refused for. Versions hold from the day
of the decision on; the project is rated and posted again from that day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from workbench.domain.applications import Conflict
from workbench.domain.award_actions import (
    APPROVED,
    ASKED,
    DECLINED,
    KINDS,
    SCHEME,
    WITHDRAWN,
    Action,
    Decision,
    check_asks,
    check_decides,
    check_given,
)
from workbench.domain.award_versions import in_force, terms_of
from workbench.domain.awards import Application, Award
from workbench.domain.rules.parameters import rules_on
from workbench.domain.rules.reports import reports_due
from workbench.errors import ClosedByConflict, StepRefused
from workbench.periods import day_of, moment
from workbench.services.applications.meetings import check_meeting
from workbench.services.applications.steps import actor_of
from workbench.services.awards.appeals import deciders, granted
from workbench.services.awards.effects import Deed, Given, versions_made
from workbench.services.awards.records import check_open, found_action, lock_awards, people_of, write
from workbench.services.awards.reports_due import handed_in
from workbench.settings import Settings
from workbench.store.award_versions import versions_of
from workbench.store.engine import Store

AS_ASKED = Given()
OPTING = {"over-use": True, "no-over-use": False}


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for an award: one of ASKED with what it needs. report: "progress 3"; the final one has no name."""

    kind: str
    reason: str
    figures: Given = AS_ASKED
    other_award: int | None = None
    report: str | None = None


def ask(store: Store, award: int, asked: Ask, who: str, now: int) -> int:
    """Write down what somebody asks for an award, and return its number.

    Args:
        store: any.
        award: number of the award; for a transfer the one that gives.
        asked: what.
        who: the project's lead, or the secretariat where the kind lets it.
        now: UTC epoch seconds.

    Raises:
        UnknownAward, UnknownPerson. StepRefused: not by this person, or something is missing. RuleBroken: a decision
        would be refused.
    """
    if asked.kind not in ASKED:
        raise StepRefused(f"Award {award}", asked.kind, "nobody can ask for that", f"Ask for: {', '.join(ASKED)}.")
    kind, settings = KINDS[asked.kind], store.settings
    with store.db(writes=True) as db:
        awards = lock_awards(db, [award, asked.other_award])
        actor = actor_of(db, who)
        check_asks(f"Award {award}", kind, actor, people_of(db, awards[award], "lead"))
        report = "final" if asked.kind == "final-report" else asked.report
        given = asked.figures
        action = Action(
            award=award,
            kind=asked.kind,
            asked_by=who,
            asked_at=moment(now),
            reason=asked.reason,
            amount_minor=given.amount_minor,
            rate_bp=given.rate_bp,
            ends_on=given.ends_on,
            other_award=asked.other_award,
            report=report,
        )
        check_given(f"Award {award}", kind, action)
        if report is not None:
            _check_report(db, settings, awards[award], report, now)
        db.add(action)
        db.flush()
        versions_made(db, settings, _deed(settings, action, given, asked.reason, now))  # only to be refused at once
        if not kind.decides:
            db.add(Decision(action.id, APPROVED, SCHEME, moment(now), "As asked: the project's own choice."))
        return action.id


def decide(
    store: Store,
    action: int,
    decision: Literal["approve", "decline"],
    who: str,
    now: int,
    *,
    note: str = "",
    given: Given = AS_ASKED,
) -> None:
    """Decide what was asked; an approval writes the versions that it makes, or nothing at all.

    Args:
        store: any.
        action: its number.
        decision: approve or decline; a declined one needs its note.
        who: neither who asked nor one of the project; for an appeal not who declined it either. The Committee decides
            in its meeting, with a quorum.
        now: UTC epoch seconds.
        note: the reason.
        given: figures that are decided in place of those asked.

    Raises:
        UnknownAction, UnknownPerson, ClosedByConflict, StepRefused, MeetingRefused, RuleBroken: nothing was changed.
    """
    with store.db(writes=True) as db:
        found = found_action(db, action)
        awards = lock_awards(db, [found.award, found.other_award])
        _check_decision(db, store.settings, found, awards, who, decision, note, now)
        figures = given.over(found)
        deed = _deed(store.settings, found, figures, note, now)
        if decision == "approve":
            made = granted(db, store.settings, deed, who) if found.kind == "appeal" else None
            write(db, versions_made(db, store.settings, deed) if made is None else made)
        word = APPROVED if decision == "approve" else DECLINED
        kept = figures if decision == "approve" else AS_ASKED
        db.add(Decision(found.id, word, who, moment(now), note, kept.amount_minor, kept.rate_bp, kept.ends_on))


def withdraw(store: Store, action: int, who: str, now: int, note: str = "") -> None:
    """Take back what one has asked, while it is open.

    Raises:
        UnknownAction, UnknownPerson. StepRefused: asked by somebody else, or decided already.
    """
    with store.db(writes=True) as db:
        found = found_action(db, action)
        lock_awards(db, [found.award])
        check_open(db, found)
        if actor_of(db, who).name != found.asked_by:
            why = f"{found.asked_by} asked for it"
            raise StepRefused(f"Action {action}", "withdraw", why, "Only who asked takes it back.")
        db.add(Decision(found.id, WITHDRAWN, who, moment(now), note))


def over_use_opted_in(conn: Connection, project: str, at: datetime) -> bool:
    """Whether a project had chosen by a moment to go on past its ceiling at list price (scheme rule 11)."""
    asked = (
        select(Action.kind)
        .join(Award, Award.id == Action.award)
        .where(Award.project == project, Action.kind.in_(list(OPTING)), Action.asked_at <= at)
        .order_by(Action.id.desc())
    )
    last = conn.execute(asked.limit(1)).scalar()
    return OPTING[last] if last else False


def _deed(settings: Settings, action: Action, given: Given, reason: str, now: int) -> Deed:
    return Deed(action, given, reason, now, day_of(now, settings.centre.zone), action.id)


def _check_report(db: Session, settings: Settings, award: Award, report: str, now: int) -> None:
    today = day_of(now, settings.centre.zone)
    version = in_force(versions_of(db.connection(), [award.id])[award.id], today)
    known = [due.report for due in reports_due(terms_of(version), rules_on(settings.rules, today))]
    if report not in known:
        why = f"no report {report!r} is due"
        raise StepRefused(f"Award {award.id}", "take the report", why, f"Name one of: {', '.join(known)}.")
    if report in handed_in(db.connection(), award.id):
        raise StepRefused(
            f"Award {award.id}", "take the report", f"{report} is there already", "Nothing is to be done."
        )


def _check_decision(
    db: Session,
    settings: Settings,
    action: Action,
    awards: Mapping[int, Award],
    who: str,
    decision: str,
    note: str,
    now: int,
) -> None:
    name, actor, kind = f"Action {action.id}", actor_of(db, who), KINDS[action.kind]
    own = frozenset(person for award in awards.values() for person in people_of(db, award))
    check_decides(name, kind, actor, action.asked_by, own)
    about = [number for number in (*(a.application for a in awards.values()), action.application) if number is not None]
    conflicts = db.scalars(select(Conflict).where(Conflict.application.in_(about))).all()
    for conflict in conflicts:
        if conflict.person == who:
            raise ClosedByConflict(db.get_one(Application, conflict.application).reference, who)
    if action.kind == "appeal" and who in deciders(db, action):
        why = f"{who} decided what it is against"
        raise StepRefused(name, "decide appeal", why, "Another member of the Committee decides.")
    check_open(db, action)
    if decision == "decline" and not note.strip():
        raise StepRefused(name, "decline", "the reason is missing", "Write it in a sentence.")
    if kind.decides == {"committee"}:
        withdrew = own | {action.asked_by} | {conflict.person for conflict in conflicts}
        check_meeting(db, settings, f"decide action {action.id}", actor, withdrew, now)
