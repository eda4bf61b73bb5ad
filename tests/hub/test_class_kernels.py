"""A class in an environment of its own: its seats have that kernel alone, and it tells which cells ran."""

import json
import time

import pytest
from class_centre import INSTRUCTOR, PROJECT, SECRETARIAT, a_class, class_hub
from class_student import Student
from sqlalchemy import select

from tests.course_kernel import KERNEL, TITLE, course_kernel
from tests.hub.test_class_live import LESSON, until
from workbench.domain.training import TrainingSession
from workbench.errors import TrainingRefused
from workbench.hub.training.first_cells import _kernel
from workbench.services.training import going
from workbench.services.training.deciding import decide
from workbench.services.training.plan import Plan, propose
from workbench.services.training.progress import class_view
from workbench.settings import DEFAULT_FILE


@pytest.fixture(scope="module")
def environment():
    with course_kernel() as python:
        yield python


def materials(hub, **kernelspec):
    folder = hub.settings.homes / INSTRUCTOR / "lesson"
    folder.mkdir(parents=True, exist_ok=True)
    named = LESSON | {"metadata": {"kernelspec": LESSON["metadata"]["kernelspec"] | kernelspec}}
    (folder / "lesson.ipynb").write_text(json.dumps(named | {"cells": LESSON["cells"][:2]}))
    return {"materials": str(folder), "first_page": "lesson.ipynb"}


def last_errors(hub, held):
    return [seat.last_error for seat in class_view(hub.store, held.handle, int(time.time())).seats if seat.last_error]


@pytest.mark.isolation
def test_seats_have_the_kernel_of_their_class_alone_and_it_tells_which_cells_ran(tmp_path, environment):
    with class_hub(tmp_path / "home") as hub:
        held = a_class(hub, seats=1, warm=1, environment=KERNEL, **materials(hub))
        begins = int(time.time()) + 45 * 60
        later = Plan("Later", PROJECT, INSTRUCTOR, begins, begins + 3600, 1, "cpu-small", environment=KERNEL)
        made = propose(hub.store, later, INSTRUCTOR, int(time.time()))
        decide(hub.store, made.handle, SECRETARIAT, approve=True, now=int(time.time()))
        hub.wait_until_warm(held)
        student = Student(hub.url, "Ana").join(held.code)
        offered = student.ask("GET", "api/kernelspecs").json()
        titles = {name: one["spec"]["display_name"] for name, one in offered["kernelspecs"].items()}
        assert (offered["default"], titles) == ("python3", {"python3": TITLE})
        student.open("class/lesson.ipynb")
        assert student.run("import sys; print(sys.executable)", "cell-1") == str(environment)
        assert "ModuleNotFoundError" in student.run("import workbench", "cell-2")
        assert student.run("print([name for name in dir() if not name.startswith('_')])") == (
            "['In', 'Out', 'exit', 'get_ipython', 'open', 'quit', 'sys']"
        )
        assert until(lambda: last_errors(hub, held), 10)
        assert "ModuleNotFoundError" in last_errors(hub, held)[0]
        with hub.store.db() as db:
            session = db.scalars(select(TrainingSession).where(TrainingSession.handle == made.handle)).one()
        assert until(lambda: going.last(hub.store, session), 120)
        assert going.last(hub.store, session).kind == "go", going.last(hub.store, session).says
        student.close()


@pytest.mark.isolation
def test_a_kernel_of_a_server_that_is_not_forked_tells_its_class_too(tmp_path):
    file = tmp_path / "workbench.toml"
    file.write_text(DEFAULT_FILE.read_text().replace("preload = true ", "preload = false "))
    with class_hub(tmp_path / "home", file) as hub:
        assert not hub.settings.hub.preload
        held = a_class(hub, seats=1, warm=1, **materials(hub))
        hub.wait_until_warm(held)
        student = Student(hub.url, "Ana").join(held.code)
        student.open("class/lesson.ipynb")
        student.run("1 / 0", "cell-1")
        assert until(lambda: last_errors(hub, held), 10)
        student.close()


def test_a_kernel_that_is_not_here_is_refused_with_those_that_are(store):
    begins = int(time.time()) + 3600
    wanted = Plan("Refused", PROJECT, INSTRUCTOR, begins, begins + 3600, 1, "cpu-small", environment="r-4.4")
    with pytest.raises(TrainingRefused, match=r"There is no kernel r-4\.4; there are .*python3"):
        propose(store, wanted, INSTRUCTOR, begins - 3600)


def specs(default, **languages):
    return {"default": default, "kernelspecs": {name: {"spec": {"language": one}} for name, one in languages.items()}}


@pytest.mark.parametrize(
    ("offered", "wanted", "taken"),
    [
        (specs("python3", python3="python"), {}, "python3"),
        (specs("python3", python3="python"), {"name": "my-env", "language": "python"}, "python3"),
        (specs("python3", python3="python"), {"name": "my-env", "language": None}, ""),
        (specs("python3", python3="python", course="python"), {"name": "course", "language": "python"}, "course"),
        (specs("python3", python3="python", course="python"), {"name": "my-env", "language": "python"}, ""),
        (specs("python3", python3="python"), {"name": "ir", "language": "R"}, ""),
    ],
)
def test_a_try_takes_the_kernel_that_the_lab_would(offered, wanted, taken):
    assert _kernel(offered, wanted) == taken
