"""Handed-in work: in nbgrader's folders, all that is the student's, and nothing that a link leads to."""

import os
from collections import Counter

import pytest

from tests.services.training_centre import STARTS, approved, teaching
from workbench.errors import TrainingRefused, UnknownTraining
from workbench.services.training import consent, ending, events, handin, seats
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


@pytest.mark.parametrize(
    ("who", "folder"),
    [
        ("陳大文", "001-陳大文"),
        ("Zoë  O'Neil", "001-zoë-o-neil"),
        ("../../etc/passwd", "001-etc-passwd"),
        ("สมชาย ใจดี", "001-สมชาย-ใจดี"),
        ("🙂", "001"),
        ("文" * 80, "001-" + "文" * 40),
    ],
)
def test_a_folder_has_the_students_name_in_their_own_script(store, lesson, who, folder):
    (code,) = valid(store, lesson.handle)
    name = seats.join(store, code, who, STARTS, claim="c").name
    (store.settings.homes / name / "class").mkdir(parents=True)
    handin.hand_in(store, name, NOW)
    assert list(handed(store, lesson)) == [f"{folder}/seeing-with-ten-lines/timestamp.txt"]


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


def test_folders_without_end_are_refused_with_words(store, lesson, home):
    deep = home
    for _depth in range(60):
        deep = deep / "d"
        deep.mkdir()
    with pytest.raises(TrainingRefused, match="more than 50 folders deep"):
        handin.hand_in(store, home.name, NOW)
    assert handed(store, lesson) == {}


def test_a_second_press_while_it_is_copied_is_told_so(store, lesson, home, monkeypatch):
    copied, said = handin._copy, []

    def press_again(*given, **named):
        with pytest.raises(TrainingRefused, match="this moment") as refused:
            handin.hand_in(store, home.name, NOW)
        said.append(refused)
        return copied(*given, **named)

    monkeypatch.setattr(handin, "_copy", press_again)
    handin.hand_in(store, home.name, NOW)
    handin.hand_in(store, home.name, NOW + 1)
    assert len(said) == 2


def test_after_the_end_nothing_is_handed_in_and_what_was_there_stays(store, lesson, home, monkeypatch):
    handin.hand_in(store, home.name, NOW)
    (home / "class" / "start.ipynb").write_text("too late")
    with pytest.raises(TrainingRefused, match="over"):
        handin.hand_in(store, home.name, lesson.ends_at)
    seat = seats.seat_of(store, home.name)[1]
    copied = handin._copy

    def ends_meanwhile(*given, **named):
        ending.close_seat(store, seat.id, None, lesson.ends_at)
        return copied(*given, **named)

    monkeypatch.setattr(handin, "_copy", ends_meanwhile)
    with pytest.raises(TrainingRefused, match="over"):
        handin.hand_in(store, home.name, NOW)
    assert "mine" in handed(store, lesson).values()
    assert len(handed(store, lesson)) == 4, "nothing half-made is left"


def test_a_notebook_that_is_called_home_is_no_folder_of_ours(store, lesson, home):
    (home / "class" / "home").write_text("of the class")
    handin.hand_in(store, home.name, NOW)
    place = "001-chan-tai-man/seeing-with-ten-lines"
    found = handed(store, lesson)
    assert found[f"{place}/home"] == "of the class"
    assert found[f"{place}/home-of-seat/start.ipynb"] == "another"


@pytest.mark.parametrize("odd", ["timestamp.txt", "/".join(["d" * 250] * 20)])
def test_a_home_that_cannot_be_copied_is_told_so(store, lesson, home, odd):
    here = os.open(home / "class", os.O_RDONLY)
    for name in [*odd.split("/"), "x"]:
        os.mkdir(name, dir_fd=here)
        here = os.open(name, os.O_RDONLY, dir_fd=here)
    os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=here))
    with pytest.raises(TrainingRefused, match="cannot be copied"):
        handin.hand_in(store, home.name, NOW)
    assert handed(store, lesson) == {}


def test_what_a_crash_left_is_put_right_by_the_next_copy(store, lesson, home):
    handin.hand_in(store, home.name, NOW)
    place = store.settings.training_folder / lesson.handle / "submitted" / "001-chan-tai-man"
    (work,) = place.iterdir()
    work.rename(place / f".{work.name}.abc.before")
    (place / f".{work.name}.xyz").mkdir()
    for _folder in range(60):
        home = home / "d"
        home.mkdir()
    with pytest.raises(TrainingRefused):
        handin.hand_in(store, f"seat-{lesson.handle}-001", NOW + 1)
    assert [one.name for one in place.iterdir()] == [work.name]


def test_pressing_a_thousand_times_is_no_thousand_events(store, lesson, home, monkeypatch):
    monkeypatch.setattr(events, "MOST_OF_A_KIND", 3)
    for second in range(10):
        handin.hand_in(store, home.name, NOW + second)
        consent.share(store, home.name, NOW + second, on=not second % 2)
    kinds = Counter(event.kind for event in events.listed(store, lesson.handle) if event.seat is not None)
    assert (kinds["handed-in"], kinds["shared"], kinds["unshared"]) == (3, 3, 3)
    assert {e.who for e in events.listed(store, lesson.handle) if e.kind == "handed-in"} == {home.name}
    assert seats.seat_of(store, home.name)[1].handed_in_at == NOW + 9


def test_nobody_else_hands_in(store, lesson):
    with pytest.raises(UnknownTraining):
        handin.hand_in(store, "ina", NOW)
