"""What the sqlite3 shell does to a ledger once the triggers are dropped, `workbench ledger verify` finds and names."""

import subprocess

import pytest

from tests.ledgers import fill
from tests.shells import DONE, named, script, verified

pytestmark = pytest.mark.sqlite


def shell(store, sql):
    done = subprocess.run(
        ["sqlite3", "-bail", store.engine.url.database], input=sql, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_what_nobody_touched_is_clean(store, settings):
    fill(store)
    said = verified(settings.home)
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("10 transactions, each as it was posted.")


def test_the_shell_is_refused_while_the_triggers_stand(store, settings):
    fill(store)
    done = subprocess.run(
        ["sqlite3", store.engine.url.database, "UPDATE ledger_postings SET amount_minor = 1"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode != 0
    assert "the ledger is append-only" in done.stderr
    assert verified(settings.home).returncode == 0


@pytest.mark.parametrize("does", DONE)
def test_verify_finds_and_names(store, settings, does):
    fill(store)
    shell(store, script(does, on_postgres=False))
    said = verified(settings.home)
    assert said.returncode == 1
    assert named(said.stdout) == DONE[does][1]
    assert "problem(s) in" in said.stderr
    assert "Traceback" not in said.stderr
