"""What all tests share: a state folder of their own, and suites that say loudly when they cannot run here.

`WORKBENCH_REQUIRE=browser,gpu` names suites that must run: where one cannot, its tests fail instead of being skipped,
and so does a run in which it has no test at all.
"""

import importlib.util
import os
import shutil
import time
from functools import cache
from uuid import uuid4

import hypothesis
import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from workbench import sample
from workbench.clusters.gpu import gpus, has_rapids_here
from workbench.hub import walls
from workbench.settings import StoreSettings, load
from workbench.store.engine import open_store

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("workbench", deadline=None)
hypothesis.settings.load_profile("workbench")

SUITES = ("browser", "gpu", "isolation", "notebook", "postgres", "slurm", "sqlite")


@cache
def missing_for(suite: str) -> str | None:
    """Why a suite cannot run here, None when it can."""
    if suite == "browser":
        if importlib.util.find_spec("playwright") is None:
            return "playwright is not installed (make test)"
        return None if chromium_path() else "no Chromium on the PATH (on Debian: apt-get install chromium)"
    if suite == "gpu":
        found = gpus()
        return found.reason or (
            None if has_rapids_here() else f"{found} answers, but RAPIDS is not installed (make test)"
        )
    if suite == "isolation":
        return walls.possible() or None
    if suite == "notebook":
        return None if importlib.util.find_spec("nbval") else "nbval is not installed (make test)"
    if suite == "postgres":
        from tests import postgres_server

        if importlib.util.find_spec("psycopg") is None:
            return "psycopg is not installed (make test)"
        if os.environ.get("WORKBENCH_TEST_POSTGRES") or postgres_server.programs():
            return None
        return "no PostgreSQL to start (on Debian: apt-get install postgresql), WORKBENCH_TEST_POSTGRES names none"
    if suite == "sqlite":
        return None if shutil.which("sqlite3") else "no sqlite3 on the PATH (on Debian: apt-get install sqlite3)"
    from tests.slurm_stack.missing import missing

    return missing()


def chromium_path() -> str | None:
    return next((path for name in CHROMIUMS if (path := shutil.which(name))), None)


def required() -> set[str]:
    return {name for name in os.environ.get("WORKBENCH_REQUIRE", "").replace(",", " ").split() if name}


def pytest_configure(config: pytest.Config) -> None:
    if unknown := required() - set(SUITES):
        raise pytest.UsageError(
            f"WORKBENCH_REQUIRE: no suite {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}"
        )


def pytest_runtest_setup(item: pytest.Item) -> None:
    for suite in SUITES:
        if item.get_closest_marker(suite) and (why := missing_for(suite)):
            if suite in required():
                pytest.fail(f"the {suite} suite is required and cannot run: {why}", pytrace=False)
            pytest.skip(f"the {suite} suite cannot run here: {why}")


def pytest_collection_finish(session: pytest.Session) -> None:
    held = {suite for suite in SUITES for item in session.items if item.get_closest_marker(suite)}
    if absent := required() - held:
        raise pytest.UsageError(f"WORKBENCH_REQUIRE: this run holds no test of the suite {', '.join(sorted(absent))}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = " ".join(str(report.longrepr) for report in terminalreporter.stats.get("skipped", []))
    for suite in SUITES:
        if f"the {suite} suite cannot run here" in skipped:
            terminalreporter.section(f"NOT RUN: the {suite} suite ({missing_for(suite)})", red=True)


@pytest.fixture(scope="session")
def chromium():
    """Path of the Chromium to drive."""
    return chromium_path()


@pytest.fixture(scope="session")
def loaded_home(tmp_path_factory):
    """A state folder with the sample centre in it, loaded once; take a copy (tests.centre.copy_of)."""
    home = tmp_path_factory.mktemp("centre") / "state"
    settings = load(home=home)
    opened = open_store(settings)
    sample.load(opened, settings, int(time.time()))
    opened.engine.dispose()
    return home


@pytest.fixture(scope="session")
def running_centre(loaded_home, tmp_path_factory):
    """A whole workbench that runs for all tests that only look, or that start servers of their own (tests.centre)."""
    from tests import centre

    started = centre.start(centre.copy_of(loaded_home, tmp_path_factory.mktemp("running") / "state"))
    try:
        started.until("Stop: Ctrl-C here")
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="session")
def postgres_server_url():
    """A PostgreSQL in which tests make databases: the one that WORKBENCH_TEST_POSTGRES names, else one of our own."""
    from tests import postgres_server

    if named := os.environ.get("WORKBENCH_TEST_POSTGRES"):
        yield named
        return
    with postgres_server.running() as url:
        yield url


@pytest.fixture(scope="session")
def slurm():
    """A real Slurm of the tests' own: two nodes with 8 fake GPUs each (tests.slurm_stack.slurm)."""
    from tests.slurm_stack.slurm import running

    with running() as started:
        yield started


@pytest.fixture
def on_postgres(postgres_server_url, workbench_home):
    """A store on PostgreSQL, in a database of this test's own."""
    server = create_engine(postgres_server_url, isolation_level="AUTOCOMMIT")
    name = f"test_{uuid4().hex[:12]}"
    with server.connect() as conn:
        conn.exec_driver_sql(f"CREATE DATABASE {name}")
    url = make_url(postgres_server_url).set(database=name).render_as_string(hide_password=False)
    opened = open_store(load(home=workbench_home / "pg").model_copy(update={"store": StoreSettings(url=url)}))
    yield opened
    opened.engine.dispose()
    with server.connect() as conn:
        conn.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


@pytest.fixture
def workbench_home(tmp_path, monkeypatch):
    """A state folder of this test's own; nothing of the person's environment reaches it."""
    home = tmp_path / "state"
    for name in ("WORKBENCH_CONFIG", "WORKBENCH_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WORKBENCH_HOME", str(home))
    return home


@pytest.fixture
def settings(workbench_home):
    return load(home=workbench_home)


@pytest.fixture
def store(settings):
    opened = open_store(settings)
    yield opened
    opened.engine.dispose()
