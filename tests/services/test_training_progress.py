"""What seats report becomes the class that its instructor sees; what is said to the class reaches every seat."""

import json

import pytest
from sqlalchemy import select

from tests.services.training_centre import STARTS, approved, teaching
from workbench.domain.training import TrainingReport, TrainingSeat
from workbench.errors import BadQuestion, TrainingRefused, UnknownPerson, UnknownTraining
from workbench.services.training import events, messages, progress, seats
from workbench.services.training.codes import valid

NOW = STARTS + 600
BOOK = "start.ipynb"


@pytest.fixture
def lesson(store):
    """A class of four with two cells in its notebook; three have joined, all but the last have a server."""
    teaching(store)
    folder = store.settings.training_folder / "materials" / "first"
    folder.mkdir(parents=True)
    cells = [
        {"cell_type": "markdown", "id": "text", "source": "# Start"},
        {"cell_type": "code", "id": "load", "source": ["\n", "import numpy\n", "x = 1"]},
        {"cell_type": "code", "id": "plot", "source": "draw(x)"},
    ]
    (folder / BOOK).write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")
    made = approved(store, seats=4, materials=str(folder), first_page=BOOK)
    (code,) = valid(store, made.handle)
    for name in ("Chan", "Lee", "Ho"):
        seats.join(store, code, name, STARTS, claim=name)
    with store.db(writes=True) as db:
        for seat in db.scalars(select(TrainingSeat).where(TrainingSeat.number <= 3)):
            seat.asked_at = seat.ready_at = STARTS - 60
    return made


def name_of(made, number):
    return f"seat-{made.handle}-{number:03d}"


def ran(store, made, number, cell, error="", at=NOW):
    return progress.report(
        store, name_of(made, number), [{"notebook": BOOK, "cell": cell, "error": error, "at": at}], at
    )


def test_the_class_is_counted_by_seat_and_by_cell(store, lesson):
    for number in (1, 2, 3):
        ran(store, lesson, number, "load")
    ran(store, lesson, 1, "plot")
    ran(store, lesson, 2, "plot", "NameError: name 'draw' is not defined\nsecret second line")
    view = progress.class_view(store, lesson.handle, NOW + 10)
    assert {state: n for state, n in view.counts.items() if n} == {"active": 3, "expected": 1}
    assert [(row.state, row.past, row.errors) for row in view.seats] == [
        ("active", 2, 0), ("active", 1, 1), ("active", 1, 0), ("expected", 0, 0),
    ]  # fmt: skip
    assert view.seats[1].last_error == "NameError: name 'draw' is not defined"
    assert [(row.index, row.cell, row.past, row.errors, row.first_line) for row in view.cells] == [
        (1, "load", 3, 0, "import numpy"),
        (2, "plot", 1, 1, "draw(x)"),
    ]
    assert (view.joined, view.says) == (3, "3 of 3 past cell 1; 1 with an error in cell 2")


def test_a_cell_that_runs_through_later_is_past(store, lesson):
    ran(store, lesson, 1, "plot", "NameError: x")
    ran(store, lesson, 1, "plot", at=NOW + 5)
    (cell,) = progress.class_view(store, lesson.handle, NOW + 10).cells
    assert (cell.past, cell.errors) == (1, 0)
    with store.db() as db:
        assert db.scalars(select(TrainingReport)).one().runs == 2


def test_stuck_is_who_runs_cells_of_which_none_runs_through(store, lesson):
    ran(store, lesson, 1, "load", at=NOW)
    for minute in (1, 3, 5):
        ran(store, lesson, 1, "plot", "NameError: x", at=NOW + minute * 60)
    states = [progress.class_view(store, lesson.handle, NOW + s).seats[0].state for s in (299, 300, 601, 899)]
    assert states == ["active", "stuck", "joined", "joined"]  # nothing was run for five minutes: no longer stuck


def test_a_seat_s_state_follows_its_server(store, lesson):
    def state(**given):
        with store.db(writes=True) as db:
            seat = db.scalars(select(TrainingSeat).where(TrainingSeat.number == 4)).one()
            for field, value in given.items():
                setattr(seat, field, value)
        return progress.class_view(store, lesson.handle, NOW).seats[3].state

    assert state() == "expected"
    assert state(asked_at=NOW - 9) == "starting"
    assert state(ready_at=NOW - 8) == "warm"
    assert state(joined_at=NOW - 7) == "joined"
    assert state(failed_at=NOW - 6) == "failed"
    assert state(ended_at=NOW - 5) == "ended"


def test_cells_of_a_student_s_own_come_after_the_materials(store, lesson):
    ran(store, lesson, 1, "mine", at=NOW - 60)
    ran(store, lesson, 1, "plot")
    rows = progress.class_view(store, lesson.handle, NOW).cells
    assert [(row.cell, row.index) for row in rows] == [("plot", 2), ("mine", 3)]


