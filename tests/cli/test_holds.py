"""`workbench holds`, on a small centre in the middle of its award's term."""

import json

import pytest
from click.testing import CliRunner

from tests.builders import DATA_UNTIL_S, small_centre
from tests.starts import HOUR_MINOR, a_start, cover
from workbench.cli import holds as commands
from workbench.cli import main
from workbench.services.charging.rating import rate
from workbench.services.holds.holds import place

NOW = DATA_UNTIL_S - 1
DRAWN = 336 * HOUR_MINOR


@pytest.fixture
def run(workbench_home, monkeypatch):
    monkeypatch.setattr(commands.time, "time", lambda: NOW)

    def run(*words):
        said = CliRunner().invoke(main, ["holds", *words])
        assert said.exit_code == 0, said.output
        return said.stdout

    return run


@pytest.fixture
def held(store):
    small_centre(store)
    rate(store, NOW)
    cover(store, 10, DRAWN)
    place(store, a_start(hours=8), NOW)


def test_what_is_held_is_listed_in_hours_and_money(run, held):
    said = run("list")
    assert "8 hours" in said
    assert "HK$156.80" in said
    (row,) = json.loads(run("list", "--format", "json"))
    assert (row["key"], row["requested_s"], row["amount_minor"]) == ("one", 8 * 3600, 8 * HOUR_MINOR)


def test_the_outlook_says_what_is_free_and_when_it_is_gone_in_the_centre_s_time(run, held):
    said = run("outlook")
    assert "0.6% free" in said
    assert "Mon 19 Jan 2026, 09:59" in said  # ten hours after NOW, which is a second before midnight in Hong Kong
    (row,) = json.loads(run("outlook", "--format", "json"))
    assert (row["free_minor"], row["rate_from"], row["gone_at"]) == (2 * HOUR_MINOR, "running", "2026-01-19T01:59:59Z")


def test_a_hold_is_settled_by_hand(run, held):
    assert "HK$58.80 used of HK$156.80; HK$98.00 freed." in run("settle", "one", "--used-s", str(3 * 3600))
    assert json.loads(run("list", "--format", "json")) == []
