"""What psql does to a ledger once the triggers are dropped, `workbench ledger verify` finds and names."""

import subprocess

import pytest

from tests import postgres_server
from tests.ledgers import fill
from tests.shells import DONE, named, script, verified
from workbench.settings import DEFAULT_FILE

pytestmark = pytest.mark.postgres


def address(store):
    """As psql takes it."""
    return store.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


def shell(store, sql):
    command = [postgres_server.psql(), "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-d", address(store), "-f", "-"]
    return subprocess.run(command, input=sql, capture_output=True, text=True, timeout=60)


@pytest.fixture
def verify(on_postgres, tmp_path):
    """`workbench ledger verify` on that database."""
    fill(on_postgres)
    url = on_postgres.engine.url.render_as_string(hide_password=False)
    config = tmp_path / "workbench.toml"
    ours = DEFAULT_FILE.read_text(encoding="utf-8")
    config.write_text(ours.replace('[store]\nurl = ""', f'[store]\nurl = "{url}"'), encoding="utf-8")
    return lambda: verified(tmp_path / "pg", WORKBENCH_CONFIG=str(config))


def test_the_shell_is_refused_while_the_triggers_stand(on_postgres, verify):
    done = shell(on_postgres, "UPDATE ledger_postings SET amount_minor = 1")
    assert done.returncode != 0
    assert "the ledger is append-only" in done.stderr
    said = verify()
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("10 transactions, each as it was posted.")


@pytest.mark.parametrize("does", DONE)
def test_verify_finds_and_names(on_postgres, verify, does):
    done = shell(on_postgres, script(does, on_postgres=True))
    assert done.returncode == 0, done.stderr
    said = verify()
    assert said.returncode == 1
    assert named(said.stdout) == DONE[does][1]
    assert "problem(s) in" in said.stderr
    assert "Traceback" not in said.stderr
