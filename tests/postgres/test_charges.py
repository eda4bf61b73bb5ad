"""Usage is charged on PostgreSQL as on SQLite, and a stored price stays there too."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from tests.builders import DATA_UNTIL_S, OPENING_S, a_job, small_centre
from workbench.analytics.schema import job_frame
from workbench.services.charging.explain import explain
from workbench.services.charging.rating import rate
from workbench.store.engine import migrate
from workbench.store.jobs import upsert_jobs
from workbench.store.tables import charges_daily, charges_user_daily, price_versions
from workbench.units import DAY_S

pytestmark = pytest.mark.postgres


def charged(store):
    small_centre(store)
    long = a_job(job_id="long", start_at=OPENING_S + DAY_S // 2, end_at=OPENING_S + 3 * DAY_S, cpu_cores=None)
    with store.begin() as conn:
        upsert_jobs(conn, job_frame([long]), store.settings.centre.zone)
    rate(store, DATA_UNTIL_S)
    with store.read() as conn:
        tables = [conn.execute(select(table)).all() for table in (charges_daily, charges_user_daily)]
    return [sorted(tuple(row) for row in rows) for rows in tables], explain(store, "long")


def test_both_databases_charge_the_same(store, on_postgres):
    assert charged(store) == charged(on_postgres)


@pytest.mark.parametrize(
    "statement", ["UPDATE price_versions SET content = '{}'", "DELETE FROM price_versions", "TRUNCATE price_versions"]
)
def test_a_stored_price_is_never_changed_nor_removed(on_postgres, statement):
    small_centre(on_postgres)
    with pytest.raises(DBAPIError, match="never changed"), on_postgres.begin() as conn:
        conn.execute(text(statement))


def test_prices_by_day_become_versions_and_back(on_postgres):
    small_centre(on_postgres)
    migrate(on_postgres.engine, "0004")
    with on_postgres.read() as conn:
        listed = conn.execute(text("SELECT resource, from_on, minor_per_hour FROM list_prices ORDER BY 1")).all()
    assert [(row[0], str(row[1]), row[2]) for row in listed] == [
        ("H800", "2025-01-01", 2800),
        ("cpu", "2025-01-01", 20),
    ]
    with on_postgres.begin() as conn:
        conn.execute(text("DELETE FROM price_versions"))
    migrate(on_postgres.engine, centre=on_postgres.settings.centre)
    with on_postgres.read() as conn:
        [version] = conn.execute(select(price_versions)).all()
    assert (version.name, version.from_at) == ("prices of 2025-01-01", 1_735_660_800)
    assert rate(on_postgres, DATA_UNTIL_S).lines == 17
