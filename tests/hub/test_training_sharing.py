"""A student lets the instructor look, and takes it back: on a real Hub, and what its service asks of it."""

from types import SimpleNamespace

import pytest
from class_centre import INSTRUCTOR, SECRETARIAT, a_class, class_hub
from class_instructor import listens, log_in, looks, until
from class_student import Student

from workbench.domain.projects import Person
from workbench.hub.training.sharing import Sharing
from workbench.services.people import hash_password


class Asked:
    """A Hub that remembers what it was asked, and has this open already."""

    def __init__(self, *opened):
        self.opened, self.asked = opened, []

    def shared_with(self, who):
        self.asked.append(("list", who))
        return self.opened

    def share(self, name, who):
        self.asked.append(("open", name, who))

    def unshare(self, name, who):
        self.asked.append(("close", name, who))


def a_lesson(**shared):
    seats = [SimpleNamespace(name=name, joined_at=1, ended_at=None, shared_at=at) for name, at in shared.items()]
    return SimpleNamespace(session=SimpleNamespace(handle="abc", instructor="ina"), seats=seats)


def test_the_hub_is_asked_once_and_told_of_changes_alone():
    hub = Asked()
    sharing = Sharing(hub)
    for one in (a_lesson(a=None, b=5), a_lesson(a=None, b=5), a_lesson(a=7, b=5), a_lesson(a=7, b=None)):
        sharing.follow(one, {"a", "b"})
    assert hub.asked == [("list", "ina"), ("open", "b", "ina"), ("open", "a", "ina"), ("close", "b", "ina")]


def test_a_service_that_begins_anew_closes_what_was_taken_back_and_no_other_class():
    hub = Asked("a", "of another class")
    Sharing(hub).follow(a_lesson(a=None, b=None), {"a", "b"})
    assert hub.asked == [("list", "ina"), ("close", "a", "ina")]


def test_a_seat_without_a_server_is_opened_when_it_has_one():
    hub = Asked()
    sharing = Sharing(hub)
    sharing.follow(a_lesson(a=5), set())
    assert hub.asked == [("list", "ina")]
    sharing.follow(a_lesson(a=5), {"a"})
    assert hub.asked[1:] == [("open", "a", "ina")]


@pytest.mark.isolation
@pytest.mark.timeout(180)
def test_the_instructor_comes_in_with_the_students_consent_alone(tmp_path):
    with class_hub(tmp_path / "home") as hub:
        with hub.store.db(writes=True) as db:
            for name in (INSTRUCTOR, SECRETARIAT):
                db.get(Person, name).password_hash = hash_password("right")
        held = a_class(hub, seats=1, warm=1)
        hub.wait_until_warm(held)
        student = Student(hub.url, "Ana").join(held.code)
        instructor, other = log_in(hub.url, INSTRUCTOR), log_in(hub.url, SECRETARIAT)
        try:
            assert looks(instructor, student.seat) == 403
            assert "who has not let you in" in instructor.get(f"/user/{student.seat}/lab").text
            assert student.ask("POST", "workbench/share", json={"on": True}).status_code == 200
            until("in", lambda: looks(instructor, student.seat))
            assert looks(other, student.seat) == 403
            kernel = student.open()
            with (
                listens(hub.url, student.client, student.seat, kernel) as own,
                listens(hub.url, instructor, student.seat, kernel) as opened,
            ):
                assert own() == opened() == "open"
                assert student.ask("POST", "workbench/share", json={"on": False}).status_code == 200
                until(403, lambda: looks(instructor, student.seat))
                until("closed", opened)
                assert own() == "open"
            assert student.run("1 + 1; print(2)") == "2"
            assert student.answers()
        finally:
            for client in (student, instructor, other):
                client.close()