def test_no_file_beyond_the_materials_is_read(store, lesson):
    for path in ("../../etc/passwd", "/etc/passwd", "missing.ipynb", "x/../../y.ipynb"):
        progress.report(store, name_of(lesson, 1), [{"notebook": path, "cell": "c", "error": "", "at": NOW}], NOW)
    assert {row.first_line for row in progress.class_view(store, lesson.handle, NOW).cells} == {""}


def test_a_report_of_another_form_is_refused(store, lesson):
    long = {"notebook": "n" * 301, "cell": "c"}
    for rows in ("text", [{}] * 201, [{"cell": "c"}], [long], [{"notebook": 1, "cell": "c"}], ["row"]):
        with pytest.raises(BadQuestion):
            progress.report(store, name_of(lesson, 1), rows, NOW)


def test_who_is_no_seat_reports_nothing(store, lesson):
    with pytest.raises(UnknownTraining):
        progress.report(store, "seat-nosuch-001", [], NOW)
    with pytest.raises(UnknownTraining):
        progress.report(store, "ana", [], NOW)


def test_a_moment_that_cannot_be_is_now(store, lesson):
    for at in (NOW + 99, 0, "soon", True):
        progress.report(store, name_of(lesson, 1), [{"notebook": BOOK, "cell": str(at), "at": at}], NOW)
    with store.db() as db:
        assert set(db.scalars(select(TrainingReport.at))) == {NOW}


def test_tries_are_incidents_once_each_and_not_without_end(store, lesson):
    seat = name_of(lesson, 2)
    assert progress.note_denied(store, seat, ["opened /x/homes/other", "opened /x/homes/other"], NOW) == 1
    assert progress.note_denied(store, seat, ["opened /x/homes/other"], NOW) == 0
    for first in range(0, 300, 100):
        progress.note_denied(store, seat, [f"opened {n}" for n in range(first, first + 100)], NOW)
    found = events.listed(store, lesson.handle, incidents_only=True)
    assert (len(found), {one.kind for one in found}, found[0].who) == (100, {"denied"}, seat)


def test_what_is_said_reaches_the_seats_of_that_class_alone(store, lesson):
    messages.say(store, lesson.handle, "ina", " Open start.ipynb. ", NOW)
    messages.say(store, lesson.handle, "", "10 minutes left.", NOW + 1)
    told = messages.for_seat(store, name_of(lesson, 1), NOW + 2)
    assert [(one["author"], one["text"]) for one in told["messages"]] == [
        ("Ina", "Open start.ipynb."),
        ("", "10 minutes left."),
    ]
    assert (told["number"], told["shown_name"], told["ends_at"], told["now"]) == (1, "Chan", lesson.ends_at, NOW + 2)
    assert (told["shared"], told["handed_in_at"], told["first_page"]) == (False, None, BOOK)
    other = approved(store, seats=1, title="Another", materials="")
    assert messages.for_seat(store, name_of(other, 1), NOW)["messages"] == []


def test_only_who_teaches_speaks_and_only_to_a_class_that_is_on(store, lesson):
    for who, error in (("ana", TrainingRefused), ("nobody", UnknownPerson)):
        with pytest.raises(error):
            messages.say(store, lesson.handle, who, "Hello", NOW)
    for text in ("", " ", "x" * 1001):
        with pytest.raises(TrainingRefused, match="1 to 1000"):
            messages.say(store, lesson.handle, "sec", text, NOW)
    with pytest.raises(UnknownTraining):
        messages.for_seat(store, "ana", NOW)
    assert messages.said(store, lesson.handle) == []


def test_an_error_of_thousands_of_cells_stays_bounded(store, lesson, monkeypatch):
    monkeypatch.setattr(progress, "MOST_CELLS", 3)
    for number in range(6):
        ran(store, lesson, 1, f"cell {number}", "E: " + "x" * 900)
    with store.db() as db:
        kept = list(db.scalars(select(TrainingReport)))
    assert (len(kept), len(kept[0].error)) == (3, 500)


def test_a_name_that_no_database_takes_is_kept_without_it(store, lesson):
    name = name_of(lesson, 1)
    rows = [{"notebook": "\udcff\0.ipynb", "cell": "a", "error": "OSError: \udc80", "at": NOW}]
    assert progress.report(store, name, rows, NOW) == 1
    assert progress.note_denied(store, name, ["opened /centre/\udcff"], NOW) == 1
    view = progress.class_view(store, lesson.handle, NOW)
    assert [(cell.notebook, cell.commonest_error) for cell in view.cells] == [("?.ipynb", "OSError: ?")]


def test_whoever_reports_a_thousand_notebooks_hides_no_one_else_s(store, lesson):
    for first in range(0, 1000, 200):
        rows = [{"notebook": f"{first + n:04}.ipynb", "cell": "a", "error": "", "at": NOW} for n in range(200)]
        progress.report(store, name_of(lesson, 1), rows, NOW)
    for number in (2, 3):
        ran(store, lesson, number, "load")
    view = progress.class_view(store, lesson.handle, NOW)
    assert len(view.cells) == progress.MOST_NOTEBOOKS
    assert [(cell.cell, cell.past) for cell in view.cells if cell.notebook == BOOK] == [("load", 2)]
