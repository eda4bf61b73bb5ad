"""Materials of a class: taken, published, put into homes, fetched again in the middle of it, and nobody's work lost."""

import json
import os
import subprocess

import pytest
from sqlalchemy import select

from tests.services.training_centre import NOW, approved, teaching
from workbench.domain.training import MATERIALS, TrainingEvent, TrainingMessage
from workbench.errors import TrainingRefused
from workbench.lab import pulling
from workbench.services.training import materials

pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),  # nbgitpuller closes no pipe
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def notebook(*sources):
    cells = [
        {"cell_type": "code", "id": f"c{n}", "source": [source], "metadata": {}, "outputs": [], "execution_count": None}
        for n, source in enumerate(sources)
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)


@pytest.fixture
def given(store):
    """The instructor's folder, in their home."""
    teaching(store)
    folder = store.settings.homes / "ina" / "lesson"
    (folder / "data").mkdir(parents=True)
    (folder / "first.ipynb").write_text(notebook("1", "2"))
    (folder / "second.ipynb").write_text(notebook("3"))
    (folder / "data" / "größe.csv").write_text("a,b\n")
    return folder


@pytest.fixture
def session(store, given):
    return approved(store, materials=str(given))


@pytest.fixture
def home(store, session, tmp_path):
    """Of a seat, with the materials in it."""
    place = tmp_path / "seat"
    place.mkdir()
    materials.prepare(store, session, place)
    return place


def again(store, session):
    return materials.distribute(store, session.handle, "ina", NOW + 60)


def test_a_home_gets_them_once(store, session, home):
    assert (home / MATERIALS / "data" / "größe.csv").read_text() == "a,b\n"
    (home / MATERIALS / "first.ipynb").write_text("mine")
    materials.prepare(store, session, home)
    assert (home / MATERIALS / "first.ipynb").read_text() == "mine"
    assert pulling.FOLDER == MATERIALS


def test_a_plain_checkout_is_there_for_the_cells_of_the_live_page(store, session, home):
    tree = store.settings.training_folder / session.handle / "tree"
    assert (tree / "first.ipynb").read_text() == notebook("1", "2")


