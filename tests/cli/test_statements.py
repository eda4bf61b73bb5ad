"""`workbench statements` and `workbench report`, on a small centre."""

import csv
import io
import json
import time

import pytest
from click.testing import CliRunner

from tests.builders import small_centre
from workbench.cli import main
from workbench.services.charging.rating import rate
from workbench.services.ledger.posting import bring_up


@pytest.fixture
def run(workbench_home):
    def run(*words):
        said = CliRunner().invoke(main, words)
        return said.exit_code, said.stdout, said.stderr

    return run


@pytest.fixture
def centre(store):
    now = int(time.time())
    small_centre(store)
    rate(store, now)
    bring_up(store, now)
    return store


def test_the_list_of_a_month_has_a_total(run, centre):
    code, out, _ = run("statements", "list", "--month", "2026-01")
    assert code == 0
    assert "total" in out
    assert "957,600" in out  # 342 GPU-hours at HK$28.00
    assert "2026-01 is open: provisional" in out
    code, out, _ = run("statements", "list", "--month", "2026-01", "--format", "json")
    rows = {row["project"]: row for row in json.loads(out)}
    assert rows["vision"]["subsidy_minor"] == 336 * 1960
    assert rows["speech"]["ceiling_left_minor"] is None


def test_a_statement_is_shown_with_its_account_award_and_users(run, centre):
    code, out, _ = run("statements", "show", "vision", "2026-01", "--days")
    assert code == 0
    words = " ".join(out.split())
    for said in ("list cost HK$9,408.00", "closing HK$2,822.40", "Award 1: 70%", "ana", "2026-01-05"):
        assert said in words


@pytest.mark.parametrize(("form", "begins"), [("csv", b"statement,"), ("focus", b"BillingAccountId,"), ("json", b"{")])
def test_a_statement_is_written_in_each_form(run, centre, tmp_path, form, begins):
    file = tmp_path / "statement"
    assert run("statements", "export", "vision", "2026-01", "--format", form, "-o", str(file))[0] == 0
    assert file.read_bytes().startswith(begins)


def test_all_statements_of_a_month_go_into_a_folder(run, centre, tmp_path):
    code, _, err = run("statements", "export", "--all", "2026-01", "-o", str(tmp_path / "january"))
    assert (code, err) == (0, f"2 statements of 2026-01 in {tmp_path / 'january'}\n")
    files = sorted((tmp_path / "january").iterdir())
    assert [file.name for file in files] == ["2026-01-speech.pdf", "2026-01-vision.pdf"]
    assert all(file.read_bytes().startswith(b"%PDF-") for file in files)


def test_what_is_not_there_is_said_in_a_sentence(run, centre):
    assert run("statements", "show", "nothing", "2026-01")[2].startswith("There is no project 'nothing' here.")
    assert "it has not begun" in run("statements", "show", "vision", "2999-01")[2]
    assert run("statements", "export", "2026-01")[0] == 2
    assert run("statements", "export", "--all", "2026-01")[0] == 2
    assert "none of its days is over" in run("report", "annual", "2999-00")[2]


def test_the_report_goes_into_a_file_of_each_kind(run, centre, tmp_path):
    for ends, begins in ((".pdf", b"%PDF-"), (".json", b"{"), (".md", b"# Annual report 2025-26")):
        file = tmp_path / f"report{ends}"
        assert run("report", "annual", "2025-26", "-o", str(file))[0] == 0
        assert file.read_bytes().startswith(begins)
    said = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert said["first"] == "2025-04-01"
    assert run("report", "annual", "2025-26", "-o", str(tmp_path / "report.doc"))[0] == 2


def test_the_list_as_csv_reads_back(run, centre):
    rows = list(csv.DictReader(io.StringIO(run("statements", "list", "--month", "2026-01", "--format", "csv")[1])))
    assert [row["project"] for row in rows] == ["vision", "speech"]
