"""Sample logins: random, forgotten on request, unreadable files are said."""

import pytest

from workbench.domain.projects import Person
from workbench.errors import FileUnreadable
from workbench.sample import logins
from workbench.services.people import check_password

WANTED = [("executive", "Executive", "executive-01", None)]


@pytest.fixture
def staffed(store):
    with store.db() as db:
        db.add(Person("executive-01", "Executive 01", role="executive", made_up=True))
    return store


def test_without_the_file_there_are_none(settings):
    assert not logins.exist(settings)
    assert logins.read(settings) == []


def test_passwords_differ_each_time_and_the_newest_counts(staffed, settings):
    [old] = logins.make(staffed, settings, WANTED)
    [new] = logins.make(staffed, settings, WANTED)
    assert old.password != new.password
    assert check_password(staffed, "executive-01", old.password) is None
    assert check_password(staffed, "executive-01", new.password).role == "executive"
    assert logins.read(settings) == [new]


def test_forgotten_logins_open_nothing(staffed, settings):
    [login] = logins.make(staffed, settings, WANTED)
    logins.forget(staffed, settings)
    assert not logins.exist(settings)
    assert check_password(staffed, "executive-01", login.password) is None


def test_a_damaged_file_is_said_with_what_to_do(settings):
    file = logins.file(settings)
    file.parent.mkdir(parents=True)
    file.write_text("[{", encoding="utf-8")
    with pytest.raises(FileUnreadable, match="workbench sample load"):
        logins.read(settings)


def test_a_password_has_no_letter_that_is_taken_for_another():
    made = {logins.new_password() for _ in range(200)}
    assert len(made) == 200
    assert not set("".join(made)) & set("il1o0")
