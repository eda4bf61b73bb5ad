"""Awards as pages and commands show them: versions with who and why, actions, balance, plan against use, reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from workbench.domain.access import Scope, may_see
from workbench.domain.award_actions import Action, Decision
from workbench.domain.award_versions import Version, planned, quarter_days, quarter_plan, quarters_of, terms_of
from workbench.domain.awards import Application, Award, award_state
from workbench.domain.projects import Project
from workbench.domain.rules.parameters import rules_on
from workbench.domain.rules.storage import deleted_on
from workbench.domain.rules.terms import lapsed_minor
from workbench.errors import UnknownAward, UnknownProject
from workbench.periods import moment
from workbench.services.awards.actions import over_use_opted_in
from workbench.services.awards.reports_due import ReportLine, lines_of
from workbench.services.holds.balances import held_by_award
from workbench.services.spend_days import ONE_DAY, projects_of, today_of
from workbench.store.award_versions import awards_on, first_plans, versions_of
from workbench.store.charges import drawn_by_award
from workbench.store.engine import Store


@dataclass(frozen=True, slots=True)
class AwardLine:
    """An award as it holds today. free_minor = ceiling − drawn − held while it lives, else 0; lapsed_minor after it."""

    award: int
    project: str
    title: str
    state: str
    rate_bp: int
    ceiling_minor: int
    drawn_minor: int
    held_minor: int
    free_minor: int
    lapsed_minor: int
    starts_on: date
    ends_on: date
    versions: int


@dataclass(frozen=True, slots=True)
class VersionLine:
    """What an award says from a day on; what: 'decision' or the kind of the action that made it; who and why."""

    version: int
    from_on: date
    rate_bp: int
    ceiling_minor: int
    starts_on: date
    ends_on: date
    what: str
    action: int | None
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class ActionLine:
    """What was asked and what became of it; decision '' while it is open."""

    action: int
    kind: str
    asked_by: str
    asked_at: datetime
    reason: str
    amount_minor: int | None
    rate_bp: int | None
    ends_on: date | None
    other_award: int | None
    report: str | None
    quarter: str | None
    appeal_of: int | None
    decision: str
    decided_by: str
    decided_at: datetime | None
    decision_reason: str
    decided_minor: int | None


@dataclass(frozen=True, slots=True)
class QuarterLine:
    """Plan against use of a quarter that has begun; planned_minor None without a plan of its own."""

    quarter: str
    planned_minor: int | None
    used_minor: int


@dataclass(frozen=True, slots=True)
class AwardFile:
    """All of one award. files_deleted_from: once the project has no award any more. over_use: opted in today."""

    line: AwardLine
    application: str | None
    reason: str
    conditions: str
    over_use: bool
    files_deleted_from: date | None
    versions: tuple[VersionLine, ...]
    actions: tuple[ActionLine, ...]
    quarters: tuple[QuarterLine, ...]
    reports: tuple[ReportLine, ...]


def listed(store: Store, scope: Scope, now: int) -> list[AwardLine]:
    """The awards in a scope that are decided by today, in the order in which they began."""
    with store.read() as conn:
        return _lines(conn, store, awards_on(conn, projects_of(scope), today_of(store, now)), now)


def history(store: Store, scope: Scope, project: str, now: int) -> list[AwardFile]:
    """A project's awards with all that happened to them, the newest first; empty where it has none.

    Raises:
        UnknownProject: the scope does not hold it.
    """
    if not may_see(scope, project):
        raise UnknownProject(project, projects_of(scope) or ())
    with store.read() as conn:
        awards = awards_on(conn, frozenset({project}), today_of(store, now))
        lines = _lines(conn, store, awards, now)
        return [_file(conn, store, award, line, now) for award, line in zip(awards, lines, strict=True)][::-1]


def file_of_award(store: Store, scope: Scope, award: int, now: int) -> AwardFile:
    """One award with all that happened to it.

    Raises:
        UnknownAward: there is none of this number, or the scope does not hold it.
    """
    with store.read() as conn:
        found = [a for a in awards_on(conn, projects_of(scope), today_of(store, now)) if a.id == award]
        if not found:
            raise UnknownAward(award)
        return _file(conn, store, found[0], _lines(conn, store, found, now)[0], now)


def _lines(conn: Connection, store: Store, awards: Sequence[Award], now: int) -> list[AwardLine]:
    today = today_of(store, now)
    mine = frozenset(award.project for award in awards)
    # What is held is read first: a charge that comes in between is then counted twice for a moment, never not at all.
    held = held_by_award(conn, store.settings.centre.zone, mine)
    drawn = drawn_by_award(conn, mine, today + ONE_DAY)
    titles = {row.slug: row.title for row in conn.execute(select(Project.slug, Project.title))}
    versions = versions_of(conn, (award.id for award in awards))
    found = []
    for award in awards:
        spent, kept = drawn.get(award.id, 0), held.get(award.id, 0)
        over = today >= award.ends_on
        found.append(
            AwardLine(
                award=award.id,
                project=award.project,
                title=titles.get(award.project, award.project),
                state=award_state(award, today, spent),
                rate_bp=award.rate_bp,
                ceiling_minor=award.ceiling_minor,
                drawn_minor=spent,
                held_minor=kept,
                free_minor=0 if over else award.ceiling_minor - spent - kept,
                lapsed_minor=lapsed_minor(terms_of(versions[award.id][-1]), spent, today),
                starts_on=award.starts_on,
                ends_on=award.ends_on,
                versions=len(versions[award.id]),
            )
        )
    return found


def _file(conn: Connection, store: Store, award: Award, line: AwardLine, now: int) -> AwardFile:
    today = today_of(store, now)
    rules = rules_on(store.settings.rules, today)
    versions = versions_of(conn, [award.id])[award.id]
    with Session(conn, expire_on_commit=False) as db:
        application = None if award.application is None else db.get_one(Application, award.application).reference
        actions = _actions(db, award.id)
    return AwardFile(
        line=line,
        application=application,
        reason=award.reason,
        conditions=award.conditions,
        over_use=over_use_opted_in(conn, award.project, moment(now)),
        files_deleted_from=_deleted_from(conn, store, award.project, today),
        versions=tuple(_version(version, award, actions) for version in versions),
        actions=actions,
        quarters=tuple(_quarters(conn, award, versions, today)),
        reports=tuple(lines_of(conn, award, today, rules)),
    )


def _version(version: Version, award: Award, actions: Sequence[ActionLine]) -> VersionLine:
    made = next((action for action in actions if action.action == version.action), None)
    if made is None:
        what, by, why = "decision", "the Committee", award.reason
    else:
        what, by, why = made.kind, made.decided_by, made.decision_reason or made.reason
    terms = (version.rate_bp, version.ceiling_minor, version.starts_on, version.ends_on)
    return VersionLine(version.version, version.from_on, *terms, what, version.action, by, why)


def _actions(db: Session, award: int) -> tuple[ActionLine, ...]:
    asked = select(Action, Decision).outerjoin(Decision, Decision.action == Action.id)
    asked = asked.where((Action.award == award) | (Action.other_award == award)).order_by(Action.id)
    return tuple(
        ActionLine(
            action=action.id,
            kind=action.kind,
            asked_by=action.asked_by,
            asked_at=action.asked_at,
            reason=action.reason,
            amount_minor=action.amount_minor,
            rate_bp=action.rate_bp,
            ends_on=action.ends_on,
            other_award=action.other_award,
            report=action.report,
            quarter=action.quarter,
            appeal_of=action.appeal_of,
            decision=decision.decision if decision else "",
            decided_by=decision.decided_by if decision else "",
            decided_at=decision.decided_at if decision else None,
            decision_reason=decision.reason if decision else "",
            decided_minor=decision.amount_minor if decision else None,
        )
        for action, decision in db.execute(asked)
    )


def _quarters(conn: Connection, award: Award, versions: Sequence[Version], today: date) -> list[QuarterLine]:
    plan = planned(versions, first_plans(conn, [award.id])[award.id])
    mine, before, found = frozenset({award.project}), 0, []
    for quarter in quarters_of(terms_of(versions[-1]), today):
        until = min(quarter_days(quarter)[1], today + ONE_DAY)
        drawn = drawn_by_award(conn, mine, until).get(award.id, 0)
        found.append(QuarterLine(quarter, quarter_plan(plan, quarter), drawn - before))
        before = drawn
    return found


def _deleted_from(conn: Connection, store: Store, project: str, today: date) -> date | None:
    """The first day on which a project's files may be deleted; None while it has an award, now or ahead."""
    last = max(award.ends_on for award in awards_on(conn, frozenset({project}), today))
    return deleted_on(last, rules_on(store.settings.rules, last)) if last <= today else None
