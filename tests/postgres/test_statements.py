"""Statements and the year's report on PostgreSQL: the same figures as on SQLite."""

import pytest

from tests.builders import DATA_UNTIL_S, small_centre
from workbench.domain.access import WholeCentre
from workbench.services.annual.report import annual_report
from workbench.services.charging.rating import rate
from workbench.services.ledger.posting import bring_up
from workbench.services.statements.statements import statement, statements
from workbench.units import DAY_S

pytestmark = pytest.mark.postgres

NOW = DATA_UNTIL_S + 80 * DAY_S
ALL = WholeCentre("eve")


def told(store):
    """Everything that statements and the report say of the small centre, but for the ledger's hash and number."""
    small_centre(store)
    rate(store, NOW)
    bring_up(store, NOW)
    paper, report = statement(store, ALL, "vision", "2026-01", NOW), annual_report(store, "2025-26", NOW)
    listed = statements(store, ALL, "2026-01", NOW)
    return (
        paper.row,
        paper.days,
        paper.users,
        paper.awards,
        listed.rows,
        listed.total,
        report.sections,
        report.sources,
    )


def test_they_say_the_same_on_both_databases(on_postgres, store):
    assert told(on_postgres) == told(store)
