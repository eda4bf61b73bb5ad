"""Handed-in work: in nbgrader's folders, all that is the student's, and nothing that a link leads to."""

import os

import pytest

from tests.services.training_centre import STARTS, approved, teaching
from workbench.errors import TrainingRefused, UnknownTraining
from workbench.services.training import handin, seats
from workbench.services.training.codes import valid

NOW = STARTS + 600


@pytest.fixture
def lesson(store):
    teaching(store)
    folder = store.settings.training_folder / "materials" / "first"
    folder.mkdir(parents=True)
    (folder / "start.ipynb").write_text("{}")
    return approved(store, seats=2, materials=str(folder), first_page="start.ipynb")


@pytest.fixture
def home(store, lesson):
    (code,) = valid(store, lesson.handle)
    name = seats.join(store, code, "Chan Tai Man", STARTS, claim="c").name
    folder = store.settings.homes / name
    (folder / "class" / "data").mkdir(parents=True)
    (folder / "class" / "start.ipynb").write_text("mine")
    (folder / "class" / "data" / "a.csv").write_text("1")
    (folder / "class" / ".git").mkdir()
    (folder / "class" / ".git" / "config").write_text("")
    (folder / "start.ipynb").write_text("another")
    return folder


def handed(store, lesson):
    place = store.settings.training_folder / lesson.handle / "submitted"
    return {file.relative_to(place).as_posix(): file.read_text() for file in place.rglob("*") if file.is_file()}


def test_work_lies_where_nbgrader_looks_for_it(store, lesson, home):
    assert handin.hand_in(store, home.name, NOW) == {"handed_in_at": NOW, "files": 3}
    place = "001-chan-tai-man/seeing-with-ten-lines"
    assert handed(store, lesson) == {
        f"{place}/start.ipynb": "mine",
        f"{place}/data/a.csv": "1",
        f"{place}/home/start.ipynb": "another",
        f"{place}/timestamp.txt": "2026-01-21 02:10:00.000000 UTC",
    }


def test_a_later_copy_takes_the_place_of_the_one_before(store, lesson, home):
    handin.hand_in(store, home.name, NOW)
    (home / "class" / "start.ipynb").write_text("better")
    (home / "start.ipynb").unlink()
    handin.hand_in(store, home.name, NOW + 60)
    assert sorted(handed(store, lesson).values()) == ["1", "2026-01-21 02:11:00.000000 UTC", "better"]


def test_links_and_pipes_bring_nothing(store, lesson, home, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("theirs")
    (home / "class" / "folder").symlink_to(secret)
    (home / "class" / "file").symlink_to(secret / "key")
    os.mkfifo(home / "class" / "pipe")
    assert handin.hand_in(store, home.name, NOW)["files"] == 3
    assert "theirs" not in handed(store, lesson).values()


def test_too_much_is_refused_and_the_earlier_copy_stays(store, lesson, home, monkeypatch):
    handin.hand_in(store, home.name, NOW)
    before = handed(store, lesson)
    monkeypatch.setattr(handin, "MOST_FILES", 2)
    with pytest.raises(TrainingRefused, match="more than 2 files"):
        handin.hand_in(store, home.name, NOW + 60)
    assert handed(store, lesson) == before


def test_nobody_else_hands_in(store, lesson):
    with pytest.raises(UnknownTraining):
        handin.hand_in(store, "ina", NOW)
