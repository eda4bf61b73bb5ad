"""Numbers that nobody can mean: each is refused in a sentence, with an exit status, and without a trace."""

import pytest
from click.testing import CliRunner

from tests.services.an_award import awarded
from workbench.cli import main
from workbench.store.engine import open_store

LARGE = "9" * 26
DRAFT = ["applications", "draft", "ok", "--as", "ada", "--title", "t", "--category", "university"]
DRAFT += ["--organisation", "o", "--requested"]
RESERVED = ["reservations", "ask", "speech-lab", "--cluster", "alpha", "--partition", "main", "--model", "H800"]
RESERVED += ["--gpus", "4", "--by", "ada"]
BEFORE = ["ledger", "pay", "speech-lab", "5", "--reference", "r", "--on", "0001-01-01"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wrong") / "state"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(folder))
        from workbench.settings import load

        store = open_store(load())
        awarded(store)
        yield store
        store.engine.dispose()


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["ledger", "pay", "speech-lab", LARGE, "--reference", "r"], 2, "more than an amount"),
        (["ledger", "pay", "speech-lab", "1e400", "--reference", "r"], 2, "more than an amount"),
        (BEFORE, 1, "is before the scheme"),
        (["adjust", "ask", "speech-lab", LARGE, "--by", "sec", "--reason", "r"], 2, "more than an amount"),
        (["adjust", "approve", LARGE, "--by", "sec"], 2, "not in the range"),
        (["awards", "show", LARGE], 2, "not in the range"),
        (["awards", "decide", LARGE, "approve", "--as", "com"], 2, "not in the range"),
        (["awards", "appeal", LARGE, "--as", "ada", "--reason", "r"], 2, "not in the range"),
        (["refunds", "decide", LARGE, "--grant", "--by", "sec"], 2, "not in the range"),
        (["applications", "minutes", LARGE], 2, "not in the range"),
        (["applications", "meeting", "close", LARGE, "--as", "com"], 2, "not in the range"),
        ([*DRAFT, "5", "--gpus", LARGE], 2, "not in the range"),
        ([*DRAFT, "5", "--hours", LARGE], 2, "not in the range"),
        ([*DRAFT, LARGE], 2, "more than an amount"),
        ([*DRAFT[:2], "No_Good", *DRAFT[3:], "5"], 1, "names no project"),
        ([*RESERVED, "--first", "2026-12-01", "--days", LARGE], 2, "not in the range"),
        ([*RESERVED, "--first", "9999-12-30", "--days", "30"], 1, "after the calendar"),
        (
            ["statements", "export", "speech-lab", "2026-02", "-o", "/not/there/x.csv", "--format", "csv"],
            1,
            "/not/there",
        ),
    ],
)
def test_what_nobody_can_mean_is_refused_in_a_sentence(home, words, status, says):
    said = CliRunner().invoke(main, words)
    assert (said.exit_code, isinstance(said.exception, SystemExit)) == (status, True), said.exception
    assert says in said.stderr
