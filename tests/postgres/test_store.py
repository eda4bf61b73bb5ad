"""The store on PostgreSQL gives what it gives on SQLite, and is migrated both ways."""

import pandas as pd
import pytest
from sqlalchemy import inspect, text

from tests.builders import DATA_UNTIL_S, OPENING_S, a_job, small_centre
from workbench.analytics.schema import job_frame
from workbench.domain.access import WholeCentre
from workbench.services import reports
from workbench.store import lake, rollups
from workbench.store.engine import migrate
from workbench.store.jobs import Upserted, upsert_jobs
from workbench.store.tables import metadata
from workbench.units import HOUR_S

pytestmark = pytest.mark.postgres


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


def test_migrations_make_exactly_the_tables_of_the_code(on_postgres):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with on_postgres.read() as conn:
        assert compare_metadata(MigrationContext.configure(conn), metadata) == []


def test_migrations_go_down_to_nothing_and_up_again(on_postgres):
    migrate(on_postgres.engine, "base")
    assert set(inspect(on_postgres.engine).get_table_names()) == {"alembic_version"}
    with on_postgres.read() as conn:
        left = conn.execute(text("SELECT count(*) FROM pg_proc WHERE proname LIKE 'ledger%'")).scalar()
    assert left == 0
    migrate(on_postgres.engine)
    assert set(inspect(on_postgres.engine).get_table_names()) >= set(metadata.tables)
