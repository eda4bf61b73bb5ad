"""The work of a class in one file: all of it, whole copies, and nothing after its time."""

import io
import threading
import zipfile

import pytest

from tests.services.training_centre import STARTS, approved, teaching
from workbench.services.training import archive, deciding, ending, handin, seats, watching
from workbench.services.training.codes import valid
from workbench.services.training.collected import collected, handed_in, saved
from workbench.units import DAY_S

NOW = STARTS + 600


@pytest.fixture
def lesson(store):
    teaching(store)
    folder = store.settings.training_folder / "materials" / "first"
    folder.mkdir(parents=True)
    (folder / "start.ipynb").write_text("{}")
    return approved(store, seats=3, materials=str(folder), first_page="start.ipynb")


def works(store, lesson, who, text):
    (code,) = valid(store, lesson.handle)
    name = seats.join(store, code, who, STARTS, claim=who).name
    folder = store.settings.homes / name / "class"
    folder.mkdir(parents=True)
    (folder / "start.ipynb").write_text(text)
    return name


def unpacked(pieces):
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name) for name in packed.namelist()}


def test_what_was_handed_in_comes_as_nbgrader_has_it(store, lesson):
    assert collected(store, lesson, NOW) is None
    assert unpacked(handed_in(store, lesson)) == {}
    for who in ("Ada", "陳大文"):
        handin.hand_in(store, works(store, lesson, who, f"of {who}"), NOW)
    works(store, lesson, "Idle", "not handed in")
    title, stamp = "seeing-with-ten-lines", b"2026-01-21 02:10:00.000000 UTC"
    assert unpacked(handed_in(store, lesson)) == {
        f"submitted/001-ada/{title}/start.ipynb": b"of Ada",
        f"submitted/001-ada/{title}/timestamp.txt": stamp,
        f"submitted/002-陳大文/{title}/start.ipynb": "of 陳大文".encode(),
        f"submitted/002-陳大文/{title}/timestamp.txt": stamp,
    }
    found = collected(store, lesson, NOW)
    assert (found.handed_in, found.saved) == (2, 0)


def test_a_copy_that_is_replaced_meanwhile_is_whole(store, lesson):
    name, stop = works(store, lesson, "Ada", "0"), threading.Event()
    for number in range(40):
        (store.settings.homes / name / "class" / f"{number:02d}.txt").write_text("0")
    handin.hand_in(store, name, NOW)

    def again():
        for number in range(1, 1000):
            for file in (store.settings.homes / name / "class").iterdir():
                file.write_text(f"{number}")
            handin.hand_in(store, name, NOW)
            if stop.is_set():
                return

    other = threading.Thread(target=again)
    other.start()
    try:
        for _ in range(30):
            found = unpacked(handed_in(store, lesson))
            texts = {text for file, text in found.items() if not file.endswith("timestamp.txt")}
            assert (len(found), len(texts)) == (42, 1)
    finally:
        stop.set()
        other.join()


def test_a_file_that_nobody_fetches_to_its_end_leaves_nothing(store, lesson):
    handin.hand_in(store, works(store, lesson, "Ada", "x" * 5_000_000), NOW)
    folder = archive.submitted(store.settings, lesson.handle).parent
    pieces = handed_in(store, lesson)
    assert next(pieces)
    assert list(folder.glob(".fetched.*"))
    pieces.close()
    assert not list(folder.glob(".fetched.*"))


def test_saved_work_comes_seat_by_seat_until_its_time_is_over(store, lesson):
    for who in ("Ada", "陳大文"):
        handin.hand_in(store, works(store, lesson, who, f"of {who}"), NOW)
    deciding.end(store, lesson.handle, "ina", NOW + 5)
    (one,) = watching.approved(store, NOW + 5, 0)
    for seat in one.seats[:2]:
        home = store.settings.homes / seat.name
        ending.close_seat(store, seat.id, archive.save(store.settings, lesson.handle, seat.number, home), NOW + 5)
    ending.close_seat(store, one.seats[2].id, None, NOW + 5)
    assert ending.close(store, lesson.handle, NOW + 5)
    session = seats.seat_of(store, one.seats[0].name)[0]
    found = unpacked(saved(store, session))
    assert list(found) == [f"{lesson.handle}/001-ada.zip", f"{lesson.handle}/002-陳大文.zip"]
    with zipfile.ZipFile(io.BytesIO(found[f"{lesson.handle}/001-ada.zip"])) as packed:
        assert packed.read("class/start.ipynb") == b"of Ada"
    there = collected(store, session, NOW + 5)
    assert (there.handed_in, there.saved, there.until) == (2, 2, NOW + 5 + session.keep_days * DAY_S)
    assert there.saved_bytes == sum(map(len, found.values()))
    assert collected(store, session, there.until) is None
    assert archive.forget(store, there.until) == 2
    assert unpacked(saved(store, session)) == unpacked(handed_in(store, session)) == {}
    assert collected(store, session, NOW) is None
    files = [file for file in store.settings.training_folder.joinpath(lesson.handle).rglob("*") if file.is_file()]
    assert not [file for file in files if "start" not in file.name], "nothing of a student"


def test_a_seat_that_handed_in_and_has_no_saved_work_is_forgotten_too(store, lesson):
    name = works(store, lesson, "Ada", "mine")
    handin.hand_in(store, name, NOW)
    deciding.end(store, lesson.handle, "ina", NOW + 5)
    (one,) = watching.approved(store, NOW + 5, 0)
    for seat in one.seats:
        ending.close_seat(store, seat.id, None, NOW + 5)
    assert ending.close(store, lesson.handle, NOW + 5)
    place = archive.submitted(store.settings, lesson.handle)
    assert archive.forget(store, NOW + 5 + lesson.keep_days * DAY_S - 1) == 0
    assert place.exists()
    assert archive.forget(store, NOW + 5 + lesson.keep_days * DAY_S) == 1
    assert not place.exists()
    assert archive.forget(store, NOW + 999 * DAY_S) == 0
