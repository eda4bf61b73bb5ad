"""The command's frame: nouns are loaded when called, errors are one sentence, `down` and `reset` are careful."""

import subprocess
import sys

import pytest
from click.testing import CliRunner
from sqlalchemy import select

import workbench.cli
from workbench.cli import COMMANDS, main
from workbench.cli.terminal import a_screen
from workbench.cli.up import fill
from workbench.domain.projects import Person
from workbench.hub import running
from workbench.settings import SlurmSettings
from workbench.store.engine import open_store

LAZY = """
import sys
from workbench.cli import main
try:
    main(["--help"])
finally:
    assert not {"pandas", "sqlalchemy"} & set(sys.modules)
"""


@pytest.fixture
def run(workbench_home):
    return lambda *words, **more: CliRunner().invoke(main, words, **more)


def test_help_names_every_command_and_loads_none():
    done = subprocess.run([sys.executable, "-c", LAZY], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [noun for noun in COMMANDS if f"\n  {noun} " not in done.stdout] == []


@pytest.mark.parametrize("noun", COMMANDS)
def test_every_command_has_help_with_an_example(run, noun):
    said = run(noun, "--help")
    assert said.exit_code == 0, said.output
    assert f"workbench {noun}" in said.output


def test_a_command_that_is_not_installed_says_so(run, monkeypatch):
    monkeypatch.setitem(workbench.cli.COMMANDS, "usage", ("workbench.cli.not_there", "usage", ""))
    said = run("usage")
    assert (said.exit_code, said.stderr.count("\n")) == (1, 1)
    assert "make setup" in said.stderr


def test_an_unknown_command_is_wrong_usage(run):
    assert run("usages").exit_code == 2


def test_an_error_of_ours_is_its_sentence(run, workbench_home, monkeypatch, tmp_path):
    config = tmp_path / "bad.toml"
    config.write_text("[centre]\nnam = 1\n")
    monkeypatch.setenv("WORKBENCH_CONFIG", str(config))
    said = run("status")
    assert said.exit_code == 1
    assert said.stderr.startswith(f"{config}: ")
    assert "Traceback" not in said.output


def test_down_where_nothing_runs_says_so(run):
    assert run("down").output == "Nothing was running.\n"


def test_status_where_nothing_runs_says_so_and_fails(run, workbench_home):
    said = run("status")
    assert (said.exit_code, said.output) == (1, f"Not running; state in {workbench_home}.\n")


def test_status_names_the_address(run, settings):
    with running.held(settings):
        assert "Running at http://127.0.0.1:8000/" in run("status").output


def test_up_beside_a_running_one_says_where_that_is(run, settings):
    with running.held(settings):
        said = run("up", "--port", "21096")
    assert said.exit_code == 1
    assert "already running at http://127.0.0.1:8000/" in said.stderr


def test_reset_asks_and_keeps_all_at_no(run, store, settings):
    said = run("reset", input="n\n")
    assert said.exit_code == 1
    assert str(settings.home) in said.output
    assert (settings.home / "workbench.db").exists()


def test_reset_clears_what_is_ours_and_nothing_else(run, store, settings):
    (settings.homes / "ann").mkdir(parents=True)
    (settings.homes / "ann" / "work.ipynb").write_text("{}")
    (settings.home / "notes.txt").write_text("mine")
    said = run("reset", "--yes")
    assert said.exit_code == 0
    assert [path.name for path in settings.home.iterdir()] == ["notes.txt"]
    assert "notes.txt" in said.output


def test_reset_does_not_follow_a_link_out_of_the_folder(run, store, settings, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("")
    (settings.home / "homes").symlink_to(outside)
    assert run("reset", "--yes").exit_code == 0
    assert (outside / "kept").exists()


def test_reset_refuses_while_it_runs(run, store, settings):
    with running.held(settings):
        said = run("reset", "--yes")
    assert said.exit_code == 1
    assert "make down" in said.stderr
    assert (settings.home / "workbench.db").exists()


def test_reset_leaves_a_folder_that_is_not_ours(run, workbench_home):
    workbench_home.mkdir()
    (workbench_home / "homes").mkdir()
    said = run("reset", "--yes")
    assert said.exit_code == 1
    assert "not made by the workbench" in said.stderr
    assert (workbench_home / "homes").exists()


def test_after_a_reset_the_folder_is_made_anew(run, store, settings):
    run("reset", "--yes")
    open_store(settings).engine.dispose()
    assert (settings.home / "workbench.db").exists()


def test_where_a_real_slurm_is_named_no_sample_centre_is_loaded(store, settings):
    centre = settings.model_copy(update={"slurm": SlurmSettings(cluster="centre")})
    fill(store, centre, a_screen())
    with store.db() as db:
        assert db.scalars(select(Person)).all() == []
