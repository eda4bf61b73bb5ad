"""The store on PostgreSQL gives what it gives on SQLite. WORKBENCH_TEST_POSTGRES names an empty database, as a URL."""

import os

import pandas as pd
import pytest
from sqlalchemy import text

from tests.builders import DATA_UNTIL_S, OPENING_S, a_job, small_centre
from workbench.analytics.schema import job_frame
from workbench.domain.access import WholeCentre
from workbench.services import reports
from workbench.settings import StoreSettings, load
from workbench.store import lake, rollups
from workbench.store.engine import migrate, open_store
from workbench.store.jobs import Upserted, upsert_jobs
from workbench.units import HOUR_S

pytestmark = pytest.mark.postgres


@pytest.fixture
def on_postgres(workbench_home):
    url = StoreSettings(url=os.environ["WORKBENCH_TEST_POSTGRES"])
    opened = open_store(load(home=workbench_home / "pg").model_copy(update={"store": url}))
    yield opened
    migrate(opened.engine, "base")
    opened.engine.dispose()


def answers(store):
    asked = (store, WholeCentre("eve"), OPENING_S + 1, DATA_UNTIL_S)
    return [
        reports.usage(*asked, by=("project", "user_name", "month")),
        reports.occupancy(*asked, by="day", split=("partition",)),
        reports.projects(*asked),
        reports.wait(*asked),
    ]


def test_both_databases_give_the_same_answers(store, on_postgres):
    for one, other in zip(answers(small_centre(store)), answers(small_centre(on_postgres)), strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_upsert_completes_repeats_and_corrects(on_postgres):
    zone = on_postgres.settings.centre.zone
    running = a_job(end_at=None, seen_until_at=OPENING_S + 60)
    done, moved = a_job(end_at=OPENING_S + HOUR_S), a_job(end_at=OPENING_S + HOUR_S, project="speech")
    counts = []
    for job in (running, running, done, running, moved):
        with on_postgres.begin() as conn:
            counts.append(upsert_jobs(conn, job_frame([job]), zone))
    same, changed = Upserted(0, 0, 1), Upserted(0, 1, 0)
    assert counts == [Upserted(1, 0, 0), same, changed, same, changed]
    with on_postgres.read() as conn:
        assert set(rollups.differences(conn, zone).values()) == {0}
        assert [tuple(r) for r in conn.execute(text("SELECT project FROM rollup_daily"))] == [("speech",)]
    assert lake.refresh(on_postgres) == 2
