"""The database is made, migrated both ways, and keeps its promises."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError

from workbench import settings
from workbench.domain.capacity import Outage
from workbench.errors import FolderUnwritable
from workbench.store.engine import alembic_config, migrate, open_store
from workbench.store.tables import metadata


@pytest.fixture
def fresh(tmp_path):
    opened = open_store(settings.load(home=tmp_path / "state"))
    yield opened
    opened.engine.dispose()


def test_migrations_make_exactly_the_tables_of_the_code(fresh):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with fresh.read() as conn:
        assert compare_metadata(MigrationContext.configure(conn), metadata) == []


def test_migrations_go_down_to_nothing_and_up_again(fresh):
    migrate(fresh.engine, "base")
    assert set(inspect(fresh.engine).get_table_names()) == {"alembic_version"}
    migrate(fresh.engine)
    assert set(inspect(fresh.engine).get_table_names()) >= set(metadata.tables)
    assert alembic_config(fresh.engine) is not None


def test_servers_metered_before_jobs_had_a_kind_are_servers(fresh):
    migrate(fresh.engine, "0011")
    row = (
        "INSERT INTO jobs (cluster, job_id, submit_at, start_at, seen_until_at, gpu_parts, source, submit_known)"
        " VALUES (:cluster, :job_id, 1, 2, 3, 0, :source, 1)"
    )
    with fresh.begin() as conn:
        conn.execute(text(row), {"cluster": "hub", "job_id": "ana-1", "source": "hub"})
        conn.execute(text(row), {"cluster": "alpha", "job_id": "7", "source": "sacct"})
    migrate(fresh.engine)
    with fresh.read() as conn:
        known = conn.execute(text("SELECT job_id, kind, server_id, mem_mib FROM jobs ORDER BY id")).all()
    assert known == [("ana-1", "server", "ana-1", None), ("7", None, None, None)]
    migrate(fresh.engine, "0011")
    assert "kind" not in {column["name"] for column in inspect(fresh.engine).get_columns("jobs")}


def test_it_writes_ahead_and_checks_foreign_keys(fresh):
    with fresh.read() as conn:
        assert conn.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    with pytest.raises(IntegrityError), fresh.begin() as conn:
        conn.execute(text("INSERT INTO members (project, person, role) VALUES ('none', 'nobody', 'lead')"))


def test_a_moment_comes_back_in_utc_and_is_an_integer_in_the_table(fresh):
    at = datetime(2025, 3, 1, 8, 30, tzinfo=UTC)
    with fresh.db() as db:
        db.add(Outage("c", "p", "H800", at, None, 4, planned=False, reason="fan"))
    with fresh.db() as db:
        assert db.scalars(select(Outage)).one().start_at == at
    with fresh.read() as conn:
        assert conn.execute(text("SELECT start_at FROM outages")).scalar() == int(at.timestamp())


def test_a_failed_transaction_leaves_nothing(fresh):
    insert = text("INSERT INTO projects VALUES ('a', 'A', 'university', 'U', 0)")
    with pytest.raises(IntegrityError), fresh.begin() as conn:
        conn.execute(insert)
        conn.execute(insert)
    with fresh.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM projects")).scalar() == 0


def test_a_folder_that_is_a_file_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "state").write_text("not a folder")
    with pytest.raises(FolderUnwritable, match="WORKBENCH_HOME"):
        open_store(settings.load(home=tmp_path / "state"))
