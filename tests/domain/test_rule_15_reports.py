"""Rule 15: progress reports at months 1, 3, 9, the final one within 2 months; a late report blocks supplements.

Worked example: 1 February 2026 to 1 February 2027: due 1 March, 1 May, 1 November 2026 and 1 April 2027.
"""

from datetime import date

import pytest

from workbench.domain.rules.parameters import SchemeRules
from workbench.domain.rules.reports import check_supplement, late_reports, reports_due
from workbench.domain.rules.terms import Terms
from workbench.errors import RuleBroken

RULES = SchemeRules(date(2024, 10, 7))
TERMS = Terms(date(2026, 2, 1), date(2027, 2, 1), 1)


def test_rule_15_when_reports_are_due():
    assert [(due.report, due.due_on) for due in reports_due(TERMS, RULES)] == [
        ("progress 1", date(2026, 3, 1)),
        ("progress 3", date(2026, 5, 1)),
        ("progress 9", date(2026, 11, 1)),
        ("final", date(2027, 4, 1)),
    ]


def test_rule_15_a_short_term_has_no_report_beyond_its_end():
    short = Terms(date(2026, 2, 1), date(2026, 6, 1), 1)
    assert [due.report for due in reports_due(short, RULES)] == ["progress 1", "progress 3", "final"]


@pytest.mark.parametrize(
    ("today", "received", "late"),
    [
        (date(2026, 3, 1), (), []),  # the last day counts
        (date(2026, 3, 2), (), ["progress 1"]),
        (date(2026, 3, 2), ("progress 1",), []),
        (date(2026, 6, 1), ("progress 1",), ["progress 3"]),
        (date(2027, 5, 1), (), ["progress 1", "progress 3", "progress 9", "final"]),
    ],
)
def test_rule_15_a_late_report_blocks_supplements(today, received, late):
    found = late_reports(TERMS, received, today, RULES)
    assert [due.report for due in found] == late
    if late:
        with pytest.raises(RuleBroken, match=f"Rule 15.*{late[0]}"):
            check_supplement(found)
    else:
        check_supplement(found)
