"""`workbench applications` and `workbench holds`: the whole way by commands, and refusals in a sentence."""

import json
from datetime import date, timedelta

import pytest
from click.testing import CliRunner

from tests.services.scheme_people import add_people
from workbench.cli import main


@pytest.fixture
def run(store):
    add_people(store)

    def run(*words):
        said = CliRunner().invoke(main, words)
        return said.exit_code, said.stdout, said.stderr

    return run


DRAFT = ("applications", "draft", "lab", "--as", "ada", "--category", "university", "--organisation", "U")
TITLE = ("--title", "Speech lab", "--requested", "300000.50", "--gpus", "8", "--hours", "400", "--member", "bob")
POINTS = [f"{name}=70" for name in ("alignment", "compute", "capability", "team", "outcomes")]


def test_the_whole_way_by_commands(run):
    code, out, _ = run(*DRAFT, *TITLE)
    assert code == 0
    one = out.split()[0]
    first = date.today() + timedelta(days=3)  # noqa: DTZ011  (the command takes the clock's day too)
    for words in (
        ["submit", one, "--as", "ada"],
        ["check", one, "--as", "sec"],
        ["assess", one, "--as", "sec"],
        ["score", one, *POINTS, "--as", "rev"],
        ["recommend", one, "--as", "rev", "--amount", "250000", "--note", "Sound."],
        ["decide", one, "approve", "--as", "com", "--ceiling", "200000", "--from", first.isoformat()],
        ["agree", one, "--as", "ada"],
        ["activate", one, "--as", "eve"],
    ):
        code, out, err = run("applications", *words)
        assert (code, err) == (0, ""), words
    _, out, _ = run("applications", "show", one, "--as", "sec", "--format", "json")
    found = json.loads(out)
    amounts = [found[f"{name}_minor"] for name in ("requested", "recommended", "awarded")]
    assert (found["stage"], amounts, found["rate_percent"]) == ("active", [30_000_050, 25_000_000, 20_000_000], 70)
    assert (found["score"], len(found["history"])) == (70, 9)
    _, out, _ = run("applications", "list", "--as", "ada")
    assert "HK$200,000.00" in out
    _, out, _ = run("applications", "show", one, "--as", "ada")
    assert "HK$300,000.50" in out
    assert "Sound." not in out


def test_a_refusal_is_one_sentence_on_standard_error(run):
    one = run(*DRAFT, *TITLE)[1].split()[0]
    code, out, err = run("applications", "check", one, "--as", "sec")
    assert (code, out) == (1, "")
    assert "no application" in err  # another's draft
    run("applications", "submit", one, "--as", "ada")
    run("applications", "declare-conflict", one, "--as", "rev", "--reason", "Former employer")
    code, _, err = run("applications", "show", one, "--as", "rev")
    assert code == 1
    assert "closed to rev" in err
    code, _, err = run("applications", "score", one, "alignment=x", "--as", "rob")
    assert code == 2
    assert "CRITERION=POINTS" in err


@pytest.mark.parametrize("words", [["list"], ["outlook"]])
def test_without_awards_holds_say_so(run, words):
    code, out, err = run("holds", *words, "--format", "csv")
    assert code == 0
    assert out.startswith(("key,", "project,"))
    assert err.strip().endswith((".",))


def test_the_committee_votes_decides_and_writes_its_minutes(run):
    code, out, _ = run(*DRAFT, *TITLE)
    assert code == 0
    one = out.split()[0]
    for words in (["submit", one, "--as", "ada"], ["check", one, "--as", "sec"], ["assess", one, "--as", "sec"]):
        assert run("applications", *words)[0] == 0
    run("applications", "recommend", one, "--as", "rev", "--amount", "250000", "--note", "Sound.")
    code, out, err = run("applications", "preview", one, "--ceiling", "200000", "--format", "json")
    assert code == 0, err
    months = json.loads(out)
    assert len(months) == 12
    assert months[0]["occupancy_bp_with"] is None  # no capacity is stated: unknown, not zero
    assert months[0]["fund_left_minor_with"] < months[0]["fund_left_minor_without"]
    assert "No capacity is stated" in run("applications", "preview", one)[1]
    assert run("applications", "vote", one, "against", "--as", "com")[0] == 0
    decline = ("applications", "decide", one, "decline", "--note", "Not fair to the model size.")
    code, _, err = run(*decline, "--as", "rev")
    assert code == 1
    assert run(*decline, "--as", "com", "--meeting", "1")[1] == f"{one} is declined.\n"
    assert run("applications", "meeting", "close", "1", "--as", "sec")[0] == 0
    opened = ("applications", "meeting", "open", "--as", "sec", "--chair", "com", "mai", "--on", "2026-02-01")
    assert run(*opened)[1] == "Meeting 2 is open.\n"
    assert run("applications", "meeting", "attend", "2", "kim", "--as", "sec")[1] == "At meeting 2: com, kim, mai.\n"
    _, out, _ = run("applications", "meeting", "list", "--format", "csv")
    assert out.splitlines()[1:] == ["2,2026-02-01,com,3,0,open", "1,2026-01-05,com,3,1,closed"]
    assert "Reason: Not fair to the model size." in run("applications", "minutes", "1")[1]


def test_days_to_decision_and_the_community(run, tmp_path):
    one = run(*DRAFT, *TITLE)[1].split()[0]
    run("applications", "submit", one, "--as", "ada")
    code, out, _ = run("applications", "pace", "--format", "csv")
    assert code == 0
    assert out.splitlines() == [
        "applications,decided,median_days,p90_days,worst_days,open,longest_open_days",
        "all,0,,,,1,0",
    ]
    assert "–" in run("applications", "pace", "--by", "category")[1]
    assert json.loads(run("applications", "pace", "--by", "waiting", "--format", "json")[1])[0]["reference"] == one
    assert "No member is known" in run("applications", "funnel")[2]
    file = tmp_path / "members.csv"
    file.write_text("organisation,category,joined_on\nU,university,2020-01-01\n", encoding="utf-8")
    assert run("applications", "community", str(file))[1] == "1 new members, 0 that were there.\n"
    lines = run("applications", "funnel", "--format", "csv")[1].splitlines()
    assert lines[1] == "members,1,1,0,2020-01-01,"
    assert lines[2].startswith("applied,1,1,0,")


def test_a_draft_is_revised_where_something_is_given(run):
    _, out, _ = run(*DRAFT, *TITLE)
    one = out.split()[0]
    assert run("applications", "revise", one, "--as", "ada")[0] == 2, "nothing was given"
    code, out, err = run(
        "applications", "revise", one, "--as", "ada", "--requested", "5", "--hours", "1", "--hours", "2"
    )
    assert (code, out, err) == (0, f"{one} is changed: requested, gpu_hours_by_month.\n", "")
    _, out, _ = run("applications", "show", one, "--as", "ada", "--format", "json")
    found = json.loads(out)
    assert (found["requested_minor"], found["gpu_hours_by_month"], found["members"]) == (500, [1, 2], ["bob"])
    code, _, err = run("applications", "revise", one, "--as", "bob", "--title", "Mine")
    assert code == 1
    assert "There is no application" in err
