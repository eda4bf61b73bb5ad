"""The course in a home: delivered, updated, and never written over."""

import json
import os

import pytest

from workbench.hub.materials import MANIFEST, deliver


@pytest.fixture
def course(tmp_path):
    folder = tmp_path / "course-of-the-centre"
    (folder / "data").mkdir(parents=True)
    (folder / "01_explore.ipynb").write_text("first")
    (folder / "data" / "table.csv").write_text("a,b")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "01_explore.ipynb").write_text("not this")
    return folder


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home" / "course"


def test_a_new_home_gets_all_files_but_hidden_ones(course, home):
    done = deliver(course, home)
    assert done.added == ["01_explore.ipynb", "data/table.csv"]
    assert (home / "data" / "table.csv").read_text() == "a,b"
    assert not (home / ".ipynb_checkpoints").exists()


def test_a_second_delivery_changes_nothing(course, home):
    deliver(course, home)
    before = {p: p.stat().st_mtime_ns for p in home.rglob("*") if p.is_file() and p.name != MANIFEST}
    done = deliver(course, home)
    assert (done.added, done.updated, done.beside) == ([], [], [])
    assert {p: p.stat().st_mtime_ns for p in before} == before


def test_a_file_that_nobody_touched_is_updated(course, home):
    deliver(course, home)
    (course / "01_explore.ipynb").write_text("second")
    assert deliver(course, home).updated == ["01_explore.ipynb"]
    assert (home / "01_explore.ipynb").read_text() == "second"


def test_a_file_that_they_changed_is_never_written_over(course, home):
    deliver(course, home)
    (home / "01_explore.ipynb").write_text("my work")
    (course / "01_explore.ipynb").write_text("second")
    done = deliver(course, home)
    assert (home / "01_explore.ipynb").read_text() == "my work"
    assert done.beside == ["01_explore.new.ipynb"]
    assert (home / "01_explore.new.ipynb").read_text() == "second"


def test_the_newer_version_is_put_beside_once(course, home):
    deliver(course, home)
    (home / "01_explore.ipynb").write_text("my work")
    (course / "01_explore.ipynb").write_text("second")
    deliver(course, home)
    (home / "01_explore.new.ipynb").unlink()
    assert deliver(course, home).beside == []
    assert not (home / "01_explore.new.ipynb").exists()


def test_a_third_version_replaces_the_copy_beside_unless_they_changed_that_too(course, home):
    deliver(course, home)
    (home / "01_explore.ipynb").write_text("my work")
    for version in ("second", "third"):
        (course / "01_explore.ipynb").write_text(version)
        deliver(course, home)
    assert (home / "01_explore.new.ipynb").read_text() == "third"
    (home / "01_explore.new.ipynb").write_text("my merge")
    (course / "01_explore.ipynb").write_text("fourth")
    deliver(course, home)
    assert (home / "01_explore.new.ipynb").read_text() == "my merge"
    assert (home / "01_explore.ipynb").read_text() == "my work"


def test_their_work_without_a_newer_version_gets_nothing_beside_it(course, home):
    deliver(course, home)
    (home / "01_explore.ipynb").write_text("my work")
    assert deliver(course, home).kept == ["01_explore.ipynb"]
    assert not (home / "01_explore.new.ipynb").exists()


def test_what_they_removed_stays_removed(course, home):
    deliver(course, home)
    (home / "01_explore.ipynb").unlink()
    deliver(course, home)
    assert not (home / "01_explore.ipynb").exists()


def test_a_file_of_theirs_with_the_name_of_a_new_one_is_theirs(course, home):
    home.mkdir(parents=True)
    (home / "01_explore.ipynb").write_text("mine from before")
    deliver(course, home)
    assert (home / "01_explore.ipynb").read_text() == "mine from before"


def test_a_spoilt_manifest_makes_every_file_theirs(course, home):
    deliver(course, home)
    (home / "01_explore.ipynb").write_text("my work")
    (home / MANIFEST).write_text("{spoilt")
    deliver(course, home)
    assert (home / "01_explore.ipynb").read_text() == "my work"


@pytest.mark.parametrize("inside", [True, False])
def test_a_link_never_leads_the_delivery_out_of_the_home(course, home, tmp_path, inside):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "table.csv").write_text("somebody else's")
    if inside:
        home.mkdir(parents=True)
        (home / "data").symlink_to(elsewhere)
    else:
        home.parent.mkdir(parents=True)
        home.symlink_to(elsewhere)
    deliver(course, home)
    assert (elsewhere / "table.csv").read_text() == "somebody else's"
    assert [p.name for p in elsewhere.iterdir()] == ["table.csv"]


def test_a_link_in_place_of_a_file_is_left_alone(course, home, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("not yours")
    home.mkdir(parents=True)
    (home / "01_explore.ipynb").symlink_to(secret)
    deliver(course, home)
    assert secret.read_text() == "not yours"


def test_without_a_course_nothing_happens(tmp_path, home):
    assert deliver(tmp_path / "none", home).added == []
    assert not home.exists()


def notebook(source, **metadata):
    cell = {"cell_type": "code", "source": [source], "outputs": [], "execution_count": None, "metadata": {}}
    return json.dumps({"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def test_a_notebook_that_lab_only_opened_is_still_ours_to_update(course, home):
    (course / "01_explore.ipynb").write_text(notebook("1 + 1"))
    deliver(course, home)
    (home / "01_explore.ipynb").write_text(notebook("1 + 1", language_info={"version": "3.11.7"}))
    (course / "01_explore.ipynb").write_text(notebook("2 + 2"))
    assert deliver(course, home).updated == ["01_explore.ipynb"]


def test_a_notebook_with_a_changed_cell_is_theirs(course, home):
    (course / "01_explore.ipynb").write_text(notebook("1 + 1"))
    deliver(course, home)
    (home / "01_explore.ipynb").write_text(notebook("1 + 3"))
    (course / "01_explore.ipynb").write_text(notebook("2 + 2"))
    assert deliver(course, home).beside == ["01_explore.new.ipynb"]


def test_links_and_pipes_of_a_home_are_neither_read_nor_waited_for(tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text('{"key": "SECRET"}')
    course, home = tmp_path / "course", tmp_path / "home"
    for folder in (course, home):
        folder.mkdir()
    (course / "a.ipynb").write_text("{}")
    (course / "b.ipynb").write_text("{}")
    (home / ".course.json").symlink_to(secret)
    os.mkfifo(home / "a.ipynb")
    (home / "b.ipynb").symlink_to("/dev/zero")
    deliver(course, home)
    written = [path.read_text() for path in home.iterdir() if path.is_file() and not path.is_symlink()]
    assert "SECRET" not in "".join(written)
    assert (home / "a.ipynb").is_fifo()
    assert (home / "b.ipynb").is_symlink()
