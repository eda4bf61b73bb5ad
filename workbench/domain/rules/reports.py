"""Rule 15: when progress and final reports are due; a late one blocks supplements."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from workbench.domain.rules.parameters import SchemeRules
from workbench.domain.rules.terms import Terms, months_after
from workbench.errors import RuleBroken


@dataclass(frozen=True, slots=True)
class Due:
    """A report ("progress 3", "final") and the last day for it."""

    report: str
    due_on: date


def reports_due(terms: Terms, rules: SchemeRules) -> list[Due]:
    """The reports of an award, by day; a progress report that would fall beyond the term is none."""
    progress = [Due(f"progress {n}", months_after(terms.starts_on, n)) for n in rules.progress_report_months]
    final = Due("final", months_after(terms.ends_on, rules.final_report_months))
    return [*(due for due in progress if due.due_on <= terms.ends_on), final]


def late_reports(terms: Terms, received: Collection[str], today: date, rules: SchemeRules) -> list[Due]:
    """Those whose last day is over and that have not come."""
    return [due for due in reports_due(terms, rules) if due.due_on < today and due.report not in received]


def check_supplement(late: Collection[Due]) -> None:
    """Refuse a supplement while a report is late.

    Raises:
        RuleBroken: rule 15, names the reports.
    """
    if late:
        said = ", ".join(f"{due.report} (due {due.due_on:%-d %b %Y})" for due in late)
        raise RuleBroken(15, f"no supplement while a report is late: {said}", "Hand the report in first.")
