"""Log-in against the centre's people; groups; the brake on guessing."""

import asyncio

import pytest
from tornado import web

from workbench.domain.projects import Member, Person, Project
from workbench.hub import authenticator
from workbench.hub.authenticator import VIEWERS, Brake, CentreAuthenticator, hub_groups
from workbench.services.people import hash_password


@pytest.fixture
def centre(store, monkeypatch):
    monkeypatch.setattr(authenticator, "store_of", lambda _settings: store)
    with store.db() as db:
        db.add(Project("alpha", "Alpha", "university", "University A"))
        db.add_all([
            Person("ana", "Ana", None, hash_password("right")),
            Person("exec", "Exec", "executive", hash_password("right")),
            Person("stu", "Stu", "student", hash_password("right")),
            Person("former", "Former", None, None),
        ])  # fmt: skip
        db.flush()
        db.add(Member("alpha", "ana", "lead"))
    return store


@pytest.fixture
def login(centre, settings):
    found = CentreAuthenticator(centre=settings, allow_all=True, manage_groups=True)

    def attempt(name, password):
        return asyncio.run(found.get_authenticated_user(None, {"username": name, "password": password}))

    return attempt


def test_the_right_password_lets_in_with_the_groups_of_role_and_place(login):
    assert login("ana", "right")["groups"] == [VIEWERS, "lead:alpha"]
    assert login("exec", "right")["groups"] == [VIEWERS, "executives"]


def test_a_student_without_a_project_reaches_no_page_of_the_centre(login):
    assert login("stu", "right")["groups"] == ["students"]


def test_names_are_read_without_case_and_spaces_around(login):
    assert login(" Ana ", "right")["name"] == "ana"


@pytest.mark.parametrize(
    ("name", "password"),
    [("ana", "wrong"), ("ana", ""), ("ana", "Right"), ("nobody", "right"), ("", ""), ("former", ""),
     ("former", "right"), ("a" * 81, "right"), ("../ana", "right"), ("ana\x00", "right"), ("' OR 1=1 --", "right")],
)  # fmt: skip
def test_anything_else_does_not(login, name, password):
    assert login(name, password) is None


def test_nobody_becomes_an_administrator(login):
    assert login("exec", "right")["admin"] is None


class User:
    """As much of the Hub's user as is looked at."""

    def __init__(self, name):
        self.name = name


def test_a_place_that_was_given_or_taken_counts_at_the_next_refresh(centre, settings):
    found = CentreAuthenticator(centre=settings)
    with centre.db() as db:
        db.add(Member("alpha", "stu", "member"))
        db.delete(db.get(Member, ("alpha", "ana")))
    assert asyncio.run(found.refresh_user(User("stu")))["groups"] == [VIEWERS, "member:alpha", "students"]
    assert asyncio.run(found.refresh_user(User("ana")))["groups"] == [VIEWERS]


def test_somebody_who_is_no_longer_here_must_log_in_again(centre, settings):
    assert asyncio.run(CentreAuthenticator(centre=settings).refresh_user(User("gone"))) is False


@pytest.mark.parametrize(
    ("groups", "sees"),
    [
        (["executives"], True), (["operators"], True), (["secretariat"], True), (["lead:alpha"], True),
        (["member:alpha"], True), (["students"], False), (["instructors"], True), ([], True),
        (["member:alpha", "students"], True),  # not a page, but their own project's figures in the notebook
    ],
)  # fmt: skip
def test_who_may_reach_the_centre_s_service(groups, sees):
    assert (VIEWERS in hub_groups("somebody", groups)) is sees


class Clock:
    """A clock that moves when somebody sleeps."""

    def __init__(self):
        self.now = 0.0
        self.slept = []

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


async def attempt(brake, name, *, failed=True):
    async with brake.turn(name) as turn:
        turn.failed = failed


def test_each_failure_doubles_the_wait_up_to_a_limit():
    clock = Clock()
    brake = Brake(clock, clock.sleep)

    async def guess():
        for _ in range(8):
            await attempt(brake, "ana")

    asyncio.run(guess())
    assert clock.slept == [0, 0.5, 1, 2, 4, 8, 8, 8]


def test_a_good_log_in_and_time_forgive():
    clock = Clock()
    brake = Brake(clock, clock.sleep)

    async def use():
        await attempt(brake, "ana")
        await attempt(brake, "ana", failed=False)
        assert brake.wait_s("ana") == 0
        await attempt(brake, "ana")
        clock.now += authenticator.FORGIVEN_AFTER_S + 1
        assert brake.wait_s("ana") == 0

    asyncio.run(use())


def test_one_name_s_failures_do_not_slow_down_another():
    clock = Clock()
    brake = Brake(clock, clock.sleep)

    async def use():
        for _ in range(5):
            await attempt(brake, "ana")

    asyncio.run(use())
    assert brake.wait_s("lea") == 0


def test_many_attempts_at_once_are_refused_rather_than_queued():
    clock = Clock()
    brake = Brake(clock, clock.sleep)

    async def storm():
        return await asyncio.gather(*(attempt(brake, "ana") for _ in range(50)), return_exceptions=True)

    outcome = asyncio.run(storm())
    refused = [one for one in outcome if isinstance(one, web.HTTPError)]
    assert len(refused) == 50 - authenticator.WAITING_AT_MOST
    assert refused[0].status_code == 403


def test_attempts_at_once_wait_for_one_another():
    clock = Clock()
    brake = Brake(clock, clock.sleep)

    async def few():
        await asyncio.gather(*(attempt(brake, "ana") for _ in range(3)))

    asyncio.run(few())
    assert clock.slept == [0, 0.5, 1]


def test_the_brake_remembers_a_bounded_number_of_names(monkeypatch):
    monkeypatch.setattr(authenticator, "NAMES_REMEMBERED", 10)
    clock = Clock()
    brake = Brake(clock, clock.sleep)

    async def spray():
        for number in range(100):
            await attempt(brake, f"name{number}")

    asyncio.run(spray())
    assert len(brake._names) <= 10
