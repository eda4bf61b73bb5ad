"""`workbench refunds`, `reservations`, `storage`, `adjust`: the whole way by commands, and refusals in a sentence."""

import json
from datetime import date, timedelta

import pytest
from click.testing import CliRunner

from tests.builders import a_job, small_centre
from tests.services.test_reservations import PRICES
from workbench.analytics.schema import job_frame
from workbench.cli import main
from workbench.domain.projects import Person
from workbench.periods import day_start
from workbench.store.jobs import upsert_jobs
from workbench.units import HOUR_S

TODAY = date.today()  # noqa: DTZ011  (the commands take the clock's day too)


@pytest.fixture
def run(store):
    small_centre(store)
    with store.db(writes=True) as db:
        db.add_all([Person("sec", "Sec", role="secretariat"), Person("eve", "Eve", role="operator")])

    def run(*words):
        said = CliRunner().invoke(main, [str(word) for word in words])
        return said.exit_code, said.stdout, said.stderr

    return run


@pytest.fixture
def add(store):
    def add(job_id, state):
        start = day_start(TODAY - timedelta(days=3), store.settings.centre.zone)
        job = a_job(job_id=job_id, state=state, start_at=start, end_at=start + 2 * HOUR_S)
        with store.begin() as conn:
            upsert_jobs(conn, job_frame([job]), store.settings.centre.zone)

    return add


def test_a_failed_node_is_refunded_by_itself_and_a_claim_by_two_people(run, add):
    assert run("refunds", "run")[2] == "No job has failed by a node since the last look.\n"
    add("node", "NODE_FAIL")
    add("other", "FAILED")
    assert "HK$56.00" in run("refunds", "run", "--dry-run")[1]
    assert json.loads(run("refunds", "run", "--format", "json")[1])[0]["list_minor"] == 5600
    claim = ("refunds", "claim", "other", "--by", "ana", "--reason", "The file system hung", "--cause")
    assert run(*claim, "user")[::2] == (
        1,
        "Rule 9 of the scheme: a user's own error is never refunded. "
        "Claim only faults of hardware or system software.\n",
    )
    assert "Claim 2 is made" in run(*claim, "system")[1]
    assert "other" in run("refunds", "list", "--state", "asked")[1]
    code, out, _ = run("refunds", "decide", 2, "--grant", "--by", "sec")
    assert (code, out.startswith("Claim 2 is granted: HK$56.00 go back")) == (0, True)
    assert run("refunds", "decide", 2, "--refuse", "--by", "sec", "--note", "No")[0] == 1
    assert run("refunds", "decide", 2, "--by", "sec")[0] == 2


def test_a_reservation_is_asked_for_approved_and_cancelled(run, tmp_path):
    (tmp_path / "prices.toml").write_text(PRICES)
    run("prices", "load", tmp_path / "prices.toml")
    first = TODAY + timedelta(days=30)
    ask = ("reservations", "ask", "vision", "--cluster", "alpha", "--partition", "main", "--model", "H800")
    when = ("--first", first, "--days", 2, "--by", "ana")
    code, out, err = run(*ask, "--gpus", 4, *when)
    # 4 × 24 h × HK$28.00 × 1.5 = HK$4,032.00 a day
    assert (code, err) == (0, "")
    assert out.startswith("Reservation 1 is asked for: HK$8,064.00 at list price")
    assert run(*ask, "--gpus", 9, *when)[2].startswith("9 GPUs: of H800 of main on alpha, 8 are in service")
    assert "Charged: HK$8,064.00 at list price" in run("reservations", "approve", 1, "--by", "sec")[1]
    assert f"1,vision,alpha,main,H800,4,{first}" in run("reservations", "list", "--format", "csv")[1]
    assert "Back: HK$8,064.00 at list price" in run("reservations", "cancel", 1, "--by", "ana")[1]
    assert run("reservations", "cancel", 1, "--by", "ana")[0] == 1


def test_storage_is_brought_in_and_charged(run, tmp_path):
    path = tmp_path / "storage.csv"
    days = "".join(f"2026-01-{day:02},vision,3000000000000\n" for day in range(1, 32))
    path.write_text(f"date,project,bytes\n{days}2026-01-01,nowhere,1\n")
    code, out, _ = run("storage", "ingest", path)
    assert code == 0
    assert "added               31" in out
    assert "line 33: there is no project 'nowhere'" in out
    (found,) = json.loads(run("storage", "charge", "2026-01", "--format", "json")[1])
    assert (found["list_minor"], found["measured_days"], found["state"]) == (5400, 31, "charged")
    assert "HK$54.00" in run("storage", "charge", "2026-01")[1]
    assert run("storage", "charge", "2999-01")[::2] == (
        1, "This cannot be asked: 2999-01 is not over; charge it afterwards.\n",
    )  # fmt: skip
    assert run("storage", "deletions")[2] == "No closed project.\n"


def test_an_adjustment_takes_two_people_and_is_undone_by_another(run):
    code, out, err = run("adjust", "ask", "vision", "-120.50", "--reason", "Old price", "--by", "sec")
    assert (code, err) == (0, "")
    assert out.startswith("Adjustment 1 is asked for: vision shall owe HK$120.50 less.")
    assert "Another person" in run("adjust", "approve", 1, "--by", "sec")[2]
    assert "changes by \N{MINUS SIGN}HK$120.50" in run("adjust", "approve", 1, "--by", "eve")[1]
    assert "HK$120.50 more" in run("adjust", "undo", "adjustment/1", "--reason", "Wrong", "--by", "sec")[1]
    assert run("adjust", "refuse", 2, "--by", "eve")[1] == "Adjustment 2 is refused.\n"
    assert "\N{MINUS SIGN}HK$120.50" in run("adjust", "list")[1]
    assert "1,vision,adjustment,-12050,granted" in run("adjust", "list", "--format", "csv")[1]
    code, _, err = run("adjust", "write-off", "vision", "800", "--reason", "Dissolved", "--by", "sec")
    assert (code, "cannot be written off" in err) == (1, True)


@pytest.mark.parametrize(
    "words",
    [
        ("refunds", "run"), ("refunds", "claim"), ("refunds", "decide"), ("refunds", "list"),
        ("reservations", "ask"), ("reservations", "approve"), ("reservations", "cancel"), ("reservations", "list"),
        ("storage", "ingest"), ("storage", "charge"), ("storage", "deletions"),
        ("adjust", "ask"), ("adjust", "write-off"), ("adjust", "undo"), ("adjust", "approve"), ("adjust", "list"),
    ],
)  # fmt: skip
def test_every_command_has_an_example(run, words):
    code, out, _ = run(*words, "--help")
    assert code == 0
    assert f"Example: workbench {' '.join(words)}" in out.replace("\n  ", " ")
