"""Reports of awards: when they are due, which came, which are late. Scheme rule 15; a late one blocks supplements."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from workbench.domain.access import Scope
from workbench.domain.award_actions import APPROVED, DECLINED, Action, Decision
from workbench.domain.award_versions import in_force, terms_of
from workbench.domain.awards import Award
from workbench.domain.rules.parameters import SchemeRules, rules_on
from workbench.domain.rules.reports import Due, late_reports, reports_due
from workbench.services.spend_days import projects_of, today_of
from workbench.store.award_versions import awards_on, versions_of
from workbench.store.engine import Store

KINDS_OF_REPORT = ("progress-report", "final-report")


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A report that an award owes: due_on is its last day. state: 'accepted', 'handed in', 'late' or 'ahead'."""

    project: str
    award: int
    report: str
    due_on: date
    state: str
    handed_in_at: datetime | None = None
    action: int | None = None


def reports(store: Store, scope: Scope, now: int) -> list[ReportLine]:
    """Every report of every award in a scope, by its last day."""
    today = today_of(store, now)
    rules = rules_on(store.settings.rules, today)
    with store.read() as conn:
        lines = [
            line for award in awards_on(conn, projects_of(scope), today) for line in lines_of(conn, award, today, rules)
        ]
    return sorted(lines, key=lambda line: (line.due_on, line.project, line.award))


def lines_of(conn: Connection, award: Award, today: date, rules: SchemeRules) -> list[ReportLine]:
    """The reports of one award, as its version of today has them, by their last day."""
    came = _handed_in(conn, award.id)
    terms = terms_of(in_force(versions_of(conn, [award.id])[award.id], today))
    found = []
    for due in reports_due(terms, rules):
        state, at, action = came.get(due.report, ("late" if due.due_on < today else "ahead", None, None))
        found.append(ReportLine(award.project, award.id, due.report, due.due_on, state, at, action))
    return found


def late(db: Session, award: Award, today: date, rules: SchemeRules) -> list[Due]:
    """Those of an award whose last day is over and that were not handed in, or were sent back."""
    conn = db.connection()
    terms = terms_of(in_force(versions_of(conn, [award.id])[award.id], today))
    return late_reports(terms, handed_in(conn, award.id), today, rules)


def handed_in(conn: Connection, award: int) -> Collection[str]:
    """Names of the reports that came and were not sent back."""
    return frozenset(_handed_in(conn, award))


def _handed_in(conn: Connection, award: int) -> dict[str, tuple[str, datetime, int]]:
    """Report → its state, when it came, and its action; the last one that was not sent back or withdrawn."""
    ask = (
        select(Action.id, Action.report, Action.asked_at, Decision.decision)
        .outerjoin(Decision, Decision.action == Action.id)
        .where(Action.award == award, Action.kind.in_(KINDS_OF_REPORT))
        .where(Decision.decision.is_(None) | (Decision.decision.not_in([DECLINED, "withdrawn"])))
        .order_by(Action.id)
    )
    return {
        row.report: ("accepted" if row.decision == APPROVED else "handed in", row.asked_at, row.id)
        for row in conn.execute(ask)
    }
