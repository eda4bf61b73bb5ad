"""`workbench awards`: asked, decided, appealed and shown by commands; refusals in a sentence."""

import json
from datetime import date, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import insert

from tests.services.scheme_people import add_people
from workbench.cli import main
from workbench.domain.applications import PlannedMonth
from workbench.domain.award_versions import last_whole_quarter, quarter_days
from workbench.domain.awards import Award
from workbench.domain.projects import Member, Project
from workbench.store.tables import freshness

TODAY = date.today()  # noqa: DTZ011  (the command takes the clock's day too)
LAST = last_whole_quarter(TODAY)
FIRST, AFTER = quarter_days(LAST)
FUTURE = (TODAY + timedelta(days=400)).isoformat()
WHY = ("--reason", "Two more languages")


@pytest.fixture
def run(store):
    """Two awards of HK$200,000.00 from the first day of the last quarter on; HK$30,000.00 was planned in it."""
    add_people(store)
    with store.db(writes=True) as db:
        for slug, lead in (("speech-lab", "ada"), ("vision-lab", "bob")):
            db.add(Project(slug, slug, "university", "University A"))
            db.flush()
            db.add(Member(slug, lead, "lead"))
            db.add(Award(slug, None, 7000, 20_000_000, FIRST, TODAY + timedelta(days=300), FIRST))
            db.flush()
        db.add(PlannedMonth(1, f"{FIRST:%Y-%m}", 3_000_000))
    until = {"cluster": "alpha", "data_until_at": 4_000_000_000, "noted_at": 0, "note": ""}
    with store.begin() as conn:
        conn.execute(insert(freshness).values(**until))

    def run(*words):
        said = CliRunner().invoke(main, ["awards", *map(str, words)])
        return said.exit_code, said.stdout, said.stderr

    return run


def shown(run, award):
    return json.loads(run("show", award, "--format", "json")[1])


def test_an_extension_is_asked_decided_and_shown_with_who_and_why(run):
    code, out, err = run("ask", "extension", 1, "--until", FUTURE, "--as", "ada", *WHY)
    assert (code, out, err) == (0, "Action 1: it waits for the decision of the committee.\n", "")
    assert run("decide", 1, "approve", "--as", "com", "--note", "Sound.")[:2] == (0, "Action 1 is approved.\n")
    versions = shown(run, 1)["versions"]
    assert [(v["version"], v["ends_on"], v["by"], v["why"]) for v in versions[1:]] == [(2, FUTURE, "com", "Sound.")]
    _, out, _ = run("show", 1)
    for said in ("HK$200,000.00", "speech-lab", f"up to {FUTURE}", "extension 1, com", "Sound.", "HK$30,000.00"):
        assert said in out


def test_amounts_are_typed_and_shown_in_the_currency_and_exact_for_programs(run):
    run("ask", "transfer", 1, "--amount", "1200.50", "--to", 2, "--as", "ada", *WHY)
    assert run("decide", 1, "approve", "--as", "com", "--amount", "1000")[0] == 0
    rows = json.loads(run("list", "--format", "json")[1])
    assert [row["ceiling_minor"] for row in rows] == [19_900_000, 20_100_000]
    assert "HK$199,000.00" in run("list", "--state", "live")[1]
    action = shown(run, 2)["actions"][0]
    assert (action["amount_minor"], action["decided_minor"]) == (120_050, 100_000)
    assert "HK$1,000.00" in run("show", 1)[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ask", "extension", 1, "--until", FUTURE, "--as", "bob", *WHY), "bob may not"),
        (("ask", "supplement", 1, "--as", "ada", *WHY), "an amount is missing"),
        (("ask", "extension", 9, "--until", FUTURE, "--as", "ada", *WHY), "There is no award 9 here"),
        (("ask", "transfer", 1, "--amount", "200000.01", "--to", 2, "--as", "ada", *WHY), "neither drawn nor held"),
        (("decide", 5, "approve", "--as", "com"), "There is no action 5"),
        (("appeal", "A-2026-001", "--as", "ada", "--reason", "No."), "There is no application 'A-2026-001'"),
        (("show", 9), "There is no award 9 here. List them: workbench awards list."),
        (("review", "--quarter", "2099Q1"), "2099Q1 is not over"),
    ],
)
def test_a_refusal_is_one_sentence_on_standard_error(run, words, said):
    code, out, err = run(*words)
    assert (code, out) == (1, "")
    assert said in err
    assert err.count("\n") == 1


def test_a_quarter_that_is_none_is_wrong_usage(run):
    code, _, err = run("review", "--quarter", "last")
    assert code == 2
    assert "write one like 2026Q1" in err


def test_the_review_shows_its_table_first_and_a_dry_run_does_no_more(run):
    code, out, _ = run("review", "--dry-run")
    assert code == 0
    assert "HK$24,000.00 (80%)" in out  # nothing of HK$30,000.00 used: 80% of it
    assert shown(run, 1)["actions"] == []
    _, out, _ = run("review", "--quarter", LAST.lower())
    assert "1 notice(s) given, 0 cut(s) decided" in out
    assert shown(run, 1)["actions"][0]["amount_minor"] == 2_400_000
    rows = json.loads(run("review", "--dry-run", "--format", "json")[1])
    assert [(row["award"], row["cut_minor"], row["state"]) for row in rows] == [
        (1, 2_400_000, "noticed"),
        (2, 0, "no plan"),
    ]
    assert run("appeal", 1, "--as", "ada", "--reason", "The data came late.")[0] == 0
    assert "appealed" in run("review", "--dry-run")[1]


def test_late_reports_are_listed_until_they_are_handed_in(run):
    _, out, _ = run("reports", "--late", "--format", "csv")
    assert "speech-lab,1,progress 1,late" in out.replace("\r", "")
    hand_in = ("--report", "progress 1", "--as", "ada", "--reason", "shared/report-1.pdf")
    assert "waits for the decision of the secretariat" in run("ask", "progress-report", 1, *hand_in)[1]
    assert run("decide", 1, "approve", "--as", "sec")[0] == 0
    rows = json.loads(run("reports", "--format", "json")[1])
    mine = {row["report"]: row["state"] for row in rows if row["award"] == 1}
    assert mine["progress 1"] == "accepted"
    assert {row["report"] for row in rows} == {"progress 1", "progress 3", "progress 9", "final"}


def test_what_is_asked_can_be_withdrawn_and_opting_in_holds_at_once(run):
    run("ask", "extension", 1, "--until", FUTURE, "--as", "ada", *WHY)
    assert run("withdraw", 1, "--as", "ada")[1] == "Action 1 is withdrawn.\n"
    assert run("ask", "over-use", 1, "--as", "ada", *WHY)[1] == "Action 2: it holds now.\n"
    assert shown(run, 1)["over_use"] is True


@pytest.mark.parametrize("words", [(), ("ask",), ("decide",), ("appeal",), ("review",), ("reports",), ("show",)])
def test_help_has_an_example(run, words):
    code, out, _ = run(*words, "--help")
    assert code == 0
    assert "Example: workbench awards" in out