def test_links_and_hidden_files_are_not_taken(store, given, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (given / "link.txt").symlink_to(tmp_path / "secret")
    (given / "folder").symlink_to(tmp_path)
    (given / ".hidden").write_text("h")
    session = approved(store, materials=str(given))
    place = tmp_path / "seat"
    place.mkdir()
    materials.prepare(store, session, place)
    assert sorted(path.name for path in (place / MATERIALS).iterdir()) == [
        ".git", "data", "first.ipynb", "second.ipynb",
    ]  # fmt: skip


def test_a_folder_that_became_a_link_to_somebody_else_s_is_refused(store, session, given, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "exam.ipynb").write_text("solutions")
    given.rename(given.with_name("old"))
    given.symlink_to(other)
    with pytest.raises(TrainingRefused, match="not the instructor's"):
        again(store, session)


def test_distributing_tells_the_class_only_where_something_is_new(store, session, given, home):
    assert not again(store, session).fresh
    (given / "third.ipynb").write_text(notebook("4"))
    assert again(store, session).fresh
    with store.db() as db:
        assert len(list(db.scalars(select(TrainingMessage)))) == 1
        assert len(list(db.scalars(select(TrainingEvent).where(TrainingEvent.kind == "materials")))) == 1


def test_nobody_else_may_distribute(store, session):
    with pytest.raises(TrainingRefused):
        materials.distribute(store, session.handle, "ana", NOW + 60)


def test_what_is_new_comes_and_what_is_the_student_s_stays(store, session, given, home):
    mine = home / MATERIALS
    (mine / "first.ipynb").write_text(notebook("1", "2 + mine"))
    (mine / "own.txt").write_text("own")
    (given / "second.ipynb").write_text(notebook("3", "new"))
    (given / "third.ipynb").write_text(notebook("4"))
    again(store, session)
    said = pulling.pull(home)
    assert said == {"updated": ["class/second.ipynb", "class/third.ipynb"], "conflicts": []}
    assert (mine / "first.ipynb").read_text() == notebook("1", "2 + mine")
    assert (mine / "second.ipynb").read_text() == notebook("3", "new")
    assert (mine / "third.ipynb").exists()
    assert (mine / "own.txt").read_text() == "own"
    assert pulling.pull(home) == {"updated": [], "conflicts": []}


def test_a_file_changed_here_and_there_stays_and_the_new_one_lies_beside(store, session, given, home):
    mine = home / MATERIALS
    for turn in (1, 2):
        work, new = notebook(f"mine {turn}", "2"), notebook("1", f"theirs {turn}")
        (mine / "first.ipynb").write_text(work)
        (given / "first.ipynb").write_text(new)
        again(store, session)
        said = pulling.pull(home)
        beside = "class/first.new.ipynb" if turn == 1 else "class/first.new2.ipynb"
        assert said == {"updated": [], "conflicts": [{"file": "class/first.ipynb", "beside": beside}]}
        assert (mine / "first.ipynb").read_text() == work
        assert (home / beside).read_text() == new


def test_a_change_made_before_an_earlier_pull_still_counts_as_the_student_s(store, session, given, home):
    work = notebook("1", "mine of the first hour")
    (home / MATERIALS / "first.ipynb").write_text(work)
    (given / "second.ipynb").write_text(notebook("x"))
    again(store, session)
    pulling.pull(home)
    (given / "first.ipynb").write_text(notebook("1 changed", "2"))
    again(store, session)
    assert pulling.pull(home)["conflicts"]
    assert (home / MATERIALS / "first.ipynb").read_text() == work


def test_a_file_of_the_student_s_own_in_the_way_of_a_new_one_stays(store, session, given, home):
    (home / MATERIALS / "third.ipynb").write_text("my own third")
    (given / "third.ipynb").write_text(notebook("4"))
    again(store, session)
    said = pulling.pull(home)
    assert said["conflicts"] == [{"file": "class/third.ipynb", "beside": "class/third.new.ipynb"}]
    assert (home / MATERIALS / "third.ipynb").read_text() == "my own third"
    assert (home / "class/third.new.ipynb").read_text() == notebook("4")
    assert not list((home / MATERIALS).glob("third__*"))


def test_what_the_student_removed_comes_back_and_what_the_instructor_removed_stays_where_it_was_changed(
    store, session, given, home
):
    mine = home / MATERIALS
    (mine / "data" / "größe.csv").unlink()
    (mine / "first.ipynb").write_text("changed")
    (given / "first.ipynb").unlink()
    again(store, session)
    pulling.pull(home)
    assert (mine / "data" / "größe.csv").exists()
    assert (mine / "first.ipynb").read_text() == "changed"


def test_a_person_s_own_git_settings_do_not_change_it(store, session, given, home, monkeypatch, tmp_path):
    (tmp_path / "gitconfig").write_text("[commit]\n gpgsign = true\n[core]\n hooksPath = /nowhere\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    (home / MATERIALS / "first.ipynb").write_text("changed")
    (given / "second.ipynb").write_text(notebook("new"))
    again(store, session)
    assert pulling.pull(home)["updated"] == ["class/second.ipynb"]


def test_a_repository_whose_history_was_rewritten_can_still_be_fetched(store, session, home, monkeypatch, tmp_path):
    theirs = tmp_path / "repository"
    theirs.mkdir()
    monkeypatch.setattr(materials, "materials_folder", lambda _text: None)
    monkeypatch.setattr(session, "materials", f"file://{theirs}")
    made = {"cwd": theirs, "check": True, "env": os.environ | {"GIT_CONFIG_GLOBAL": os.devnull}}
    own = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "init", "-q", "-b", "teaching"], **made)
    for text in ("one", "two"):
        (theirs / "page.txt").write_text(text)
        subprocess.run(["git", "add", "."], **made)
        subprocess.run([*own, "commit", "-q", *(["--amend"] if text == "two" else []), "-m", text], **made)
        assert materials.publish(store.settings, session, trusted=False).fresh
        pulling.pull(home)
        assert (home / MATERIALS / "page.txt").read_text() == text
    assert not materials.publish(store.settings, session, trusted=False).fresh


def test_a_repository_that_is_not_there_is_said(store, session, monkeypatch, tmp_path):
    monkeypatch.setattr(materials, "materials_folder", lambda _text: None)
    monkeypatch.setattr(session, "materials", f"file://{tmp_path}/nothing")
    with pytest.raises(TrainingRefused, match="cannot be had"):
        materials.publish(store.settings, session, trusted=False)


def test_in_a_home_without_materials_there_is_nothing_to_fetch(tmp_path):
    assert pulling.pull(tmp_path) == {"updated": [], "conflicts": []}
