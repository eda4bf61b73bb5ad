"""`workbench training`: a class is planned, looked at, approved, called off and accounted for at the command line."""

import csv
import io
import json
import re
import time

import pytest
from click.testing import CliRunner

from tests.services.training_centre import teaching
from workbench.cli import main
from workbench.cli.answer import show
from workbench.domain.awards import Award
from workbench.periods import day_of
from workbench.units import DAY_S


@pytest.fixture
def run(workbench_home, monkeypatch):
    monkeypatch.setattr("workbench.hub.walls.possible", lambda: "")

    def run(*words, status=0):
        said = CliRunner().invoke(main, ["training", *words])
        assert said.exit_code == status, said.output
        return said.output

    return run


@pytest.fixture
def centre(store):
    """The small centre, its award good until well after today."""
    teaching(store)
    with store.db(writes=True) as db:
        award = db.query(Award).one()
        award.ends_on = day_of(int(time.time()) + 400 * DAY_S, store.settings.centre.zone)
    return store


def planned(run, *words, start=None, **given):
    start = start or time.strftime("%Y-%m-%dT06:00Z", time.gmtime(time.time() + 3 * DAY_S))
    ask = ["--project", "vision", "--by", "ina", "--start", start, "--minutes", "120", "--seats", "30"]
    return run("plan", "Ten lines", *ask, "--profile", "cpu-small", *words, **given)


def test_a_class_from_plan_to_statement(run, centre, tmp_path):
    (tmp_path / "roster.txt").write_text("Chan\n\nLee\n", encoding="utf-8")
    said = planned(run, "--roster", str(tmp_path / "roster.txt"), "--materials", "notebooks")
    assert "67.5 seat-hours: HK$13.50 at list price = subsidy HK$9.60 + user HK$3.90." in said
    assert "takes none of the centre's GPUs" in said
    (handle,) = re.findall(r"Class (\w{6}) is planned", said)
    assert "seat-hours" in run("show", handle)  # what its approver has to know
    assert "ina is neither secretariat nor operator" in run("approve", handle, "--by", "ina", status=1)
    approved = run("approve", handle, "--by", "sec")
    code = re.search(r"HK\$9\.60 is held for it\. Code: (\w{4}-\w{4})\n", approved)
    assert code
    assert code[1] in run("show", handle)
    (row,) = json.loads(run("list", "--format", "json"))
    assert (row["handle"], row["state"], row["phase"], row["seats"]) == (handle, "approved", "coming", 30)
    assert "ends at" in run("extend", handle, "15", "--by", "ina")
    assert run("message", handle, "Hello", "--by", "ina") == f"Said to class {handle}.\n"
    assert "not a class of ana" in run("message", handle, "Hello", "--by", "ana", status=1)
    rows = run("statement", handle, "--format", "csv").splitlines()
    assert (len(rows), rows[1].split(",")[:3]) == (31, ["1", f"seat-{handle}-001", "Chan"])
    assert "30 seats, 0 joined, 2 no-shows" in run("statement", handle)
    run("statement", handle, "--pdf", str(tmp_path / "statement.pdf"))
    assert (tmp_path / "statement.pdf").read_bytes().startswith(b"%PDF-")
    run("cancel", handle, "--by", "ina")
    assert "It is cancelled." in run("end", handle, "--by", "ina", status=1)


def test_a_spreadsheet_runs_no_name_of_a_statement(run, centre, tmp_path):
    (tmp_path / "roster.txt").write_text("=1+1\n@SUM(A1)\n", encoding="utf-8")
    (handle,) = re.findall(r"Class (\w{6}) is planned", planned(run, "--roster", str(tmp_path / "roster.txt")))
    run("approve", handle, "--by", "sec")
    rows = list(csv.DictReader(io.StringIO(run("statement", handle, "--format", "csv"))))
    assert [row["roster"] for row in rows[:3]] == ["'=1+1", "'@SUM(A1)", ""]
    assert json.loads(run("statement", handle, "--format", "json"))[0]["roster"] == "=1+1"


def test_an_amount_below_zero_stays_a_number_in_a_file(capsys):
    show(["amount", "text"], [{"amount": -5, "text": "-12.50"}, {"amount": None, "text": "-x"}], "csv")
    assert capsys.readouterr().out == "amount,text\n-5,-12.50\n,'-x\n"


def test_a_check_keeps_nothing_and_a_refusal_says_every_reason(run, centre):
    said = planned(run, "--check", "--materials", "/nowhere", status=1)
    assert "Not accepted: Materials are" in said
    said = planned(run, "--warm", "31", start="2020-01-01T10:00", status=1)
    assert "begins in the past" in said or "over already" in said
    assert "can be started ahead" in said
    assert "neither a date" in planned(run, start="soon", status=2)
    assert run("list", "--format", "json") == "No classes. Plan one: workbench training plan --help\n[]\n"


def test_a_plan_is_declined_with_a_reason(run, centre):
    (handle,) = re.findall(r"Class (\w{6}) is planned", planned(run))
    assert run("decline", handle, "--by", "sec", "--reason", "The room is taken.") == f"Class {handle} is declined.\n"
    assert "reason: The room is taken." in run("show", handle)
    assert "There is no training session 'nosuch'" in run("show", "nosuch", status=1)
