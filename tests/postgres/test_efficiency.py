"""How busy GPUs were, on PostgreSQL: the same day by hand, in whole numbers."""

import pytest

from tests.services import test_efficiency as by_hand
from workbench.services.efficiency import report
from workbench.services.efficiency.built import Built, build
from workbench.store.engine import open_store

pytestmark = pytest.mark.postgres


def test_the_day_by_hand_is_the_same_on_postgresql(on_postgres):
    opened = open_store(by_hand.by_ten_minutes(on_postgres.settings))
    by_hand.fill(opened)
    assert build(opened, by_hand.NOW) == by_hand.FIRST
    assert build(opened, by_hand.NOW) == Built(0, 0)
    by_hand.check_devices_and_times(opened)
    rows = report.jobs(opened, by_hand.ALL, None, *by_hand.WHOLE_DAY)
    assert dict(zip(rows["job_id"], rows["advice"], strict=True)) == by_hand.ADVICE
    opened.engine.dispose()
