"""How the sample centre's applications came to where they stand: steps, scores and conflicts, drawn by lot.

Published are the days on which applications had come in and the numbers of approvals (centre.toml); every step between
submission and decision, every score and every sentence here is invented.
"""

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from workbench.domain.applications import STEPS, Conflict, Event, Score
from workbench.domain.rules.parameters import SchemeRules, rules_on
from workbench.periods import epoch, moment
from workbench.sample.applied import CLOSED_AFTER_DAYS, Case
from workbench.settings import Settings

SECRETARIAT = "secretariat-01"
REVIEWERS = ("reviewer-01", "reviewer-02", "reviewer-03")
QUALITY = {"approved": 74, "declined": 47, "deferred": 60, None: 68}
"""Mean points of an application that ended so."""


def add_history(db: Session, cases: list[Case], settings: Settings, today: date) -> None:
    """Put steps, scores and conflicts of all applications into a transaction."""
    for case in cases:
        events = list(_events(case, today, settings))
        db.add_all(events)
        at = {event.action: event.at for event in events}
        rules = rules_on(settings.rules, case.said.received_on)
        for event in events:
            if event.action == "score":
                db.add_all(_scores(case, event, rules))
        for person, reason in case.said.conflicts.items():
            db.add(Conflict(case.application.id, person, reason, at["conflict"]))
        db.flush()


def _events(case: Case, today: date, settings: Settings) -> Iterator[Event]:
    """Its steps in order, each at an hour of a working day."""
    lot, zone, said = case.lot, settings.centre.zone, case.said
    stage, last = "draft", 0
    for action, day, actor, note in _steps(case, today):
        to_stage = stage if action in ("begin", "score", "conflict") else _leads_to(action, stage)
        last = max(_at(day, zone, lot), last + 600)
        yield Event(
            case.application.id, moment(last), actor, action, "" if action == "begin" else stage, to_stage, note
        )
        stage = to_stage
    wanted = case.application.stage
    assert stage == wanted, f"{said.reference} comes to {stage}, not to {wanted}"


def _steps(case: Case, today: date) -> Iterator[tuple[str, date, str, str]]:
    """(action, day, who, note) of each step until where the application stands."""
    said, lot, stage = case.said, case.lot, case.application.stage
    applicant, received = str(case.application.applicant), said.received_on
    yield "begin", received - timedelta(days=0 if stage == "draft" else lot.randint(4, 20)), applicant, ""
    if stage == "draft":
        return
    yield "submit", received, applicant, ""
    if stage == "submitted":
        return
    day = received + timedelta(days=lot.randint(1, 3))
    yield "check", day, SECRETARIAT, "Complete."
    if stage == "secretariat-check":
        return
    end = (said.decided_on or min(today, received + timedelta(days=60))) - timedelta(days=1)
    middle = [day + (end - day) * part / 5 for part in (1, 2, 3, 4)]
    yield "assess", middle[0], SECRETARIAT, ""
    yield from (("conflict", middle[0], person, why) for person, why in said.conflicts.items() if person in REVIEWERS)
    scorers = [name for name in REVIEWERS if name not in said.conflicts]
    lot.shuffle(scorers)
    if not case.application.fast_lane:
        yield "assess", middle[1], SECRETARIAT, ""
    for name in sorted(scorers[:2]) if said.decision or stage == "committee" else scorers[:1]:
        yield "score", middle[2], name, ""
    if stage == "further":
        return
    yield "recommend", middle[3], str(case.application.recommended_by), case.reason
    yield from (("conflict", middle[3], who, why) for who, why in said.conflicts.items() if who not in REVIEWERS)
    if said.decision and said.decided_on:
        yield from _decided(case, said.decided_on, applicant)


def _decided(case: Case, day: date, applicant: str) -> Iterator[tuple[str, date, str, str]]:
    decision, award = str(case.said.decision), case.award
    action = {"approved": "approve", "declined": "decline", "deferred": "defer"}[decision]
    yield action, day, "committee-01", case.reason
    if award is None:
        return
    yield "agree", day + (award.starts_on - day) / 3, applicant, ""
    if case.application.stage == "onboarding":
        return
    yield "activate", award.starts_on, "operator-01", ""
    if case.application.stage == "closed":
        yield "close", award.ends_on + timedelta(days=CLOSED_AFTER_DAYS), SECRETARIAT, "The award has ended."


def _leads_to(action: str, stage: str) -> str:
    return next(step.to_stage for step in STEPS if step.action == action and step.from_stage == stage)


def _at(day: date, zone: ZoneInfo, lot: random.Random) -> int:
    working = day - timedelta(days=max(0, day.weekday() - 4))  # at a weekend: the Friday before
    return epoch(datetime.combine(working, time(lot.randint(9, 17), lot.randint(0, 59)), zone))


def _scores(case: Case, event: Event, rules: SchemeRules) -> Iterator[Score]:
    """Points of one reviewer: around the quality that its decision suggests, each reviewer a little apart."""
    lot = case.lot
    mean = QUALITY[case.said.decision] + lot.randint(-6, 6)
    for criterion in rules.weights:
        points = max(0, min(100, round(lot.gauss(mean, 9))))
        yield Score(case.application.id, event.actor, criterion, points, event.at)
