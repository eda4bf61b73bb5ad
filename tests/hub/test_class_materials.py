"""Materials that change in the middle of a class, on a real Hub: a button of the Lab, and no work is lost."""

import json
import time

import pytest
from class_centre import INSTRUCTOR, a_class, class_hub
from class_student import Student
from sqlalchemy import select

from workbench.domain.training import TrainingMessage
from workbench.services.training import materials

pytestmark = pytest.mark.isolation


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with class_hub(tmp_path_factory.mktemp("materials") / "home") as running:
        yield running


@pytest.fixture(scope="module")
def lesson(hub):
    folder = hub.settings.homes / INSTRUCTOR / "lesson"
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("first\n")
    (folder / "tables.txt").write_text("first\n")
    return folder


@pytest.fixture(scope="module")
def held(hub, lesson):
    return a_class(hub, seats=2, warm=2, materials=str(lesson))


@pytest.fixture(scope="module")
def student(hub, held):
    hub.wait_until_warm(held)
    with_us = Student(hub.url, "Ana").join(held.code)
    yield with_us
    with_us.close()


@pytest.mark.timeout(180)
def test_new_materials_come_and_what_the_student_changed_stays(hub, held, lesson, student):
    student.run("open('class/notes.txt', 'w').write('mine')")
    (lesson / "notes.txt").write_text("second\n")
    (lesson / "tables.txt").write_text("second\n")
    (lesson / "more.txt").write_text("more\n")
    assert materials.distribute(hub.store, held.handle, INSTRUCTOR, int(time.time())).fresh
    with hub.store.db() as db:
        assert "new materials" in db.scalars(select(TrainingMessage)).one().text
    answer = student.ask("POST", "workbench/materials", json={})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "updated": ["class/more.txt", "class/tables.txt"],
        "conflicts": [{"file": "class/notes.txt", "beside": "class/notes.new.txt"}],
    }
    names = ("notes.txt", "notes.new.txt", "tables.txt", "more.txt")
    said = student.run(f"import json; print(json.dumps([open('class/' + name).read() for name in {names}]))")
    assert json.loads(said) == ["mine", "second\n", "second\n", "more\n"]


def test_a_seat_can_read_what_is_published_and_change_none_of_it(hub, held, student):
    folder = materials.shown(hub.settings, held.handle)
    assert student.run(f"import os; print(sorted(os.listdir({str(folder.parent)!r})))") == "['published']"
    assert student.run(f"open('{folder}/materials.bundle', 'ab')").startswith(("OSError", "PermissionError"))
