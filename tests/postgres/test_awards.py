"""What changes an award on PostgreSQL: as strict as on SQLite, also when two decide at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.services.an_award import awarded, noon, stored
from tests.services.test_award_actions import FEB, VISION, asked, on
from tests.services.test_underuse import CUT, CUT_DAY, NOTICE
from workbench.errors import RuleBroken, StepRefused
from workbench.services.awards.actions import decide
from workbench.services.awards.review import daily

pytestmark = pytest.mark.postgres


@pytest.fixture
def award(on_postgres):
    return awarded(on_postgres)


def all_at_once(store, actions, day=FEB):
    """Decide all these at the same moment; how many were approved."""

    def approve(action):
        try:
            decide(store, action, "approve", "com", noon(day), note="Agreed.")
        except (RuleBroken, StepRefused):
            return False
        return True

    with ThreadPoolExecutor(len(actions)) as pool:
        return sum(pool.map(approve, actions))


def test_of_transfers_at_once_only_what_is_free_is_given(on_postgres, award):
    actions = [asked(on_postgres, award, "transfer", amount_minor=3_000_000, other_award=VISION) for _ in range(8)]
    assert all_at_once(on_postgres, actions) == 6  # of HK$200,000.00, HK$30,000.00 each
    assert (on(on_postgres, award, FEB)[1], on(on_postgres, VISION, FEB)[1]) == (2_000_000, 118_000_000)


def test_of_supplements_at_once_the_fund_keeps_its_bound(on_postgres, award):
    half, day = (290_000_000_000 - 120_000_000) // 2, date(2026, 1, 20)
    numbers = (award, award, VISION)
    actions = [asked(on_postgres, number, "supplement", who="sec", on=day, amount_minor=half) for number in numbers]
    assert all_at_once(on_postgres, actions, day) == 2


def test_one_action_is_decided_once(on_postgres, award):
    action = asked(on_postgres, award, "supplement", amount_minor=5_000_000)
    assert all_at_once(on_postgres, [action] * 4) == 1
    assert on(on_postgres, award, FEB)[1] == 25_000_000


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE award_versions SET ceiling_minor = 1",
        "DELETE FROM award_actions",
        "TRUNCATE award_action_decisions",
        "INSERT INTO award_versions SELECT award, 9, from_on, rate_bp, 1, starts_on, ends_on, 1 FROM award_versions",
    ],
)
def test_the_records_cannot_be_changed_even_by_hand(on_postgres, award, change):
    decide(on_postgres, asked(on_postgres, award, "supplement", amount_minor=5), "approve", "com", noon(FEB))
    with pytest.raises(DBAPIError, match=r"only ever added to|not the next version"), on_postgres.begin() as conn:
        conn.execute(text(change))


def test_under_use_goes_its_way_there_too(on_postgres, award):
    from tests.services.an_award import use

    use(on_postgres, NOTICE.replace(month=2), 500, noon(NOTICE))
    use(on_postgres, NOTICE.replace(month=3), 2500, noon(NOTICE))
    with on_postgres.begin() as conn:
        conn.execute(text(f"UPDATE freshness SET data_until_at = {noon(NOTICE)}"))
    assert daily(on_postgres, noon(NOTICE)).noticed == (award,)
    assert len(daily(on_postgres, noon(CUT_DAY)).cut) == 1
    assert stored(on_postgres, "SELECT ceiling_minor FROM award_versions") == [(20_000_000 - CUT,)]
