"""The sample's projects pay their own part: about a month later, once, and one is behind."""

from datetime import date

import pytest

from workbench.domain import ledger
from workbench.domain.ledger import Transaction
from workbench.periods import day_start, moment, parse_moment
from workbench.sample.definition import definition
from workbench.sample.payments import BEHIND, pay
from workbench.sample.records import add_records
from workbench.services.ledger.books import post
from workbench.services.ledger.months import movements

PLAN = definition()
PROJECTS = ("law-search", BEHIND)


@pytest.fixture
def billed(store, settings):
    """Two projects owe 100.00 for each of three months."""
    zone = settings.centre.zone
    with store.db(writes=True) as db:
        add_records(db, PLAN, settings, parse_moment("2026-11-22", zone))
    with store.begin() as conn:
        for project in PROJECTS:
            for month in (3, 4, 5):
                at = moment(day_start(date(2026, month, 15), zone))
                amounts = [(ledger.payable(project), 10_000), (ledger.PAYMENTS, -10_000)]
                key = f"test/{project}/{month}"
                post(conn, [Transaction(key, at, "charge", "", {"project": project}, _posted(amounts))], zone)
    return store


def _posted(amounts):
    return tuple(ledger.Posting(account, minor, "HKD") for account, minor in amounts)


def paid(store, project):
    with store.read() as conn:
        found = movements(conn, project=project)
    return {month: -minor for (month, _account, kind), minor in found.items() if kind == "payment"}


def test_each_month_is_paid_once_after_about_thirty_days(billed, settings):
    now = parse_moment("2026-06-30", settings.centre.zone)
    pay(billed, PLAN, settings, now)
    assert sum(paid(billed, "law-search").values()) in (20_000, 30_000)  # of May perhaps not yet
    assert sum(paid(billed, BEHIND).values()) <= 10_000
    assert min(paid(billed, "law-search")) >= "2026-04"


def test_in_the_end_nothing_is_owed(billed, settings):
    pay(billed, PLAN, settings, parse_moment("2026-11-22", settings.centre.zone))
    assert [sum(paid(billed, project).values()) for project in PROJECTS] == [30_000, 30_000]
