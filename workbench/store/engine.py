"""The database: one engine a process, SQLite in WAL mode or PostgreSQL, migrated on first use."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from workbench.errors import FolderUnwritable
from workbench.settings import Centre, Settings

MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(frozen=True)
class Store:
    """The records of one centre. `begin` is for writing (one transaction), `read` for looking."""

    engine: Engine
    settings: Settings

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction: all of it is kept, or none."""
        with self.engine.execution_options(writes=True).begin() as conn:
            yield conn

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.engine.connect() as conn:
            yield conn

    @contextmanager
    def db(self, *, writes: bool = False) -> Iterator[Session]:
        """An ORM session in one transaction, for things of the domain; `writes` as in `begin`."""
        engine = self.engine.execution_options(writes=True) if writes else self.engine
        with Session(engine, expire_on_commit=False) as db, db.begin():
            yield db


def open_store(settings: Settings) -> Store:
    """The store of these settings, its folder made and its tables brought up to date.

    Raises:
        FolderUnwritable: the state folder cannot be made or written.
    """
    try:
        for folder in (settings.home, settings.raw, settings.lake, settings.run, settings.log):
            folder.mkdir(parents=True, exist_ok=True)
        marker = settings.home / ".workbench"
        if not marker.exists():
            marker.write_text("State folder of the workbench. `make reset` clears it.\n", encoding="utf-8")
    except OSError as problem:
        raise FolderUnwritable(settings.home, problem.strerror or str(problem)) from problem
    engine = make_engine(settings.database_url)
    migrate(engine, centre=settings.centre)
    return Store(engine, settings)


def make_engine(url: str) -> Engine:
    """An engine for this address, with SQLite told to keep its promises (WAL, foreign keys, patience)."""
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": 30})
    event.listen(engine, "connect", _pragmas)
    # We say BEGIN ourselves: the driver's own late one would leave DDL and reads outside of the transaction.
    event.listen(engine, "begin", _begin)
    return engine


def _begin(conn: Connection) -> None:
    # What will write takes its turn at once: one that reads first and writes later is refused without any waiting
    # ("database is locked") when another has written in between.
    conn.exec_driver_sql("BEGIN IMMEDIATE" if conn.get_execution_options().get("writes") else "BEGIN")


def _pragmas(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # no implicit BEGIN by the driver; the "begin" event says it
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        "cache_size=-65536",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def alembic_config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config


def migrate(engine: Engine, revision: str = "head", centre: Centre | None = None) -> None:
    """Bring the tables to a revision (up or down); nothing happens where they are there already.

    `centre`: its days and its currency, where rows of a day become rows of a moment; without it UTC and HKD.
    """
    config = alembic_config(engine)
    config.attributes["centre"] = centre
    script = ScriptDirectory.from_config(config)
    with engine.connect() as conn:
        now = MigrationContext.configure(conn).get_current_revision()
    if revision == "head" and now == script.get_current_head():
        return
    if revision in ("head", *(r.revision for r in script.iterate_revisions("head", now or "base"))):
        command.upgrade(config, revision)
    else:
        command.downgrade(config, revision)
