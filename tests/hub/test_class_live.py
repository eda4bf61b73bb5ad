"""A class on a real Hub: the Hub is killed in the middle, materials change in the middle, it ends, it is billed."""

import json
import time
import zipfile

import pytest
from class_centre import INSTRUCTOR, a_class, class_hub
from class_student import Student
from sqlalchemy import select

from workbench.domain.booking import LINE
from workbench.domain.jobs import Job
from workbench.domain.training import TrainingSeat
from workbench.hub import records
from workbench.services.charging import rating
from workbench.services.ledger import posting
from workbench.services.training.progress import class_view
from workbench.services.training.statement import statement
from workbench.store.ledger_tables import ledger_transactions
from workbench.units import DAY_S

pytestmark = pytest.mark.isolation
AMOUNTS = ("list_minor", "subsidy_minor", "user_minor")

NOT_RUN = {"outputs": [], "execution_count": None}
LESSON = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    "cells": [
        {
            "id": f"cell-{n}",
            "cell_type": "code",
            "source": source,
            "metadata": {},
            "outputs": [],
            "execution_count": None,
        }
        for n, source in enumerate(["answer = 1 + 1", "print(answer)", "broken = answer / 0"], 1)
    ],
}


def lesson(folder, first="answer = 1 + 1"):
    """Materials of one notebook and a text, in a folder; the notebook's first cell as given."""
    folder.mkdir(parents=True, exist_ok=True)
    cells = [dict(LESSON["cells"][0], source=first), *LESSON["cells"][1:]]
    (folder / "lesson.ipynb").write_text(json.dumps(LESSON | {"cells": cells}, indent=1))
    (folder / "notes.txt").write_text("notes of the instructor\n")
    return folder


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    with class_hub(folder / "home") as running:
        yield running


@pytest.fixture(scope="module")
def held(hub):
    materials = lesson(hub.settings.homes / INSTRUCTOR / "lesson")
    return a_class(hub, seats=4, warm=3, materials=str(materials), first_page="lesson.ipynb")


@pytest.fixture(scope="module")
def students(hub, held):
    hub.wait_until_warm(held)
    both = [Student(hub.url, name).join(held.code) for name in ("Ana", "Bo")]
    yield both
    for student in both:
        student.close()


def view(hub, held):
    return class_view(hub.store, held.handle, int(time.time()))


def until(condition, within_s):
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def test_they_sit_on_warm_seats_with_the_materials(students):
    for student in students:
        assert student.run("import os; print(os.path.exists('class/lesson.ipynb'))") == "True"


def test_an_error_in_a_cell_is_on_the_instructor_s_page_within_ten_seconds(hub, held, students):
    students[0].open("class/lesson.ipynb")
    students[0].run("answer = 1 + 1", "cell-1")
    students[0].run("broken = answer / 0", "cell-3")
    assert until(lambda: any("ZeroDivisionError" in (seat.last_error or "") for seat in view(hub, held).seats), 10)


def test_seats_go_on_when_the_hub_is_killed_and_the_class_is_right_after_it(hub, held, students):
    before = {seat.name for seat in view(hub, held).seats if seat.shown_name}
    keepers = {file.stem for file in records.folder(hub.settings).glob("*.json")}
    students[0].run("kept = 41")
    hub.kill()
    time.sleep(1)
    assert students[0].run("print(kept + 1)") == "42"  # by the proxy, which goes on
    hub.start()
    assert until(lambda: students[0].answers(), 30)
    assert students[0].run("print(kept + 2)") == "43"
    after = view(hub, held)
    assert {seat.name for seat in after.seats if seat.shown_name} == before
    time.sleep(6)  # rounds of the service that could start what is there
    assert {file.stem for file in records.folder(hub.settings).glob("*.json")} == keepers


def test_the_end_saves_the_work_and_the_bill_is_the_ledger_s(hub, held, students):
    students[0].run("open('mine.txt', 'w').write('my work')")
    students[1].run("open('mine.txt', 'w').write('of Bo')")
    took_s = hub.end_class(held)
    assert took_s < 60
    with hub.store.db() as db:
        seats = list(db.scalars(select(TrainingSeat).where(TrainingSeat.joined_at.is_not(None))))
    works = {seat.shown_name: seat.archive for seat in seats}
    assert set(works) == {"Ana", "Bo"}
    for name, said in (("Ana", b"my work"), ("Bo", b"of Bo")):
        with zipfile.ZipFile(hub.settings.home / works[name]) as archive:
            (file,) = (one for one in archive.namelist() if one.endswith("mine.txt"))
            assert archive.read(file) == said
    assert until(lambda: all(job.end_at for job in jobs_of(hub)), 70)
    now = int(time.time())
    rating.rate(hub.store, now)
    posting.bring_up(hub.store, now + 2 * DAY_S)  # a day is posted when it is over
    jobs = jobs_of(hub)
    # One server a seat, however often the Hub began: three warm ones, and the one that was tried before.
    assert sorted(job.user_name for job in jobs) == sorted({seat.name for seat in all_seats(hub) if seat.asked_at})
    found = statement(hub.store, held.handle, now)
    assert found.seats == 4
    assert found.joined == 2
    seconds = sum(job.cpu_cores * int((job.end_at - job.start_at).total_seconds()) for job in jobs)
    assert found.core_seconds == seconds
    assert found.list_minor == pytest.approx(seconds * 20 / 3600, abs=3)
    assert found.list_minor == found.subsidy_minor + found.user_minor
    assert posted(hub) == (found.list_minor, found.subsidy_minor, found.user_minor)


def all_seats(hub):
    with hub.store.db() as db:
        return list(db.scalars(select(TrainingSeat)))


def jobs_of(hub):
    with hub.store.db() as db:
        return list(db.scalars(select(Job).where(Job.user_name.like("seat-%"))))


def posted(hub):
    """What the ledger's daily charges of the cluster `hub` say: list price, subsidy and own money, minor units."""
    with hub.store.read() as conn:
        refs = conn.execute(select(ledger_transactions.c.refs).where(ledger_transactions.c.kind == "charge")).scalars()
        lines = [line for said in refs for line in json.loads(said)["lines"]]
    return tuple(sum(line[LINE.index(name)] for line in lines) for name in AMOUNTS)
