"""`workbench ledger`: post, look, close, pay, check and export, each as somebody types it."""

import csv
import io
import json
import time

import pytest
from beancount import loader
from click.testing import CliRunner
from sqlalchemy import text

from tests.builders import DATA_UNTIL_S, small_centre
from tests.ledgers import drop_guards
from workbench.cli import main
from workbench.cli.ledger import ledger
from workbench.services.ledger import export as ledger_export


@pytest.fixture
def run(workbench_home):
    return lambda *words, **more: CliRunner().invoke(main, ["ledger", *words], **more)


@pytest.fixture
def centre(store, monkeypatch):
    """The small centre, two months after its data end."""
    small_centre(store)
    monkeypatch.setattr(time, "time", lambda: DATA_UNTIL_S + 60 * 86_400.5)
    return store


@pytest.fixture
def posted(centre, run):
    said = run("post")
    assert said.exit_code == 0, said.output
    return centre


@pytest.mark.parametrize("command", sorted(ledger.commands))
def test_each_command_has_help_with_an_example(run, command):
    said = run(command, "--help")
    assert said.exit_code == 0
    assert f"Example: workbench ledger {command}" in said.output


def test_post_rates_and_posts_once(centre, run):
    said = run("post")
    assert "17 transactions of charges (3 projects), 3 of the fund" in said.output
    assert run("post").output.startswith("0 transactions of charges (0 projects), 0 of the fund")


def test_an_empty_ledger_says_what_to_do_and_is_sound(run, workbench_home):
    for command in ("balance", "journal"):
        said = run(command)
        assert (said.exit_code, said.stdout) == (0, "")
        assert "workbench ledger post" in said.stderr
    assert "0 transactions, each as it was posted" in run("verify").output


def test_balance_in_each_format(posted, run):
    said = run("balance", "--account", "fund:")
    assert "fund:committed" in said.output
    assert "project:" not in said.output
    rows = {
        row["ledger_account"]: row["balance_minor"] for row in json.loads(run("balance", "--format", "json").output)
    }
    assert rows["fund:drawn"] == 336 * 1960
    listed = list(csv.DictReader(io.StringIO(run("balance", "--format", "csv", "--at", "2026-01-06").output)))
    assert {row["ledger_account"]: int(row["balance_minor"]) for row in listed}["fund:drawn"] == 24 * 1960


def test_balance_refuses_what_is_no_moment(run, workbench_home):
    said = run("balance", "--at", "yesterday")
    assert (said.exit_code, "neither a date" in said.output) == (2, True)


def test_journal_names_the_project_or_refuses_it(posted, run):
    rows = json.loads(run("journal", "--project", "vision", "--last", "2", "--format", "json").output)
    assert {row["key"] for row in rows} == {
        "daily/2026-01-17/alpha/vision#1", "daily/2026-01-18/alpha/vision#1"
    }  # fmt: skip
    said = run("journal", "--project", "visoin")
    assert said.exit_code == 1
    assert "There is no project 'visoin'" in said.stderr


def test_verify_knows_a_hash_that_was_noted(posted, run):
    noted = run("verify").output.split()[-1]
    assert run("verify", "--seen", noted).exit_code == 0
    said = run("verify", "--seen", "f" * 64)
    assert said.exit_code == 1
    assert "rewritten" in said.output


def test_verify_ends_with_1_and_names_the_place(posted, run):
    with posted.begin() as conn:
        drop_guards(conn)
        conn.execute(text("UPDATE ledger_postings SET amount_minor = amount_minor + 1 WHERE seq = 5 AND line = 0"))
    said = run("verify")
    assert said.exit_code == 1
    assert "Number 5: was changed" in said.stdout
    assert "problem(s) in 20 transactions" in said.stderr


def test_a_sum_that_lies_is_named_and_made_anew(posted, run):
    with posted.begin() as conn:
        conn.execute(text("UPDATE ledger_months SET amount_minor = 7 WHERE ledger_account = 'suspense'"))
    said = run("verify")
    assert (said.exit_code, "The ledger: the sum of suspense in 2026-01" in said.stdout) == (1, True)
    made = CliRunner().invoke(main, ["db", "rebuild"])
    assert "sums by month made anew" in made.output
    assert run("verify").exit_code == 0


def test_months_close_once_asked_and_in_order(posted, run):
    assert "2024-10 is open still" in run("close", "2026-01", "--by", "Ada", "--yes").stderr
    refused = run("close", "2026-01", "--by", "Ada", "--with-earlier", input="n\n")
    assert refused.exit_code == 1
    assert "Close 2026-01 and all open months before it for good?" in refused.output
    said = run("close", "2026-01", "--by", "Ada", "--with-earlier", "--yes")
    assert said.exit_code == 0, said.output
    assert said.stdout.splitlines()[-1].startswith("2026-01 is closed. Head: 20 ")
    assert "Note on 2026-01: HK$28.00 of usage without a project is in suspense." in said.stderr
    assert "was closed before by Ada" in run("close", "2026-01", "--by", "Bo", "--yes").stdout
    assert run("verify").exit_code == 0


@pytest.mark.parametrize(
    ("month", "says"), [("2026-13", "this is no month"), ("March", "this is no month"), ("2099-01", "it is not over")]
)
@pytest.mark.parametrize("more", [[], ["--with-earlier"]])
def test_a_wrong_month_is_refused_whole(posted, run, month, says, more):
    said = run("close", month, "--by", "Ada", "--yes", *more)
    assert said.exit_code == 1
    assert says in said.stderr
    with posted.read() as conn:
        assert conn.scalar(text("SELECT count(*) FROM closed_months")) == 0


def test_pay_posts_once(posted, run):
    said = run("pay", "vision", "1000.50", "--on", "2026-02-03", "--reference", "INV-1")
    assert said.output.startswith("Posted: HK$1,000.50 of vision.")
    assert "vision has HK$1,821.90 left to pay" in said.output
    assert "nothing new" in run("pay", "vision", "1000.50", "--on", "2026-02-03", "--reference", "INV-1").output
    other = run("pay", "vision", "7", "--on", "2026-02-03", "--reference", "INV-1")
    assert (other.exit_code, "with another content" in other.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["visoin", "5", "--reference", "a"], 1, "There is no project"),
        (["vision", "five", "--reference", "a"], 2, "not an amount"),
        (["vision", "0", "--reference", "a"], 1, "more than 0"),
        (["vision", "5", "--reference", "a", "--on", "2099-01-01"], 1, "is ahead"),
        (["vision", "5", "--reference", "a", "--on", "soon"], 2, "no day"),
        (["vision", "5"], 2, "--reference"),
    ],
)
def test_pay_refuses(posted, run, words, status, says):
    said = run("pay", *words)
    assert said.exit_code == status
    assert says in said.output + said.stderr


def test_export_in_each_format(posted, run):
    rows = list(csv.DictReader(io.StringIO(run("export").output)))
    assert tuple(rows[0]) == ledger_export.POSTING_COLUMNS
    january = list(csv.DictReader(io.StringIO(run("export", "--format", "focus", "--from", "2026-01-01").output)))
    assert tuple(january[0]) == ledger_export.FOCUS_COLUMNS
    _, errors, _ = loader.load_string(run("export", "--format", "beancount").output)
    assert errors == []
    said = run("export", "--format", "beancount", "--from", "2026-01-01")
    assert (said.exit_code, "leave --from and --to out" in said.output) == (2, True)
