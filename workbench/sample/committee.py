"""The sample Committee: the meetings in which applications were decided, the open one, what became of some awards."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random

from sqlalchemy.orm import Session

from workbench.domain.award_actions import APPROVED, Action, Decision
from workbench.domain.award_versions import Version, first_version
from workbench.domain.awards import Award
from workbench.domain.meetings import Attendance, Item, Meeting, Vote, standing
from workbench.domain.rules.parameters import rules_on
from workbench.domain.rules.reports import reports_due
from workbench.domain.rules.terms import Terms
from workbench.periods import epoch, moment
from workbench.sample.applied import Case
from workbench.sample.definition import Definition
from workbench.settings import Settings

MEMBERS = tuple(f"committee-{number:02d}" for number in range(1, 6))
CHAIR = MEMBERS[0]
LARGE_MINOR = 5_000_000_000
"""Awards above this are put to a vote."""


def add_meetings(db: Session, plan: Definition, cases: list[Case], settings: Settings, now: int, today: date) -> None:
    """The meetings of the past with what they decided, and one that is open today with all members present."""
    by_day: defaultdict[date, list[Case]] = defaultdict(list)
    for case in cases:
        if case.said.decided_on and case.said.decision:
            by_day[case.said.decided_on].append(case)
    for day, decided in sorted(by_day.items()):
        lot = Random(f"{plan.seed} meeting {day}")  # noqa: S311  (a lot, no secret)
        opened, closed = (moment(_at(day, hour, settings)) for hour in (9, 18))
        meeting = Meeting(day, CHAIR, opened, closed, made_up=True)
        there = [CHAIR, *lot.sample(MEMBERS[1:], 4 if lot.random() < 0.4 else 3)]
        _add(db, meeting, there)
        for case in decided:
            db.add_all(_item(case, meeting, there, moment(_at(day, 16, settings)), lot))
    _add(db, Meeting(today, CHAIR, moment(now), made_up=True, note="The next applications."), list(MEMBERS))
    db.flush()


def _add(db: Session, meeting: Meeting, there: list[str]) -> None:
    db.add(meeting)
    db.flush()
    db.add_all(Attendance(meeting.id, name) for name in there)


def _item(case: Case, meeting: Meeting, there: list[str], at: datetime, lot: Random) -> Iterator[Item | Vote]:
    said, application, award = case.said, case.application, case.award
    yield Item(
        meeting=meeting.id,
        application=application.id,
        decision=str(said.decision),
        decided_by=CHAIR,
        decided_at=at,
        requested_minor=said.requested,
        recommended_minor=application.recommended_minor,
        awarded_minor=award.ceiling_minor if award else None,
        rate_bp=award.rate_bp if award else None,
        reason=case.reason,
        conditions=award.conditions if award else "",
    )
    votes: dict[str, str] = {}
    if said.requested > LARGE_MINOR and award:
        votes = dict.fromkeys(there, "for")
        votes[lot.choice(there[1:])] = lot.choice(("for", "against", "abstained"))
    for name, stands in standing(there, said.conflicts, votes).items():
        yield Vote(meeting.id, application.id, name, stands)


def add_actions(db: Session, plan: Definition, cases: list[Case], settings: Settings, today: date) -> None:
    """The extension, the supplement and the reports of the file's awards, as far as they lie before a day."""
    awards = {case.award.project: case.award for case in cases if case.award}
    leads = {case.award.project: str(case.application.applicant) for case in cases if case.award}
    for kind, rows in (("extension", plan.extensions), ("supplement", plan.supplements)):
        for row in rows:
            if row.decided_on > today:
                continue
            award = awards[row.project]
            changed = {"ends_on": getattr(row, "ends_on", None), "amount_minor": getattr(row, "amount", None)}
            action = Action(award.id, kind, leads[row.project], moment(_at(row.asked_on, 10, settings)), row.reason)
            action.ends_on, action.amount_minor = changed["ends_on"], changed["amount_minor"]
            _approve(db, action, MEMBERS[1], moment(_at(row.decided_on, 16, settings)), "As asked.")
            db.add(_version(award, action, row.decided_on))
    lot = Random(f"{plan.seed} reports")  # noqa: S311  (a lot, no secret)
    for project, award in awards.items():
        for report, day in _reports(award, settings, today, lot):
            action = Action(award.id, "progress-report", leads[project], moment(_at(day, 11, settings)), "Handed in.")
            action.kind = "final-report" if report == "final" else "progress-report"
            action.report = report
            _approve(db, action, "secretariat-01", moment(_at(day + timedelta(days=3), 11, settings)), "Read.")
    db.flush()


def _approve(db: Session, action: Action, who: str, at: datetime, note: str) -> None:
    db.add(action)
    db.flush()
    db.add(Decision(action.id, APPROVED, who, at, note, action.amount_minor, None, action.ends_on))


def _version(award: Award, action: Action, day: date) -> Version:
    first = first_version(award)
    return Version(
        award=award.id,
        version=2,
        from_on=day,
        rate_bp=first.rate_bp,
        ceiling_minor=first.ceiling_minor + (action.amount_minor or 0),
        starts_on=first.starts_on,
        ends_on=action.ends_on or first.ends_on,
        action=action.id,
    )


def _reports(award: Award, settings: Settings, today: date, lot: Random) -> Iterator[tuple[str, date]]:
    """The reports that came, each some days before its last day; of the latest ones a few are still missing."""
    terms = Terms(award.starts_on, award.ends_on, award.ceiling_minor)
    for due in reports_due(terms, rules_on(settings.rules, award.decided_on)):
        day = due.due_on - timedelta(days=lot.randint(1, 10))
        missing = lot.random() < 0.25 and (today - due.due_on).days < 90
        if day + timedelta(days=3) <= today and not missing:
            yield due.report, day


def _at(day: date, hour: int, settings: Settings) -> int:
    return epoch(datetime.combine(day, time(hour), settings.centre.zone))
